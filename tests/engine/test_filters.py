"""Filters of a task: what leaves is deleted, what comes is inserted, in each write mode."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from tests.engine.bench_world import Bench

from headrace.coding.streams import find
from headrace.core.learning import Learned
from headrace.core.record import decode_json, make_key
from headrace.destinations.memory import MemoryDestination, MemoryStorage
from headrace.engine.apply import Apply
from headrace.engine.filters import kept, parse_filters
from headrace.engine.modes import Deletes, Write
from headrace.engine.tables import TaskTables
from headrace.engine.verify import compare_stream
from headrace.errors import Refused, Unavailable

MODES = [
    (Write.MIRROR, Deletes.SOFT), (Write.MIRROR, Deletes.HARD), (Write.HISTORY, Deletes.SOFT),
    (Write.CHANGES, Deletes.SOFT),
]  # fmt: skip


class Flaky(MemoryDestination):
    """Loses the answer to every third write."""

    writes = 0

    def write(self, *args: Any) -> None:
        super().write(*args)
        self.writes += 1
        if self.writes % 3 == 0:
            raise Unavailable("The answer was lost.")


def carrier(bench: Bench, storage: MemoryStorage, *wanted: str, **changes: Any) -> Apply:
    filters = parse_filters(wanted, bench.streams)
    task = replace(bench.task, name="filtered", filters=filters, **changes)
    return Apply(task=task, mirror=bench.mirror, destination=Flaky(storage), limits=bench.limits)


def level(apply: Apply) -> None:
    """Carried over, however often an answer is lost."""
    while True:
        try:
            apply.drain()
            return
        except Unavailable:
            continue


def assert_exact(bench: Bench, apply: Apply) -> None:
    """What the mirror has of what the filters keep, child tables too; nothing else."""
    task, learned = apply._task, bench.mirror.learned()
    if task.write is Write.CHANGES:
        assert replayed(bench, apply, learned) == {
            f.record.key for f in kept(task.filters, "issues", bench.mirror.records("issues"))
        }
        return
    tables = TaskTables(bench.streams, task.write, task.deletes, learned=learned)

    def records(name: str) -> Any:
        return kept(task.filters, name, bench.mirror.records(name))

    for stream in bench.streams:
        wanted = partial(records, stream.name)
        for verdict in compare_stream(tables, stream.name, wanted, apply._destination):
            assert verdict.equal, (task.write, verdict)


def replayed(bench: Bench, apply: Apply, learned: Learned) -> set[str]:
    """The keys that the table of changes leads to."""
    tables = TaskTables(bench.streams, Write.CHANGES, Deletes.SOFT, learned=learned)
    table = next(table for table in tables.all() if table.name == "issues")
    names = ("_offset", "project_id", "code", "_op")
    rows = [
        row
        for chunk in apply._destination.read(table)
        for row in zip(*(chunk.values[n] for n in names), strict=True)
    ]
    last = {make_key((project, code)): op for _, project, code, op in sorted(rows)}
    return {key for key, op in last.items() if op != "d"}


@pytest.mark.parametrize(("write", "deletes"), MODES)
@pytest.mark.parametrize("seed", range(3))
def test_it_is_exact_while_the_team_lives(write: Write, deletes: Deletes, seed: int) -> None:
    """Rows come into the filter and leave it; the process dies and answers are lost meanwhile."""
    bench = Bench(issues=12, seed=seed, projects=2)
    wanted = ("issues.Priority=2", "issues.priority=1", "issues.IssueStatusType=TODO")
    storage = MemoryStorage()
    apply = carrier(bench, storage, *wanted, write=write, deletes=deletes)
    entered = left = 0
    for act in range(120):
        before = {f.record.key for f in kept(apply._task.filters, "issues",
                                             bench.mirror.records("issues"))}  # fmt: skip
        bench.clock.advance(20_000)
        bench.team.step(bench.now_ms)
        bench.turn()
        if act % 10 == 0:
            project = bench.team.projects[bench.project]
            if codes := project.codes():
                bench.update(codes[act % len(codes)], priority=str(act // 10 % 3))
                bench.poll()
        level(apply)
        assert_exact(bench, apply)
        after = {f.record.key for f in kept(apply._task.filters, "issues",
                                            bench.mirror.records("issues"))}  # fmt: skip
        entered, left = entered + len(after - before), left + len(before - after)
        if act % 17 == 16:
            apply = carrier(bench, storage, *wanted, write=write, deletes=deletes)
    assert entered > 3 and left > 3
    assert apply.progress.filtered["issues"] or apply.progress.changes == 0


def test_a_row_that_leaves_is_deleted_and_comes_back() -> None:
    bench = Bench(issues=6)
    bench.turn()
    code = bench.first_code()
    bench.update(code, priority="1")
    bench.poll()
    apply = carrier(bench, MemoryStorage(), "issues.Priority=1")
    level(apply)
    assert apply.progress.counts["issues"].read + apply.progress.filtered["issues"] == 6
    read = apply.progress.counts["issues"].read
    bench.update(code, priority="2")
    bench.poll()
    level(apply)
    bench.update(code, name="seen by nobody")
    bench.poll()
    level(apply)
    counts = apply.progress.counts["issues"]
    assert (counts.inserted, counts.updated, counts.deleted) == (0, 0, 1)
    bench.update(code, priority="1")
    bench.poll()
    level(apply)
    assert (counts.read, counts.inserted, counts.updated, counts.deleted) == (read, 1, 0, 1)
    assert_exact(bench, apply)


@pytest.mark.parametrize("write", [Write.MIRROR, Write.HISTORY])
def test_another_filter_fills_again(write: Write) -> None:
    bench = Bench(issues=6)
    bench.turn()
    bench.update(bench.first_code(), priority="1")
    bench.poll()
    storage = MemoryStorage()
    level(carrier(bench, storage, "issues.Priority=1", write=write))
    for wanted in (["issues.Priority=2", "issues.Priority=0"], [], ["issues.Priority=1"]):
        other = carrier(bench, storage, *wanted, write=write)
        level(other)
        assert_exact(bench, other)
        assert "issues" in [*other.progress.filled, *other.progress.refilled]
        level(same := carrier(bench, storage, *wanted, write=write))
        assert same.progress.filled == same.progress.refilled == []


def test_a_filter_that_keeps_nothing_does_not_fill_again_and_again() -> None:
    bench = Bench(issues=6)
    bench.turn()
    storage = MemoryStorage()
    level(carrier(bench, storage, "issues.Priority=none"))
    again = carrier(bench, storage, "issues.Priority=none")
    level(again)
    again.look_after_tables()
    assert again.progress.filled == again.progress.refilled == []


def test_a_replayed_reject_that_is_filtered_now_stays_out() -> None:
    bench = Bench(issues=4)
    bench.turn()
    apply = carrier(bench, MemoryStorage(), "issues.Priority=none")
    level(apply)
    key = next(iter(bench.mirror.records("issues"))).record.key
    apply._rejects._keys["issues"] = {key}
    try:
        apply.replay_rejects()
    except Unavailable:
        apply.replay_rejects()
    assert apply.rejected == 0
    assert_exact(bench, apply)


def test_a_pattern_means_the_streams_that_have_the_field() -> None:
    streams = find(["issues", "iterations", "projects"])
    found = parse_filters(["*.ProjectId=2001", "issues.type=DEFECT", "issues.Type=EPIC"], streams)
    assert set(found) == {"issues", "iterations"}
    assert found["issues"].wanted == {
        "ProjectId": frozenset({"2001"}), "Type": frozenset({"DEFECT", "EPIC"})
    }  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "issues", "issues=1", ".Type=1", "issues.=1", "isues.Type=1", "issues.Tpye=1"]
)
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(Refused) as caught:
        parse_filters([text], find(["issues"]))
    assert caught.value.advice


def test_values_are_held_against_their_texts() -> None:
    [own] = parse_filters(["issues.Code=7", "issues.Iteration.Name="], find(["issues"])).values()
    assert own.keeps(b'{"Code": 7}') and own.keeps(b'{"Code": "7", "Iteration": {"Name": null}}')
    assert not own.keeps(b'{"Code": 70}') and not own.keeps(b'{"Code":7,"Iteration":{"Name":"x"}}')
    flags = parse_filters(["issues.IssueTypeDetail.IsSystem=true"], find(["issues"]))["issues"]
    assert flags.keeps(b'{"IssueTypeDetail": {"IsSystem": true}}')
    assert decode_json(b"8.0") == 8


# --- changes only ---------------------------------------------------------------------------------


def test_changes_from_a_moment() -> None:
    bench = Bench(issues=6)
    bench.turn()
    code = bench.first_code()
    bench.update(code, name="before")
    bench.poll()
    bench.clock.advance(5_000)
    moment = bench.clock.now_ms()
    bench.update(code, name="after")
    bench.poll()
    storage = MemoryStorage()
    apply = carrier(bench, storage, since_ms=moment)
    level(apply)
    names = [row for chunk in apply._destination.read(bench.table("issues"))
             for row in chunk.values["name"]]  # fmt: skip
    assert names == ["after"]
    level(carrier(bench, storage, since_ms=0))  # it goes on where it was
    again = carrier(bench, storage, since_ms=moment)
    level(again)
    again.look_after_tables()
    assert again.progress.filled == again.progress.refilled == []


def test_a_log_that_does_not_go_back_so_far_says_so() -> None:
    bench = Bench(issues=6)
    empty = carrier(bench, MemoryStorage(), since_ms=bench.now_ms - 1)
    with pytest.raises(Refused, match="log is empty"):
        level(empty)
    bench.turn()
    with pytest.raises(Refused, match="log begins at 20") as caught:
        level(carrier(bench, MemoryStorage(), since_ms=bench.now_ms - 3_600_000))
    assert caught.value.advice


@pytest.mark.parametrize("changes", [{"now": True}, {"since_ms": 2**45}])
def test_a_task_of_changes_only_stays_empty_until_one_comes(changes: dict[str, Any]) -> None:
    """Also after a restart: an empty table lacks nothing."""
    bench = Bench(issues=6)
    bench.turn()
    storage = MemoryStorage()
    for _ in range(2):
        apply = carrier(bench, storage, **changes)
        level(apply)
        apply.look_after_tables()
        rows = [len(chunk) for chunk in apply._destination.read(bench.table("issues"))]
        assert sum(rows) == 0
        assert apply.progress.filled == apply.progress.refilled == []
