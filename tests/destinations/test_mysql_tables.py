"""MySQL's tables when a person changes them, and when we do."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from tests.servers.mariadb import Database, MariaDbServer, opened, user_with
from tests.servers.mariadb import database as database
from tests.servers.mariadb import mariadb as mariadb
from tests.servers.proxy import proxy_to

from headrace.core.ports import Batch, Checkpoint
from headrace.core.schema import Columns, Table, Type
from headrace.destinations.mysql import MySqlDestination
from headrace.errors import BadRows, Refused, Unavailable
from headrace.testing.destination_contract import (
    ITEMS,
    LABELS,
    TASK,
    columns,
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


# --- what a person changes


def test_an_altered_column_is_refused_by_name(items: Database) -> None:
    items.execute("ALTER TABLE items MODIFY hours DOUBLE")
    with closing(opened(items)) as one, pytest.raises(Refused, match=r"hours.*double"):
        one.prepare(TASK, [LABELS, ITEMS])
    assert items.execute("SHOW TABLES LIKE 'item_labels'") == []


def test_a_character_set_that_holds_less_is_refused_by_name(items: Database) -> None:
    items.execute("ALTER TABLE items MODIFY name LONGTEXT CHARACTER SET latin1")
    with closing(opened(items)) as one, pytest.raises(Refused, match=r"name.*latin1"):
        one.prepare(TASK, [ITEMS])


def test_a_dropped_column_is_made_again_and_wants_filling(items: Database) -> None:
    items.execute("ALTER TABLE items DROP hours")
    with closing(opened(items)) as one:
        one.prepare(TASK, [ITEMS])
        assert one.claim(TASK) == Checkpoint(TASK, 3, {})
        assert [row["hours"] for row in rows_of(one, ITEMS)] == [None]


def test_a_column_of_ones_own_keeps_its_values(items: Database) -> None:
    items.execute("ALTER TABLE items ADD note TEXT, ADD INDEX (note(10))")
    items.execute("UPDATE items SET note = 'mine'")
    with closing(opened(items)) as one:
        one.prepare(TASK, [ITEMS])
        one.write([put(1)], Checkpoint(TASK, one.claim(TASK).epoch, {}))
    assert items.execute("SELECT note FROM items") == [("mine",)]


@pytest.mark.parametrize("broken", [False, True])
def test_a_view_is_foreign(items: Database, broken: bool) -> None:
    items.execute("CREATE TABLE mine (id INT)")
    items.execute("CREATE VIEW item_labels AS SELECT * FROM mine")
    if broken:
        items.execute("DROP TABLE mine")
    with closing(opened(items)) as one, pytest.raises(Refused, match="item_labels"):
        one.prepare(TASK, [LABELS])


@pytest.mark.parametrize(
    "instead",
    [
        "TABLE items (code INT)",
        "TABLE items AS SELECT * FROM old",
        "VIEW items AS SELECT * FROM old",
    ],
)
def test_what_stands_in_a_tables_place_is_refused(items: Database, instead: str) -> None:
    items.execute("ALTER TABLE items RENAME old")
    items.execute(f"CREATE {instead}")
    with closing(opened(items)) as one, pytest.raises(Refused, match="items no longer fits"):
        one.prepare(TASK, [ITEMS])
    assert len(items.execute("SELECT id FROM old")) == 1


def test_a_table_in_other_letters_is_no_match(items: Database) -> None:
    """Where the server tells them apart, ours is the one that counts."""
    items.execute("CREATE TABLE ITEMS (code INT)")
    items.execute("CREATE TABLE ITEM_LABELS (code INT)")
    with closing(opened(items)) as one:
        one.prepare(TASK, [ITEMS])
        assert one.claim(TASK).offsets == {"items": 1}
        with pytest.raises(Refused, match="item_labels"):
            one.prepare(TASK, [LABELS])


def test_a_table_dropped_under_a_writer_is_refused(items: Database) -> None:
    with closing(opened(items)) as one:
        at = Checkpoint(TASK, one.claim(TASK).epoch, {})
        items.execute("DROP TABLE items")
        with pytest.raises(Refused, match="not as Headrace made it"):
            one.write([put(1)], at)
        with pytest.raises(Refused, match="not as Headrace made it"):
            rows_of(one, ITEMS)


@pytest.mark.parametrize(
    "rule",
    [
        "ALTER TABLE items ADD CHECK (id < 5)",
        "ALTER TABLE items ADD CONSTRAINT positive CHECK (name <> 'item 7')",
        "ALTER TABLE items ADD mine INT NOT NULL; ALTER TABLE items ALTER mine DROP DEFAULT",
        "ALTER TABLE items MODIFY name LONGTEXT NOT NULL",
        "CREATE TRIGGER no BEFORE INSERT ON items FOR EACH ROW SIGNAL SQLSTATE '45000'",
        "CREATE UNIQUE INDEX one_hour ON items (hours)",
    ],
)
def test_a_rule_that_somebody_added(items: Database, rule: str) -> None:
    for statement in rule.split("; "):
        items.execute(statement)
    refused = Columns({"id": [7, 8], "name": [None, "hunter2"], "hours": [Decimal(1)] * 2})
    if "positive" in rule:
        refused.values["name"] = ["item 7", "x"]
    with closing(opened(items)) as one:
        at = Checkpoint(TASK, one.claim(TASK).epoch, {})
        with pytest.raises(BadRows) as caught:
            one.write([Batch(ITEMS, rows=refused)], at)
        assert caught.value.table == "items" and caught.value.advice
        assert "hunter2" not in str(caught.value)
        assert [row["id"] for row in rows_of(one, ITEMS)] == [1]
        one.write([], at)


def test_a_row_never_takes_the_place_of_another_key(items: Database) -> None:
    """ON DUPLICATE KEY UPDATE knows no key in particular: a person's unique index, too, is one."""
    items.execute("CREATE UNIQUE INDEX one_name ON items (name(50))")
    with closing(opened(items)) as one:
        at = Checkpoint(TASK, one.claim(TASK).epoch, {})
        with pytest.raises(BadRows):
            one.write([Batch(ITEMS, rows=Columns({"id": [2], "name": ["item 1"]}))], at)
        assert [(row["id"], row["hours"]) for row in rows_of(one, ITEMS)] == [(1, 1)]


