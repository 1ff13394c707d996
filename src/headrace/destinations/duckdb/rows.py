"""How one batch becomes statements on a DuckDB table, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from headrace.core.ports import Batch
from headrace.core.schema import Columns, Table
from headrace.destinations.arrow import last_by_key, to_arrow, tuples_of
from headrace.destinations.tables import quoted


def write_batch(connection: Any, batch: Batch, filled: set[str]) -> None:
    """Empty, delete, put: in that order. A statement that has nothing to do is left out.

    `filled` names tables known to hold rows, so that they are not asked again; it is added to.
    """
    name = quoted(batch.table.name)
    rows = _distinct(batch.table, batch.rows)
    if batch.truncate:
        connection.execute(f"DELETE FROM {name}")
    elif name in filled or _has_rows(connection, name):
        filled.add(name)
        _delete(connection, batch, rows)
    if len(rows):
        _insert(connection, name, rows)


def _distinct(table: Table, columns: Columns) -> Any:
    rows = to_arrow(table, columns)
    places = last_by_key(columns, table.key) if len(rows) else None
    return rows if places is None else rows.take(pa.array(places))


def _has_rows(connection: Any, name: str) -> bool:
    return bool(connection.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchall())


def _delete(connection: Any, batch: Batch, rows: Any) -> None:
    """Delete by owner, then by key: the keys named, and those about to be put."""
    table, key = batch.table, list(batch.table.key)
    if len(batch.owners):
        owners = to_arrow(table, batch.owners, key[: table.owner])
        _delete_by(connection, table, owners)
    keys = []
    if len(batch.deletes):
        keys.append(to_arrow(table, batch.deletes, key))
    if len(rows) and not _owned(batch):
        keys.append(rows.select(key))
    if keys:
        _delete_by(connection, table, pa.concat_tables(keys))


def _owned(batch: Batch) -> bool:
    """Whether the owners' delete already took every key that is about to be put."""
    if not len(batch.owners):
        return False
    names: Sequence[str] = batch.table.key[: batch.table.owner]
    return set(tuples_of(batch.rows, names)) <= set(tuples_of(batch.owners, names))


def _insert(connection: Any, name: str, _headrace_rows: Any) -> None:
    """DuckDB finds the Arrow table by the parameter's name, cheaper than a registered view."""
    connection.execute(f"INSERT INTO {name} BY NAME SELECT * FROM _headrace_rows")


def _delete_by(connection: Any, table: Table, _headrace_keys: Any) -> None:
    """One semi-join. Keys are compared so that NULL equals NULL."""
    names = [quoted(name) for name in _headrace_keys.column_names]
    same = " AND ".join(f"t.{name} IS NOT DISTINCT FROM k.{name}" for name in names)
    connection.execute(
        f"DELETE FROM {quoted(table.name)} AS t USING _headrace_keys AS k WHERE {same}"
    )
