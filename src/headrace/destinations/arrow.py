"""Columns to Arrow and back: how values reach a columnar destination without a row object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from headrace.core.schema import Columns, Table, Type
from headrace.errors import Bug

ARROW_TYPES: Mapping[Type, Any] = {
    Type.INTEGER: pa.int64(),
    Type.TEXT: pa.string(),
    Type.BOOLEAN: pa.bool_(),
    Type.DECIMAL: pa.decimal128(38, 9),
    Type.TIMESTAMP: pa.timestamp("ms", "UTC"),
    Type.JSON: pa.string(),
}


def to_arrow(table: Table, columns: Columns, names: Sequence[str] = ()) -> Any:
    """A `pyarrow.Table` of the given columns, in their order; of `names` alone if given.

    Raises `Bug`, naming the column but never the value, where a value is not canonical.
    """
    types = dict(table.columns)
    arrays = {}
    for name in names or columns.values:
        if name not in types:
            raise Bug(f"Table {table.name} has no column {name}.")
        try:
            arrays[name] = pa.array(columns.values[name], ARROW_TYPES[types[name]])
        except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
            raise Bug(
                f"Table {table.name}, column {name}: a value is not {types[name]}"
                f" ({type(error).__name__})."
            ) from None
    return pa.table(arrays)


def last_by_key(columns: Columns, key: Sequence[str]) -> list[int] | None:
    """Where each key stands last, in order; None if no key stands twice (the common case)."""
    places = {values: place for place, values in enumerate(tuples_of(columns, key))}
    return None if len(places) == len(columns) else sorted(places.values())


def tuples_of(columns: Columns, names: Sequence[str]) -> list[tuple[Any, ...]]:
    """The values of some columns as one tuple a row."""
    return list(zip(*(columns.values[name] for name in names), strict=True))
