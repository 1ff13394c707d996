"""What others lost or doubled when a process, a file or a table went away."""

from __future__ import annotations

import sqlite3
from random import Random

import pytest
from tests.engine.bench_world import POLL_SECONDS, START_MS, Bench, Crash, crash

from headrace.core.change import Op
from headrace.engine.capture import Kind
from headrace.engine.modes import Write
from headrace.errors import Fenced, Unavailable
from headrace.testing.faults import FaultyDestination

LIST = "DescribeIssueListWithPage"


def test_restart_in_the_middle_of_a_snapshot() -> None:
    """A page, a crash, a page: others began at the first page with a state that said "done", or
    counted all rows twice."""
    bench = Bench(issues=12, page=3)
    bench.wire.before(LIST, 3, crash)
    with pytest.raises(Crash):
        bench.turn()
    assert 0 < bench.mirror.count("issues") < 12
    bench.boot().turn().assert_exact()
    assert bench.counts("issues").inserted == 12


def test_changed_between_the_pages_of_a_snapshot() -> None:
    """What changed between the first look and the change feed's beginning was lost (handover)."""
    bench = Bench(issues=12, page=3)
    for nth in range(1, 6):
        bench.wire.before(LIST, nth, lambda nth=nth: bench.update(13 - nth, name=f"late {nth}"))
    bench.turn()
    bench.poll().assert_exact()


@pytest.mark.parametrize("nth", range(1, 8))
def test_crash_at_any_request_of_a_delta_pass(nth: int) -> None:
    """A checkpoint saved before its rows skipped them after the crash; here the mark moves with
    the last page of a whole pass."""
    bench = Bench(issues=12, page=3)
    bench.turn()
    bench.clock.advance(1000)
    for code in range(1, 13):
        bench.update(code, priority="3")
    mark = bench.mirror.cursor("issues", "[101]").mark
    bench.wire.before(LIST, nth, crash)
    try:
        bench.poll()
    except Crash:
        assert bench.mirror.cursor("issues", "[101]").mark == mark
        bench.boot().poll()
    bench.assert_exact()
    assert bench.counts("issues").updated == 12


def test_mirror_deleted_but_destination_kept() -> None:
    """A lost state file made a tool append all rows again; here the task is filled anew, and rows
    deleted meanwhile go too."""
    for write in (Write.MIRROR, Write.CHANGES):
        bench = Bench(issues=8, write=write)
        bench.turn()
        bench.delete(bench.team.projects[bench.project].codes()[-1])
        bench.file = sqlite3.connect(":memory:", isolation_level=None)
        bench.clock.advance(60_000)
        bench.boot().turn()
        left = len(bench.team.rows("issues"))
        assert len(bench.rows("issues")) == left
        assert "issues" in bench.apply.progress.refilled
        bench.update(1, name="goes on")
        bench.poll()
        assert bench.apply.lag == 0


def test_destination_table_dropped_by_hand() -> None:
    """Somebody dropped a table: the sync went on into a new one that lacked all older rows."""
    bench = Bench(issues=8)
    bench.turn()
    del bench.storage.tables["issues"]
    bench.update(1, name="while it was gone")
    bench.poll().assert_exact()
    assert "issues" in bench.apply.progress.filled
    assert bench.row(1)["name"] == "while it was gone"


def test_rows_and_checkpoint_whose_answer_was_lost() -> None:
    """A commit went through, its answer did not, and the retry doubled every row."""
    bench = Bench(issues=8, write=Write.CHANGES)
    bench.turn()
    inner = bench.apply._destination
    bench.apply._destination = FaultyDestination(
        inner, dice=Random(3), rate=1.0, clock=bench.clock
    )  # refuses, breaks off, or loses the answer, always
    for code in (1, 2, 3):
        bench.update(code, name="once")
        bench.poll()
    assert ("", "task 0") in bench.worker.report.failures
    bench.apply._destination = inner
    bench.clock.advance(600_000)
    bench.turn()
    assert len(bench.rows("issues")) == len(bench.log("issues"))
    assert bench.apply.lag == 0


