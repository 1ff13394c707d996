"""PostgreSQL 12 and later: one schema of a database. Needs psycopg 3.

Text is `text`, JSON is `json`, which keeps it byte for byte (`jsonb` would not), times are
`timestamp with time zone`. No text of PostgreSQL holds a NUL character.

A table's key is a UNIQUE constraint, not a primary key: keys may hold NULL. Tables are emptied by
DELETE, not by TRUNCATE, which would lock readers out until the commit and show an empty table to
whoever began to read before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import count
from typing import Any, ClassVar

import psycopg
from psycopg.pq import TransactionStatus

from headrace.core.ports import Batch
from headrace.core.schema import Columns, Table, Type
from headrace.destinations.dialect import Dialect
from headrace.destinations.postgres.connecting import connect, split_url
from headrace.destinations.postgres.errors import sorted_error
from headrace.destinations.postgres.rows import PostgresRows
from headrace.destinations.sql import SqlDestination
from headrace.destinations.tables import Found, quoted
from headrace.errors import Bug, HeadraceError, Refused

CHUNK_ROWS = 10_000
NULLS_NOT_DISTINCT_SINCE = 150_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_PLACES = re.compile(r"\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'|\?")
_FOUND = """
    SELECT relname::text, relkind::text, attname::text, format_type(atttypid, atttypmod)
    FROM pg_class LEFT JOIN pg_attribute
    ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
    WHERE relnamespace = current_schema()::regnamespace
    ORDER BY relname COLLATE "C"
