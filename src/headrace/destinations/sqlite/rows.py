"""How one batch becomes statements on a SQLite table, inside the caller's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from headrace.core.ports import Batch
from headrace.core.schema import Columns, Table
from headrace.destinations.sqlite.values import to_sqlite
from headrace.destinations.tables import quoted
from headrace.errors import Bug


def write_batch(connection: sqlite3.Connection, batch: Batch) -> None:
    """Empty, delete, put: in that order. `Bug` where SQLite cannot take a value as it is."""
    try:
        _write(connection, batch)
    except (OverflowError, UnicodeEncodeError) as error:  # they would repeat the value
        what = type(error).__name__
        raise Bug(f"Table {batch.table.name}: a value is not canonical ({what}).") from None


def _write(connection: sqlite3.Connection, batch: Batch) -> None:
    table = batch.table
    if batch.truncate:
        connection.execute(f"DELETE FROM {quoted(table.name)}")
    if len(batch.owners):
        _delete(connection, table, batch.owners, table.key[: table.owner])
    if len(batch.deletes):
        _delete(connection, table, batch.deletes, table.key)
    if len(batch.rows):
        _put(connection, table, to_sqlite(table, batch.rows))


def _delete(
    connection: sqlite3.Connection, table: Table, columns: Columns, names: Sequence[str]
) -> None:
    turned = to_sqlite(table, columns)
    keys = zip(*(turned.values[name] for name in names), strict=True)
    connection.executemany(_delete_sql(table, names), keys)


def _delete_sql(table: Table, names: Sequence[str]) -> str:
    same = " AND ".join(f"{quoted(name)} IS ?" for name in names)
    return f"DELETE FROM {quoted(table.name)} WHERE {same}"


def _put(connection: sqlite3.Connection, table: Table, columns: Columns) -> None:
    """Upsert whole rows: a column that the batch lacks becomes NULL."""
    nothing: list[Any] = [None] * len(columns)
    by_name = [columns.values.get(name, nothing) for name, _ in table.columns]
    keys = [columns.values[name] for name in table.key]
    if any(None in values for values in keys):
        _put_slowly(connection, table, by_name, keys)
    else:
        connection.executemany(_upsert_sql(table), zip(*by_name, strict=True))


def _put_slowly(
    connection: sqlite3.Connection, table: Table, values: list[Any], keys: list[Any]
) -> None:
    """SQLite takes NULLs in a key for different: remove the old row before each new one."""
    delete, upsert = _delete_sql(table, table.key), _upsert_sql(table)
    for key, row in zip(zip(*keys, strict=True), zip(*values, strict=True), strict=True):
        if None in key:
            connection.execute(delete, key)
        connection.execute(upsert, row)


def _upsert_sql(table: Table) -> str:
    names = [quoted(name) for name, _ in table.columns]
    key = ", ".join(quoted(name) for name in table.key)
    changed = ", ".join(
        f"{quoted(name)} = excluded.{quoted(name)}"
        for name, _ in table.columns
        if name not in table.key
    )
    return (
        f"INSERT INTO {quoted(table.name)} ({', '.join(names)})"
        f" VALUES ({', '.join('?' * len(names))}) ON CONFLICT ({key})"
        f" DO {f'UPDATE SET {changed}' if changed else 'NOTHING'}"
    )
