"""What one write comes to: batches are worked into a scratch DuckDB, table by table.

It takes them just as the DuckDB destination would, in bounded memory; what stands there in the end
goes to dlt: rows to put, and the keys to be removed. dlt knows a row by one text column, a digest
of its key, so that NULL in a key is a value and any type makes a key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import msgspec
import pyarrow as pa

from headrace.core.ports import Batch
from headrace.core.schema import Table, Type
from headrace.destinations.arrow import ARROW_TYPES, to_arrow
from headrace.destinations.dlt.tables import CHUNK_ROWS
from headrace.destinations.duckdb.rows import write_batch
from headrace.destinations.tables import quoted

KEY, OWNER, GONE = "_headrace_key", "_headrace_owner", "_headrace_gone"
_UTC = pa.timestamp("us", "UTC")
_SQL: Mapping[Type, str] = {
    Type.INTEGER: "BIGINT",
    Type.TEXT: "VARCHAR",
    Type.BOOLEAN: "BOOLEAN",
    Type.DECIMAL: "DECIMAL(38,9)",
    Type.TIMESTAMP: "TIMESTAMP WITH TIME ZONE",
    Type.JSON: "VARCHAR",
}


@dataclass(slots=True)
class Staged:
    """One table of a write. `gone`, `owners`: digests of keys and of owners to be removed first."""

    table: Table
    emptied: bool = False
    gone: set[str] = field(default_factory=set)
    owners: set[str] = field(default_factory=set)


class Scratch:
    """A scratch database for one write, in memory and, where that is too little, in `folder`."""

    def __init__(self, folder: str) -> None:
        self.tables: dict[str, Staged] = {}
        spill: dict[str, Any] = {"temp_directory": str(folder), "memory_limit": "1GB"}
        self._connection = duckdb.connect(config=spill)
        self._filled: set[str] = set()

    @property
    def emptied(self) -> set[str]:
        """The tables that the write empties."""
        return {name for name, staged in self.tables.items() if staged.emptied}

    def put(self, batch: Batch) -> None:
        """Empty, delete, put: in that order."""
        table = batch.table
        if table.name not in self.tables:
            self.tables[table.name] = Staged(table)
            columns = ", ".join(f"{quoted(name)} {_SQL[kind]}" for name, kind in table.columns)
            self._connection.execute(f"CREATE TABLE {quoted(table.name)} ({columns})")
        staged = self.tables[table.name]
        if batch.truncate:
            self.tables[table.name] = staged = Staged(table, emptied=True)
        if len(batch.deletes):
            staged.gone |= set(digests(to_arrow(table, batch.deletes, table.key)))
        if len(batch.owners):
            staged.owners |= set(digests(to_arrow(table, batch.owners, table.key[: table.owner])))
        write_batch(self._connection, batch, self._filled)

    def rows(self, name: str) -> Iterator[Any]:
        """The rows that a table's write puts, with our columns, some at a time."""
        table = self.tables[name].table
        with self._connection.cursor() as cursor:
            found = cursor.sql(f"SELECT * FROM {quoted(name)}")
            for batch in found.to_arrow_reader(CHUNK_ROWS):
                yield _with_ours(table, pa.Table.from_batches([batch]))

    def is_empty(self, name: str) -> bool:
        """Whether a table's write puts no rows."""
        return not self._connection.execute(f"SELECT 1 FROM {quoted(name)} LIMIT 1").fetchall()

    def keys(self, name: str) -> Iterator[str]:
        """The digests of the rows that a table's write puts."""
        for rows in self.rows(name):
            yield from rows[KEY].to_pylist()

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()


def digests(rows: Any) -> list[str]:
    """A digest for each row of an Arrow table: of all its values, in order."""
    columns = [
        (c.cast(_UTC).cast(pa.int64()) if pa.types.is_timestamp(c.type) else c).to_pylist()
        for c in rows.columns
    ]
    return [
        hashlib.blake2b(msgspec.json.encode(values), digest_size=16).hexdigest()
        for values in zip(*columns, strict=True)
    ]


def removals(keys: Sequence[str], table: Table) -> Any:
    """Rows that tell dlt to remove these keys."""
    arrays = {KEY: pa.array(keys, pa.string()), GONE: pa.array([True] * len(keys))}
    nothing = {name: pa.nulls(len(keys), _arrow(kind)) for name, kind in table.columns}
    ours = {OWNER: pa.nulls(len(keys), pa.string())} if table.owner else {}
    return pa.table({**nothing, **ours, **arrays})


def ours(table: Table) -> tuple[str, ...]:
    """The columns that this destination adds to a table."""
    return (OWNER, KEY, GONE) if table.owner else (KEY, GONE)


def _with_ours(table: Table, rows: Any) -> Any:
    arrays = {name: rows[name].cast(_arrow(kind)) for name, kind in table.columns}
    if table.owner:
        arrays[OWNER] = pa.array(digests(rows.select(list(table.key[: table.owner]))))
    arrays[KEY] = pa.array(digests(rows.select(list(table.key))))
    arrays[GONE] = pa.array([False] * len(rows))
    return pa.table(arrays)


def _arrow(kind: Type) -> Any:
    return _UTC if kind is Type.TIMESTAMP else ARROW_TYPES[kind]
