"""Making and widening tables in DuckDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headrace.core.schema import Table, Type
from headrace.destinations import ledger
from headrace.destinations.tables import Found, Noted, Pairs, check_tables, plan, quoted

TYPES: Mapping[Type, str] = {
    Type.INTEGER: "BIGINT",
    Type.TEXT: "VARCHAR",
    Type.BOOLEAN: "BOOLEAN",
    Type.DECIMAL: "DECIMAL(38,9)",
    Type.TIMESTAMP: "TIMESTAMP WITH TIME ZONE",
    Type.JSON: "JSON",
}
_COLUMNS = (
    "SELECT table_name, column_name, data_type FROM duckdb_columns()"
    " WHERE database_name = current_database() AND schema_name = current_schema()"
)


def prepare_tables(connection: Any, task: str, tables: Sequence[Table]) -> None:
    """Bring all tables into shape, inside the caller's transaction. See `tables.plan`."""
    check_tables(tables)
    noted, found = ledger.read_tables(connection), _found(connection)
    lost = False
    for table in tables:
        name = table.name.lower()
        planned = plan(task, table, noted.get(name), found.get(name), TYPES)
        if planned.create:
            _create(connection, task, table)
        for column in planned.add:
            added = _declared((column,))
            connection.execute(f"ALTER TABLE {quoted(table.name)} ADD COLUMN {added}")
        ledger.put_table(connection, table.name, Noted(task, planned.columns, table.key))
        lost = lost or planned.lost
    if lost:
        ledger.forget_offsets(connection, task)


def _found(connection: Any) -> dict[str, Found]:
    """Every table and view of the schema, by name in lower case, with its columns and types."""
    found: dict[str, dict[str, str | None]] = {}
    for table, column, kind in connection.execute(_COLUMNS).fetchall():
        found.setdefault(table.lower(), {})[column] = kind
    return dict(found)


def _create(connection: Any, task: str, table: Table) -> None:
    name = quoted(table.name)
    connection.execute(f"CREATE TABLE {name} ({_declared(table.columns)})")
    text = f"Kept by Headrace, task {task}; key: {', '.join(table.key)}. Do not write here."
    literal = text.replace("'", "''").replace("\0", "")
    connection.execute(f"COMMENT ON TABLE {name} IS '{literal}'")


def _declared(columns: Pairs) -> str:
    return ", ".join(f"{quoted(name)} {TYPES[kind]}" for name, kind in columns)
