"""DuckDB: a single file that any DuckDB shell, notebook or BI tool can query.

Rows go in by columns: a batch becomes an Arrow table, the keys it names are deleted by one
semi-join and its rows inserted by one statement. Tables carry no primary key: DuckDB's index would
make bulk loads several times slower and refuses to delete and insert one key in one transaction.
That a key has one row is this writer's promise instead: it alone writes (the file is locked), and
it never inserts a key it has not deleted in the same transaction.

JSON columns have DuckDB's JSON type: it keeps the text byte for byte and answers `_extra->>'$.x'`.
TIMESTAMPTZ counts microseconds, which holds the years 1 to 9999.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import duckdb

from headrace.core.ports import Batch
from headrace.core.schema import Columns, Table, Type
from headrace.destinations.dialect import Dialect
from headrace.destinations.duckdb.files import connect, is_fatal, sorted_error
from headrace.destinations.duckdb.rows import write_batch
from headrace.destinations.sql import SqlDestination
from headrace.destinations.tables import Found, quoted
from headrace.errors import HeadraceError

CHUNK_ROWS = 10_000
_COLUMNS = (
    "SELECT table_name, column_name, data_type FROM duckdb_columns()"
    " WHERE database_name = current_database() AND schema_name = current_schema()"
)


class DuckDbDestination(SqlDestination):
    """A `Destination` in one DuckDB file, made if it is not there.

    Raises `Refused` at once for a file that is locked, not DuckDB's, or cannot be opened. After a
    failure that DuckDB does not survive (disk full), the next call opens the file anew.
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__(DuckDbDialect(Path(path).absolute()))


class DuckDbDialect(Dialect):
    """One DuckDB file."""

    driver_error = duckdb.Error
    types: ClassVar[Mapping[Type, str]] = {
        Type.INTEGER: "BIGINT",
        Type.TEXT: "VARCHAR",
        Type.BOOLEAN: "BOOLEAN",
        Type.DECIMAL: "DECIMAL(38,9)",
        Type.TIMESTAMP: "TIMESTAMP WITH TIME ZONE",
        Type.JSON: "JSON",
    }

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: Any = None
        self._fatal = False
        self._filled: set[str] = set()  # tables that hold rows, or did: only ever a hint

    def connect(self) -> Any:
        """See `Dialect`."""
        self._held, self._fatal = connect(self._path), False
        return self._held

    def is_usable(self, connection: Any) -> bool:  # noqa: ARG002 (there is one)
        """See `Dialect`. DuckDB refuses all work after some errors."""
        return not self._fatal

    def run(self, connection: Any, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """See `Dialect`."""
        rows: list[tuple[Any, ...]] = connection.execute(sql, list(values)).fetchall()
        return rows

    def found(self, connection: Any) -> Mapping[str, Found]:
        """See `Dialect`."""
        found: dict[str, dict[str, str | None]] = {}
        for table, column, kind in self.run(connection, _COLUMNS):
            found.setdefault(table.lower(), {})[column] = kind
        return dict(found)

    def create(self, connection: Any, task: str, table: Table) -> None:
        """See `Dialect`. Without a primary key, but with a comment."""
        name = quoted(table.name)
        self.run(connection, f"CREATE TABLE {name} ({self.declared(table.columns)})")
        text = f"Kept by Headrace, task {task}; key: {', '.join(table.key)}. Do not write here."
        literal = text.replace("'", "''").replace("\0", "")
        self.run(connection, f"COMMENT ON TABLE {name} IS '{literal}'")

    def write(self, connection: Any, batch: Batch) -> None:
        """See `Dialect`."""
        write_batch(connection, batch, self._filled)

    def read(self, table: Table) -> Iterator[Columns]:
        """See `Dialect`."""
        cursor = self._held.cursor()
        try:
            for chunk in cursor.sql(_select(table)).to_arrow_reader(CHUNK_ROWS):
                yield Columns({name: chunk.column(name).to_pylist() for name, _ in table.columns})
        finally:
            cursor.close()

    def sorted_error(self, error: Exception, table: str = "") -> HeadraceError:
        """See `Dialect`."""
        self._fatal = self._fatal or is_fatal(error)
        return sorted_error(error, self._path, table)


def _select(table: Table) -> str:
    wanted = (f"{_canonical(name, kind)} AS {quoted(name)}" for name, kind in table.columns)
    return f"SELECT {', '.join(wanted)} FROM {quoted(table.name)}"


def _canonical(name: str, kind: Type) -> str:
    if kind is Type.TIMESTAMP:
        return f"epoch_ms({quoted(name)})"
    if kind is Type.JSON:
        return f"{quoted(name)}::VARCHAR"
    return quoted(name)