def test_two_agents_on_one_task() -> None:
    """A process thought dead woke up and wrote old rows over new ones; here it is fenced."""
    bench = Bench(issues=8)
    bench.turn()
    old = bench.apply
    bench.boot()
    bench.update(1, name="new")
    bench.poll()
    bench.update(2, name="newer")
    bench.run("issues", Kind.POLL)
    with pytest.raises(Fenced):
        old.drain()
    bench.apply.drain()
    bench.assert_exact()


def test_log_cut_behind_a_tasks_back() -> None:
    """A consumer that was away too long went on behind the gap, without a word; here its tables
    are filled again, and the progress says so."""
    bench = Bench(issues=8)
    bench.turn()
    bench.update(1, name="never in the log that is left")
    bench.run("issues", Kind.POLL)
    bench.delete(bench.team.projects[bench.project].codes()[-1])
    bench.clock.advance(1000)
    bench.run("issues", Kind.CENSUS)
    bench.mirror.prune(before_ms=bench.now_ms + 1, tombstones_before_ms=bench.now_ms + 1)
    bench.apply.drain()
    bench.assert_exact()
    assert bench.apply.progress.refilled == ["projects", "issues"]


@pytest.mark.parametrize("booted", [True, False])
@pytest.mark.parametrize("minutes", [5, 60, 24 * 60])
def test_clock_stepped_back(minutes: int, booted: bool) -> None:
    """The clock was set back: "newer" rows looked older and were dropped, and the next run was
    planned a day from now; here order comes from stamps that only rise, and the next pass is due
    within a census interval."""
    bench = Bench(issues=8)
    bench.turn()
    bench.clock.advance(-minutes * 60_000)
    bench.team.update_issue(bench.project, 1, now_ms=START_MS + 1000, name="after the step")
    if booted:
        bench.boot()
    bench.settle()
    assert bench.row(1)["name"] == "after the step"
    bench.assert_exact()


def test_clock_stepped_back_keeps_the_log_whole() -> None:
    """The log was pruned by time; entries written under a wrong clock were cut out of its middle,
    and a consumer went past them without a word."""
    bench = Bench(issues=8)
    bench.turn()
    offset = bench.mirror.head()
    bench.clock.advance(-10 * 86_400_000)  # a clock ten days behind, for one poll
    bench.update(1, touch=False, name="under a wrong clock")
    bench.run("issues", Kind.CENSUS)
    bench.clock.advance(10 * 86_400_000 + 60_000)
    bench.update(2, name="under the right clock")
    bench.run("issues", Kind.POLL)
    bench.mirror.prune(before_ms=bench.now_ms - 3 * 86_400_000, tombstones_before_ms=0)
    assert bench.mirror.tail() >= offset + 1 or len(bench.mirror.log(offset, 10)) == 2
    bench.apply.drain()
    bench.assert_exact()


def test_restarted_every_minute() -> None:
    """A process restarted more often than its interval never polled, or always read everything."""
    bench = Bench(issues=8)
    bench.turn()
    calls = bench.wire.times(LIST)
    for minute in range(1, 6):
        bench.update(minute, name=f"minute {minute}")
        bench.clock.advance(POLL_SECONDS * 1000 + 1)
        bench.boot().turn()
    bench.assert_exact()
    assert bench.wire.times(LIST) - calls == 5
    assert [c.op for c in bench.log("issues")].count(Op.UPDATE) == 5


def test_destination_away_for_an_hour() -> None:
    """The destination was down: the source's position moved on and the hour was missing."""
    bench = Bench(issues=8)
    bench.turn()
    inner = bench.apply._destination

    class Away:
        def __getattr__(self, name: str) -> object:
            raise Unavailable("The destination is away.")

    bench.apply._destination = Away()  # type: ignore[assignment]
    for code in (1, 2, 3):
        bench.update(code, name="in the dark hour")
        bench.poll()
    bench.delete(bench.team.projects[bench.project].codes()[-1])
    bench.settle()
    bench.apply._destination = inner
    bench.clock.advance(600_000)
    bench.turn()
    bench.assert_exact()
