"""SQLite: one file, readable by anything, for teams whose tables fit a single machine.

Values SQLite has no type for are text: decimals with nine places, JSON as it is, and times as
`2026-01-31 09:05:07.123` in UTC, the very form of SQLite's own `datetime('now', 'subsec')`, so
that they sort and compare with it and its date functions read them. See `values`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from headrace.core.ports import Batch
from headrace.core.schema import Columns, Table, Type
from headrace.destinations.dialect import Dialect
from headrace.destinations.sql import SqlDestination
from headrace.destinations.sqlite.files import connect, sorted_error
from headrace.destinations.sqlite.rows import write_batch
from headrace.destinations.sqlite.values import FROM_SQLITE
from headrace.destinations.tables import Found, quoted
from headrace.errors import HeadraceError

CHUNK_ROWS = 10_000
_NAMES = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
_COLUMNS = "SELECT name, type FROM pragma_table_info(?)"


class SqliteDestination(SqlDestination):
    """A `Destination` in one SQLite file, made if it is not there. WAL, synchronous=FULL.

    Raises `Refused` for a file that is not SQLite's or cannot be opened. Other processes may read
    at any time; one that writes is waited for at most `busy_seconds`, then `Unavailable`.
    """

    def __init__(self, path: str | Path, *, busy_seconds: float = 5.0) -> None:
        super().__init__(SqliteDialect(Path(path).absolute(), busy_seconds))


class SqliteDialect(Dialect):
    """One SQLite file.

    BIGINT, not INTEGER: a key of one INTEGER column would be the rowid, which turns NULL to a
    number. TEXT for JSON and decimals: any other name would let SQLite turn them into floats.
    `BEGIN IMMEDIATE`: the file has one writer from the first read of the checkpoint on.
    """

    driver_error = sqlite3.Error
    begin = "BEGIN IMMEDIATE"
    types: ClassVar[Mapping[Type, str]] = {
        Type.INTEGER: "BIGINT",
        Type.TEXT: "TEXT",
        Type.BOOLEAN: "BOOLEAN",
        Type.DECIMAL: "TEXT",
        Type.TIMESTAMP: "TEXT",
        Type.JSON: "TEXT",
    }

    def __init__(self, path: Path, busy_seconds: float) -> None:
        self._path = path
        self._busy_seconds = busy_seconds

    def connect(self) -> Any:
        """See `Dialect`."""
        return connect(self._path, self._busy_seconds)

    def is_usable(self, connection: Any) -> bool:  # noqa: ARG002 (a file is always there)
        """See `Dialect`."""
        return True

    def run(self, connection: Any, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """See `Dialect`."""
        rows: list[tuple[Any, ...]] = connection.execute(sql, values).fetchall()
        return rows

    def found(self, connection: Any) -> Mapping[str, Found]:
        """See `Dialect`."""
        names = [name for (name,) in self.run(connection, _NAMES)]
        return {name.lower(): dict(self.run(connection, _COLUMNS, [name])) for name in names}

    def write(self, connection: Any, batch: Batch) -> None:
        """See `Dialect`."""
        write_batch(connection, batch)

    def read(self, table: Table) -> Iterator[Columns]:
        """See `Dialect`."""
        wanted = ", ".join(quoted(name) for name, _ in table.columns)
        connection = self.connect()
        try:
            cursor = connection.execute(f"SELECT {wanted} FROM {quoted(table.name)}")
            while rows := cursor.fetchmany(CHUNK_ROWS):
                yield _columns(table, rows)
        finally:
            connection.close()

    def sorted_error(self, error: Exception, table: str = "") -> HeadraceError:
        """See `Dialect`."""
        return sorted_error(error, self._path, table)


def _columns(table: Table, rows: Sequence[tuple[object, ...]]) -> Columns:
    values = {}
    for (name, kind), column in zip(table.columns, zip(*rows, strict=True), strict=True):
        turn = FROM_SQLITE.get(kind)
        values[name] = (
            list(column) if turn is None else [v if v is None else turn(v) for v in column]
        )
    return Columns(values)