"""


class PostgresDestination(SqlDestination):
    """A `Destination` in one schema of a PostgreSQL database.

    `url` is libpq's, with `?schema=NAME` beside its parameters; without it, the schema is the first
    of the user's search path, mostly `public`. Another writer's lock is waited for at most
    `lock_seconds`, then `Unavailable`. Raises `Refused` and `Unavailable` at once.
    """

    def __init__(self, url: str, *, lock_seconds: float = 5.0) -> None:
        super().__init__(PostgresDialect(*split_url(url), lock_seconds))


class PostgresDialect(Dialect):
    """One schema.

    READ COMMITTED, whatever the server's default: a claim that waited for a write goes on from
    what that wrote, instead of failing.
    """

    driver_error = psycopg.Error
    begin = "BEGIN ISOLATION LEVEL READ COMMITTED"
    lock = " FOR UPDATE"
    names_bytes_max = 63
    lossy = frozenset({"nul"})
    types: ClassVar[Mapping[Type, str]] = {
        Type.INTEGER: "bigint",
        Type.TEXT: "text",
        Type.BOOLEAN: "boolean",
        Type.DECIMAL: "numeric(38,9)",
        Type.TIMESTAMP: "timestamp with time zone",
        Type.JSON: "json",
    }

    def __init__(self, url: str, schema: str, lock_seconds: float) -> None:
        self._url = url
        self._schema = schema
        self._lock_seconds = lock_seconds
        self._rows = PostgresRows(self)
        self._open = False
        self._reader: Any = None  # an idle connection for the next one who reads

    def connect(self) -> Any:
        """See `Dialect`."""
        connection = connect(self._url, self._schema, self._lock_seconds)
        self._open = True
        return connection

    def close(self, connection: Any) -> None:
        """See `Dialect`."""
        self._open = False
        for held in (connection, self._reader):
            if held is not None:
                held.close()
        self._reader = None

    def is_usable(self, connection: Any) -> bool:
        """See `Dialect`. Also notices that the server hung up since the last call."""
        try:
            for _ in range(2):  # what the server said at last, then that it hung up
                connection.pgconn.consume_input()
        except psycopg.Error:
            return False
        return bool(connection.info.transaction_status == TransactionStatus.IDLE)

    def run(self, connection: Any, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """See `Dialect`."""
        cursor = connection.execute(_numbered(sql) if values else sql.encode(), values or None)
        rows: list[tuple[Any, ...]] = cursor.fetchall() if cursor.description else []
        return rows

    def found(self, connection: Any) -> Mapping[str, Found]:
        """See `Dialect`. What is no plain table gets types that are never ours."""
        self._rows.forget()
        found: dict[str, dict[str, str | None]] = {}
        last = ""
        for name, kind, column, of_type in self.run(connection, _FOUND):
            if name != last:  # of names the same but for case the lower one counts
                found[name.lower()], last = {}, name
            if column is not None:
                plain = of_type if kind == "r" else f"{of_type} of another kind of table"
                found[name.lower()][column] = plain
        return dict(found)

    def create(self, connection: Any, task: str, table: Table) -> None:
        """See `Dialect`. With a comment."""
        if table.name.lower().startswith("pg_"):  # system tables would be found instead
            raise Refused(
                f"The table name {table.name} is reserved.", advice="Give the table another name."
            )
        nulls_too = connection.info.server_version >= NULLS_NOT_DISTINCT_SINCE
        unique = "UNIQUE NULLS NOT DISTINCT" if nulls_too else "UNIQUE"
        key = ", ".join(quoted(name) for name in table.key)
        name = quoted(table.name)
        columns = f"{self.declared(table.columns)}, {unique} ({key})"
        self.run(connection, f"CREATE TABLE {name} ({columns})")
        text = f"Kept by Headrace, task {task}; key: {', '.join(table.key)}. Do not write here."
        literal = text.replace("'", "''").replace("\0", "")
        self.run(connection, f"COMMENT ON TABLE {name} IS '{literal}'")

    def write(self, connection: Any, batch: Batch) -> None:
        """See `Dialect`."""
        try:
            self._rows.write(connection, batch)
        except psycopg.DataError:
            _raise_for_nul(batch)
            raise

    def read(self, table: Table) -> Iterator[Columns]:
        """See `Dialect`. On a connection of its own, in one statement."""
        with (
            self._reading() as connection,
            connection.transaction(),
            connection.cursor("headrace", binary=True) as cursor,
        ):
            cursor.execute(_select(table).encode())
            while rows := cursor.fetchmany(CHUNK_ROWS):
                yield _columns(table, rows)

    def sorted_error(self, error: Exception, table: str = "") -> HeadraceError:
        """See `Dialect`."""
        return sorted_error(error, table)

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        connection, self._reader = self._reader, None
        if connection is None or not self.is_usable(connection):
            connection = self.connect()
        try:
            yield connection
        finally:
            if self._open and self._reader is None and self.is_usable(connection):
                self._reader = connection
            else:
                connection.close()


@lru_cache(maxsize=1024)
def _numbered(sql: str) -> bytes:
    """The statement with PostgreSQL's own $1, $2 for each `?` outside of quotes."""
    numbers = count(1)
    return _PLACES.sub(
        lambda found: f"${next(numbers)}" if found[0] == "?" else found[0], sql
    ).encode()


def _select(table: Table) -> str:
    wanted = (
        quoted(name) + ("::text" if kind is Type.JSON else "") for name, kind in table.columns
    )
    return f"SELECT {', '.join(wanted)} FROM {quoted(table.name)}"


def _columns(table: Table, rows: Sequence[tuple[Any, ...]]) -> Columns:
    values = {}
    for (name, kind), column in zip(table.columns, zip(*rows, strict=True), strict=True):
        if kind is Type.TIMESTAMP:
            values[name] = [v if v is None else (v - _EPOCH) // _MS for v in column]
        else:
            values[name] = list(column)
    return Columns(values)


def _raise_for_nul(batch: Batch) -> None:
    for columns in (batch.rows, batch.deletes, batch.owners):
        for name, values in columns.values.items():
            if any(isinstance(value, str) and "\0" in value for value in values):
                raise Bug(
                    f"Table {batch.table.name}, column {name}: a value has a NUL character."
                ) from None
