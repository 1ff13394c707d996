"""Values on their way to PostgreSQL: in the rows of a binary COPY, and as elements of an array."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from headrace.core.schema import Columns, Type

COPY_TYPES: Mapping[Type, str] = {
    Type.INTEGER: "int8",
    Type.TEXT: "text",
    Type.BOOLEAN: "bool",
    Type.DECIMAL: "numeric",
    Type.TIMESTAMP: "int8",  # travels as microseconds since 2000
    Type.JSON: "text",
}
_TO_2000_US = 946_684_800_000_000
_QUOTED = {Type.TEXT, Type.JSON}


def copy_rows(copy: Any, columns: Columns, kinds: Sequence[Type]) -> None:
    """Send the rows through a binary COPY of psycopg's."""
    copy.set_types([COPY_TYPES[kind] for kind in kinds])
    values = [
        _microseconds(column) if kind is Type.TIMESTAMP else column
        for column, kind in zip(columns.values.values(), kinds, strict=True)
    ]
    for row in zip(*values, strict=True):
        copy.write_row(row)


def array_literal(column: Any, kind: Type) -> str:
    """An Arrow column as the text of an array."""
    if kind is Type.TIMESTAMP:  # without a zone, as the session's is UTC
        column = column.cast(pa.timestamp("ms"))
    texts = column.cast(pa.string()).to_pylist()
    if kind in _QUOTED:
        texts = [text if text is None else _in_quotes(text) for text in texts]
    return "{" + ",".join(["NULL" if text is None else text for text in texts]) + "}"


def _microseconds(milliseconds: Sequence[int | None]) -> Sequence[int | None]:
    return [None if ms is None else ms * 1000 - _TO_2000_US for ms in milliseconds]


def _in_quotes(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
