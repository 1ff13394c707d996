"""PostgreSQL keeps the contract, and what is particular to its tables, keys and values."""

from __future__ import annotations

import itertools
import random
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from tests.servers.postgres import PostgresServer
from tests.servers.postgres import postgres as postgres

from headrace.core.ports import Batch, Checkpoint
from headrace.core.schema import Columns, Table, Type
from headrace.destinations import postgres as module
from headrace.destinations.postgres import PostgresDestination
from headrace.errors import BadRows, Bug, Refused, TablesChanged, Unavailable
from headrace.testing.destination_contract import (
    ITEMS,
    LABELS,
    TASK,
    DestinationContract,
    Opened,
    columns,
    keys,
    put,
    rows_of,
    start,
)

_numbers = itertools.count(1)
MANY = 150  # rows: more than go by arrays


class TestPostgres(DestinationContract):
    LOSSY = frozenset({"nul", "long_names"})

    @pytest.fixture
    def destination(self, url: str) -> Opened:
        self.url = url
        return lambda: PostgresDestination(url, lock_seconds=0.1)

    def make_foreign_table(self, name: str) -> None:
        execute(self.url, f"CREATE TABLE {name} (id INT, label TEXT, n INT)")

    def drop_table(self, name: str) -> None:
        execute(self.url, f"DROP TABLE {name}")

    def make_unique(self, table: str, column: str) -> None:
        execute(self.url, f"CREATE UNIQUE INDEX one_each ON {table} ({column})")


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    """A schema of its own for each test."""
    return f"{postgres.url()}?schema=rows_{next(_numbers)}"


@pytest.fixture
def prepared(url: str) -> str:
    """The items prepared, claimed, with one row."""
    with closing(PostgresDestination(url)) as one:
        start(one, ITEMS)
        one.write([put(1)], Checkpoint(TASK, 1, {"items": 1}))
    return url


def execute(url: str, sql: str) -> list[Any]:
    """What a person does with a shell of their own."""
    plain, _, schema = url.partition("?schema=")
    with psycopg.connect(plain, autocommit=True) as connection:
        made = f"CREATE SCHEMA IF NOT EXISTS {schema}; SET search_path = {schema}"
        connection.execute(f"SET client_min_messages = error; {made}".encode())
        cursor = connection.execute(sql.encode())
        return cursor.fetchall() if cursor.description else []


# --- tables


def test_types_key_and_comment_are_as_declared(url: str) -> None:
    table = Table("every", tuple((kind.value, kind) for kind in Type), ("integer", "text"))
    with closing(PostgresDestination(url)) as one:
        one.prepare("it's", [table])
    of_columns = (
        "SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = 'every'::regclass AND attnum > 0 ORDER BY attnum"
    )
    assert execute(url, of_columns) == [
        ("integer", "bigint"),
        ("text", "text"),
        ("boolean", "boolean"),
        ("decimal", "numeric(38,9)"),
        ("timestamp", "timestamp with time zone"),
        ("json", "json"),
    ]
    assert execute(
        url,
        "SELECT obj_description('every'::regclass), pg_get_constraintdef(oid)"
        " FROM pg_constraint WHERE conrelid = 'every'::regclass",
    ) == [
        (
            "Kept by Headrace, task it's; key: integer, text. Do not write here.",
            'UNIQUE NULLS NOT DISTINCT ("integer", text)',
        )
    ]


def test_an_altered_column_is_refused_by_name(prepared: str) -> None:
    execute(prepared, "ALTER TABLE items ALTER hours TYPE numeric(38,10)")
    named = pytest.raises(Refused, match=r"hours.*numeric\(38,10\)")
    with closing(PostgresDestination(prepared)) as one, named:
        one.prepare(TASK, [LABELS, ITEMS])
    assert execute(prepared, "SELECT to_regclass('item_labels')") == [(None,)]


