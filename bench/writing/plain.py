"""The floor: each database's own driver, doing the least that loads the same rows.

The same values as Headrace gets, in lists, turned into what the driver takes within the measured
time. No checkpoint, no fence, no care for doubled keys; the bulk way the driver recommends.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from bench.writing import data
from headrace.core.schema import Columns, Type
from headrace.destinations.arrow import to_arrow

Jobs = Mapping[str, Callable[[], None]]
_NAMES = [name for name, _ in data.ISSUES.columns]
_SAME = " AND ".join(f"t.{key} = k.{key}" for key in data.ISSUES.key)


def jobs(kind: str, url: str) -> Jobs:
    """What is timed, by name."""
    return _KINDS[kind](url)


def _three(fill: Any, upsert: Callable[[Columns], None], delete: Any) -> Jobs:
    """The same names for all."""
    versions = iter(range(1, 1_000_000))

    def upserting(count: int) -> Callable[[], None]:
        return lambda: upsert(data.rows(count, version=next(versions)))

    return {
        "fill": fill,
        "upsert": upserting(data.UPSERT_ROWS),
        "small": upserting(data.SMALL_ROWS),
        "single": upserting(1),
        "delete": delete,
    }


def _path(url: str) -> str:
    return unquote(urlsplit(url).path)[1:]


def _duckdb(url: str) -> Jobs:
    import duckdb

    db = duckdb.connect(_path(url))
    filling = data.rows(data.FILL_ROWS)
    db.register("shape", to_arrow(data.ISSUES, data.rows(1)))
    db.execute("CREATE TABLE issues AS SELECT * FROM shape LIMIT 0")

    def run(*statements: str, **tables: Any) -> None:
        for name, table in tables.items():
            db.register(name, table)
        for statement in ("BEGIN", *statements, "COMMIT"):
            db.execute(statement)

    def upsert(columns: Columns) -> None:
        put = "INSERT INTO issues SELECT * FROM incoming"
        run(f"DELETE FROM issues AS t USING incoming AS k WHERE {_SAME}", put,
            incoming=to_arrow(data.ISSUES, columns))  # fmt: skip

    def delete() -> None:
        gone = to_arrow(data.ISSUES, data.keys(data.DELETED_ROWS))
        run(f"DELETE FROM issues AS t USING gone AS k WHERE {_SAME}", gone=gone)

    def fill() -> None:
        put = "INSERT INTO issues SELECT * FROM incoming"
        run("DELETE FROM issues", put, incoming=to_arrow(data.ISSUES, filling))

    return _three(fill, upsert, delete)


def _declared(types: Mapping[Type, str]) -> str:
    columns = ", ".join(f"{name} {types[kind]}" for name, kind in data.ISSUES.columns)
    return f"CREATE TABLE issues ({columns}, PRIMARY KEY ({', '.join(data.ISSUES.key)}))"


def _times(columns: Columns, make: Callable[[int], Any]) -> Columns:
    """Times, and decimals, as the driver takes them."""
    kinds = dict(data.ISSUES.columns)
    return Columns({
        name: [v if v is None else make(v) for v in values]
        if kinds[name] is Type.TIMESTAMP else values
        for name, values in columns.values.items()
    })  # fmt: skip


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _upsert_sql(mark: str, ending: str) -> str:
    marks = ", ".join([mark] * len(_NAMES))
    return f"INSERT INTO issues ({', '.join(_NAMES)}) VALUES ({marks}) {ending}"


def _sqlite(url: str) -> Jobs:
    db = sqlite3.connect(_path(url), isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    kinds = dict.fromkeys(Type, "TEXT")
    db.execute(_declared({**kinds, Type.INTEGER: "BIGINT", Type.BOOLEAN: "BOOLEAN"}))
    excluded = ", ".join(f"{n} = excluded.{n}" for n in _NAMES if n not in data.ISSUES.key)
    insert = _upsert_sql("?", "")
    upserting = _upsert_sql("?", f"ON CONFLICT (project_id, code) DO UPDATE SET {excluded}")
    sqlite3.register_adapter(Decimal, str)

    def as_rows(columns: Columns) -> list[tuple[Any, ...]]:
        return data.tuples(_times(columns, lambda ms: _moment(ms).isoformat(" ", "milliseconds")))

    filling = data.rows(data.FILL_ROWS)

    def run(*work: tuple[str, list[tuple[Any, ...]] | None]) -> None:
        db.execute("BEGIN IMMEDIATE")
        for sql, values in work:
            db.execute(sql) if values is None else db.executemany(sql, values)
        db.execute("COMMIT")

    return _three(
        lambda: run(("DELETE FROM issues", None), (insert, as_rows(filling))),
        lambda columns: run((upserting, as_rows(columns))),
        lambda: run(("DELETE FROM issues WHERE project_id = ? AND code = ?",
                     data.tuples(data.keys(data.DELETED_ROWS)))),
    )  # fmt: skip


def _postgres(url: str) -> Jobs:
    import psycopg

    db = psycopg.connect(url)
    kinds = {
        Type.INTEGER: "bigint", Type.TEXT: "text", Type.BOOLEAN: "boolean",
        Type.DECIMAL: "numeric(38,9)", Type.TIMESTAMP: "timestamptz", Type.JSON: "json",
    }  # fmt: skip
    db.execute("DROP TABLE IF EXISTS issues")
    db.execute(_declared(kinds))
    db.commit()
    excluded = ", ".join(f"{n} = excluded.{n}" for n in _NAMES if n not in data.ISSUES.key)
    upserting = _upsert_sql("%s", f"ON CONFLICT (project_id, code) DO UPDATE SET {excluded}")
    filling = data.rows(data.FILL_ROWS)
    names = {
        Type.INTEGER: "int8", Type.TEXT: "text", Type.BOOLEAN: "bool", Type.DECIMAL: "numeric",
        Type.TIMESTAMP: "timestamptz", Type.JSON: "text",
    }  # fmt: skip

    def fill() -> None:
        db.execute("DELETE FROM issues")
        with db.cursor().copy("COPY issues FROM STDIN") as copy:
            copy.set_types([names[kind] for _, kind in data.ISSUES.columns])
            for row in data.tuples(_times(filling, _moment)):
                copy.write_row(row)
        db.commit()

    def upsert(columns: Columns) -> None:
        with db.cursor() as cursor:
            cursor.executemany(upserting, data.tuples(_times(columns, _moment)))
        db.commit()

    def delete() -> None:
        with db.cursor() as cursor:
            cursor.executemany(
                "DELETE FROM issues WHERE project_id = %s AND code = %s",
                data.tuples(data.keys(data.DELETED_ROWS)),
            )
        db.commit()

    return _three(fill, upsert, delete)


def _mysql(url: str) -> Jobs:
    import pymysql

    at = urlsplit(url)
    db = pymysql.connect(
        host=at.hostname or "", port=at.port or 3306, user=at.username or "",
        password=at.password or "", database=at.path[1:], charset="utf8mb4",
    )  # fmt: skip
    kinds = {
        Type.INTEGER: "BIGINT", Type.TEXT: "LONGTEXT", Type.BOOLEAN: "BOOLEAN",
        Type.DECIMAL: "DECIMAL(38,9)", Type.TIMESTAMP: "DATETIME(3)", Type.JSON: "LONGTEXT",
    }  # fmt: skip
    cursor = db.cursor()
    cursor.execute("DROP TABLE IF EXISTS issues")
    cursor.execute(_declared(kinds))
    changed = ", ".join(f"{n} = VALUES({n})" for n in _NAMES if n not in data.ISSUES.key)
    insert, upserting = (
        _upsert_sql("%s", ""),
        _upsert_sql("%s", f"ON DUPLICATE KEY UPDATE {changed}"),
    )

    def as_rows(columns: Columns) -> list[tuple[Any, ...]]:
        return data.tuples(_times(columns, lambda ms: _moment(ms).replace(tzinfo=None)))

    filling = data.rows(data.FILL_ROWS)

    def run(*work: tuple[str, list[tuple[Any, ...]] | None]) -> None:
        for sql, values in work:
            cursor.execute(sql) if values is None else cursor.executemany(sql, values)
        db.commit()

    return _three(
        lambda: run(("DELETE FROM issues", None), (insert, as_rows(filling))),
        lambda columns: run((upserting, as_rows(columns))),
        lambda: run(("DELETE FROM issues WHERE project_id = %s AND code = %s",
                     data.tuples(data.keys(data.DELETED_ROWS)))),
    )  # fmt: skip


def _delta(url: str) -> Jobs:
    from deltalake import DeltaTable, write_deltalake

    place = str(Path(_path(url)) / "issues")
    filling = data.rows(data.FILL_ROWS)

    def upsert(columns: Columns) -> None:
        (
            DeltaTable(place)
            .merge(to_arrow(data.ISSUES, columns), _SAME, source_alias="k", target_alias="t")
            .when_matched_update_all()
            .when_not_matched_insert_all()
            .execute()
        )

    def delete() -> None:
        gone = to_arrow(data.ISSUES, data.keys(data.DELETED_ROWS))
        merge = DeltaTable(place).merge(gone, _SAME, source_alias="k", target_alias="t")
        merge.when_matched_delete().execute()

    return _three(
        lambda: write_deltalake(place, to_arrow(data.ISSUES, filling), mode="overwrite"),
        upsert,
        delete,
    )


_KINDS: Mapping[str, Callable[[str], Jobs]] = {
    "DuckDB": _duckdb,
    "SQLite": _sqlite,
    "PostgreSQL": _postgres,
    "MariaDB": _mysql,
    "Delta": _delta,
}
