"""The contract every destination keeps, as a pytest class to subclass.

    class TestMyDestination(DestinationContract):
        @pytest.fixture
        def destination(self, tmp_path):
            return lambda: MyDestination(tmp_path / "my.db")

The fixture gives a factory: its first call opens fresh storage, every further one opens the same
storage again, also while others are still open. The suite closes what it opened. What a
destination cannot keep it names in `LOSSY`; the hooks are needed for the tests about tables that
a person made or dropped. Needs pytest and hypothesis.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.core.ports import Batch, Checkpoint, Destination
from headrace.core.schema import Columns, Table, Type
from headrace.errors import BadRows, Bug, Fenced, Refused, Stopped, Unavailable

TASK = "copy"
ITEMS = Table(
    "items",
    (("id", Type.INTEGER), ("name", Type.TEXT), ("hours", Type.DECIMAL), ("at", Type.TIMESTAMP)),
    ("id",),
)
LABELS = Table(
    "item_labels", (("id", Type.INTEGER), ("label", Type.TEXT), ("n", Type.INTEGER)),
    ("id", "label"), owner=1,
)  # fmt: skip
EVERY_TYPE = (("id", Type.INTEGER), *((kind.value, kind) for kind in Type))
ODD_NAMES = (
    "select", "order", "group", "primary", "table", "index", 'say "so"', "it's", "`x`", "[y]",
    "a.b", " ", " padded ", "%s", "?", "?1", "$1", ":a", "@b", "\\", "tab\t", "line\nbreak", "1st",
    "--", "/* */", ";", "名字", "😀", "rowid", "oid", "t", "k", "v", "excluded",
)  # fmt: skip
LONG_NAME = "n" * 200
TEXTS = (
    "", " ", "\0", "a\0b", "\0\0", "😀👩‍👩‍👧", "\u202eשלום مرحبا", "e\u0301", "é", "\ufeff",
    "\uffff", "\U0010ffff", "NULL", "'; DROP TABLE items; --", '"', "\\", "\\0", "\r\n", "\t",
    "中文", "0", "1e5",
)  # fmt: skip
INTEGERS = (-(2**63), 2**63 - 1, -(2**53) - 1, 2**53 + 1, 2**31, -1, 0)
TIME_MIN, TIME_MAX = -62_135_596_800_000, 253_402_300_799_999
TIMES = (TIME_MIN, TIME_MAX, -1, 0, 1, 999, -28_800_000, 1_700_000_000_123, -62_135_596_799_999)
DIGITS = 10**38 - 1  # a decimal has 29 digits before the point and 9 behind it
DECIMALS = (DIGITS, -DIGITS, 1, -1, 0, 10**9, 123_456_789, -(10**37))

Opened = Callable[[], Destination]
Row = dict[str, Any]


def decimal(units: int) -> Decimal:
    """A number of billionths, exactly."""
    return Decimal((int(units < 0), tuple(int(d) for d in str(abs(units))), -9))


def columns(table: Table, *rows: Sequence[Any]) -> Columns:
    """Rows, given as values in the table's order, as columns."""
    names = [name for name, _ in table.columns]
    turned = zip(*rows, strict=True) if rows else ([] for _ in names)
    return Columns({n: list(values) for n, values in zip(names, turned, strict=True)})


def keys(names: Sequence[str], *rows: Sequence[Any]) -> Columns:
    """Key values as columns."""
    return Columns(
        {n: list(values) for n, values in zip(names, zip(*rows, strict=True), strict=True)}
    )


def rows_of(destination: Destination, table: Table) -> list[Row]:
    """All rows in the order of their keys. Fails if a chunk is ragged or columns are amiss."""
    rows = []
    for chunk in destination.read(table):
        assert list(chunk.values) == [name for name, _ in table.columns]
        values = zip(*chunk.values.values(), strict=True)
        rows += [dict(zip(chunk.values, row, strict=True)) for row in values]
    return sorted(rows, key=lambda row: repr([exact(row[name]) for name in table.key]))


def exact(value: Any) -> Any:
    """A value with its type, so that True is not 1; decimals by number, not by writing."""
    return (type(value).__name__, value.normalize() if isinstance(value, Decimal) else value)


