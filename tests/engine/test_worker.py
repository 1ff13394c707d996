"""The worker: what is due when, and what one failure may stop."""

from __future__ import annotations

from itertools import pairwise

import pytest
from tests.engine.bench_world import CENSUS_SECONDS, POLL_SECONDS, Bench, failing

from headrace.engine.limits import Limits
from headrace.errors import BadToken, HeadraceError, Stopped, Unavailable

LIST = "DescribeIssueListWithPage"
SPRINTS = "DescribeIterationList"


def test_one_table_that_fails_does_not_stop_the_rest() -> None:
    bench = Bench("issues", "iterations", "project_members", issues=8)
    bench.set(failing={SPRINTS: "InternalError"})
    bench.turn()
    assert len(bench.codes()) == 8
    assert bench.rows("project_members")
    assert set(bench.worker.report.failures) == {("iterations", f"[{bench.project}]")}
    bench.update(1, name="goes on")
    bench.poll()
    assert bench.row(1)["name"] == "goes on"


def test_one_project_that_fails_does_not_stop_the_others() -> None:
    bench = Bench(projects=3, issues=12)
    for nth in (1, 2, 3):
        bench.wire.before(LIST, nth, failing("InternalError"))
    bench.turn()
    assert len(bench.codes()) == 8
    assert len(bench.worker.report.failures) == 1


def test_once_reads_what_it_can_and_then_raises_the_first_failure() -> None:
    bench = Bench("issues", "iterations", issues=8)
    bench.set(failing={SPRINTS: "InternalError"})
    with pytest.raises(Unavailable, match=SPRINTS):
        bench.worker.once()
    assert len(bench.codes()) == 8
    bench.set(failing={})
    bench.boot().worker.once()
    bench.assert_exact()


def test_once_twice_changes_nothing() -> None:
    bench = Bench("issues", "iterations", "project_members", "issue_fields", issues=8)
    bench.worker.once()
    head = bench.mirror.head()
    bench.worker.once()
    assert bench.mirror.head() == head
    bench.assert_exact()


def test_once_finds_deletes_too() -> None:
    bench = Bench("issues", "project_members", issues=8)
    bench.worker.once()
    bench.delete(bench.team.projects[bench.project].codes()[-1])
    member = list(bench.team.projects[bench.project].roles)[-1]
    bench.team.remove_member(bench.project, member, now_ms=bench.now_ms)
    bench.boot().worker.once()
    bench.assert_exact()


def test_bad_token_stops_at_once() -> None:
    bench = Bench("issues", "iterations", issues=8)
    bench.turn()
    bench.playground.revoke("playground-token")
    asked = len(bench.wire.asked)
    with pytest.raises(BadToken):
        bench.poll()
    assert len(bench.wire.asked) == asked + 1


def test_failures_are_tried_again_ever_more_slowly() -> None:
    bench = Bench(issues=8, attempts=1)
    bench.turn()
    bench.set(failing={LIST: "InternalError"})
    bench.clock.advance(POLL_SECONDS * 1000 + 1)
    tries = []
    for _ in range(3600):
        before = bench.wire.times(LIST)
        bench.turn()
        if bench.wire.times(LIST) > before:
            tries.append(bench.now_ms)
        bench.clock.advance(1000)
    waits = [after - before for before, after in pairwise(tries)]
    assert waits[0] <= 2000
    assert waits == sorted(waits)
    assert 200_000 <= waits[-1] <= 301_000
    assert bench.worker.report.failures["issues", "[101]"].times == len(tries)
    bench.set(failing={})
    bench.clock.advance(300_000)
    bench.turn()
    assert not bench.worker.report.failures


def test_what_codings_retry_after_asks_for_is_honoured() -> None:
    bench = Bench(issues=8, attempts=1, rate_limits=True, rates={LIST: 1}, throttle_wait_ms=90_000)
    bench.turn()
    for _ in range(20):
        bench.poll()
    assert bench.playground.requests_while_throttled == 0


def test_polls_and_censuses_come_at_their_intervals() -> None:
    bench = Bench(issues=8)
    bench.turn()
    windows = whole = 0
    for _ in range(2 * CENSUS_SECONDS):
        bench.clock.advance(1000)
        before = len(bench.wire.asked)
        bench.turn()
        asked = [q for q in bench.wire.asked[before:] if q["Action"] == LIST]
        windows += any("Conditions" in q for q in asked)
        whole += any("Conditions" not in q for q in asked)
    assert 17 <= windows + whole <= 2 * CENSUS_SECONDS // POLL_SECONDS
    assert whole in (1, 2)


def test_new_project_is_read_with_all_its_tables() -> None:
    bench = Bench("issues", "iterations", "project_members", issues=8)
    bench.turn()
    project = bench.team.create_project("brandnew", now_ms=bench.now_ms)
    bench.create(project)
    bench.poll().poll()
    bench.assert_exact()
    assert any(row["project_id"] == project for row in bench.rows("issues"))


def test_slow_tables_wait_for_the_census() -> None:
    bench = Bench("issue_types", issues=4)
    bench.turn()
    before = bench.wire.times("DescribeProjectIssueTypeList")
    for _ in range(5):
        bench.poll()
    assert bench.wire.times("DescribeProjectIssueTypeList") == before
    bench.census()
    assert bench.wire.times("DescribeProjectIssueTypeList") == before + 1


def test_old_log_and_tombstones_are_pruned() -> None:
    limits = Limits(poll_seconds=60, census_seconds=600, log_days=1, tombstone_days=2)
    bench = Bench(issues=8, limits=limits)
    bench.turn()
    code = bench.team.projects[bench.project].codes()[-1]
    bench.delete(code)
    bench.census()
    key = f"[{bench.project},{code}]"
    bench.clock.advance(int(1.5 * 86_400_000))
    bench.turn()
    assert bench.mirror.log(0, 10) == []
    assert bench.mirror.get("issues", key) is not None
    bench.clock.advance(86_400_000)
    bench.turn()
    assert bench.mirror.get("issues", key) is None
    bench.update(1, name="still followed")
    bench.poll().assert_exact()
    assert bench.apply.progress.refilled == []


def test_follow_ends_when_it_is_told_to() -> None:
    bench = Bench(issues=8)

    def stop(now_ms: int) -> None:
        if len(bench.codes()) == 8:
            raise Stopped

    bench.clock.on_wait = stop
    with pytest.raises(Stopped):
        bench.worker.follow()
    bench.clock.on_wait = lambda _now_ms: None
    bench.assert_exact()


@pytest.mark.parametrize("hours", [4 * 24])
def test_days_of_outage_end_well(hours: int) -> None:
    """A place that fails for days is still tried, and read when CODING is back."""
    bench = Bench(issues=4, attempts=1)
    bench.turn()
    bench.set(failing={LIST: "InternalError"})
    for _ in range(hours * 12 + 20):
        bench.clock.advance(300_001)
        bench.turn()
    failure = bench.worker.report.failures["issues", "[101]"]
    assert failure.times > 1100
    assert isinstance(failure.error, HeadraceError)
    bench.update(1, name="after all those days")
    bench.set(failing={})
    bench.clock.advance(300_001)
    bench.turn().assert_exact()
