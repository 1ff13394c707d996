"""Making and widening tables in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from headrace.core.schema import Table, Type
from headrace.destinations import ledger
from headrace.destinations.tables import Found, Noted, Pairs, check_tables, plan, quoted

# BIGINT, not INTEGER: a key of one INTEGER column would be the rowid, which turns NULL to a number.
# TEXT for JSON and decimals: any other name would let SQLite turn them into floating point.
TYPES: Mapping[Type, str] = {
    Type.INTEGER: "BIGINT",
    Type.TEXT: "TEXT",
    Type.BOOLEAN: "BOOLEAN",
    Type.DECIMAL: "TEXT",
    Type.TIMESTAMP: "TEXT",
    Type.JSON: "TEXT",
}
_NAMES = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
_COLUMNS = "SELECT name, type FROM pragma_table_info(?)"


def prepare_tables(connection: sqlite3.Connection, task: str, tables: Sequence[Table]) -> None:
    """Bring all tables into shape, inside the caller's transaction. See `tables.plan`."""
    check_tables(tables)
    noted, found = ledger.read_tables(connection), _found(connection)
    lost = False
    for table in tables:
        name = table.name.lower()
        planned = plan(task, table, noted.get(name), found.get(name), TYPES)
        if planned.create:
            key = ", ".join(quoted(column) for column in table.key)
            columns = _declared(table.columns)
            connection.execute(
                f"CREATE TABLE {quoted(table.name)} ({columns}, PRIMARY KEY ({key}))"
            )
        for column in planned.add:
            added = _declared((column,))
            connection.execute(f"ALTER TABLE {quoted(table.name)} ADD COLUMN {added}")
        ledger.put_table(connection, table.name, Noted(task, planned.columns, table.key))
        lost = lost or planned.lost
    if lost:
        ledger.forget_offsets(connection, task)


def _found(connection: sqlite3.Connection) -> dict[str, Found]:
    """Every table and view, by name in lower case, with its columns and declared types."""
    names = [name for (name,) in connection.execute(_NAMES).fetchall()]
    return {name.lower(): dict(connection.execute(_COLUMNS, [name]).fetchall()) for name in names}


def _declared(columns: Pairs) -> str:
    return ", ".join(f"{quoted(name)} {TYPES[kind]}" for name, kind in columns)
