"""Values as SQLite keeps them, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from headrace.core.schema import Columns, Table, Type
from headrace.errors import Bug

_EPOCH = datetime(1970, 1, 1)  # without a zone, as SQLite writes times
_MS = timedelta(milliseconds=1)
_PLACES = 9
_TIME_MIN, _TIME_MAX = -62_135_596_800_000, 253_402_300_799_999


def _time_texts(values: list[Any]) -> list[Any]:
    """All at once: Arrow writes the same text four times as fast as `datetime`.

    Raises `ValueError` for a time that is not between the years 1 and 9999.
    """
    times = pa.array(values, pa.timestamp("ms"))
    edges = pc.min_max(times.cast(pa.int64())).as_py()
    if edges["min"] is not None and not _TIME_MIN <= edges["min"] <= edges["max"] <= _TIME_MAX:
        raise ValueError("a time out of range")
    texts: list[Any] = times.cast(pa.string()).to_pylist()
    return texts


def _time_ms(text: str) -> int:
    """Also of a time somebody wrote by hand with a zone (`Z`, `+08:00`) or without a fraction."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return (moment - _EPOCH) // _MS


@lru_cache(maxsize=4096)  # hours repeat
def _decimal_text(value: Decimal) -> str:
    """One text for one number: nine places, and no minus at zero."""
    text = f"{value:.{_PLACES}f}"
    if Decimal(text) != value:
        raise ValueError(value)
    return text if value else f"{0:.{_PLACES}f}"


TO_SQLITE: Mapping[Type, Callable[[Any], Any]] = {
    Type.BOOLEAN: int,
    Type.DECIMAL: _decimal_text,
}
FROM_SQLITE: Mapping[Type, Callable[[Any], Any]] = {
    Type.BOOLEAN: bool,
    Type.DECIMAL: Decimal,
    Type.TIMESTAMP: _time_ms,
}


def to_sqlite(table: Table, columns: Columns) -> Columns:
    """The columns with every value as SQLite keeps it.

    Raises `Bug`, naming the column but never the value, where a value is not canonical.
    """
    types = dict(table.columns)
    return Columns({name: _turned(table, types, name, v) for name, v in columns.values.items()})


def _turned(table: Table, types: Mapping[str, Type], name: str, values: list[Any]) -> list[Any]:
    if name not in types:
        raise Bug(f"Table {table.name} has no column {name}.")
    kind = types[name]
    turn = TO_SQLITE.get(kind)
    if turn is None and kind is not Type.TIMESTAMP:
        return values
    try:
        if turn is None:
            return _time_texts(values)
        return [value if value is None else turn(value) for value in values]
    except (ArithmeticError, ValueError, TypeError) as error:
        raise Bug(
            f"Table {table.name}, column {name}: a value is not {types[name]}"
            f" ({type(error).__name__})."
        ) from None