def same(found: Sequence[Row], wanted: Sequence[Row]) -> bool:
    """Whether the rows are equal, types included."""
    return [{n: exact(v) for n, v in row.items()} for row in found] == [
        {n: exact(v) for n, v in row.items()} for row in wanted
    ]


def json_texts() -> st.SearchStrategy[str]:
    """JSON in both spellings: characters as they are, and escaped."""
    plain = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    leaves = (
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    )
    values = st.recursive(
        leaves | plain | st.sampled_from(TEXTS),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(plain, inner, max_size=3),
        max_leaves=6,
    )
    return st.builds(lambda v, e: json.dumps(v, ensure_ascii=e), values, st.booleans())


VALUES: dict[Type, st.SearchStrategy[Any]] = {
    Type.INTEGER: st.sampled_from(INTEGERS) | st.integers(-(2**63), 2**63 - 1),
    Type.TEXT: st.sampled_from(TEXTS) | st.text(st.characters(exclude_categories=["Cs"])),
    Type.BOOLEAN: st.booleans(),
    Type.DECIMAL: (st.sampled_from(DECIMALS) | st.integers(-DIGITS, DIGITS)).map(decimal),
    Type.TIMESTAMP: st.sampled_from(TIMES) | st.integers(TIME_MIN, TIME_MAX),
    Type.JSON: json_texts(),
}
KEY_TYPES = (Type.INTEGER, Type.TEXT, Type.BOOLEAN, Type.DECIMAL, Type.TIMESTAMP)
PROPERTY = settings(
    max_examples=30,
    deadline=None,
    database=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,  # each example has a table of its own
        HealthCheck.differing_executors,  # the suite is there to be subclassed
        HealthCheck.too_slow,
    ],
)


