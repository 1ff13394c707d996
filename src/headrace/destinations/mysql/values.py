"""Values as MySQL keeps them: as literals of a statement, back, and as the bytes of a key.

The key of a row is one column of bytes, in the order of the key's values: for each a flag (NULL or
not) and as many bytes as its type has. Texts stand there by a digest of 128 bits, for an index
takes 3072 bytes. The rows of one owner therefore begin with the same bytes and lie side by side.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from headrace.core.schema import Columns, Table, Type
from headrace.errors import Bug

KEY = "_headrace_key"
KEY_BYTES: Mapping[Type, int] = {
    Type.INTEGER: 8,
    Type.TEXT: 16,
    Type.BOOLEAN: 1,
    Type.DECIMAL: 16,
    Type.TIMESTAMP: 8,
    Type.JSON: 16,
}
_EPOCH = datetime(1970, 1, 1)  # without a zone, as MySQL keeps times
_MS = timedelta(milliseconds=1)
_INT64 = 2**63
_TOO_LARGE = 10**29
_BOOLEANS = {True: "1", False: "0"}
_NOT_CANONICAL = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

Escape = Callable[[Any], str]


def literals(
    table: Table, columns: Columns, escape: Escape, rows: slice = slice(None)
) -> list[list[str]]:
    """The values of the table's columns, in their order; NULL for a column that is not given.

    `escape` is the driver's, for texts. Raises `Bug`, naming the column but never the value, where
    a value is not canonical.
    """
    check_columns(table, columns)
    nothing = ["NULL"] * len(range(len(columns))[rows])
    turned = []
    for name, kind in table.columns:
        values = columns.values.get(name)
        if values is None:
            turned.append(nothing)
            continue
        try:
            turned.append(_literals(kind, values[rows], escape))
        except _NOT_CANONICAL as error:
            raise _not_canonical(table, name, kind, error) from None
    return turned


def key_bytes(
    table: Table, columns: Columns, names: Sequence[str], rows: slice = slice(None)
) -> list[bytes]:
    """For each row the bytes of the key made of these columns. Raises `Bug` as `literals`."""
    check_columns(table, columns)
    types = dict(table.columns)
    parts = []
    for name in names:
        turn = _KEY_BYTES[types[name]]
        try:
            values = columns.values[name][rows]
            parts.append([b"\0" if v is None else b"\1" + turn(v) for v in values])
        except _NOT_CANONICAL as error:
            raise _not_canonical(table, name, types[name], error) from None
    return list(map(b"".join, zip(*parts, strict=True)))


def columns_of(table: Table, rows: Sequence[Sequence[Any]]) -> Columns:
    """Rows as PyMySQL gives them (times as texts) in columns of canonical values."""
    values = {}
    for (name, kind), column in zip(table.columns, zip(*rows, strict=True), strict=True):
        turn = _FROM_MYSQL.get(kind)
        values[name] = (
            list(column) if turn is None else [v if v is None else turn(v) for v in column]
        )
    return Columns(values)


def check_columns(table: Table, columns: Columns) -> None:
    """Raise `Bug` for a column that the table has not."""
    unknown = columns.values.keys() - dict(table.columns).keys()
    if unknown:
        raise Bug(f"Table {table.name} has no column {min(unknown)}.")


def _literals(kind: Type, values: Sequence[Any], escape: Escape) -> list[str]:
    if kind in (Type.TEXT, Type.JSON):
        "".join(v for v in values if v is not None).encode()  # texts all, and encodable
        turn: Callable[[Any], str] = escape
    else:
        turn = _TO_LITERAL[kind]
    return ["NULL" if v is None else turn(v) for v in values]


def _integer(value: int) -> str:
    if not -_INT64 <= value < _INT64:
        raise OverflowError
    return int.__repr__(value)


def _decimal(value: Decimal) -> str:
    if not -_TOO_LARGE < value < _TOO_LARGE:
        raise OverflowError
    text = f"{value:.9f}"
    if Decimal(text) != value:
        raise ValueError
    return text


def _time(ms: int) -> str:
    return f"'{(_EPOCH + timedelta(milliseconds=ms)).isoformat(' ', 'milliseconds')}'"


def _time_ms(text: str) -> int | None:
    """None for the likes of 0000-00-00, which only a person can have put there."""
    try:
        return (datetime.fromisoformat(text) - _EPOCH) // _MS
    except ValueError:
        return None


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=KEY_BYTES[Type.TEXT]).digest()


def _not_canonical(table: Table, name: str, kind: Type, error: Exception) -> Bug:
    return Bug(
        f"Table {table.name}, column {name}: a value is not {kind} ({type(error).__name__})."
    )


_TO_LITERAL: Mapping[Type, Callable[[Any], str]] = {
    Type.INTEGER: _integer,
    Type.BOOLEAN: _BOOLEANS.__getitem__,
    Type.DECIMAL: _decimal,
    Type.TIMESTAMP: _time,
}
_KEY_BYTES: Mapping[Type, Callable[[Any], bytes]] = {
    Type.INTEGER: lambda value: (value + _INT64).to_bytes(8, "big"),
    Type.TEXT: _digest,
    Type.BOOLEAN: lambda value: b"\1" if value else b"\0",
    Type.DECIMAL: lambda value: (int(_decimal(value).replace(".", "")) + 2**127).to_bytes(
        16, "big"
    ),
    Type.TIMESTAMP: lambda value: (value + _INT64).to_bytes(8, "big"),
    Type.JSON: _digest,
}
_FROM_MYSQL: Mapping[Type, Callable[[Any], Any]] = {
    Type.BOOLEAN: bool,
    Type.TIMESTAMP: _time_ms,
}
