"""The contract every mirror keeps, as a pytest class to subclass.

    class TestMyMirror(MirrorContract):
        @pytest.fixture
        def mirror(self, tmp_path):
            return lambda: MyMirror(tmp_path / "my.db")

The fixture gives a factory: its first call opens fresh storage, every further one opens the same
storage again, once the earlier mirror is closed. The suite closes what it opened. A store that
forgets everything when it is closed says `LASTING = False`. Needs pytest and hypothesis.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from headrace.core.change import Change, Counts, Op
from headrace.core.ports import Cursor, Mirror, Page
from headrace.core.record import (
    Gone,
    OnFile,
    Origin,
    Record,
    Reject,
    Seen,
    Sighting,
    digest_of,
    encode_body,
    make_key,
)
from headrace.errors import Bug
from headrace.testing.destination_contract import PROPERTY

Opened = Callable[[], Mirror]

MIB = 1 << 20
START_MS = 1_795_000_000_000
POLL, CENSUS = Origin.POLL, Origin.CENSUS
ODD_VALUES: tuple[Any, ...] = (
    "", " ", "a\0b", "'; DROP TABLE record; --", '"', "\\", "%s", "?", "$1", "中文", "😀👩‍👩‍👧",
    "\u202eשלום", "e\u0301", "é", "\ufeff", "\uffff", "\U0010ffff", "\x7f\x80", "[1]", "null",
    None, True, -(2**63), 2**63 - 1, 1.5, "k" * 1500,
)  # fmt: skip


def record(
    number: Any, name: str = "a", *, version: int | None = None, scope: str = "1",
    stream: str = "issues", **more: Any,
) -> Record:  # fmt: skip
    """A record whose key is that number (or text)."""
    body = encode_body({"Name": name, **more})
    return Record(stream, make_key((number,)), scope, version, digest_of(body), body)


def seen(number: Any, name: str = "a", *, at: int = 1, partial: bool = False, **more: Any) -> Seen:
    """It was seen by a poll; `at` is the stamp, the rest as for `record`."""
    return Seen(record(number, name, **more), at, POLL, partial)


def gone(number: Any, *, at: int = 1, stream: str = "issues") -> Gone:
    """It was confirmed absent."""
    return Gone(stream, make_key((number,)), at, CENSUS, "not listed")


def page(*sightings: Sighting, at: int = START_MS, **more: Any) -> Page:
    """What one step of capture saw."""
    return Page(more.pop("stream", "issues"), more.pop("scope", "1"), at, sightings, **more)


def figures(counts: Counts) -> dict[str, int]:
    """What is not zero."""
    return {name: figure for name, figure in counts.as_dict().items() if figure}


def everything(mirror: Mirror, *streams: str) -> tuple[Any, ...]:
    """All that a mirror tells, to hold against an earlier look."""
    names = streams or ("issues",)
    return (
        [list(mirror.records(name)) for name in names],
        [mirror.cursors(name) for name in names],
        mirror.log(0, 1_000_000), mirror.head(), mirror.tail(), mirror.last_stamp(),
        mirror.counts(), mirror.rejects(),
    )  # fmt: skip


class MirrorContract:
    """See the module."""

    LASTING: ClassVar[bool] = True

    @pytest.fixture
    def mirror(self) -> Opened:
        """To override: the factory."""
        raise NotImplementedError

    @pytest.fixture
    def opened(self, mirror: Opened) -> Iterator[Opened]:
        """The factory, with closing seen to."""
        with ExitStack() as stack:

            def open_one() -> Mirror:
                return stack.enter_context(closing(mirror()))

            yield open_one

    @pytest.fixture
    def one(self, opened: Opened) -> Mirror:
        """A fresh mirror."""
        return opened()

    # --- a fresh one, and reopening

    def test_a_fresh_mirror_is_empty(self, one: Mirror) -> None:
        assert list(one.records("issues")) == [] and one.log(0, 10) == []
        assert one.get("issues", "[1]") is None
        assert one.cursor("issues", "1") == Cursor() and one.cursors("issues") == {}
        assert (one.count("issues"), one.scopes("issues"), one.last_stamp()) == (0, [], 0)
        assert one.counts() == {} and one.rejects() == [] and one.unseen("issues", "1", 9) == []
        assert one.tail() == one.head() >= 0

    def test_everything_outlives_closing(self, opened: Opened) -> None:
        if not self.LASTING:
            pytest.skip("this store forgets")
        with closing(opened()) as one:
            one.commit(page(seen(1), seen(2), cursor=Cursor(mark=1000), calls=2))
            one.commit(page(gone(2, at=2), rejects=[Reject("issues", "1", "no key", b"{}")]))
            before = everything(one)
        with closing(opened()) as again:
            assert everything(again) == before
            again.commit(page(seen(3, at=3)))
            assert again.head() == before[3] + 1

    # --- what a sighting makes

    def test_first_sights(self, one: Mirror) -> None:
        first = seen(1)
        snapshot = Seen(record(2), 1, Origin.SNAPSHOT)
        assert figures(one.commit(page(first, snapshot))) == {"read": 2, "inserted": 2}
        log = one.log(0, 10)
        assert [(c.key, c.op, c.origin) for c in log] == [
            ("[1]", Op.INSERT, POLL),
            ("[2]", Op.READ, Origin.SNAPSHOT),
        ]
        assert [(c.before, c.before_offset, c.before_at) for c in log] == [(None, 0, 0)] * 2
        assert one.get("issues", "[1]") == OnFile(first.record, 1, log[0].offset, START_MS)

    def test_an_update_tells_what_was_before(self, one: Mirror) -> None:
        one.commit(page(seen(1, "a")))
        one.commit(page(seen(1, "b", at=2), at=START_MS + 5))
        first, second = one.log(0, 10)
        assert (second.op, second.before, second.after) == (Op.UPDATE, first.after, b'{"Name":"b"}')
        assert (second.before_offset, second.before_at) == (first.offset, START_MS)
        assert second.at == START_MS + 5 and second.offset > first.offset
        filed = one.get("issues", "[1]")
        assert filed == OnFile(record(1, "b"), 2, second.offset, START_MS + 5)

    def test_unchanged_makes_no_entry_but_was_seen(self, one: Mirror) -> None:
        one.commit(page(seen(1)))
        assert figures(one.commit(page(seen(1, at=7)))) == {"read": 1, "unchanged": 1}
        assert len(one.log(0, 10)) == 1
        filed = one.get("issues", "[1]")
        assert filed is not None and (filed.seen_at, filed.changed_at) == (7, START_MS)

    def test_a_late_sighting_is_stale(self, one: Mirror) -> None:
        one.commit(page(seen(1, "new", at=5)))
        before = list(one.records("issues")), one.log(0, 10)
        assert figures(one.commit(page(seen(1, "old", at=4)))) == {"read": 1, "stale": 1}
        assert figures(one.commit(page(gone(1, at=4)))) == {"read": 1, "stale": 1}
        assert (list(one.records("issues")), one.log(0, 10)) == before

    def test_an_older_update_time_is_stale(self, one: Mirror) -> None:
        one.commit(page(seen(1, "new", version=20)))
        assert figures(one.commit(page(seen(1, "old", at=2, version=19)))) == {
            "read": 1, "stale": 1,
        }  # fmt: skip
        assert figures(one.commit(page(seen(1, "newer", at=2, version=20)))) == {
            "read": 1, "updated": 1,
        }  # fmt: skip

    def test_an_older_update_time_shows_that_it_is_there(self, one: Mirror) -> None:
        one.commit(page(seen(1, "new", version=20)))
        one.commit(page(seen(1, "old", at=7, version=19)))
        filed = one.get("issues", "[1]")
        assert filed is not None and filed.seen_at == 7 and filed.record.value()["Name"] == "new"
        assert one.unseen("issues", "1", 7) == []

    def test_delete_leaves_a_tombstone(self, one: Mirror) -> None:
        one.commit(page(seen(1, "last words")))
        assert figures(one.commit(page(gone(1, at=2), at=START_MS + 5))) == {
            "read": 1, "deleted": 1,
        }  # fmt: skip
        change = one.log(0, 10)[-1]
        assert (change.op, change.after, change.before) == (
            Op.DELETE, None, record(1, "last words").body,
        )  # fmt: skip
        filed = one.get("issues", "[1]")
        assert filed is not None and filed.deleted and filed.changed_at == START_MS + 5
        assert list(one.records("issues")) == [] and one.count("issues") == 0
        assert one.scopes("issues") == [] and one.unseen("issues", "1", 99) == []

    def test_absence_of_the_unknown_is_nothing(self, one: Mirror) -> None:
        assert figures(one.commit(page(gone(1)))) == {"read": 1}
        one.commit(page(seen(2)))
        one.commit(page(gone(2, at=2)))
        assert figures(one.commit(page(gone(2, at=3)))) == {"read": 1}
        assert [c.op for c in one.log(0, 10)] == [Op.INSERT, Op.DELETE]

    def test_a_page_in_flight_does_not_undo_a_confirmed_delete(self, one: Mirror) -> None:
        """Neither the first confirmation nor a later one."""
        one.commit(page(seen(1, at=1)))
        one.commit(page(gone(1, at=3)))
        assert figures(one.commit(page(seen(1, at=2)))) == {"read": 1, "stale": 1}
        one.commit(page(gone(1, at=5)))
        assert figures(one.commit(page(seen(1, at=4)))) == {"read": 1, "stale": 1}

    def test_reappearance_is_an_insert(self, one: Mirror) -> None:
        one.commit(page(seen(1)))
        one.commit(page(gone(1, at=2)))
        assert figures(one.commit(page(seen(1, at=3)))) == {"read": 1, "inserted": 1}
        change = one.log(0, 10)[-1]
        assert (change.op, change.before, change.before_offset) == (Op.INSERT, None, 0)
        filed = one.get("issues", "[1]")
        assert filed is not None and not filed.deleted and filed.offset == change.offset

    def test_a_partial_sighting_speaks_for_its_own_fields(self, one: Mirror) -> None:
        one.commit(page(seen(1, "a", Kept="k")))
        counts = one.commit(page(seen(1, "b", at=2, partial=True)))
        assert figures(counts) == {"read": 1, "updated": 1}
        filed = one.get("issues", "[1]")
        assert filed is not None and filed.record.value() == {"Name": "b", "Kept": "k"}
        assert filed.record.digest == digest_of(filed.record.body)
        assert figures(one.commit(page(seen(1, "b", at=3, partial=True))))["unchanged"] == 1

    def test_one_key_many_times_in_a_page(self, one: Mirror) -> None:
        counts = one.commit(
            page(seen(1, "a"), seen(1, "a"), seen(1, "b", at=2), gone(1, at=3), seen(1, "c", at=4),
                 seen(1, "z", at=1), seen(1, "c", at=9))
        )  # fmt: skip
        assert figures(counts) == {
            "read": 7, "inserted": 2, "updated": 1, "deleted": 1, "unchanged": 2, "stale": 1,
        }  # fmt: skip
        log = one.log(0, 10)
        assert [c.op for c in log] == [Op.INSERT, Op.UPDATE, Op.DELETE, Op.INSERT]
        assert [c.before_offset for c in log] == [0, log[0].offset, log[1].offset, 0]
        filed = one.get("issues", "[1]")
        assert filed is not None and (filed.seen_at, filed.offset) == (9, log[3].offset)

    def test_a_record_moves_to_another_scope(self, one: Mirror) -> None:
        one.commit(page(seen(1, scope="1")))
        one.commit(page(seen(1, "moved", at=2, scope="2"), scope="2"))
        assert one.scopes("issues") == ["2"]
        assert (one.count("issues", "1"), one.count("issues", "2")) == (0, 1)

    def test_streams_do_not_mix(self, one: Mirror) -> None:
        one.commit(page(seen(1, "issue")))
        one.commit(page(seen(1, "project", stream="projects"), stream="projects"))
        assert [f.record.value()["Name"] for f in one.records("issues")] == ["issue"]
        one.commit(page(gone(1, at=2, stream="projects"), stream="projects"))
        assert (one.count("issues"), one.count("projects")) == (1, 0)

    # --- one transaction

    @pytest.mark.parametrize("error", [OSError, Bug, KeyboardInterrupt])
    def test_a_commit_that_fails_leaves_nothing(
        self, one: Mirror, error: type[BaseException]
    ) -> None:
        """Invariant 2. The rejects come last, so all else has been written when they fail."""
        one.commit(page(seen(1), seen(2), cursor=Cursor(mark=1000)))
        before = everything(one)

        class Torn(list[Reject]):
            def __iter__(self) -> Iterator[Reject]:
                yield Reject("issues", "1", "why", b"row")
                raise error("torn")

        torn = page(
            seen(1, "b", at=2), gone(2, at=2), seen(3, at=2), rejects=Torn(),
            cursor=Cursor(mark=2000),
        )  # fmt: skip
        with pytest.raises(error):
            one.commit(torn)
        assert everything(one) == before
        assert figures(one.commit(page(seen(1, "b", at=2)))) == {"read": 1, "updated": 1}
        assert one.head() == before[3] + 1

    def test_a_cursor_never_goes_backwards(self, one: Mirror) -> None:
        """Invariant 4."""
        one.commit(page(cursor=Cursor(mark=2000)))
        before = everything(one)
        with pytest.raises(Bug):
            one.commit(page(seen(1), cursor=Cursor(mark=1999)))
        assert everything(one) == before
        one.commit(page(cursor=Cursor(mark=2000, polled_at=7)))
        assert one.cursor("issues", "1") == Cursor(mark=2000, polled_at=7)

    def test_cursors_by_scope(self, one: Mirror) -> None:
        full = Cursor(5, True, 6, 7, "hidden", "403 中文", 8, 9, 10)
        one.commit(page(cursor=full))
        one.commit(page(scope="中文", cursor=Cursor(mark=3)))
        one.commit(page(scope="none"))
        assert one.cursors("issues") == {"1": full, "中文": Cursor(mark=3)}
        assert one.cursor("issues", "none") == Cursor()
        assert one.cursors("projects") == {}

    def test_an_empty_page_with_a_cursor(self, one: Mirror) -> None:
        head = one.head()
        assert figures(one.commit(page(cursor=Cursor(mark=1), calls=3))) == {"calls": 3}
        assert one.head() == head and one.cursor("issues", "1").mark == 1

    # --- counts, rejects, stamps

    def test_counts_are_sums(self, one: Mirror) -> None:
        """Invariant 9."""
        sums = Counts()
        for n in range(4):
            sums.add(one.commit(page(seen(1, str(n // 2), at=n), seen(n, at=n), calls=1)))
        one.commit(page(seen(1, stream="projects"), stream="projects", calls=5))
        assert one.counts()["issues"] == sums
        assert figures(one.counts()["projects"]) == {"read": 1, "inserted": 1, "calls": 5}

    def test_rejects_are_kept_once(self, one: Mirror) -> None:
        """Invariant 6."""
        odd, long = Reject("issues", "1", "no key", b"\0\xff"), b"x" * MIB
        assert one.commit(page(rejects=[odd])).rejected == 1
        assert one.commit(page(rejects=[odd, Reject("issues", "1", "why", long)])).rejected == 2
        one.commit(page(rejects=[Reject("issues", "2", "中文", b"\0\xff"), odd]))
        assert one.rejects() == [
            odd, Reject("issues", "1", "why", long), Reject("issues", "2", "中文", b"\0\xff"),
        ]  # fmt: skip
        assert one.counts()["issues"].rejected == 5

    def test_last_stamp_is_the_highest(self, one: Mirror) -> None:
        one.commit(page(seen(1, at=50), seen(2, at=70), seen(3, at=60)))
        assert one.last_stamp() == 70
        one.commit(page(seen(4, at=65)))
        one.commit(page())
        assert one.last_stamp() == 70

    # --- reading

    def test_records_in_chunks_by_first_sight(self, one: Mirror) -> None:
        for start in range(0, 1203, 401):
            one.commit(page(*(seen(n, scope=str(n % 2)) for n in range(start, start + 401))))
        one.commit(page(*(seen(n, "b", at=2, scope=str(n % 2)) for n in range(7, 1203, 100))))
        one.commit(page(gone(600, at=2)))
        keys = [int(f.record.key.strip("[]")) for f in one.records("issues")]
        assert keys == [n for n in range(1203) if n != 600]
        evens = [int(f.record.key.strip("[]")) for f in one.records("issues", "0")]
        assert evens == [n for n in range(0, 1203, 2) if n != 600]
        assert one.count("issues") == 1202 and one.count("issues", "0") == 601

    def test_records_may_be_read_while_pages_are_committed(self, one: Mirror) -> None:
        one.commit(page(*(seen(n) for n in range(1200))))
        found: list[str] = []
        for filed in one.records("issues"):
            if not found:
                one.commit(page(seen(0, "b", at=2), gone(1100, at=2), seen(5000, at=2)))
            found.append(filed.record.key)
        assert len(set(found)) == len(found)
        assert set(found) >= {f"[{n}]" for n in range(1100)}

    def test_unseen_and_scopes(self, one: Mirror) -> None:
        one.commit(page(seen(1, at=5), seen(2, at=6), seen(3, at=7), seen(4, at=5, scope="b")))
        assert one.unseen("issues", "1", 5) == []
        assert one.unseen("issues", "1", 7) == ["[1]", "[2]"]
        assert one.unseen("issues", "b", 7) == ["[4]"]
        one.commit(page(seen(1, at=8)))
        assert one.unseen("issues", "1", 7) == ["[2]"]
        assert one.scopes("issues") == ["1", "b"] and one.scopes("projects") == []

    @pytest.mark.parametrize("size", [0, 1, 8191, MIB])
    def test_bodies_of_every_size(self, one: Mirror, size: int) -> None:
        texts = ["x" * size, "中" * (size // 3)]
        for at, text in enumerate(texts, 1):
            one.commit(page(seen(1, text, at=at)))
        filed = one.get("issues", "[1]")
        assert filed is not None and filed.record.body == record(1, texts[1]).body
        assert one.log(0, 10)[-1].after == filed.record.body
        assert type(filed.record.body) is type(filed.record.digest) is bytes

    def test_odd_keys_are_told_apart(self, one: Mirror) -> None:
        for at in (1, 2):
            one.commit(page(*(seen(value, "a", at=at) for value in ODD_VALUES)))
        one.commit(page(*(seen(value, f"b{n}", at=3) for n, value in enumerate(ODD_VALUES))))
        keys = [make_key((value,)) for value in ODD_VALUES]
        assert [filed.record.key for filed in one.records("issues")] == keys
        assert figures(one.counts()["issues"]) == {
            "read": 3 * len(keys), "inserted": len(keys), "unchanged": len(keys),
            "updated": len(keys),
        }  # fmt: skip
        for n, key in enumerate(keys):
            filed = one.get("issues", key)
            assert filed is not None and filed.record.value() == {"Name": f"b{n}"}

    def test_odd_scopes_and_streams(self, one: Mirror) -> None:
        names = ["", " ", "'; --", '"', "%s", "?", "中文", "😀", "é", "e\u0301", "A", "a"]
        for name in names:
            one.commit(page(seen(name, scope=name), scope=name, cursor=Cursor(mark=1)))
            one.commit(page(seen(1, stream=name), stream=name))
        assert one.scopes("issues") == sorted(names)
        assert set(one.cursors("issues")) == set(names)
        assert set(one.counts()) == {"issues", *names}

    # --- log, prune

    def test_log_in_order_and_limits(self, one: Mirror) -> None:
        start = one.head()
        one.commit(page(*(seen(n) for n in range(20))))
        one.commit(page(*(seen(n, "b", at=2) for n in range(5))))
        offsets = [change.offset for change in one.log(start, 100)]
        assert offsets == list(range(start + 1, start + 26))
        assert [c.offset for c in one.log(offsets[4], 3)] == offsets[5:8]
        assert one.log(one.head(), 10) == [] and one.log(0, 0) == []
        assert (one.tail(), one.head()) == (start, offsets[-1])

    def test_where_a_moment_lies_in_the_log(self, one: Mirror) -> None:
        assert one.offset_at(START_MS) is None
        start = one.head()
        for number, after in enumerate((1, 2, 2, 5)):
            one.commit(page(seen(number), at=START_MS + after))
        found = [one.offset_at(START_MS + n) for n in (0, 1, 2, 3, 5, 6)]
        assert found == [None, start, start + 1, start + 3, start + 3, start + 4]

    def test_prune_by_age(self, one: Mirror) -> None:
        start = one.head()
        for n in range(4):
            one.commit(page(seen(n), at=START_MS + n))
        assert one.prune(before_ms=START_MS + 2, tombstones_before_ms=0) == 2
        assert one.tail() == start + 2 and [c.key for c in one.log(0, 9)] == ["[2]", "[3]"]
        assert one.prune(before_ms=START_MS + 99, tombstones_before_ms=0) == 2
        assert one.tail() == one.head() == start + 4
        assert one.count("issues") == 4
        one.commit(page(seen(9, at=2)))
        assert [c.offset for c in one.log(0, 9)] == [start + 5]

    def test_prune_leaves_no_hole_when_the_clock_stepped_back(self, one: Mirror) -> None:
        one.commit(page(seen(1), at=START_MS + 10))
        one.commit(page(seen(2), at=START_MS))
        one.commit(page(seen(3), at=START_MS + 10))
        assert one.prune(before_ms=START_MS + 5, tombstones_before_ms=0) == 0
        assert [c.key for c in one.log(one.tail(), 9)] == ["[1]", "[2]", "[3]"]

    def test_prune_drops_old_tombstones(self, one: Mirror) -> None:
        one.commit(page(seen(1), seen(2), seen(3)))
        one.commit(page(gone(1, at=2), at=START_MS))
        one.commit(page(gone(2, at=2), at=START_MS + 10))
        one.prune(before_ms=0, tombstones_before_ms=START_MS + 10)
        assert one.get("issues", "[1]") is None
        filed = one.get("issues", "[2]")
        assert filed is not None and filed.deleted
        assert one.commit(page(seen(1, at=3))).inserted == 1
        assert [f.record.key for f in one.records("issues")] == ["[3]", "[1]"]

    def test_prune_of_many(self, one: Mirror) -> None:
        start = one.head()
        for n in range(6):
            one.commit(page(*(seen(k, at=n, name=str(n)) for k in range(2000)), at=START_MS + n))
        assert one.prune(before_ms=START_MS + 5, tombstones_before_ms=0) == 10_000
        assert one.tail() == start + 10_000 and len(one.log(0, 99_999)) == 2000

    # --- any sequence

    @PROPERTY
    @given(data=st.data())
    def test_any_sequence_against_a_plain_model(self, mirror: Opened, data: st.DataObject) -> None:
        with closing(mirror()) as one:
            stream = f"s{next(_examples)}"  # each example has one of its own
            model = Model(stream)
            for _ in range(data.draw(st.integers(1, 5))):
                drawn = [in_stream(s, stream) for s in data.draw(st.lists(SIGHTINGS, max_size=8))]
                at = START_MS + data.draw(st.integers(0, 3))
                start = one.head()
                counts = one.commit(Page(stream, "1", at, drawn))
                model.take(drawn, at, start)
                assert figures(counts) == {k: v for k, v in model.last.items() if v}
                assert one.log(start, 1000) == model.changes(start)
                living = {k: f for k, f in model.filed.items() if not f.deleted}
                assert {f.record.key: f for f in one.records(stream)} == living
                assert {k: one.get(stream, k) for k in model.filed} == model.filed
                check_fold(one, stream, model)


_examples = itertools.count(1)
_STAMPS, _NUMBERS = st.integers(1, 5), st.integers(1, 4)
SIGHTINGS: st.SearchStrategy[Sighting] = st.one_of(  # few of all, so that they meet
    st.builds(
        lambda n, name, at, version, scope, partial, origin: Seen(
            record(n, name, version=version, scope=scope), at, origin, partial
        ),
        _NUMBERS, st.sampled_from("abc"), _STAMPS, st.none() | st.integers(1, 3),
        st.sampled_from("12"), st.booleans(), st.sampled_from(Origin),
    ),
    st.builds(lambda n, at: gone(n, at=at), _NUMBERS, _STAMPS),
)  # fmt: skip


def in_stream(sighting: Sighting, stream: str) -> Sighting:
    """The same in another stream."""
    if isinstance(sighting, Gone):
        return replace(sighting, stream=stream)
    return replace(sighting, record=replace(sighting.record, stream=stream))


@dataclass
class Model:
    """A mirror of one stream as a plain dict, written from the rules and not from the code."""

    stream: str
    filed: dict[str, OnFile] = field(default_factory=dict)
    log: list[Change] = field(default_factory=list)
    last: Counter[str] = field(default_factory=Counter)
    sums: Counter[str] = field(default_factory=Counter)

    def take(self, drawn: Sequence[Sighting], at: int, head: int) -> None:
        """One page."""
        self.last = Counter(read=len(drawn))
        for sighting in drawn:
            what = self._take(sighting, at, head)
            if what:
                self.last[what] += 1
                head += what in ("inserted", "updated", "deleted")
        self.sums += self.last

    def _take(self, sighting: Sighting, at: int, head: int) -> str:
        old = self.filed.get(sighting.key)
        living = old if old is not None and not old.deleted else None
        if old is not None and sighting.seen_at < old.seen_at:
            return "stale"
        if isinstance(sighting, Gone):
            if old is not None:
                deleted = OnFile(old.record, sighting.seen_at, old.offset, old.changed_at, True)
                self.filed[sighting.key] = deleted
            return self._put(sighting, Op.DELETE, living, None, at, head) if living else ""
        new = sighting.record
        if living is None:
            first = old is None and sighting.origin is Origin.SNAPSHOT
            return self._put(sighting, Op.READ if first else Op.INSERT, None, new, at, head)
        if None not in (new.version, living.record.version) and (
            (new.version or 0) < (living.record.version or 0)
        ):
            self.filed[sighting.key] = replace(living, seen_at=sighting.seen_at)  # it is there
            return "stale"
        if json.loads(new.body) == json.loads(living.record.body):
            self._saw(living, sighting)
            return "unchanged"
        return self._put(sighting, Op.UPDATE, living, new, at, head)

    def _saw(self, living: OnFile, sighting: Sighting) -> None:
        self.filed[sighting.key] = replace(living, seen_at=sighting.seen_at)

    def _put(
        self, sighting: Sighting, op: Op, before: OnFile | None, after: Record | None, at: int,
        head: int,
    ) -> str:  # fmt: skip
        old = self.filed.get(sighting.key)
        at = max(at, old.changed_at) if old else at
        change = Change(
            head + 1, self.stream, sighting.key, op, after.body if after else None,
            before.record.body if before else None, before.offset if before else 0,
            before.changed_at if before else 0, at, sighting.origin,
        )  # fmt: skip
        self.log.append(change)
        content = after or self.filed[sighting.key].record
        self.filed[sighting.key] = OnFile(content, sighting.seen_at, head + 1, at, after is None)
        return {Op.DELETE: "deleted", Op.UPDATE: "updated"}.get(op, "inserted")

    def changes(self, after: int) -> list[Change]:
        """The log behind an offset."""
        return [change for change in self.log if change.offset > after]


def check_fold(mirror: Mirror, stream: str, model: Model) -> None:
    """The records are what the log adds up to, and the counters what it holds."""
    contents: dict[str, bytes] = {}
    for change in mirror.log(0, 1_000_000):
        if change.stream == stream and change.after is None:
            assert contents.pop(change.key) == change.before
        elif change.stream == stream and change.after is not None:
            assert contents.get(change.key) == change.before
            contents[change.key] = change.after
    assert contents == {f.record.key: f.record.body for f in mirror.records(stream)}
    assert figures(mirror.counts()[stream]) == {k: v for k, v in model.sums.items() if v}
