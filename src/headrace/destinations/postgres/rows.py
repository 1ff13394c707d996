"""How one batch becomes statements on a PostgreSQL table, inside the caller's transaction.

Rows travel by columns: one array a column, taken apart by `unnest`, so a statement is the same
whatever the number of rows. Many rows that are likely new go straight into the table by COPY.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.compute as pc

from headrace.core.ports import Batch
from headrace.core.schema import Columns, Table, Type
from headrace.destinations.arrow import last_by_key, to_arrow
from headrace.destinations.dialect import Dialect
from headrace.destinations.postgres.values import array_literal, copy_rows
from headrace.destinations.tables import quoted

COPY_ROWS = 100  # from so many on, COPY beats arrays
PIECE_ROWS, PIECE_BYTES = 1000, 8 * 1024**2
KEY_BYTES_MAX = 2000  # a B-tree takes 2704 bytes a row
_UNIQUE = (
    "SELECT conname, ARRAY(SELECT attname::text FROM pg_attribute"
    " WHERE attrelid = conrelid AND attnum = ANY(conkey)) FROM pg_constraint"
    " WHERE conrelid = to_regclass(?) AND contype IN ('u', 'p') AND NOT condeferrable"
)


class PostgresRows:
    """Writes batches. What it remembers of the tables are hints: they may be out of date.

    `_new`: tables whose next rows are likely new ones: emptied, and none found twice since.
    `_unique`: whether a unique constraint holds a table's key.
    """

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._new: set[str] = set()
        self._unique: dict[str, bool] = {}

    def forget(self) -> None:
        """Look at the tables again: they may have been made anew."""
        self._new.clear()
        self._unique.clear()

    def write(self, connection: Any, batch: Batch) -> None:
        """Empty, delete, put: in that order. A statement that has nothing to do is left out."""
        table, key = batch.table, batch.table.key
        columns, rows = _distinct(table, batch.rows)
        unique = self._is_unique(connection, table, long=_key_bytes(table, rows) > KEY_BYTES_MAX)
        if batch.truncate:
            self._run(connection, f"DELETE FROM {quoted(table.name)}")
            self._new.add(table.name)
        if len(batch.owners):
            owners = to_arrow(table, batch.owners, key[: table.owner])
            self._delete(connection, table, owners, unique)
        if len(batch.deletes):
            self._delete(connection, table, to_arrow(table, batch.deletes, key), unique)
        if len(rows) and not batch.truncate:
            self._delete(connection, table, _with_null(rows, key) if unique else rows, unique)
        many_new = len(rows) >= COPY_ROWS and (table.name in self._new or not unique)
        if not (many_new and self._copied(connection, table, columns)):
            self._upsert(connection, table, rows, unique)

    def _upsert(self, connection: Any, table: Table, rows: Any, unique: bool) -> None:
        """Put whole rows: a column that the batch lacks becomes NULL.

        Where no constraint tells keys apart (long ones; before PostgreSQL 15 those with a NULL)
        the old rows are gone by now.
        """
        others = [name for name, _ in table.columns if name not in table.key]
        conflict = self._dialect.or_update(table.key, others) if unique else ""
        for piece in _pieces(rows):
            self._insert(connection, table, piece, conflict)

    def _copied(self, connection: Any, table: Table, columns: Columns) -> bool:
        """Put rows in by COPY, unless one of them is there already."""
        kinds, names = _kinds(table, columns.values), _listed(columns.values)
        sql = f"COPY {quoted(table.name)} ({names}) FROM STDIN (FORMAT binary)"
        try:
            with (
                connection.transaction(),  # a savepoint
                connection.cursor() as cursor,
                cursor.copy(sql.encode()) as copy,
            ):
                copy_rows(copy, columns, kinds)
        except psycopg.errors.UniqueViolation:
            self._new.discard(table.name)
            return False
        return True

    def _insert(self, connection: Any, table: Table, rows: Any, conflict: str) -> None:
        kinds = _kinds(table, rows.column_names)
        self._run(
            connection,
            f"INSERT INTO {quoted(table.name)} AS t ({_listed(rows.column_names)})"
            f" SELECT * FROM {self._unnest(kinds)}{conflict}",
            _literals(rows, kinds),
        )

    def _delete(self, connection: Any, table: Table, rows: Any, unique: bool) -> None:
        """Delete by the key columns that `rows` has. NULL is a value like others."""
        keys = rows.select([name for name in table.key if name in rows.column_names])
        for part in _evenly_null(keys):
            for piece in _pieces(part):
                self._delete_piece(connection, table, piece, unique)

    def _delete_piece(self, connection: Any, table: Table, keys: Any, unique: bool) -> None:
        """An index is of use for `=` and for `IS NULL`, not for `IS NOT DISTINCT FROM`."""
        nulls = [name for name in keys.column_names if keys[name].null_count]
        given = keys.drop_columns(nulls)
        kinds = _kinds(table, given.column_names)
        same = [f"t.{quoted(name)} IS NULL" for name in nulls]
        for place, (name, kind) in enumerate(zip(given.column_names, kinds, strict=True)):
            same.append(f"t.{quoted(name)} = k.c{place}")
            if kind is Type.TEXT and not unique:
                same.append(f"{_hashed(f't.{quoted(name)}')} = {_hashed(f'k.c{place}')}")
        names = ", ".join(f"c{place}" for place in range(len(kinds)))
        using = f" USING {self._unnest(kinds)} AS k({names})" if kinds else ""
        sql = f"DELETE FROM {quoted(table.name)} AS t{using} WHERE {' AND '.join(same)}"
        self._run(connection, sql, _literals(given, kinds))

    def _is_unique(self, connection: Any, table: Table, *, long: bool) -> bool:
        """Whether a constraint holds the key. It is given up for keys longer than it takes."""
        name = table.name
        if long or name not in self._unique:
            found = self._run(connection, _UNIQUE, [quoted(name)])
            constraints = [c for c, columns in found if set(columns) == set(table.key)]
            if long and constraints:
                self._give_up(connection, table, constraints)
            self._unique[name] = bool(constraints) and not long
        return self._unique[name]

    def _give_up(self, connection: Any, table: Table, constraints: Sequence[str]) -> None:
        """An index of hashes in the constraint's place finds keys of any length."""
        types, name = dict(table.columns), quoted(table.name)
        for constraint in constraints:
            self._run(connection, f"ALTER TABLE {name} DROP CONSTRAINT {quoted(constraint)}")
        parts = (
            f"({_hashed(quoted(column))})" if types[column] is Type.TEXT else quoted(column)
            for column in table.key
        )
        self._run(connection, f"CREATE INDEX ON {name} ({', '.join(parts)})")

    def _unnest(self, kinds: Sequence[Type]) -> str:
        return f"unnest({', '.join(f'?::{self._dialect.types[kind]}[]' for kind in kinds)})"

    def _run(self, connection: Any, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._dialect.run(connection, sql, values)


def _distinct(table: Table, columns: Columns) -> tuple[Columns, Any]:
    """The last row of each key: as it came, and as an Arrow table."""
    rows = to_arrow(table, columns)
    places = last_by_key(columns, table.key) if len(rows) else None
    if places is None:
        return columns, rows
    last = {name: [values[place] for place in places] for name, values in columns.values.items()}
    return Columns(last), rows.take(pa.array(places))


def _with_null(rows: Any, key: Sequence[str]) -> Any:
    """The rows that have a NULL in their key."""
    nulls = [rows[name].is_null() for name in key if rows[name].null_count]
    if not nulls:
        return rows.slice(0, 0)
    some = nulls[0]
    for more in nulls[1:]:
        some = pc.or_(some, more)
    return rows.filter(some)


def _evenly_null(rows: Any) -> Iterator[Any]:
    """Parts in each of which a column is NULL throughout or nowhere."""
    for column in rows.columns:
        if 0 < column.null_count < len(rows):
            nulls = column.is_null()
            yield from _evenly_null(rows.filter(nulls))
            yield from _evenly_null(rows.filter(pc.invert(nulls)))
            return
    yield rows


def _pieces(rows: Any) -> Iterator[Any]:
    """What one statement takes: neither the server nor we hold much more than that in memory."""
    if len(rows) > PIECE_ROWS or (len(rows) > 1 and rows.nbytes > PIECE_BYTES):
        half = len(rows) // 2
        yield from _pieces(rows.slice(0, half))
        yield from _pieces(rows.slice(half))
    elif len(rows):
        yield rows


def _key_bytes(table: Table, rows: Any) -> int:
    """No key has longer texts than these bytes."""
    types = dict(table.columns)
    texts = [rows[name] for name in table.key if len(rows) and types[name] is Type.TEXT]
    return sum(pc.max(pc.binary_length(column)).as_py() or 0 for column in texts)


def _kinds(table: Table, names: Iterable[str]) -> list[Type]:
    types = dict(table.columns)
    return [types[name] for name in names]


def _literals(rows: Any, kinds: Sequence[Type]) -> list[str]:
    return [array_literal(c, kind) for c, kind in zip(rows.columns, kinds, strict=True)]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(quoted(name) for name in names)


def _hashed(expression: str) -> str:
    return f"hashtextextended({expression}, 0)"
