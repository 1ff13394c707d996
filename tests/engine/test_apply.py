"""A task: filled from the mirror, then following its log, in each write mode."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from tests.engine.bench_world import Bench, Row

from headrace.core.ports import Checkpoint
from headrace.core.record import decode_json
from headrace.core.rejects import REJECTS
from headrace.destinations.memory import MemoryDestination, MemoryStorage
from headrace.engine.apply import Apply
from headrace.engine.capture import Kind
from headrace.engine.limits import Limits
from headrace.engine.modes import Deletes, Write
from headrace.errors import Fenced, Unavailable

SMALL = Limits(poll_seconds=60, census_seconds=600, apply_rows_max=3)


def opened(bench: Bench, **changes: Any) -> Apply:
    """Another task on the bench's mirror, with a destination of its own."""
    task = replace(bench.task, name="another", **changes)
    apply = Apply(
        task=task, mirror=bench.mirror, destination=MemoryDestination(MemoryStorage()),
        limits=bench.limits,
    )  # fmt: skip
    apply.open()
    return apply


def live(bench: Bench, acts: int) -> None:
    """The team lives, and all it does is captured and carried over."""
    for _ in range(acts):
        bench.clock.advance(20_000)
        bench.team.step(bench.now_ms)
        bench.turn()
    bench.settle()


def test_new_task_is_filled_without_a_call() -> None:
    bench = Bench(issues=8)
    live(bench, 20)
    calls = len(bench.wire.asked)
    late = opened(bench)
    assert late.progress.filled == ["projects", "issues"]
    assert late.progress.refilled == []
    assert late.lag == 0
    assert len(bench.wire.asked) == calls
    bench.destination, bench.storage = late._destination, late._destination.storage  # type: ignore[assignment,attr-defined]
    bench.assert_exact()


def test_it_follows_the_log_from_there() -> None:
    bench = Bench(issues=8)
    bench.turn()
    late = opened(bench)
    bench.update(1, name="followed")
    bench.run("issues", Kind.POLL)
    assert late.lag == 1
    assert late.step() == 1
    assert late.lag == 0
    assert late.step() == 0
    assert late.progress.changes == 1


def test_it_goes_on_where_it_was_after_a_restart() -> None:
    bench = Bench(issues=8)
    bench.turn()
    bench.update(1, name="while it was down")
    bench.run("issues", Kind.POLL)
    bench.boot()
    assert bench.apply.progress.filled == bench.apply.progress.refilled == []
    assert bench.apply.drain() == 1
    bench.assert_exact()


def test_small_steps_end_level() -> None:
    bench = Bench(issues=20, limits=SMALL)
    bench.turn()
    for code in range(1, 21):
        bench.update(code, priority="0")
    bench.run("issues", Kind.POLL)
    assert bench.apply.step() == 3
    assert bench.apply.drain() == 17
    bench.assert_exact()


def test_fallen_off_the_logs_end_is_refilled_and_noted() -> None:
    bench = Bench(issues=8)
    bench.turn()
    bench.update(1, name="pruned before it was read")
    bench.run("issues", Kind.POLL)
    bench.mirror.prune(before_ms=bench.now_ms + 1, tombstones_before_ms=0)
    bench.apply.drain()
    assert bench.apply.progress.refilled == ["projects", "issues"]
    bench.assert_exact()


def test_fallen_while_it_was_down() -> None:
    bench = Bench(issues=8)
    bench.turn()
    bench.update(1, name="pruned while it was down")
    bench.run("issues", Kind.POLL)
    bench.mirror.prune(before_ms=bench.now_ms + 1, tombstones_before_ms=0)
    bench.boot()
    assert bench.apply.progress.refilled == ["projects", "issues"]
    bench.assert_exact()


def test_pruned_log_does_not_disturb_a_task_that_is_level() -> None:
    bench = Bench(issues=8)
    bench.turn()
    bench.mirror.prune(before_ms=bench.now_ms + 1, tombstones_before_ms=0)
    bench.update(1, name="afterwards")
    bench.poll()
    assert bench.apply.progress.refilled == []
    bench.assert_exact()


def test_late_writer_is_fenced() -> None:
    bench = Bench(issues=8)
    bench.turn()
    old = bench.apply
    bench.boot()
    bench.update(1, name="new")
    bench.run("issues", Kind.POLL)
    with pytest.raises(Fenced):
        old.drain()
    assert bench.row(1)["name"] != "new"
    bench.apply.drain()
    assert bench.row(1)["name"] == "new"


def test_write_that_fails_leaves_the_offset_where_it_was() -> None:
    bench = Bench(issues=8)
    bench.turn()
    bench.update(1, name="later")
    bench.run("issues", Kind.POLL)
    lag = bench.apply.lag
    true = bench.apply._destination

    class Refusing(MemoryDestination):
        def write(self, batches: Any, checkpoint: Checkpoint) -> None:
            raise Unavailable("The disk is full.")

    bench.apply._destination = Refusing(bench.storage)
    with pytest.raises(Unavailable):
        bench.apply.drain()
    assert bench.apply.lag == lag == 1
    bench.apply._destination = true
    bench.apply.drain()
    bench.assert_exact()


