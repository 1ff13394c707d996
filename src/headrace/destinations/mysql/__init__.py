"""MySQL (8.0.17 and later) and MariaDB (10.3 and later): one database of a server. Needs PyMySQL.

Text and JSON are `longtext` (MySQL's own JSON type would write the text anew), times are
`datetime(3)` in UTC, booleans `tinyint(1)`.

An index takes no text of any length and a primary key no NULL. So each table has a column beside
its own, `_headrace_key`, which `SELECT *` does not show: its primary key (see `mysql_values`).
A second index is on the key's columns themselves, for whoever looks rows up or joins them.

A statement that changes a table commits at once what was written before: see
`SqlDestination.prepare`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, ClassVar

import pymysql

from headrace.core.ports import Batch
from headrace.core.schema import Columns, Table, Type
from headrace.destinations.dialect import Dialect
from headrace.destinations.mysql.address import Address, parse_url
from headrace.destinations.mysql.connecting import close, connect, is_alive, send
from headrace.destinations.mysql.errors import READ_ONLY, sorted_error
from headrace.destinations.mysql.names import meant, quoted_name
from headrace.destinations.mysql.rows import write_batch
from headrace.destinations.mysql.values import KEY, KEY_BYTES, columns_of
from headrace.destinations.sql import SqlDestination
from headrace.destinations.tables import Found, quoted
from headrace.errors import HeadraceError

CHUNK_ROWS = 10_000
_INDEXED_COLUMNS, _INDEXED_CHARACTERS = 10, 64  # an index takes 3072 bytes
_HIDDEN = "/*!80023 INVISIBLE */ /*M!100303 INVISIBLE */"  # each server reads what is for it
_COLLATED = "/*!80017 COLLATE utf8mb4_0900_bin */ /*M!100202 COLLATE utf8mb4_nopad_bin */"
_TEXTS = (Type.TEXT, Type.JSON)
_PLACES = re.compile(r"\"[^\"]*\"|'[^']*'|\?")
_WIDTH = re.compile(r"(?<=^bigint)\(\d+\)")  # of what is shown, as MariaDB says it
_FOUND = (  # a view whose table is gone has no columns there, but its name is taken
    "SELECT TABLE_NAME, NULL, NULL, NULL FROM information_schema.TABLES"
    " WHERE TABLE_SCHEMA = DATABASE() UNION ALL"
    " SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, CHARACTER_SET_NAME"
    " FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()"
)


class MySqlDestination(SqlDestination):
    """A `Destination` in one database of a MySQL or MariaDB server.

    `url`: see `mysql_address.parse_url`. Another writer's lock is waited for at most
    `lock_seconds`, rounded up, then `Unavailable`. Raises `Refused` and `Unavailable` at once.
    """

    def __init__(self, url: str, *, lock_seconds: float = 5.0) -> None:
        super().__init__(MySqlDialect(parse_url(url), lock_seconds))


class MySqlDialect(Dialect):
    """One database."""

    driver_error = pymysql.Error
    begin = "START TRANSACTION"
    lock = " FOR UPDATE"
    names_bytes_max = 63
    table_options = (
        f" ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 {_COLLATED}"
        " COMMENT 'Kept by Headrace. Do not write here.'"
    )
    types: ClassVar[Mapping[Type, str]] = {
        Type.INTEGER: "bigint",
        Type.TEXT: "longtext",
        Type.BOOLEAN: "tinyint(1)",
        Type.DECIMAL: "decimal(38,9)",
        Type.TIMESTAMP: "datetime(3)",
        Type.JSON: "longtext",
    }

    def __init__(self, address: Address, lock_seconds: float) -> None:
        self._address = address
        self._lock_seconds = lock_seconds
        self._stale = False  # the server that answers is no longer the one that is written to

    def connect(self) -> Any:
        """See `Dialect`."""
        self._stale = False
        return connect(self._address, self._lock_seconds)

    def is_usable(self, connection: Any) -> bool:
        """See `Dialect`. Asks the server."""
        return not self._stale and is_alive(connection)

    def quoted(self, name: str) -> str:
        """See `Dialect`."""
        return quoted_name(name)

    def run(self, connection: Any, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """See `Dialect`."""
        return send(connection, _filled_in(connection, sql, values) if values else sql)

    def found(self, connection: Any) -> Mapping[str, Found]:
        """See `Dialect`. Without its hidden key no column of a table is what it was.

        Of tables that differ by case ours counts.
        """
        tables: dict[str, dict[str, str]] = {}
        for table, column, kind, charset in self.run(connection, _FOUND):
            columns = tables.setdefault(table, {})
            if column is not None:
                alien = "" if charset in (None, "utf8mb4") else f" in {charset}"
                columns[meant(column)] = _WIDTH.sub("", kind.lower()) + alien
        found: dict[str, Found] = {}
        for name, columns in sorted(tables.items(), key=lambda item: KEY in item[1]):
            without = "" if KEY in columns else f" without {KEY}"
            found[meant(name).lower()] = {name: kind + without for name, kind in columns.items()}
        return found

    def create(self, connection: Any, task: str, table: Table) -> None:  # noqa: ARG002
        """See `Dialect`."""
        types = dict(table.columns)
        key_bytes = sum(1 + KEY_BYTES[types[name]] for name in table.key)
        indexed = (
            self.quoted(name) + (f"({_INDEXED_CHARACTERS})" if types[name] in _TEXTS else "")
            for name in table.key[:_INDEXED_COLUMNS]
        )
        key = quoted(KEY)
        self.run(
            connection,
            f"CREATE TABLE {self.quoted(table.name)} ({self.declared(table.columns)},"
            f" {key} VARBINARY({key_bytes}) NOT NULL DEFAULT '' {_HIDDEN}, PRIMARY KEY ({key}),"
            f" KEY _headrace_columns ({', '.join(indexed)})){self.table_options}",
        )

    def or_update(self, key: Sequence[str], others: Sequence[str]) -> str:
        """See `Dialect`."""
        changed = ", ".join(
            f"{self.quoted(name)} = VALUES({self.quoted(name)})" for name in others or key[:1]
        )
        return f" ON DUPLICATE KEY UPDATE {changed}"

    def write(self, connection: Any, batch: Batch) -> None:
        """See `Dialect`."""
        write_batch(connection, batch)

    def read(self, table: Table) -> Iterator[Columns]:
        """See `Dialect`. On a connection of its own, a chunk a statement."""
        wanted = ", ".join([*(self.quoted(name) for name, _ in table.columns), quoted(KEY)])
        key, place = quoted(KEY), ""
        with ExitStack() as stack:
            connection = self.connect()
            stack.callback(close, connection)
            self.run(connection, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            self.run(connection, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
            while rows := self.run(
                connection,
                f"SELECT {wanted} FROM {self.quoted(table.name)} {place}"
                f" ORDER BY {key} LIMIT {CHUNK_ROWS}",
            ):
                place = f"WHERE {key} > X'{rows[-1][-1].hex()}'"
                yield columns_of(table, [row[:-1] for row in rows])

    def sorted_error(self, error: Exception, table: str = "") -> HeadraceError:
        """See `Dialect`."""
        self._stale = self._stale or bool(error.args and error.args[0] in READ_ONLY)
        return sorted_error(error, self._address, table)


def _filled_in(connection: Any, sql: str, values: Sequence[Any]) -> str:
    """The statement with a literal of the driver's for each `?` outside of quotes."""
    rest = iter(values)
    return _PLACES.sub(
        lambda found: connection.escape(next(rest)) if found[0] == "?" else found[0], sql
    )