@pytest.mark.parametrize("name", ["_headrace_key", "n" * 64, "\U0001f600" * 15])
def test_a_name_that_mysql_cannot_take(database: Database, name: str) -> None:
    table = Table("named", (("id", Type.INTEGER), (name, Type.TEXT)), ("id",))
    with closing(opened(database)) as one, pytest.raises(Refused, match="name") as caught:
        one.prepare(TASK, [table])
    assert caught.value.advice


# --- tables that change: MySQL commits with each statement about one

_numbers = itertools.count(1)
KEPT = replace(ITEMS, name="kept")
BEFORE = [ITEMS, replace(ITEMS, name="reshaped"), KEPT]
AFTER = [
    replace(ITEMS, key=("id", "name")),
    Table(
        "reshaped",
        (("id", Type.INTEGER), ("name", Type.INTEGER), *ITEMS.columns[2:], ("b", Type.BOOLEAN)),
        ("id",),
    ),
    KEPT,
    Table("new", (("code", Type.TEXT), ("n", Type.INTEGER)), ("code",)),
]


def shapes(database: Database) -> list[tuple[Any, ...]]:
    return database.execute(
        "SELECT table_name, column_name, column_type, column_key FROM information_schema.columns"
        f" WHERE table_schema = '{database.name}' ORDER BY 1, 2"
    )


def shapes_after(database: Database) -> list[tuple[Any, ...]]:
    """Of tables that were changed without trouble."""
    before(database)
    with closing(opened(database)) as one:
        one.prepare(TASK, AFTER)
    return shapes(database)


def fresh(server: MariaDbServer) -> Database:
    name = f"cut_{next(_numbers)}"
    server.execute(f"CREATE DATABASE {name}")
    return Database(server, name)


def before(database: Database) -> None:
    with closing(opened(database)) as one:
        start(one, *BEFORE)
        batches = [replace(put(1), table=table) for table in BEFORE]
        one.write(batches, Checkpoint(TASK, 1, {table.name: 5 for table in BEFORE}))


def after(database: Database, wanted: list[tuple[Any, ...]]) -> None:
    """Preparing again leads to the same end."""
    with closing(opened(database)) as one:
        one.prepare(TASK, AFTER)
        assert shapes(database) == wanted
        claimed = one.claim(TASK)
        assert claimed.offsets == {"kept": 5}
        two = columns(AFTER[0], (1, "a", None, None), (1, "b", None, None))
        fill = [
            Batch(AFTER[0], rows=two, truncate=True),
            Batch(AFTER[1], rows=Columns({"id": [1], "name": [2], "b": [True]}), truncate=True),
            Batch(AFTER[3], rows=Columns({"code": ["c"]}), truncate=True),
        ]
        one.write(fill, Checkpoint(TASK, claimed.epoch, {}))
        found = [[tuple(row.values()) for row in rows_of(one, table)] for table in AFTER]
        assert found[:2] == [
            [(1, "a", None, None), (1, "b", None, None)],
            [(1, 2, None, None, True)],
        ]
        assert [len(rows) for rows in found[2:]] == [1, 1]


def test_cut_between_any_two_statements(mariadb: MariaDbServer) -> None:
    """Whatever was done by then, preparing again leads to the same end."""
    wanted = shapes_after(fresh(mariadb))
    seen: set[str] = set()
    with proxy_to(mariadb.port) as proxy:
        for number in itertools.count(1):
            database = fresh(mariadb)
            before(database)
            with closing(opened(database, port=proxy.port)) as one:
                trap = proxy.cut_before(nth(number))
                try:
                    one.prepare(TASK, AFTER)
                except Unavailable:
                    assert trap.sprung
                else:
                    break
            seen.add(repr(shapes(database)))
            after(database, wanted)
            mariadb.execute(f"DROP DATABASE {database.name}")
    assert len(seen) > 5  # it was cut in the middle, too


def nth(number: int) -> Callable[[bytes], bool]:
    """The n-th thing that the client sends, from the first table that goes on.

    What comes before is one transaction.
    """
    sent = itertools.count(1)
    seen: list[bytes] = []

    def is_it(data: bytes) -> bool:
        if seen or b"DROP TABLE" in data:
            seen.append(data)
        return bool(seen) and next(sent) == number

    return is_it


def test_a_right_that_is_missing_on_the_way(database: Database) -> None:
    before(database)
    wanted = shapes_after(fresh(database.server))
    with user_with(database) as url:
        database.server.execute(f"REVOKE DROP ON {database.name}.* FROM clerk")
        with closing(MySqlDestination(url)) as one, pytest.raises(Refused, match="DROP"):
            one.prepare(TASK, AFTER)
    after(database, wanted)
