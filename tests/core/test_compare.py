"""The comparison, case by case: the only place where a change is born."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.core.change import Counts, Op
from headrace.core.compare import Nothing, Verdict, compare
from headrace.core.record import (
    Gone,
    OnFile,
    Origin,
    Record,
    Seen,
    digest_of,
    encode_body,
)

POLL, SNAPSHOT, CENSUS, HOOK = Origin.POLL, Origin.SNAPSHOT, Origin.CENSUS, Origin.HOOK


def record(version: int | None = 5, **fields: Any) -> Record:
    body = encode_body({"Code": 1, **fields})
    return Record("issues", "[1]", "[]", version, digest_of(body), body)


def filed(
    seen_at: int = 100, *, version: int | None = 5, deleted: bool = False, **fields: Any
) -> OnFile:
    return OnFile(record(version, **fields), seen_at, offset=9, changed_at=1, deleted=deleted)


def seen(
    at: int = 200,
    *,
    version: int | None = 5,
    origin: Origin = POLL,
    partial: bool = False,
    **fields: Any,
) -> Seen:
    return Seen(record(version, **fields), at, origin, partial)


def gone(at: int = 200) -> Gone:
    return Gone("issues", "[1]", at, CENSUS, "asked")


CASES = {
    "first seen in a snapshot": (None, seen(origin=SNAPSHOT), Op.READ),
    "first seen in a poll": (None, seen(origin=POLL), Op.INSERT),
    "first seen in a census": (None, seen(origin=CENSUS), Op.INSERT),
    "first seen by a hook": (None, seen(origin=HOOK), Op.INSERT),
    "seen again": (filed(), seen(), Nothing.UNCHANGED),
    "seen again at the same moment": (filed(), seen(100), Nothing.UNCHANGED),
    "seen again in a snapshot": (filed(), seen(origin=SNAPSHOT), Nothing.UNCHANGED),
    "another content, later version": (filed(), seen(version=6, a=1), Op.UPDATE),
    "another content, same version": (filed(), seen(a=1), Op.UPDATE),
    "another content, no version now": (filed(), seen(version=None, a=1), Op.UPDATE),
    "another content, no version before": (filed(version=None), seen(a=1), Op.UPDATE),
    "another content, never a version": (
        filed(version=None),
        seen(version=None, a=1),
        Op.UPDATE,
    ),
    "another content, older version": (filed(), seen(version=4, a=1), Nothing.STALE),
    "another content, asked earlier": (filed(), seen(99, version=6, a=1), Nothing.STALE),
    "the same content, asked earlier": (filed(), seen(99), Nothing.STALE),
    "a later version of equal content": (filed(), seen(version=6), Nothing.UNCHANGED),
    "gone": (filed(), gone(), Op.DELETE),
    "gone at the same moment": (filed(), gone(100), Op.DELETE),
    "gone, asked earlier": (filed(), gone(99), Nothing.STALE),
    "gone, never seen": (None, gone(), Nothing.ABSENT),
    "gone, gone before": (filed(deleted=True), gone(), Nothing.ABSENT),
    "gone, gone before, asked earlier": (filed(deleted=True), gone(99), Nothing.STALE),
    "seen after it went": (filed(deleted=True), seen(), Op.INSERT),
    "seen after it went, an old version": (
        filed(deleted=True),
        seen(version=1, a=1),
        Op.INSERT,
    ),
    "seen after it went, asked earlier": (filed(deleted=True), seen(99), Nothing.STALE),
    "a part, the same": (filed(a=1, b=2), seen(partial=True, a=1), Nothing.UNCHANGED),
    "a part, another": (filed(a=1, b=2), seen(partial=True, a=3), Op.UPDATE),
    "a part, older": (filed(a=1, b=2), seen(partial=True, version=4, a=3), Nothing.STALE),
}


@pytest.mark.parametrize("case", CASES)
def test_every_case(case: str) -> None:
    on_file, sighting, wanted = CASES[case]
    verdict = compare(on_file, sighting)
    assert (verdict.op if isinstance(verdict, Verdict) else verdict) == wanted


def test_a_delete_has_no_content() -> None:
    verdict = compare(filed(), gone())
    assert verdict == Verdict(Op.DELETE, None)


def test_a_part_speaks_only_for_its_own_fields() -> None:
    verdict = compare(filed(a=1, b=2), seen(partial=True, a=3))
    assert isinstance(verdict, Verdict) and verdict.record is not None
    assert verdict.record.value() == {"Code": 1, "a": 3, "b": 2}
    assert verdict.record.digest == record(a=3, b=2).digest


def test_a_part_may_clear_a_field() -> None:
    verdict = compare(filed(a=1), seen(partial=True, a=None))
    assert isinstance(verdict, Verdict) and verdict.record is not None
    assert verdict.record.value() == {"Code": 1, "a": None}


sightings = st.lists(
    st.one_of(
        st.builds(
            lambda at, version, a: seen(at, version=version, a=a),
            st.integers(0, 30), st.none() | st.integers(1, 4), st.integers(0, 3),
        ),
        st.builds(gone, st.integers(0, 30)),
    ),
    max_size=12,
)  # fmt: skip


def replay(steps: list[Seen | Gone], on_file: OnFile | None = None) -> OnFile | None:
    """What the mirror does with verdicts."""
    for sighting in steps:
        verdict = compare(on_file, sighting)
        if isinstance(verdict, Verdict):
            kept = verdict.record or (on_file.record if on_file else None)
            assert kept is not None
            on_file = OnFile(kept, sighting.seen_at, 1, 1, isinstance(sighting, Gone))
        elif verdict is Nothing.UNCHANGED and on_file is not None:
            on_file = OnFile(on_file.record, sighting.seen_at, 1, 1, on_file.deleted)
    return on_file


@given(sightings)
def test_replaying_changes_nothing_more(steps: list[Seen | Gone]) -> None:
    """Invariant 5: the same page again, in the same order, leaves the same record."""
    in_order = sorted(steps, key=lambda s: s.seen_at)
    distinct = list({s.seen_at: s for s in in_order}.values())
    once = replay(distinct)
    again = replay(distinct, once)
    assert (once and (once.record, once.deleted)) == (again and (again.record, again.deleted))


def unversioned(sighting: Seen | Gone) -> Seen | Gone:
    if isinstance(sighting, Gone):
        return sighting
    return seen(sighting.seen_at, version=None, a=sighting.record.value().get("a"))


@given(sightings, st.randoms())
def test_order_of_arrival_does_not_matter_for_the_last_word(
    steps: list[Seen | Gone], dice: Any
) -> None:
    """Without versions, the sighting asked for last wins, in whatever order they arrive."""
    plain = {s.seen_at: unversioned(s) for s in steps}
    shuffled = list(plain.values())
    dice.shuffle(shuffled)
    if not any(isinstance(s, Seen) for s in shuffled):
        return
    last = max(shuffled, key=lambda s: s.seen_at)
    found = replay(shuffled)
    if isinstance(last, Seen):
        assert found is not None and not found.deleted
        assert found.record.body == last.record.body
    elif found is not None and found.seen_at == last.seen_at:
        assert found.deleted


def test_op_letters_are_those_of_debezium() -> None:
    assert [op.letter for op in (Op.READ, Op.INSERT, Op.UPDATE, Op.DELETE)] == list("rcud")


def test_counts_add_up() -> None:
    total = Counts(read=1, updated=2)
    total.add(Counts(read=3, deleted=1))
    assert (total.read, total.updated, total.deleted) == (4, 2, 1)
    assert total.as_dict()["read"] == 4
