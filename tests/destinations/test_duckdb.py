"""DuckDB keeps the contract."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from headrace.core.ports import Batch, Checkpoint
from headrace.core.schema import Columns, Table, Type
from headrace.destinations.duckdb import DuckDbDestination
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


class TestDuckDb(DestinationContract):
    @pytest.fixture
    def destination(self, tmp_path: Path) -> Opened:
        self.path = tmp_path / "copy.duckdb"
        return lambda: DuckDbDestination(self.path)

    def make_foreign_table(self, name: str) -> None:
        execute(self.path, f"CREATE TABLE {name} (id INT, label TEXT, n INT)")

    def drop_table(self, name: str) -> None:
        execute(self.path, f"DROP TABLE {name}")

    def make_unique(self, table: str, column: str) -> None:
        execute(self.path, f"CREATE UNIQUE INDEX one_each ON {table} ({column})")


def execute(path: Path, sql: str) -> list[Any]:
    """What a person does with a shell of their own."""
    with duckdb.connect(str(path)) as connection:
        rows: list[Any] = connection.execute(sql).fetchall()
    return rows


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with the items prepared, claimed and closed."""
    path = tmp_path / "copy.duckdb"
    with closing(DuckDbDestination(path)) as one:
        start(one, ITEMS)
        one.write([put(1)], Checkpoint(TASK, 1, {"items": 1}))
    return path


def test_an_altered_column_is_refused_by_name(path: Path) -> None:
    execute(path, "ALTER TABLE items ALTER hours TYPE DOUBLE")
    with closing(DuckDbDestination(path)) as one, pytest.raises(Refused, match=r"hours.*DOUBLE"):
        one.prepare(TASK, [LABELS, ITEMS])
    assert execute(
        path, "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'item_labels'"
    ) == [(0,)]


def test_a_dropped_column_is_made_again_and_wants_filling(path: Path) -> None:
    execute(path, "ALTER TABLE items DROP hours")
    with closing(DuckDbDestination(path)) as one:
        one.prepare(TASK, [ITEMS])
        assert one.claim(TASK) == Checkpoint(TASK, 3, {})
        assert [row["hours"] for row in rows_of(one, ITEMS)] == [None]


def test_a_replaced_table_is_foreign(path: Path) -> None:
    execute(path, "CREATE OR REPLACE TABLE items (code INT)")
    with closing(DuckDbDestination(path)) as one, pytest.raises(Refused, match="items"):
        one.prepare(TASK, [ITEMS])
    assert execute(path, "FROM items") == []


def test_a_view_is_foreign(path: Path) -> None:
    execute(path, "CREATE VIEW item_labels AS FROM items")
    with closing(DuckDbDestination(path)) as one, pytest.raises(Refused, match="item_labels"):
        one.prepare(TASK, [LABELS])


def test_a_foreign_table_in_other_letters_is_refused(path: Path) -> None:
    execute(path, "CREATE TABLE ITEM_LABELS (x INT)")
    with closing(DuckDbDestination(path)) as one, pytest.raises(Refused, match="item_labels"):
        one.prepare(TASK, [LABELS])


def test_a_person_may_add_columns_and_views(path: Path) -> None:
    execute(path, "ALTER TABLE items ADD note TEXT")
    execute(path, "CREATE VIEW mine AS FROM items")
    with closing(DuckDbDestination(path)) as one:
        one.prepare(TASK, [ITEMS])
        one.write([put(1, 2)], Checkpoint(TASK, one.claim(TASK).epoch, {}))
    assert execute(path, "SELECT count(*) FROM mine WHERE note IS NULL") == [(2,)]


def test_types_comment_and_order_are_as_declared(tmp_path: Path) -> None:
    path = tmp_path / "types.duckdb"
    table = Table("all", tuple((kind.value, kind) for kind in Type), ("integer",))
    with closing(DuckDbDestination(path)) as one:
        one.prepare("it's", [table])
    types = "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'all'"
    assert execute(path, types) == [
        ("integer", "BIGINT"),
        ("text", "VARCHAR"),
        ("boolean", "BOOLEAN"),
        ("decimal", "DECIMAL(38,9)"),
        ("timestamp", "TIMESTAMP WITH TIME ZONE"),
        ("json", "JSON"),
    ]
    comment = "SELECT comment FROM duckdb_tables() WHERE table_name = 'all'"
    assert "task it's; key: integer" in execute(path, comment)[0][0]


def test_json_answers_paths(tmp_path: Path) -> None:
    table = Table("docs", (("id", Type.INTEGER), ("_extra", Type.JSON)), ("id",))
    with closing(DuckDbDestination(tmp_path / "x.duckdb")) as one:
        start(one, table)
        rows = columns(table, (1, '{"a": {"b": "中文"}}'))
        one.write([Batch(table, rows=rows)], Checkpoint(TASK, 1, {}))
    assert execute(tmp_path / "x.duckdb", "SELECT _extra->>'$.a.b' FROM docs") == [("中文",)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": [2**63]},
        {"id": ["hunter2"]},
        {"id": [1], "name": ["\ud800"]},
        {"id": [1], "at": ["x"]},
    ],
)
def test_a_value_that_is_not_canonical_is_a_bug_without_the_value(
    path: Path, wrong: dict[str, list[Any]]
) -> None:
    with closing(DuckDbDestination(path)) as one:
        at = Checkpoint(TASK, one.claim(TASK).epoch, {})
        with pytest.raises(Bug, match="items, column") as caught:
            one.write([put(5), Batch(ITEMS, rows=Columns(wrong))], at)
        assert "hunter2" not in str(caught.value)
        assert len(rows_of(one, ITEMS)) == 1


def test_a_table_dropped_under_a_writer_is_refused(path: Path) -> None:
    """In one process both may have the file open."""
    with closing(DuckDbDestination(path)) as one:
        at = Checkpoint(TASK, one.claim(TASK).epoch, {})
        execute(path, "DROP TABLE items")
        with pytest.raises(Refused, match="not as Headrace made it"):
            one.write([put(1)], at)
        with pytest.raises(Refused):
            rows_of(one, ITEMS)