@pytest.mark.parametrize(
    "made",
    [
        "CREATE VIEW item_labels AS SELECT 1 AS id",
        "CREATE MATERIALIZED VIEW item_labels AS SELECT 1 AS id",
        "CREATE TABLE item_labels (id INT, label TEXT, n INT) PARTITION BY LIST (id)",
        "CREATE TABLE item_labels ()",
        "CREATE SEQUENCE item_labels",
        'CREATE TABLE "ITEM_LABELS" (x INT)',
        "CREATE EXTENSION IF NOT EXISTS file_fdw SCHEMA pg_catalog; CREATE SERVER IF NOT EXISTS"
        " files FOREIGN DATA WRAPPER file_fdw; CREATE FOREIGN TABLE item_labels (id INT)"
        " SERVER files OPTIONS (filename '/dev/null')",
    ],
)
def test_whatever_has_the_name_is_seen_and_left_alone(prepared: str, made: str) -> None:
    execute(prepared, made)
    seen = pytest.raises(Refused, match="item_labels already exists")
    with closing(PostgresDestination(prepared)) as one, seen:
        one.prepare(TASK, [LABELS])


@pytest.mark.parametrize("of", ["TABLE others", "VIEW items"])
def test_a_view_in_the_place_of_our_table_is_not_written_to(prepared: str, of: str) -> None:
    """Also where it has our columns, and PostgreSQL would pass rows on to another table."""
    execute(prepared, "ALTER TABLE items RENAME TO others")
    execute(prepared, "CREATE VIEW items AS SELECT * FROM others")
    with closing(PostgresDestination(prepared)) as one, pytest.raises(Refused, match="items"):
        one.prepare(TASK, [ITEMS])
    assert execute(prepared, "SELECT count(*) FROM others") == [(1,)]


def test_a_system_table_is_not_taken_for_ours(url: str) -> None:
    with closing(PostgresDestination(url)) as one, pytest.raises(Refused, match="reserved"):
        one.prepare(TASK, [replace(ITEMS, name="pg_class")])


def test_a_table_of_another_schema_is_of_no_concern(
    prepared: str, postgres: PostgresServer
) -> None:
    other = f"{postgres.url()}?schema=%E5%90%8D_{next(_numbers)}"
    with closing(PostgresDestination(other)) as one:
        start(one, ITEMS)
        assert rows_of(one, ITEMS) == []
    with closing(PostgresDestination(prepared)) as one:
        assert len(rows_of(one, ITEMS)) == 1


def test_a_person_may_add_columns_views_and_triggers(prepared: str) -> None:
    execute(
        prepared, "ALTER TABLE items ADD note TEXT DEFAULT 'new'; UPDATE items SET note = 'mine'"
    )
    execute(prepared, "CREATE VIEW mine AS SELECT id, note FROM items")
    with closing(PostgresDestination(prepared)) as one:
        one.prepare(TASK, [ITEMS])
        one.write([put(1, 2)], Checkpoint(TASK, one.claim(TASK).epoch, {}))
    assert execute(prepared, "SELECT * FROM mine ORDER BY id") == [(1, "mine"), (2, "new")]


@pytest.mark.parametrize(
    "wanted",
    [
        replace(ITEMS, key=("id", "name")),
        replace(ITEMS, columns=(*ITEMS.columns[:2], ("hours", Type.TEXT), *ITEMS.columns[3:])),
    ],
)
def test_what_a_view_needs_is_not_dropped(prepared: str, wanted: Table) -> None:
    execute(prepared, "CREATE VIEW mine AS SELECT hours FROM items")
    with closing(PostgresDestination(prepared)) as one:
        with pytest.raises(Refused, match="view mine depends on") as caught:
            one.prepare(TASK, [wanted])
        assert "Drop what depends on it" in caught.value.advice
        execute(prepared, "DROP VIEW mine")
        one.prepare(TASK, [wanted])
        assert one.claim(TASK).offsets == {}


