"""MySQL keeps the contract, held against a real MariaDB; and how its tables look to a person."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.servers.mariadb import Database, opened
from tests.servers.mariadb import database as database
from tests.servers.mariadb import mariadb as mariadb

from headrace.core.ports import Batch, Checkpoint
from headrace.core.schema import Columns, Table, Type
from headrace.destinations.mysql.names import meant, spelled
from headrace.errors import Bug
from headrace.testing.destination_contract import (
    ITEMS,
    LABELS,
    TASK,
    DestinationContract,
    Opened,
    columns,
    keys,
    label,
    put,
    rows_of,
    start,
)


@pytest.fixture
def items(database: Database) -> Database:
    """With the items prepared, claimed, one row in them, and closed."""
    with closing(opened(database)) as one:
        start(one, ITEMS)
        one.write([put(1)], Checkpoint(TASK, 1, {"items": 1}))
    return database


class TestMySql(DestinationContract):
    LOSSY = frozenset({"long_names"})

    @pytest.fixture
    def destination(self, database: Database) -> Opened:
        self.database = database
        return lambda: opened(database)

    def make_foreign_table(self, name: str) -> None:
        self.database.execute(f"CREATE TABLE {name} (id INT, label TEXT, n INT)")

    def drop_table(self, name: str) -> None:
        self.database.execute(f"DROP TABLE {name}")

    def make_unique(self, table: str, column: str) -> None:
        self.database.execute(f"CREATE UNIQUE INDEX one_each ON {table} ({column}(50))")


# --- how it looks


def test_types_are_as_declared(database: Database) -> None:
    table = Table("all", tuple((kind.value, kind) for kind in Type), ("integer", "text"))
    with closing(opened(database)) as one:
        one.prepare(TASK, [table])
    found = database.execute(
        "SELECT column_name, column_type, collation_name FROM information_schema.columns"
        f" WHERE table_schema = '{database.name}' AND table_name = 'all' ORDER BY ordinal_position"
    )
    assert found == [
        ("integer", "bigint(20)", None),
        ("text", "longtext", "utf8mb4_nopad_bin"),
        ("boolean", "tinyint(1)", None),
        ("decimal", "decimal(38,9)", None),
        ("timestamp", "datetime(3)", None),
        ("json", "longtext", "utf8mb4_nopad_bin"),
        ("_headrace_key", "varbinary(26)", None),
    ]
    said = database.execute("SHOW CREATE TABLE `all`")[0][1]
    assert "PRIMARY KEY (`_headrace_key`)" in said and "INVISIBLE" in said
    assert "KEY `_headrace_columns` (`integer`,`text`(64))" in said
    assert "ENGINE=InnoDB" in said and "ROW_FORMAT=DYNAMIC" in said and "Kept by Headrace" in said


def test_values_read_well(database: Database) -> None:
    table = Table("all", tuple((kind.value, kind) for kind in Type), ("integer",))
    with closing(opened(database)) as one:
        start(one, table)
        row = (1, "x", True, Decimal("-1.5"), 1_700_000_000_123, '{"a": {"b": "中文"}}')
        one.write([Batch(table, rows=columns(table, row))], Checkpoint(TASK, 1, {}))
    ((*values, moment, document),) = database.execute("SELECT * FROM `all`")
    assert values == [1, "x", 1, Decimal("-1.5")] and document == '{"a": {"b": "中文"}}'
    assert moment.isoformat(" ", "milliseconds") == "2023-11-14 22:13:20.123"
    said = "SELECT CONVERT_TZ(timestamp, '+00:00', '+08:00'), JSON_VALUE(json, '$.a.b') FROM `all`"
    ((moment, word),) = database.execute(said)
    assert moment.isoformat(" ", "seconds") == "2023-11-15 06:13:20" and word == "中文"


def test_keys_and_owners_are_looked_up_by_an_index(database: Database) -> None:
    """Not by reading the whole table: neither by us nor by a person who joins."""
    with closing(opened(database)) as one:
        start(one, LABELS)
        one.write(
            [label(*((n // 3, f"label {n}", n) for n in range(3000)))], Checkpoint(TASK, 1, {})
        )
        gone = Batch(LABELS, deletes=keys(["id", "label"], [5, "label 15"], [6, "label 18"]))
        owners = Batch(LABELS, owners=keys(["id"], [10], [11]))
        before = rows_read(database)
        one.write([gone, owners], Checkpoint(TASK, 1, {}))
        touched = rows_read(database) - before
        assert touched < 30, touched
        assert len(rows_of(one, LABELS)) == 3000 - 2 - 6
    database.execute("ANALYZE TABLE item_labels")
    where = "id = 20 AND label = 'label 60'"
    ((*_, used, _, _, rows, _),) = database.execute(
        f"EXPLAIN SELECT n FROM item_labels WHERE {where}"
    )
    assert (used, rows) == ("_headrace_columns", "1")


def rows_read(database: Database) -> int:
    """By the whole server, since it started."""
    ((_, count),) = database.execute("SHOW GLOBAL STATUS LIKE 'Rows_read'")
    return int(count)


# --- keys


def test_null_is_a_key_value_of_every_type(database: Database) -> None:
    named = tuple((f"k_{kind}", kind) for kind in Type)
    table = Table("nulls", (*named, ("n", Type.INTEGER)), tuple(name for name, _ in named), 6)
    plain = (0, "", False, Decimal(0), 0, "")
    some = [tuple(None if bit >> n & 1 else v for n, v in enumerate(plain)) for bit in range(64)]
    with closing(opened(database)) as one:
        start(one, table)
        for number in (1, 2):
            rows = columns(table, *((*key, number) for key in some))
            one.write([Batch(table, rows=rows)], Checkpoint(TASK, 1, {}))
        assert [row["n"] for row in rows_of(one, table)] == [2] * 64
        one.write([Batch(table, owners=keys(table.key, some[0]))], Checkpoint(TASK, 1, {}))
        one.write([Batch(table, deletes=keys(table.key, *some[2:]))], Checkpoint(TASK, 1, {}))
        assert [tuple(row.values())[:-1] for row in rows_of(one, table)] == [some[1]]


@pytest.mark.parametrize("kind", [Type.INTEGER, Type.TEXT, Type.DECIMAL])
def test_an_owner_takes_its_own_rows_only(database: Database, kind: Type) -> None:
    values: dict[Type, list[Any]] = {
        Type.INTEGER: [None, -(2**63), -1, 0, 1, 255, 256, 2**63 - 1],
        Type.TEXT: [None, "", " ", "a", "a ", "A", "\0", "\uffff"],
        Type.DECIMAL: [None, *(Decimal(n).scaleb(-9) for n in (-(10**37), -1, 0, 1, 10**37))],
    }
    owners = values[kind]
    table = Table("owned", (("a", kind), ("b", kind), ("n", Type.INTEGER)), ("a", "b", "n"), 2)
    rows = [(a, b, n) for a in owners for b in owners for n in (None, 1)]
    with closing(opened(database)) as one:
        start(one, table)
        for a in owners:
            fill = Batch(table, rows=columns(table, *rows), truncate=True)
            one.write([fill], Checkpoint(TASK, 1, {}))
            one.write(
                [Batch(table, owners=keys(["a", "b"], (a, owners[1])))], Checkpoint(TASK, 1, {})
            )
            left = {tuple(row.values()) for row in rows_of(one, table)}
            assert left == {row for row in rows if row[:2] != (a, owners[1])}


def test_many_keys_and_owners_in_one_batch(database: Database) -> None:
    with closing(opened(database)) as one:
        start(one, LABELS)
        many = [(n, "x", n) for n in range(12_000)]
        one.write([label(*many)], Checkpoint(TASK, 1, {}))
        gone = Batch(LABELS, deletes=keys(["id", "label"], *((n, "x") for n in range(3000))))
        owners = Batch(LABELS, owners=keys(["id"], *((n,) for n in range(9000, 12_000))))
        one.write([gone, owners], Checkpoint(TASK, 1, {}))
        found = [n for chunk in one.read(LABELS) for n in chunk.values["id"]]
        assert sorted(found) == list(range(3000, 9000))


@given(st.text(st.sampled_from("a%;1f0 \t\n\U0001f600\uffff")))
def test_names_come_back(name: str) -> None:
    written = spelled(name)
    assert meant(written) == name
    assert max(written, default="") <= "\uffff" and not re.search(r"[ \t\n\v\f\r]\Z", written)


# --- values that are not canonical


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": [2**63]},
        {"id": ["1); DROP TABLE items; --"]},
        {"id": [1.5]},
        {"id": [1], "name": ["\ud800"]},
        {"id": [1], "name": [5]},
        {"id": [1], "at": ["hunter2"]},
        {"id": [1], "at": [10**18]},
        {"id": [1], "hours": [Decimal("1e-10")]},
        {"id": [1], "hours": [Decimal("nan")]},
        {"id": [1], "hours": [Decimal("1e29")]},
        {"id": [1], "hours": ["hunter2"]},
    ],
)
def test_a_value_that_is_not_canonical_is_a_bug_without_the_value(
    items: Database, wrong: dict[str, list[Any]]
) -> None:
    with closing(opened(items)) as one:
        at = Checkpoint(TASK, one.claim(TASK).epoch, {})
        with pytest.raises(Bug, match="items, column") as caught:
            one.write([put(5), Batch(ITEMS, rows=Columns(wrong))], at)
        assert "hunter2" not in str(caught.value)
        assert len(rows_of(one, ITEMS)) == 1


def test_a_key_that_is_not_canonical_is_a_bug(items: Database) -> None:
    table = replace(LABELS, name="items", key=("id", "label"))
    with closing(opened(items)) as one:
        at = Checkpoint(TASK, one.claim(TASK).epoch, {})
        for wrong in (Columns({"id": ["x"]}), Columns({"id": [2**64]})):
            with pytest.raises(Bug, match="items, column id"):
                one.write([Batch(ITEMS, deletes=wrong)], at)
        with pytest.raises(Bug, match="items, column label"):
            one.write([Batch(table, deletes=Columns({"id": [1], "label": [5]}))], at)