@pytest.mark.parametrize("deletes", Deletes)
def test_mirror_mode(deletes: Deletes) -> None:
    bench = Bench(issues=12, deletes=deletes, seed=4)
    bench.turn()
    live(bench, 60)
    bench.assert_exact()
    dead = [row for row in bench.rows("issues", dead=True) if row["_deleted_at"]]
    assert bool(dead) is (deletes is Deletes.SOFT)
    assert bench.counts("issues").deleted > 0


@pytest.mark.parametrize("write", Write)
def test_replay_leaves_the_same_rows(write: Write) -> None:
    """Invariant 5: the whole log again, from the first change on."""
    bench = Bench(issues=10, write=write, limits=SMALL)
    bench.turn()
    live(bench, 40)
    tables = ("issues", "issue_labels", "issue_custom_fields", "issue_assignees")
    before = {name: sorted(map(repr, bench.rows(name, dead=True))) for name in tables}
    writer = bench.apply._tables.writers["issues"]
    changes = bench.log("issues")
    at = bench.mirror.head()
    for start in range(0, len(changes), 7):
        batches = writer.changes(changes[start : start + 7])
        bench.destination.write(batches, Checkpoint("copy", bench.apply._epoch, {"issues": at}))
    after = {name: sorted(map(repr, bench.rows(name, dead=True))) for name in tables}
    assert before == after


def versions(bench: Bench) -> dict[tuple[int, int], list[Row]]:
    found = defaultdict(list)
    for row in bench.rows("issues", dead=True):
        found[row["project_id"], row["code"]].append(row)
    return {key: sorted(rows, key=lambda row: row["_offset"]) for key, rows in found.items()}


@pytest.mark.parametrize("restarts", [False, True])
def test_history_has_no_gaps_and_no_overlaps(restarts: bool) -> None:
    bench = Bench(issues=10, write=Write.HISTORY, limits=SMALL)
    bench.turn()
    for _ in range(5):
        live(bench, 12)
        if restarts:
            bench.boot()
    living = bench.team.rows("issues")
    for key, rows in versions(bench).items():
        for one, following in pairwise(rows):
            assert one["valid_to"] == following["valid_from"]
        assert (rows[-1]["valid_to"] is None) is (key in living)
        assert all(row["valid_to"] is None or row["valid_from"] <= row["valid_to"] for row in rows)
    changed = [c for c in bench.log("issues") if c.after is not None]
    assert sum(map(len, versions(bench).values())) == len(changed)


def test_history_keeps_the_children_of_every_version() -> None:
    bench = Bench(issues=4, write=Write.HISTORY)
    bench.team.set_labels(bench.project, 1, ["a", "b"], now_ms=bench.now_ms)
    bench.turn()
    bench.clock.advance(1000)
    bench.team.set_labels(bench.project, 1, ["c"], now_ms=bench.now_ms)
    bench.poll()
    rows = [row for row in bench.rows("issue_labels") if row["code"] == 1]
    closed = {row["label_name"] for row in rows if row["valid_to"] is not None}
    opened_now = {row["label_name"] for row in rows if row["valid_to"] is None}
    assert (closed, opened_now) == ({"a", "b"}, {"c"})


def test_history_when_the_clock_steps_back() -> None:
    """No version ends before it begins."""
    bench = Bench(issues=4, write=Write.HISTORY)
    bench.turn()
    bench.clock.advance(-3_600_000)
    bench.update(1, touch=False, name="under an earlier clock")
    bench.run("issues", Kind.CENSUS)
    bench.apply.drain()
    rows = versions(bench)[bench.project, 1]
    assert len(rows) == 2
    assert all(row["valid_to"] is None or row["valid_from"] <= row["valid_to"] for row in rows)


def test_changes_mode_is_the_log() -> None:
    bench = Bench(issues=10, write=Write.CHANGES, limits=SMALL)
    bench.turn()
    live(bench, 40)
    rows = {row["_offset"]: row for row in bench.rows("issues", dead=True)}
    log = bench.log("issues")
    assert list(rows) == [change.offset for change in log]
    for change in log:
        row = rows[change.offset]
        body = decode_json(change.after or change.before or b"{}")
        assert (row["_op"], row["code"], row["name"]) == (
            change.op.letter,
            body["Code"],
            body["Name"],
        )
        assert row["_changed_at"] == change.at


def test_task_of_some_streams_ignores_the_others() -> None:
    bench = Bench("issues", "iterations", issues=8)
    bench.turn()
    late = opened(bench, streams=(bench.stream("iterations"),))
    bench.update(1, name="not for this one")
    bench.poll()
    late.drain()
    assert late.lag == 0
    assert set(late._destination.storage.tables) - {REJECTS.name} == {"iterations"}  # type: ignore[attr-defined]


def test_empty_team() -> None:
    bench = Bench(issues=0)
    bench.turn()
    assert bench.rows("issues") == []
    bench.assert_exact()


def test_task_without_streams_is_level() -> None:
    bench = Bench(issues=4)
    bench.turn()
    idle = opened(bench, streams=())
    idle.step()
    assert idle.step() == 0