def test_a_table_dropped_under_a_writer_is_refused(prepared: str) -> None:
    with closing(PostgresDestination(prepared)) as one:
        at = Checkpoint(TASK, one.claim(TASK).epoch, {})
        execute(prepared, "DROP TABLE items")
        with pytest.raises(TablesChanged):
            one.write([put(1)], at)
        with pytest.raises(TablesChanged):
            rows_of(one, ITEMS)


def test_a_constraint_dropped_under_a_writer_is_done_without(prepared: str) -> None:
    with closing(PostgresDestination(prepared)) as one:
        at = Checkpoint(TASK, one.claim(TASK).epoch, {})
        one.write([put(1)], at)
        execute(prepared, "ALTER TABLE items DROP CONSTRAINT items_id_key")
        with pytest.raises(TablesChanged):
            one.write([put(1)], at)
        one.prepare(TASK, [ITEMS])
        one.write([put(1, 2)], at)
        assert [row["id"] for row in rows_of(one, ITEMS)] == [1, 2]


# --- rules of a person


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        ("ALTER TABLE items ALTER name TYPE VARCHAR(3)", "StringDataRightTruncation"),
        ("ALTER TABLE items ADD CONSTRAINT no_secrets CHECK (name <> 'hunter2')", "no_secrets"),
        ("ALTER TABLE items ADD must TEXT NOT NULL DEFAULT ''; ALTER TABLE items ALTER must DROP"
         " DEFAULT", "NotNullViolation"),
        ("CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no %', NEW.name;"
         " END $$; CREATE TRIGGER no BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION no()",
         "RaiseException"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("count", [1, MANY])
def test_rows_against_a_rule_are_told_apart_without_their_values(
    prepared: str, rule: str, named: str, count: int
) -> None:
    execute(prepared, "DELETE FROM items")
    execute(prepared, rule)
    rows = columns(ITEMS, *((n, "hunter2", None, None) for n in range(count)))
    with closing(PostgresDestination(prepared)) as one:
        at = Checkpoint(TASK, one.claim(TASK).epoch, {})
        with pytest.raises(BadRows, match=named) as caught:
            one.write([Batch(ITEMS, rows=rows, truncate=True)], at)
        assert caught.value.table == "items"
        assert "hunter2" not in str(caught.value)


def test_a_rule_that_looks_only_at_the_commit_is_refused(prepared: str) -> None:
    execute(
        prepared,
        "CREATE TABLE people (name TEXT PRIMARY KEY); DELETE FROM items; ALTER TABLE items"
        " ADD CONSTRAINT known FOREIGN KEY (name) REFERENCES people DEFERRABLE INITIALLY DEFERRED",
    )
    with closing(PostgresDestination(prepared)) as one:
        at = Checkpoint(TASK, one.claim(TASK).epoch, {})
        with pytest.raises(Refused, match="known"):
            one.write([put(1)], at)
        assert rows_of(one, ITEMS) == []


@pytest.mark.parametrize("code", ["40001", "40P01", "53100", "57014"])
def test_what_may_go_better_next_time_is_unavailable(prepared: str, code: str) -> None:
    """A server that says: serialization failure, deadlock, disk full, canceled."""
    execute(
        prepared,
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" RAISE 'hm' USING ERRCODE = '{code}'; END $$; CREATE TRIGGER fail BEFORE INSERT"
        " ON items FOR EACH ROW EXECUTE FUNCTION fail()",
    )
    with closing(PostgresDestination(prepared)) as one:
        at = Checkpoint(TASK, one.claim(TASK).epoch, {"items": 2})
        with pytest.raises(Unavailable, match=code):
            one.write([put(2)], at)
        execute(prepared, "DROP TRIGGER fail ON items")
        one.write([put(2)], at)
        assert len(rows_of(one, ITEMS)) == 2


# --- keys


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("since", [150_000, 10**9], ids=["now", "before PostgreSQL 15"])
@pytest.mark.parametrize("long", [0, 3000])
def test_any_run_of_batches_leaves_the_rows_of_a_dict(
    monkeypatch: pytest.MonkeyPatch, url: str, seed: int, since: int, long: int
) -> None:
    """Rows few and many, new and known, with NULL and texts in the key that no index takes."""
    monkeypatch.setattr(module, "NULLS_NOT_DISTINCT_SINCE", since)
    dice = random.Random(seed)
    texts = [None, "", *(f"{n}{random_text(dice, long)}" for n in range(40))]
    ids = [None, *range(12)]
    held: dict[tuple[Any, Any], int] = {}

    def drawn(most: int) -> list[tuple[Any, Any]]:
        return [(dice.choice(ids), dice.choice(texts)) for _ in range(dice.randint(0, most))]

    def batch(number: int) -> Batch:
        truncate, gone = dice.random() < 0.15, drawn(20)
        owners = dice.sample(ids, dice.choice([0, 0, 3]))
        rows = dict.fromkeys(drawn(dice.choice([2, 20, 250])))
        doubled = [*rows, *dice.choices([*rows], k=3)] if rows else []
        for key in list(held):
            if truncate or key[0] in owners or key in gone:
                del held[key]
        held.update(dict.fromkeys(rows, number))
        return Batch(
            LABELS,
            rows=columns(LABELS, *((*key, number) for key in doubled)),
            deletes=keys(LABELS.key, *gone) if gone else Columns(),
            owners=Columns({"id": list(owners)}),
            truncate=truncate,
        )

    with closing(PostgresDestination(url)) as one:
        start(one, LABELS)
        for number in range(8):
            batches = [batch(number) for _ in range(dice.randint(1, 3))]
            one.write(batches, Checkpoint(TASK, 1, {}))
            found = {(row["id"], row["label"]): row["n"] for row in rows_of(one, LABELS)}
            assert found == held
            assert execute(url, "SELECT count(*) FROM item_labels") == [(len(held),)]


def random_text(dice: random.Random, length: int) -> str:
    """A text that does not compress."""
    return "".join(chr(dice.randrange(0x4E00, 0x9FA5)) for _ in range(length))


def test_a_long_key_gives_the_constraint_up_for_an_index(url: str) -> None:
    table = Table("files", (("depot", Type.INTEGER), ("path", Type.TEXT)), ("depot", "path"))
    long = random_text(random.Random(1), 4000)
    with closing(PostgresDestination(url)) as one:
        start(one, table)
        one.write([Batch(table, rows=columns(table, (1, "a"), (2, "b")))], Checkpoint(TASK, 1, {}))
        for _ in range(2):
            rows = columns(table, (1, "a"), (1, long), (1, long + "x"))
            one.write([Batch(table, rows=rows)], Checkpoint(TASK, 1, {}))
        assert len(rows_of(one, table)) == 4
        assert [name for (name,) in execute(url, index_definitions("files"))] == [
            f"CREATE INDEX files_depot_hashtextextended_idx ON {url.partition('=')[2]}.files"
            " USING btree (depot, hashtextextended(path, (0)::bigint))"
        ]
    with closing(PostgresDestination(url)) as again:
        again.prepare(TASK, [table])
        at = Checkpoint(TASK, again.claim(TASK).epoch, {})
        again.write([Batch(table, deletes=keys(table.key, (1, long), (2, "b")))], at)
        assert [row["path"] for row in rows_of(again, table)] == ["a", long + "x"]


def index_definitions(table: str) -> str:
    return f"SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = '{table}'::regclass"


def test_rows_that_were_thought_new_are_put_in_place(url: str) -> None:
    """After a fill many rows go by COPY, until one is there already."""
    with closing(PostgresDestination(url)) as one:
        start(one, ITEMS)
        first, last = list(range(MANY)), list(range(MANY - 1, 3 * MANY))
        fill = [replace(put(*first), truncate=True), put(*last), put(*first, *last)]
        one.write(fill, Checkpoint(TASK, 1, {"items": 1}))
        assert [row["id"] for row in by_id(rows_of(one, ITEMS))] == list(range(3 * MANY))


def by_id(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: int(row["id"]))


# --- values


@pytest.mark.parametrize("count", [1, MANY])
@pytest.mark.parametrize(
    "wrong",
    [
        {"id": [2**63]},
        {"id": ["hunter2"]},
        {"id": [1], "name": ["\ud800"]},
        {"id": [1], "name": ["hunter2\0"]},
        {"id": [1], "hours": [Decimal("1.0000000001")]},
        {"id": [1], "at": ["x"]},
    ],
)
def test_a_value_that_is_not_canonical_is_a_bug_without_the_value(
    prepared: str, wrong: dict[str, list[Any]], count: int
) -> None:
    rows = {"id": list(range(count)), **{name: values * count for name, values in wrong.items()}}
    with closing(PostgresDestination(prepared)) as one:
        at = Checkpoint(TASK, one.claim(TASK).epoch, {})
        with pytest.raises(Bug, match="items, column") as caught:
            one.write([put(5), Batch(ITEMS, rows=Columns(rows), truncate=True)], at)
        assert "hunter2" not in str(caught.value)
        assert len(rows_of(one, ITEMS)) == 1


@pytest.mark.parametrize("count", [1, MANY])
def test_a_shell_reads_the_values_as_they_are_meant(url: str, count: int) -> None:
    table = Table("docs", tuple((kind.value, kind) for kind in Type), ("integer",))
    text = '\\N \\. \t "quoted" {a,NULL} \r\n\\.\n 中文😀\\'
    json = '{"a": {"b": "中\\u6587"},  "c": 1.50, "a": ["x"]}'
    row = (text, True, Decimal("-0.000000001"), 253_402_300_799_999, json)
    with closing(PostgresDestination(url)) as one:
        start(one, table)
        rows = columns(table, *((n, *row) for n in range(count)))
        one.write([Batch(table, rows=rows, truncate=True)], Checkpoint(TASK, 1, {}))
        assert [tuple(found.values())[1:] for found in rows_of(one, table)] == [row] * count
    shown = (
        "SELECT DISTINCT text, boolean, decimal + 1, json::text, json->'a'->>0,"
        " (timestamp AT TIME ZONE 'Asia/Shanghai')::text FROM docs"
    )
    assert execute(url, shown) == [
        (text, True, Decimal("0.999999999"), json, "x", "10000-01-01 07:59:59.999")
    ]


def test_json_keeps_the_escape_of_nul(url: str) -> None:
    table = Table("docs", (("id", Type.INTEGER), ("_extra", Type.JSON)), ("id",))
    rows = columns(table, (1, '{"a": "\\u0000"}'), (2, '{"a": "\\ud800"}'))
    with closing(PostgresDestination(url)) as one:
        start(one, table)
        one.write([Batch(table, rows=rows)], Checkpoint(TASK, 1, {}))
        assert [row["_extra"] for row in rows_of(one, table)] == rows.values["_extra"]


def test_large_values_travel_in_pieces(url: str) -> None:
    table = Table("pages", (("id", Type.INTEGER), ("body", Type.TEXT)), ("id",))
    body = "长😀\n" * 15_000  # 120 KB
    with closing(PostgresDestination(url)) as one:
        start(one, table)
        rows = columns(table, *((n, f"{n} {body}") for n in range(100)))
        for _ in range(2):
            one.write([Batch(table, rows=rows)], Checkpoint(TASK, 1, {}))
    found = execute(url, "SELECT count(*), min(length(body)), count(DISTINCT body) FROM pages")
    assert found == [(100, 45_002, 100)]
