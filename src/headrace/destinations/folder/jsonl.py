"""A folder of JSON Lines: one object a line, for jq, pandas, and whatever reads JSON.

Times are texts (RFC 3339, ms, `Z`); integers and decimals are JSON numbers, written exactly; JSON
columns stand in the line as they are, so `jq ._extra.field` works, and are left out where they are
NULL (a JSON `null` is another value). All other columns are in every line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from headrace.core.schema import Columns, Table, Type
from headrace.destinations.arrow import to_arrow
from headrace.destinations.folder import FolderDestination
from headrace.destinations.tables import Pairs
from headrace.errors import Bug

_TIMES = (-62_135_596_800_000, 253_402_300_799_999)  # years 1 to 9999: RFC 3339 has no others
_ENCODER = msgspec.json.Encoder()
_JSON = msgspec.json.Decoder(msgspec.Raw)
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_FIELDS: Mapping[Type, tuple[Any, Any]] = {  # how a field is read, and what it is when absent
    Type.INTEGER: (int | None, None),
    Type.TEXT: (str | None, None),
    Type.BOOLEAN: (bool | None, None),
    Type.DECIMAL: (Decimal | None, None),
    Type.TIMESTAMP: (str | None, None),
    Type.JSON: (msgspec.Raw, msgspec.Raw(b"")),
}


class JsonLinesDestination(FolderDestination):
    """A `Destination` in a folder of JSON Lines. See `FolderDestination`."""

    def __init__(self, path: str | Path, *, busy_seconds: float = 5.0) -> None:
        super().__init__(path, JsonLinesCodec(), busy_seconds=busy_seconds)


class JsonLinesCodec:
    """Rows are a list of lines, UTF-8, without their ends. See `Codec`."""

    name = "jsonl"

    def encode(self, table: Table, columns: Columns) -> list[bytes]:
        """See `Codec`."""
        arrow, count = to_arrow(table, columns), len(columns)
        if not count:
            return []
        written = [
            _written(table.name, name, kind, arrow.column(name)) if name in columns.values
            else [None] * count
            for name, kind in table.columns
        ]  # fmt: skip
        names = [name for name, _ in table.columns]
        rows = [dict(zip(names, row, strict=True)) for row in zip(*written, strict=True)]
        for name in [name for name, kind in table.columns if kind is Type.JSON]:
            for row in rows:
                if row[name] is None:
                    del row[name]
        return _ENCODER.encode_lines(rows).split(b"\n")[:-1]

    def values(self, rows: list[bytes], columns: Pairs) -> Columns:
        """See `Codec`."""
        found = [msgspec.structs.astuple(line) for line in _decoder(columns)(rows)]
        own = zip(*found, strict=True) if found else ((),) * len(columns)
        pairs = zip(columns, own, strict=True)
        return Columns({name: _canonical(kind, values) for (name, kind), values in pairs})

    def size(self, rows: list[bytes]) -> int:
        """See `Codec`."""
        return sum(map(len, rows))

    def take(self, rows: list[bytes], places: Sequence[int]) -> list[bytes]:
        """See `Codec`."""
        return [rows[place] for place in places]

    def join(self, first: list[bytes], second: list[bytes]) -> list[bytes]:
        """See `Codec`."""
        return first + second

    def widen(self, rows: list[bytes], columns: Pairs) -> list[bytes]:
        """See `Codec`. New columns stand at the end."""
        plain = [name for name, kind in columns if kind is not Type.JSON]
        known = msgspec.json.decode(rows[0], type=dict[str, msgspec.Raw]) if rows else {}
        new = b"".join(
            b"," + msgspec.json.encode(name) + b":null" for name in plain if name not in known
        )
        return [line[:-1] + new + b"}" for line in rows]

    def dump(self, rows: list[bytes]) -> memoryview:
        """See `Codec`."""
        return memoryview(b"\n".join([*rows, b""]))

    def load(self, file: BinaryIO, columns: Pairs) -> list[bytes]:  # noqa: ARG002 (all are there)
        """See `Codec`."""
        *lines, rest = file.read().split(b"\n")
        if rest:
            raise msgspec.DecodeError("the last line is cut off")
        return lines


def _written(table: str, name: str, kind: Type, column: Any) -> list[Any]:
    """A column's values as the encoder takes them."""
    try:
        if kind is Type.TIMESTAMP:
            return _time_texts(column)
        values: list[Any] = column.to_pylist()
        if kind is Type.DECIMAL:
            return [value if value is None else _decimal_text(value) for value in values]
        if kind is Type.JSON:
            return [value if value is None else _json_text(value) for value in values]
    except (ValueError, msgspec.DecodeError) as error:
        raise Bug(
            f"Table {table}, column {name}: a value is not {kind} ({type(error).__name__})."
        ) from None
    return values


def _time_texts(column: Any) -> list[Any]:
    numbers = column.cast(pa.int64())
    found = pc.min_max(numbers).as_py()
    if found["min"] is not None and (found["min"] < _TIMES[0] or found["max"] > _TIMES[1]):
        raise ValueError
    texts = numbers.cast(pa.timestamp("ms")).cast(pa.string())  # 2026-01-31 09:05:07.123
    marked = pc.utf8_replace_slice(texts, 10, 11, "T")
    written: list[Any] = pc.binary_join_element_wise(marked, "Z", "").to_pylist()
    return written


def _decimal_text(value: Decimal) -> msgspec.Raw:
    """Without exponent and without zeros at the end."""
    return msgspec.Raw(f"{value:f}".rstrip("0").rstrip(".").encode())


def _json_text(value: str) -> msgspec.Raw:
    """Line ends can only stand between its tokens: they become spaces."""
    raw = msgspec.Raw(value.replace("\n", " ").replace("\r", " ").encode())
    _JSON.decode(raw)
    return raw


@lru_cache(maxsize=256)
def _decoder(columns: Pairs) -> Callable[[list[bytes]], list[Any]]:
    """Reads these columns of lines, as structs with a field for each."""
    names = {f"f{place}": name for place, (name, _) in enumerate(columns)}
    fields = [(field, *_FIELDS[kind]) for field, (_, kind) in zip(names, columns, strict=True)]
    try:
        line = msgspec.defstruct("Line", fields, rename=names, gc=False)
    except ValueError:  # a name with quotes or backslashes, which no struct can have: slower
        line = msgspec.defstruct("Line", fields, gc=False)
        decode = msgspec.json.Decoder(line).decode_lines
        return lambda rows: decode(b"\n".join([_renamed(row, names) for row in rows]))
    decode = msgspec.json.Decoder(line).decode_lines
    return lambda rows: decode(b"\n".join(rows))


def _renamed(row: bytes, names: Mapping[str, str]) -> bytes:
    """The line with other names for some fields, and without all others."""
    found = _OBJECT.decode(row)
    return _ENCODER.encode({f: found[name] for f, name in names.items() if name in found})


def _canonical(kind: Type, found: Sequence[Any]) -> list[Any]:
    if kind is Type.JSON:
        return [text.decode() if (text := bytes(raw)) else None for raw in found]
    if kind is not Type.TIMESTAMP:
        return list(found)
    times = pa.array(found, pa.string()).cast(pa.timestamp("ms", "UTC")).cast(pa.int64())
    values: list[Any] = times.to_pylist()
    return values