class DestinationContract:
    """See the module. `LOSSY` names what cannot be kept:

    `nul` (NUL characters in text and JSON), `wide_decimals` (more than 18 digits), `early_times`
    (before 1970), `long_names` (63 bytes are safe), `odd_names`, `null_keys` (NULL in a key is a
    value like others), `dropped` (a table dropped by a person cannot be noticed), `transactions`
    (the tables of one write are committed one after another). `EXAMPLES`: how many are tried of
    random values.
    """

    LOSSY: ClassVar[frozenset[str]] = frozenset()
    EXAMPLES: ClassVar[int] = 30

    @pytest.fixture
    def destination(self) -> Opened:
        """To override: the factory."""
        raise NotImplementedError

    def make_foreign_table(self, name: str) -> None:
        """Hook: make a table with one row, not through Headrace. Nothing of ours is open."""
        pytest.skip(f"no hook to make {name}")

    def drop_table(self, name: str) -> None:
        """Hook: drop a table, not through Headrace. Nothing of ours is open."""
        pytest.skip(f"no hook to drop {name}")

    def make_unique(self, table: str, column: str) -> None:
        """Hook: add a unique index to a table, not through Headrace. Nothing of ours is open."""
        pytest.skip(f"no hook to make {column} of {table} unique")

    @pytest.fixture
    def opened(self, destination: Opened) -> Iterator[Opened]:
        """The factory, with closing seen to."""
        with ExitStack() as stack:

            def open_one() -> Destination:
                return stack.enter_context(closing(destination()))

            yield open_one

    # --- claim, epoch, fence

    def test_claim_raises_the_epoch_and_returns_the_offsets(self, opened: Opened) -> None:
        one = opened()
        assert one.claim(TASK) == Checkpoint(TASK, 1, {})
        one.write([], Checkpoint(TASK, 1, {"items": 7, "labels": 9}))
        assert one.claim(TASK) == Checkpoint(TASK, 2, {"items": 7, "labels": 9})
        assert one.claim("another") == Checkpoint("another", 1, {})

    def test_a_late_writer_is_fenced_and_leaves_nothing(self, opened: Opened) -> None:
        """Invariant 10."""
        late, later = opened(), opened()
        start(late, ITEMS)
        later.claim(TASK)
        with pytest.raises(Fenced):
            late.write([put(1)], Checkpoint(TASK, 1, {"items": 1}))
        assert rows_of(later, ITEMS) == []
        assert later.claim(TASK).offsets == {}

    def test_nobody_writes_without_a_claim(self, opened: Opened) -> None:
        one = opened()
        one.prepare(TASK, [ITEMS])
        with pytest.raises(Fenced):
            one.write([put(1)], Checkpoint(TASK, 1, {}))

    def test_a_claim_in_the_middle_of_a_write_waits_or_wins(self, opened: Opened) -> None:
        """One of the two gives way, never both go through."""
        late, later = opened(), opened()
        start(late, ITEMS)
        won = []

        def batches() -> Iterator[Batch]:
            yield put(1)
            try:
                won.append(later.claim(TASK))
            except Unavailable:
                return

        try:
            late.write(batches(), Checkpoint(TASK, 1, {"items": 1}))
        except Fenced:
            assert won
            assert rows_of(opened(), ITEMS) == []
        else:
            assert not won
            assert len(rows_of(opened(), ITEMS)) == 1

    def test_other_tasks_are_not_fenced(self, opened: Opened) -> None:
        one = opened()
        start(one, ITEMS)
        one.claim("another")
        one.write([put(1)], Checkpoint(TASK, 1, {"items": 1}))
        assert one.claim("another").offsets == {}

    # --- transactions

    def test_rows_and_checkpoint_outlive_closing(self, opened: Opened) -> None:
        """Invariant 3."""
        with closing(opened()) as one:
            start(one, ITEMS)
            one.write([put(1, 2)], Checkpoint(TASK, 1, {"items": 5}))
        again = opened()
        assert again.claim(TASK) == Checkpoint(TASK, 2, {"items": 5})
        assert [row["id"] for row in rows_of(again, ITEMS)] == [1, 2]

    @pytest.mark.parametrize("error", [Unavailable, ValueError, Stopped])
    def test_a_failing_iterable_leaves_nothing(
        self, opened: Opened, error: type[BaseException]
    ) -> None:
        one = opened()
        start(one, ITEMS, LABELS)
        one.write([put(1, 2), label((1, "a"), (2, "b"))], Checkpoint(TASK, 1, {"items": 5}))
        before = rows_of(one, ITEMS), rows_of(one, LABELS)

        def batches() -> Iterator[Batch]:
            yield replace(put(3), truncate=True)
            yield Batch(LABELS, owners=keys(["id"], [1]), deletes=keys(["id", "label"], [2, "b"]))
            yield label((1, "z"), (9, "new"))
            raise error("in the middle")

        with pytest.raises(error):
            one.write(batches(), Checkpoint(TASK, 1, {"items": 6}))
        assert (rows_of(one, ITEMS), rows_of(one, LABELS)) == before
        one.write([put(4)], Checkpoint(TASK, 1, {"items": 6}))
        assert [row["id"] for row in rows_of(one, ITEMS)] == [1, 2, 4]
        assert one.claim(TASK).offsets == {"items": 6}

    def test_a_table_that_is_not_there_is_refused_and_leaves_nothing(self, opened: Opened) -> None:
        one = opened()
        start(one, ITEMS)
        with pytest.raises(Refused):
            one.write([put(1), label((1, "a"))], Checkpoint(TASK, 1, {"items": 1}))
        assert rows_of(one, ITEMS) == []

    def test_an_unknown_column_is_a_bug_and_leaves_nothing(self, opened: Opened) -> None:
        one = opened()
        start(one, ITEMS)
        wrong = Batch(ITEMS, rows=Columns({"id": [2], "color": ["red"]}))
        with pytest.raises(Bug):
            one.write([put(1), wrong], Checkpoint(TASK, 1, {"items": 1}))
        assert rows_of(one, ITEMS) == []

    def test_offsets_never_go_backwards(self, opened: Opened) -> None:
        """Invariant 4."""
        one = opened()
        start(one, ITEMS)
        one.write([], Checkpoint(TASK, 1, {"items": 5}))
        with pytest.raises(Bug):
            one.write([put(1)], Checkpoint(TASK, 1, {"items": 4}))
        assert rows_of(one, ITEMS) == []
        assert one.claim(TASK).offsets == {"items": 5}

    def test_an_emptied_stream_may_start_anew(self, opened: Opened) -> None:
        """A mirror that was lost and read again counts its offsets from 1."""
        one = opened()
        start(one, ITEMS)
        one.write([put(1)], Checkpoint(TASK, 1, {"items": 5}))
        one.write([replace(put(2), truncate=True)], Checkpoint(TASK, 1, {"items": 1}))
        assert one.claim(TASK).offsets == {"items": 1}

    def test_offsets_not_named_stay(self, opened: Opened) -> None:
        one = opened()
        one.claim(TASK)
        one.write([], Checkpoint(TASK, 1, {"items": 5, "labels": 6}))
        one.write([], Checkpoint(TASK, 1, {"items": 7}))
        assert one.claim(TASK).offsets == {"items": 7, "labels": 6}

    def test_batches_are_taken_one_at_a_time(self, opened: Opened) -> None:
        """Invariant 12: memory holds a few batches, not the whole write."""
        one = opened()
        start(one, ITEMS)
        alive = 0

        class Counted(list[Any]):
            def __init__(self, values: list[Any]) -> None:
                nonlocal alive
                super().__init__(values)
                alive += 1

            def __del__(self) -> None:
                nonlocal alive
                alive -= 1

        def batches() -> Iterator[Batch]:
            for number in range(20):
                assert alive <= 2
                yield Batch(ITEMS, rows=Columns({"id": Counted([number])}))

        one.write(batches(), Checkpoint(TASK, 1, {"items": 1}))
        assert len(rows_of(one, ITEMS)) == 20

    # --- rows

    def test_a_row_is_put_by_its_key_and_replaced_whole(self, opened: Opened) -> None:
        one = opened()
        start(one, ITEMS)
        one.write([put(1, 2)], Checkpoint(TASK, 1, {}))
        one.write([Batch(ITEMS, rows=columns(ITEMS, (2, "new", None, 5)))], Checkpoint(TASK, 1, {}))
        one.write([Batch(ITEMS, rows=Columns({"id": [1]}))], Checkpoint(TASK, 1, {}))
        assert same(
            rows_of(one, ITEMS),
            [
                {"id": 1, "name": None, "hours": None, "at": None},
                {"id": 2, "name": "new", "hours": None, "at": 5},
            ],
        )

    def test_the_last_row_of_a_key_counts(self, opened: Opened) -> None:
        one = opened()
        start(one, LABELS)
        one.write([label((1, "a", 1), (2, "a", 2), (1, "a", 3))], Checkpoint(TASK, 1, {}))
        one.write([label((2, "a", 4)), label((2, "a", 5))], Checkpoint(TASK, 1, {}))
        assert [(r["id"], r["n"]) for r in rows_of(one, LABELS)] == [(1, 3), (2, 5)]

    def test_deletes_come_before_rows_of_the_same_batch(self, opened: Opened) -> None:
        one = opened()
        start(one, LABELS)
        one.write([label((1, "a", 1), (1, "b", 1), (2, "a", 1))], Checkpoint(TASK, 1, {}))
        gone = keys(["id", "label"], [1, "a"], [2, "a"], [7, "never"])
        batch = Batch(LABELS, rows=columns(LABELS, (2, "a", 9)), deletes=gone)
        one.write([batch], Checkpoint(TASK, 1, {}))
        assert [tuple(r.values()) for r in rows_of(one, LABELS)] == [(1, "b", 1), (2, "a", 9)]

    def test_a_child_set_is_replaced(self, opened: Opened) -> None:
        one = opened()
        start(one, LABELS)
        one.write(
            [label((1, "a", 1), (1, "b", 1), (2, "a", 1), (3, "c", 1))], Checkpoint(TASK, 1, {})
        )
        owners = keys(["id"], [1], [2])
        batch = Batch(LABELS, rows=columns(LABELS, (1, "b", 2), (4, "d", 1)), owners=owners)
        one.write([batch], Checkpoint(TASK, 1, {}))
        found = [tuple(r.values()) for r in rows_of(one, LABELS)]
        assert found == [(1, "b", 2), (3, "c", 1), (4, "d", 1)]
        one.write([label((3, "c", 5))], Checkpoint(TASK, 1, {}))
        one.write(
            [Batch(LABELS, owners=keys(["id"], [1], [3], [4], [99]))], Checkpoint(TASK, 1, {})
        )
        assert rows_of(one, LABELS) == []

    def test_an_emptied_table_is_filled_again(self, opened: Opened) -> None:
        one = opened()
        start(one, ITEMS)
        one.write([put(1, 2)], Checkpoint(TASK, 1, {"items": 1}))
        fill = [replace(put(2, 3), truncate=True), put(3, 4), put(5)]
        one.write(fill, Checkpoint(TASK, 1, {"items": 2}))
        assert [row["id"] for row in rows_of(one, ITEMS)] == [2, 3, 4, 5]
        one.write([Batch(ITEMS, truncate=True)], Checkpoint(TASK, 1, {"items": 2}))
        assert rows_of(one, ITEMS) == []

    def test_replaying_leaves_the_same_rows(self, opened: Opened) -> None:
        """Invariant 5."""
        one = opened()
        start(one, ITEMS, LABELS)
        one.write([put(1, 2, 3), label((1, "a"), (2, "b"))], Checkpoint(TASK, 1, {"items": 3}))
        write = [
            Batch(ITEMS, rows=columns(ITEMS, (2, "x", None, None)), deletes=keys(["id"], [1])),
            Batch(LABELS, rows=columns(LABELS, (2, "c", 1)), owners=keys(["id"], [1], [2])),
        ]
        one.write(write, Checkpoint(TASK, 1, {"items": 4}))
        once = rows_of(one, ITEMS), rows_of(one, LABELS)
        one.write(write, Checkpoint(TASK, 1, {"items": 4}))
        assert (rows_of(one, ITEMS), rows_of(one, LABELS)) == once

    def test_null_in_a_key_is_a_value(self, opened: Opened) -> None:
        if "null_keys" in self.LOSSY:
            pytest.skip("declared lossy: null_keys")
        one = opened()
        start(one, LABELS)
        for number in (1, 2):
            one.write([label((1, None, number), (1, "", number))], Checkpoint(TASK, 1, {}))
        assert sorted(r["n"] for r in rows_of(one, LABELS)) == [2, 2]
        gone = Batch(LABELS, deletes=keys(["id", "label"], [1, None]))
        one.write([gone], Checkpoint(TASK, 1, {}))
        assert [r["label"] for r in rows_of(one, LABELS)] == [""]

    def test_reading_is_a_snapshot(self, opened: Opened) -> None:
        """More rows than a chunk holds, and a write while they are read."""
        one, count = opened(), 25_000
        start(one, LABELS)
        many = Columns({"id": list(range(count)), "label": ["x"] * count, "n": [1] * count})
        one.write([Batch(LABELS, rows=many)], Checkpoint(TASK, 1, {}))
        reading = one.read(LABELS)
        seen = list(next(reading).values["id"])
        one.write([Batch(LABELS, truncate=True)], Checkpoint(TASK, 1, {}))
        for chunk in reading:
            seen += chunk.values["id"]
        assert sorted(seen) == list(range(count))
        assert rows_of(one, LABELS) == []

    # --- tables

    def test_preparing_twice_changes_nothing(self, opened: Opened) -> None:
        one = opened()
        start(one, ITEMS, LABELS)
        one.write([put(1)], Checkpoint(TASK, 1, {"items": 1}))
        one.prepare(TASK, [LABELS, ITEMS])
        opened().prepare(TASK, [ITEMS])
        assert len(rows_of(one, ITEMS)) == 1
        assert one.claim(TASK) == Checkpoint(TASK, 2, {"items": 1})

    def test_preparing_adds_columns(self, opened: Opened) -> None:
        one = opened()
        start(one, ITEMS)
        one.write([put(1)], Checkpoint(TASK, 1, {"items": 1}))
        more = tuple((f"new_{kind}", kind) for kind in Type)
        wide = replace(ITEMS, columns=(more[0], *ITEMS.columns, *more[1:]))
        one.prepare(TASK, [wide])
        claimed = one.claim(TASK)
        assert "items" not in claimed.offsets  # what the rows have in the new columns is missing
        assert [row[name] for row in rows_of(one, wide) for name, _ in more] == [None] * len(more)
        at = Checkpoint(TASK, claimed.epoch, {})
        one.write([Batch(wide, rows=Columns({"id": [2], "new_text": ["x"]}))], at)
        again = opened()
        assert [row["new_text"] for row in rows_of(again, wide)] == [None, "x"]
        again.prepare(TASK, [ITEMS])
        again.write([put(2)], at)
        assert len(rows_of(again, wide)) == 2

    def test_only_the_stream_that_lost_something_is_filled_again(self, opened: Opened) -> None:
        one = opened()
        mine = replace(LABELS, stream="items")
        start(one, ITEMS, mine, replace(ITEMS, name="others"))
        one.write([put(1)], Checkpoint(TASK, 1, {"items": 3, "others": 4}))
        one.prepare(TASK, [ITEMS, replace(mine, columns=(*mine.columns, ("new", Type.TEXT)))])
        assert one.claim(TASK).offsets == {"others": 4}

    def test_a_column_of_another_type_follows_and_wants_filling(self, opened: Opened) -> None:
        one = opened()
        start(one, ITEMS)
        one.write([put(1)], Checkpoint(TASK, 1, {"items": 3}))
        other = tuple((n, Type.INTEGER if n == "name" else kind) for n, kind in ITEMS.columns)
        table = replace(ITEMS, columns=other)
        one.prepare(TASK, [table])
        self.fill_anew(one, table, (1, 2**60, Decimal(1), 5))

    def test_another_key_follows_and_wants_filling(self, opened: Opened) -> None:
        one = opened()
        start(one, ITEMS)
        one.write([put(1)], Checkpoint(TASK, 1, {"items": 3}))
        table = replace(ITEMS, key=("id", "name"))
        one.prepare(TASK, [table])
        self.fill_anew(one, table, (1, "a", None, None), (1, "b", None, None))

    def test_another_mode_wants_filling(self, opened: Opened) -> None:
        """Rows written in one mode mean nothing in another."""
        one = opened()
        start(one, ITEMS)
        one.write([put(1)], Checkpoint(TASK, 1, {"items": 3}))
        table = replace(ITEMS, mode="another")
        one.prepare(TASK, [table])
        self.fill_anew(one, table, (2, "a", None, None))

    def fill_anew(self, one: Destination, table: Table, *rows: Sequence[Any]) -> None:
        """The task's offsets were forgotten, and what is written now is all there is."""
        with pytest.raises(Fenced):
            one.write([], Checkpoint(TASK, 1, {"items": 4}))
        claimed = one.claim(TASK)
        assert claimed.offsets == {}
        fill = Batch(table, rows=columns(table, *rows), truncate=True)
        one.write([fill], Checkpoint(TASK, claimed.epoch, {"items": 1}))
        assert [tuple(row.values()) for row in rows_of(one, table)] == list(rows)
        one.prepare(TASK, [table])
        assert one.claim(TASK).offsets == {"items": 1}

    def test_a_refused_row_is_told_apart_and_leaves_nothing(self, opened: Opened) -> None:
        """A person's own rule on a table of ours: other tables can go on."""
        with closing(opened()) as one:
            start(one, ITEMS, LABELS)
        self.make_unique("items", "name")
        one = opened()
        same_names = columns(ITEMS, (1, "x", None, None), (2, "x", None, None))
        with pytest.raises(BadRows) as caught:
            one.write([label((1, "a")), Batch(ITEMS, rows=same_names)], Checkpoint(TASK, 1, {}))
        assert caught.value.table == "items" and caught.value.advice
        if "transactions" not in self.LOSSY:
            assert rows_of(one, LABELS) == []
        one.write([label((1, "a"))], Checkpoint(TASK, 1, {"labels": 1}))
        assert len(rows_of(one, LABELS)) == 1

    def test_a_table_of_another_task_is_refused(self, opened: Opened) -> None:
        one = opened()
        one.prepare(TASK, [ITEMS])
        with pytest.raises(Refused, match=TASK):
            one.prepare("another", [LABELS, ITEMS])
        one.prepare("another", [LABELS])

    def test_a_foreign_table_is_refused_and_not_touched(self, opened: Opened) -> None:
        self.make_foreign_table("item_labels")
        one = opened()
        for _ in range(2):
            with pytest.raises(Refused, match="item_labels") as caught:
                one.prepare(TASK, [ITEMS, LABELS])
            assert caught.value.advice
        one.claim(TASK)
        with pytest.raises(Refused):
            one.write([put(1)], Checkpoint(TASK, 1, {"items": 1}))

    def test_a_dropped_table_is_made_again_and_wants_filling(self, opened: Opened) -> None:
        if "dropped" in self.LOSSY:
            pytest.skip("declared lossy: dropped")
        with closing(opened()) as one:
            start(one, ITEMS, LABELS)
            one.write([put(1)], Checkpoint(TASK, 1, {"items": 3}))
        self.drop_table("items")
        again = opened()
        known = again.claim(TASK)
        again.prepare(TASK, [ITEMS, LABELS])
        with pytest.raises(Fenced):
            again.write([put(2)], Checkpoint(TASK, known.epoch, {"items": 4}))
        claimed = again.claim(TASK)
        assert claimed.offsets == {}
        again.write([put(2)], Checkpoint(TASK, claimed.epoch, {"items": 1}))
        assert len(rows_of(again, ITEMS)) == 1

    @pytest.mark.parametrize("reserved", ["_headrace_checkpoint", "_HEADRACE_tables"])
    def test_our_own_names_are_refused(self, opened: Opened, reserved: str) -> None:
        with pytest.raises(Refused, match="reserved"):
            opened().prepare(TASK, [replace(ITEMS, name=reserved)])

    def test_names_equal_but_for_case_stay_apart_or_are_refused(self, opened: Opened) -> None:
        one = opened()
        table = Table("cases", (("a", Type.INTEGER), ("A", Type.INTEGER)), ("a",))
        try:
            start(one, table)
        except Refused:
            return
        one.write([Batch(table, rows=columns(table, (1, 2)))], Checkpoint(TASK, 1, {}))
        assert rows_of(one, table) == [{"a": 1, "A": 2}]

    # --- names and values

    @pytest.mark.parametrize("owner", [0, 1])
    def test_odd_names(self, opened: Opened, owner: int) -> None:
        names = list(ODD_NAMES if "odd_names" not in self.LOSSY else ("select", "order"))
        if "long_names" not in self.LOSSY:
            names.append(LONG_NAME)
        tables = [_named(name, names, owner) for name in names]
        one = opened()
        start(one, *tables)
        row = (1, *(f"in column {place}" for place in range(1, len(names))))
        for _ in range(2):
            batches = [Batch(table, rows=columns(table, row)) for table in tables]
            one.write(batches, Checkpoint(TASK, 1, dict.fromkeys(names, 1)))
        for table in tables:
            assert rows_of(one, table) == [dict(zip(dict(table.columns), row, strict=True))]
        one.write([_gone(table, row) for table in tables], Checkpoint(TASK, 1, {}))
        assert [rows_of(one, table) for table in tables] == [[]] * len(tables)
        assert one.claim(TASK).offsets == dict.fromkeys(names, 1)

    def test_a_long_text(self, opened: Opened) -> None:
        one, text = opened(), "长😀\n" * 174_763  # a little over 1 MiB in UTF-8
        table = Table("long", (("id", Type.INTEGER), ("t", Type.TEXT), ("j", Type.JSON)), ("id",))
        start(one, table)
        rows = columns(table, (1, text, json.dumps([text], ensure_ascii=False)))
        one.write([Batch(table, rows=rows)], Checkpoint(TASK, 1, {}))
        assert rows_of(opened(), table) == [{n: v[0] for n, v in rows.values.items()}]

    def test_values_come_back_as_they_went(self, destination: Opened) -> None:
        self._try(lambda data: self._check_values(destination, data))

    def _check_values(self, destination: Opened, data: st.DataObject) -> None:
        table = Table(_fresh("values"), EVERY_TYPE, ("id",))
        kept = {kind: self._kept(kind) | st.none() for kind in Type}
        rows = data.draw(
            st.lists(st.tuples(*(kept[kind] for _, kind in EVERY_TYPE[1:])), max_size=6)
        )
        put_rows = columns(table, *((number, *row) for number, row in enumerate(rows)))
        with closing(destination()) as one:
            one.prepare(TASK, [table])
            at = Checkpoint(TASK, one.claim(TASK).epoch, {})
            for _ in range(2):
                one.write([Batch(table, rows=put_rows)], at)
        with closing(destination()) as again:
            found = rows_of(again, table)
        names = [name for name, _ in table.columns]
        wanted = [dict(zip(names, (n, *row), strict=True)) for n, row in enumerate(rows)]
        assert same(found, wanted)

    def test_any_values_make_a_key(self, destination: Opened) -> None:
        self._try(lambda data: self._check_keys(destination, data))

    def _check_keys(self, destination: Opened, data: st.DataObject) -> None:
        kinds = data.draw(st.lists(st.sampled_from(KEY_TYPES), min_size=1, max_size=3))
        named = tuple((f"k{place}", kind) for place, kind in enumerate(kinds))
        table = Table(_fresh("keys"), (*named, ("n", Type.INTEGER)), tuple(n for n, _ in named))
        keys_drawn = st.lists(st.tuples(*(self._kept(k) for k in kinds)), min_size=1, max_size=5)
        first, second, gone = (data.draw(keys_drawn) for _ in range(3))
        gone += first[:1]
        with closing(destination()) as one:
            one.prepare(TASK, [table])
            at = Checkpoint(TASK, one.claim(TASK).epoch, {})
            for number, batch in enumerate((first, second)):
                one.write([Batch(table, rows=columns(table, *((*k, number) for k in batch)))], at)
            both = {**dict.fromkeys(first, 0), **dict.fromkeys(second, 1)}
            assert _by_key(one, table) == both
            one.write([Batch(table, deletes=keys(table.key, *gone))], at)
            assert _by_key(one, table) == {k: n for k, n in both.items() if k not in gone}

    def _try(self, check: Callable[[st.DataObject], None]) -> None:
        """Run the check on random examples."""
        settings(PROPERTY, max_examples=self.EXAMPLES)(given(st.data())(check))()

    def _kept(self, kind: Type) -> st.SearchStrategy[Any]:
        """The values of a type, without what is declared lossy."""
        values = VALUES[kind]
        if "nul" in self.LOSSY and kind in (Type.TEXT, Type.JSON):
            values = values.filter(lambda v: "\0" not in v and "\\u0000" not in v)
        if "wide_decimals" in self.LOSSY and kind is Type.DECIMAL:
            values = st.integers(-(10**18) + 1, 10**18 - 1).map(decimal)
        if "early_times" in self.LOSSY and kind is Type.TIMESTAMP:
            values = values.filter(lambda v: v >= 0)
        return values


