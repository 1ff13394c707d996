"""Schemas: how a JSON body becomes the columns of a table and of its child tables.

Pure and columnar: `flatten` takes many bodies and yields lists of values, one list a column.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Any

import msgspec

from headrace.core.record import Body

NO_TIME = (0, -28_800_000)  # CODING's two ways to say "no time": on issues and on iterations
_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1


class Type(enum.StrEnum):
    """Column types. Times are UTC, in ms since 1970; decimals have 9 digits behind the point."""

    INTEGER = "integer"
    TEXT = "text"
    BOOLEAN = "boolean"
    DECIMAL = "decimal"
    TIMESTAMP = "timestamp"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, type, where it stands in the body, and what it means in both languages.

    `none_is_zero`: CODING writes 0 (or "") where a person or an object is not set.
    """

    name: str
    type: Type
    path: str
    zh: str
    en: str
    none_is_zero: bool = False


@dataclass(frozen=True, slots=True)
class Child:
    """A list inside the body that becomes a table of its own, replaced as a set.

    Its key is the parent's key plus `key`. `path` names the list.
    """

    name: str
    path: str
    zh: str
    en: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns of a stream, its key columns and its child tables.

    `ignored` names fields of the body that are left out on purpose; all other fields without a
    column go to the JSON column `_extra`.
    """

    key: tuple[str, ...]
    columns: tuple[Column, ...]
    children: tuple[Child, ...] = ()
    ignored: frozenset[str] = frozenset()
    key_types: tuple[Type, ...] = field(init=False)

    def __post_init__(self) -> None:
        types = {column.name: column.type for column in self.columns}
        object.__setattr__(self, "key_types", tuple(types[name] for name in self.key))


@dataclass(frozen=True, slots=True)
class Table:
    """A table as a destination sees it: name, typed columns in order, key columns.

    For a child table `owner` is how many leading key columns belong to the parent, else 0. `mode`
    names what its rows mean (the write mode): rows of another mode are of no use and go. `stream`
    names the offset of a checkpoint that vouches for its rows; "": the table's own name.
    """

    name: str
    columns: tuple[tuple[str, Type], ...]
    key: tuple[str, ...]
    owner: int = 0
    mode: str = ""
    stream: str = ""

    @property
    def vouched_by(self) -> str:
        """The stream whose offset says up to where the rows are written."""
        return self.stream or self.name


@dataclass(slots=True)
class Columns:
    """Values by column, all lists of the same length. Times are int ms, decimals `Decimal`."""

    values: dict[str, list[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(next(iter(self.values.values()), ()))


EXTRA = "_extra"
META: tuple[tuple[str, Type], ...] = (
    ("_deleted_at", Type.TIMESTAMP),
    ("_changed_at", Type.TIMESTAMP),
    ("_offset", Type.INTEGER),
)


def tables_of(stream: str, schema: Schema) -> tuple[Table, ...]:
    """The stream's own table first, then its child tables."""
    own = tuple((c.name, c.type) for c in schema.columns)
    types = dict(own)
    main = Table(stream, (*own, (EXTRA, Type.JSON), *META), schema.key)
    owner = tuple((name, types[name]) for name in schema.key)
    return (main, *(_child_table(stream, child, owner) for child in schema.children))


def _child_table(stream: str, child: Child, owner: tuple[tuple[str, Type], ...]) -> Table:
    own = tuple((c.name, c.type) for c in child.columns)
    key = (*(name for name, _ in owner), *child.key)
    return Table(
        child.name, (*owner, *own, (EXTRA, Type.JSON), *META), key, len(owner), stream=stream
    )


class Flattener:
    """Turns bodies of one schema into columns. Build once, use for many batches."""

    def __init__(self, stream: str, schema: Schema) -> None:
        self.tables = tables_of(stream, schema)
        self._schema = schema
        self._main = _RowReader(schema.columns, schema.ignored | {c.path for c in schema.children})
        self._children = [_ChildReader(child) for child in schema.children]
        self.columns: Mapping[str, Mapping[str, Column]] = {
            name: {column.path: column for column in columns}
            for name, columns in (
                (stream, schema.columns), *((c.name, c.columns) for c in schema.children)
            )
        }  # fmt: skip
        self._key_readers = _RowReader(
            tuple(c for c in schema.columns if c.name in schema.key), frozenset()
        )

    def main(self, bodies: Sequence[Body]) -> Columns:
        """The stream's own table, without the `_` columns but with `_extra`."""
        return self._main.read(bodies)

    def child(self, index: int, bodies: Sequence[Body]) -> tuple[Columns, list[int]]:
        """A child table, and for each of its rows the index of the body it came from.

        Rows repeating a child key within one body are dropped but for the last.
        """
        columns, owners = self._children[index].read(bodies)
        keys = self.keys(bodies if owners else ())
        for name, values in keys.values.items():
            columns.values[name] = [values[owner] for owner in owners]
        return columns, owners

    def keys(self, bodies: Sequence[Body]) -> Columns:
        """Only the key columns of the stream's own table."""
        return Columns(self._key_readers.typed(bodies, {}))


