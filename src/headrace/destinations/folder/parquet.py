"""A folder of Parquet files: what DuckDB, pandas, Polars, Spark and BI tools read with their types.

JSON is a string column: it stays byte for byte, and every reader knows strings.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from headrace.core.schema import Columns, Table, Type
from headrace.destinations.arrow import ARROW_TYPES, to_arrow
from headrace.destinations.folder import FolderDestination
from headrace.destinations.tables import Pairs

_DICTIONARY_BYTES = 64 * 1024  # a column with more different values than that is stored plainly


class ParquetDestination(FolderDestination):
    """A `Destination` in a folder of Parquet files. See `FolderDestination`."""

    def __init__(self, path: str | Path, *, busy_seconds: float = 5.0) -> None:
        super().__init__(path, ParquetCodec(), busy_seconds=busy_seconds)


class ParquetCodec:
    """Rows are a `pyarrow.Table`. See `Codec`."""

    name = "parquet"

    def encode(self, table: Table, columns: Columns) -> Any:
        """See `Codec`."""
        return self.widen(to_arrow(table, columns), table.columns)

    def values(self, rows: Any, columns: Pairs) -> Columns:
        """See `Codec`."""
        return Columns({name: _canonical(rows.column(name), kind) for name, kind in columns})

    def size(self, rows: Any) -> int:
        """See `Codec`."""
        size: int = rows.nbytes
        return size

    def take(self, rows: Any, places: Sequence[int]) -> Any:
        """See `Codec`."""
        return rows.take(pa.array(places, pa.int64()))

    def join(self, first: Any, second: Any) -> Any:
        """See `Codec`."""
        return pa.concat_tables([first, second])

    def widen(self, rows: Any, columns: Pairs) -> Any:
        """See `Codec`."""
        known = frozenset(rows.column_names)
        return pa.table(
            {
                name: rows.column(name) if name in known else pa.nulls(len(rows), ARROW_TYPES[kind])
                for name, kind in columns
            }
        )

    def dump(self, rows: Any) -> memoryview:
        """See `Codec`. One row group a file; dictionaries only where texts repeat."""
        texts = [field.name for field in rows.schema if pa.types.is_string(field.type)]
        sink = pa.BufferOutputStream()
        pq.write_table(
            rows,
            sink,
            row_group_size=max(len(rows), 1),
            compression="zstd",
            use_dictionary=texts,
            dictionary_pagesize_limit=_DICTIONARY_BYTES,
        )
        return memoryview(sink.getvalue())

    def load(self, file: BinaryIO, columns: Pairs) -> Any:
        """See `Codec`."""
        names = [name for name, _ in columns]
        with pq.ParquetFile(file) as opened:
            rows = opened.read(columns=names, use_threads=False)
        if not set(names) <= set(rows.column_names):
            raise pa.ArrowInvalid("columns are missing")
        return rows.select(names)


def _canonical(column: Any, kind: Type) -> list[Any]:
    values: list[Any] = (column.cast(pa.int64()) if kind is Type.TIMESTAMP else column).to_pylist()
    return values
