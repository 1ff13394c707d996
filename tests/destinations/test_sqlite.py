"""SQLite keeps the contract."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from headrace.core.ports import Batch, Checkpoint
from headrace.core.schema import Columns, Table, Type
from headrace.destinations.sqlite import SqliteDestination
from headrace.errors import Bug, Refused
from headrace.testing.destination_contract import (
    ITEMS,
    LABELS,
    TASK,
    DestinationContract,
    Opened,
    columns,
    put,
    rows_of,
    start,
)


class TestSqlite(DestinationContract):
    @pytest.fixture
    def destination(self, tmp_path: Path) -> Opened:
        self.path = tmp_path / "copy.db"
        return lambda: SqliteDestination(self.path, busy_seconds=0.05)

    def make_foreign_table(self, name: str) -> None:
        execute(self.path, f"CREATE TABLE {name} (id, label, n)")

    def drop_table(self, name: str) -> None:
        execute(self.path, f"DROP TABLE {name}")

    def make_unique(self, table: str, column: str) -> None:
        execute(self.path, f"CREATE UNIQUE INDEX one_each ON {table} ({column})")


def execute(path: Path, sql: str) -> list[tuple[object, ...]]:
    """What a person does with a shell of their own."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(sql).fetchall()
        connection.commit()
    return rows


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with the items prepared, claimed and closed."""
    path = tmp_path / "copy.db"
    with closing(SqliteDestination(path)) as one:
        start(one, ITEMS)
        one.write([put(1)], Checkpoint(TASK, 1, {"items": 1}))
    return path


def test_values_read_well_in_sqlite(tmp_path: Path) -> None:
    table = Table("all", tuple((kind.value, kind) for kind in Type), ("integer",))
    with closing(SqliteDestination(tmp_path / "x.db")) as one:
        start(one, table)
        row = (1, "x", True, Decimal("-1.5"), 1_700_000_000_123, '{"a":[1]}')
        one.write([Batch(table, rows=columns(table, row))], Checkpoint(TASK, 1, {}))
    assert execute(tmp_path / "x.db", 'SELECT * FROM "all"') == [
        (1, "x", 1, "-1.500000000", "2023-11-14 22:13:20.123", '{"a":[1]}')
    ]
    said = "SELECT datetime(timestamp, '+8 hours'), json_extract(json, '$.a[0]') FROM \"all\""
    assert execute(tmp_path / "x.db", said) == [("2023-11-15 06:13:20", 1)]
    compared = "SELECT timestamp < datetime('now'), decimal + 1 FROM \"all\""
    assert execute(tmp_path / "x.db", compared) == [(1, -0.5)]


def test_times_written_by_hand_are_read(path: Path) -> None:
    for number, text in enumerate(
        ("1970-01-01T08:00:00+08:00", "1970-01-01 00:00:00", "1970-01-01")
    ):
        execute(path, f"INSERT INTO items (id, at) VALUES ({10 + number}, '{text}')")
    with closing(SqliteDestination(path)) as one:
        assert [row["at"] for row in rows_of(one, ITEMS) if row["id"] >= 10] == [0, 0, 0]


def test_it_is_in_wal_mode_with_a_primary_key(path: Path) -> None:
    assert execute(path, "PRAGMA journal_mode") == [("wal",)]
    assert execute(path, "SELECT name FROM pragma_table_info('items') WHERE pk") == [("id",)]


def test_a_replaced_table_with_another_type_is_refused_by_name(path: Path) -> None:
    execute(path, "DROP TABLE items")
    execute(path, "CREATE TABLE items (id BIGINT PRIMARY KEY, name TEXT, hours REAL, at TEXT)")
    with closing(SqliteDestination(path)) as one, pytest.raises(Refused, match=r"hours.*REAL"):
        one.prepare(TASK, [LABELS, ITEMS])
    assert execute(path, "SELECT count(*) FROM sqlite_master WHERE name = 'item_labels'") == [(0,)]


def test_a_dropped_column_is_made_again_and_wants_filling(path: Path) -> None:
    execute(path, "ALTER TABLE items DROP hours")
    with closing(SqliteDestination(path)) as one:
        one.prepare(TASK, [ITEMS])
        assert one.claim(TASK) == Checkpoint(TASK, 3, {})


def test_a_column_of_ones_own_keeps_its_values(path: Path) -> None:
    execute(path, "ALTER TABLE items ADD note TEXT")
    execute(path, "UPDATE items SET note = 'mine'")
    with closing(SqliteDestination(path)) as one:
        one.prepare(TASK, [ITEMS])
        one.write([put(1)], Checkpoint(TASK, one.claim(TASK).epoch, {}))
    assert execute(path, "SELECT note FROM items") == [("mine",)]


def test_sqlites_own_names_are_refused(path: Path) -> None:
    with closing(SqliteDestination(path)) as one, pytest.raises(Refused, match="reserved"):
        one.prepare(TASK, [Table("sqlite_x", (("id", Type.INTEGER),), ("id",))])


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": [2**63]},
        {"id": [1], "name": ["\ud800"]},
        {"id": [1], "at": ["hunter2"]},
        {"id": [1], "at": [10**18]},
        {"id": [1], "hours": [Decimal("1e-10")]},
        {"id": [1], "hours": [Decimal("nan")]},
    ],
)
def test_a_value_that_is_not_canonical_is_a_bug_without_the_value(
    path: Path, wrong: dict[str, list[Any]]
) -> None:
    with closing(SqliteDestination(path)) as one:
        at = Checkpoint(TASK, one.claim(TASK).epoch, {})
        with pytest.raises(Bug) as caught:
            one.write([put(5), Batch(ITEMS, rows=Columns(wrong))], at)
        assert "hunter2" not in str(caught.value)
        assert len(rows_of(one, ITEMS)) == 1


def test_a_table_dropped_under_a_writer_is_refused(path: Path) -> None:
    with closing(SqliteDestination(path)) as one:
        at = Checkpoint(TASK, one.claim(TASK).epoch, {})
        execute(path, "DROP TABLE items")
        with pytest.raises(Refused, match="not as Headrace made it"):
            one.write([put(1)], at)
        with pytest.raises(Refused):
            rows_of(one, ITEMS)