class _RowReader:
    """Reads rows into columns; what has no column, or does not fit its type, goes to `_extra`."""

    def __init__(self, columns: tuple[Column, ...], ignored: frozenset[str]) -> None:
        self._columns = [(c, tuple(c.path.split("."))) for c in columns]
        self._known = ignored.union(path[0] for _, path in self._columns)

    def read(self, rows: Sequence[Body]) -> Columns:
        misfits: dict[int, Body] = {}
        values = self.typed(rows, misfits)
        values[EXTRA] = [self._extra(row, misfits.get(i)) for i, row in enumerate(rows)]
        return Columns(values)

    def typed(self, rows: Sequence[Body], misfits: dict[int, Body]) -> dict[str, list[Any]]:
        """The columns without `_extra`. `misfits` is told what does not fit, by row and path."""
        if not rows:
            return {column.name: [] for column, _ in self._columns}
        return {c.name: _column(c, path, rows, misfits) for c, path in self._columns}

    def _extra(self, row: Body, misfit: Body | None) -> str | None:
        if misfit is None and self._known.issuperset(row):
            return None
        extra = {name: value for name, value in row.items() if name not in self._known}
        return _json_text({**extra, **(misfit or {})})


class _ChildReader:
    """Reads the lists that stand in bodies into the columns of their child table."""

    def __init__(self, child: Child) -> None:
        self._path = child.path
        self._key_paths = tuple(c.path for c in child.columns if c.name in child.key)
        self._rows = _RowReader(child.columns, frozenset())

    def read(self, bodies: Sequence[Body]) -> tuple[Columns, list[int]]:
        rows, owners = [], []
        for position, body in enumerate(bodies):
            for row in self._distinct(body.get(self._path)):
                rows.append(row)
                owners.append(position)
        return self._rows.read(rows), owners

    def _distinct(self, found: Any) -> Iterable[Body]:
        rows = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
        if len(rows) < 2:
            return rows
        return {tuple(repr(row.get(p)) for p in self._key_paths): row for row in rows}.values()


def _column(
    column: Column, path: tuple[str, ...], rows: Sequence[Body], misfits: dict[int, Body]
) -> list[Any]:
    """The values as the column's type; None for what is not set or does not fit."""
    convert, none_is_zero = _CONVERTERS[column.type], column.none_is_zero
    first, *rest = path
    values: list[Any] = []
    for index, row in enumerate(rows):
        value = row.get(first)
        for name in rest:
            value = value.get(name) if isinstance(value, dict) else None
        if value is None or (none_is_zero and value in (0, "")):
            values.append(None)
            continue
        try:
            values.append(convert(value))
        except (ValueError, TypeError, InvalidOperation, OverflowError):
            misfits.setdefault(index, {})[column.path] = value
            values.append(None)
    return values


def _json_text(value: Any) -> str:
    return msgspec.json.encode(value, order="sorted").decode()


def _integer(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError(value)
    number = int(value)
    if not _INT64_MIN <= number <= _INT64_MAX:
        raise OverflowError(value)
    return number


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(value)
    return str(value)


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in (0, 1):
        return bool(value)
    raise ValueError(value)


_PLACES = Decimal("1e-9")
_TOO_LARGE = Decimal(10) ** 29
_EXACT = Context(prec=40, rounding=ROUND_HALF_EVEN)  # 29 digits before the point and 9 behind it


def _decimal(value: Any) -> Decimal:
    """Floats are rounded to 9 places, for 33.333333333333336 is a third; texts must fit exactly."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError(value)
    number = Decimal(str(value))
    if not number.is_finite() or abs(number) >= _TOO_LARGE:
        raise OverflowError(value)
    quantized = number.quantize(_PLACES, context=_EXACT)
    if quantized != number and not isinstance(value, float):
        raise ValueError(value)
    return quantized


_SECONDS_BELOW = 10**11  # artifacts count their times in seconds; in ms this were early in 1973
_TIME_MIN, _TIME_MAX = -62_135_596_800_000, 253_402_300_799_999  # years 1 to 9999


def _timestamp(value: Any) -> int | None:
    number = _integer(value)
    if number in NO_TIME:
        return None
    if 0 < number < _SECONDS_BELOW:
        number *= 1000
    if not _TIME_MIN <= number <= _TIME_MAX:
        raise OverflowError(value)
    return number


_CONVERTERS: Mapping[Type, Callable[[Any], Any]] = {
    Type.INTEGER: _integer,
    Type.TEXT: _text,
    Type.BOOLEAN: _boolean,
    Type.DECIMAL: _decimal,
    Type.TIMESTAMP: _timestamp,
    Type.JSON: _json_text,
}