_numbers = itertools.count()


def _fresh(name: str) -> str:
    return f"{name}_{next(_numbers)}"


def _named(name: str, names: Sequence[str], owner: int) -> Table:
    """A table whose name, key and columns are odd names."""
    others = tuple((other, Type.TEXT) for other in names if other != name)
    return Table(name, ((name, Type.INTEGER), *others), (name, others[0][0]), owner)


def _gone(table: Table, row: Sequence[Any]) -> Batch:
    """A batch that removes the row: as a child of its owner, or by its key."""
    if table.owner:
        return Batch(table, owners=keys(table.key[: table.owner], row[: table.owner]))
    return Batch(table, deletes=keys(table.key, row[:2]))


def _by_key(destination: Destination, table: Table) -> dict[tuple[Any, ...], Any]:
    rows = rows_of(destination, table)
    found = {tuple(row[name] for name in table.key): row["n"] for row in rows}
    assert len(found) == len(rows), "a key stands twice"
    return found


def start(destination: Destination, *tables: Table) -> None:
    """Prepare and claim for the first time."""
    destination.prepare(TASK, tables)
    assert destination.claim(TASK).epoch == 1


def put(*ids: int) -> Batch:
    """Items with these ids."""
    return Batch(ITEMS, rows=columns(ITEMS, *((n, f"item {n}", Decimal(n), n) for n in ids)))


def label(*rows: Sequence[Any]) -> Batch:
    """Labels: id, label and, if given, a number."""
    return Batch(LABELS, rows=columns(LABELS, *((*row, 0)[:3] for row in rows)))
