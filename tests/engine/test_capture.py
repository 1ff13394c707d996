"""Passes: what they ask for, what they commit, and where their mark may stand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from tests.engine.bench_world import START_MS, Bench, Crash, crash, failing

from headrace.core.change import Op
from headrace.core.clock import Clock
from headrace.core.ports import Cursor
from headrace.core.record import Origin
from headrace.core.transport import Request, Response, Transport
from headrace.engine.capture import Kind
from headrace.engine.limits import Limits
from headrace.errors import Unavailable

LIST = "DescribeIssueListWithPage"
CHINA = timezone(timedelta(hours=8))
OVERLAP_MS = Limits().overlap_seconds * 1000


def window(bench: Bench) -> tuple[int, int]:
    """The last window asked for, in ms UTC."""
    asked = next(q for q in reversed(bench.wire.asked) if q.get("Conditions"))
    begin, end = (
        datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
        for text in asked["Conditions"][0]["Value"].split("_")
    )
    return int(begin.timestamp() * 1000), int(end.timestamp() * 1000)


def cursor(bench: Bench) -> Cursor:
    return bench.mirror.cursor("issues", bench.scope("issues").key)


class Dated:
    """CODING tells its own time, which is off by so much from ours."""

    def __init__(self, inner: Transport, clock: Clock, *, off_ms: int) -> None:
        self._inner = inner
        self._clock = clock
        self._off_ms = off_ms

    def send(self, request: Request) -> Response:
        found = self._inner.send(request)
        now = datetime.fromtimestamp((self._clock.now_ms() + self._off_ms) // 1000, UTC)
        headers = {**found.headers, "date": format_datetime(now, usegmt=True)}
        return Response(found.status, headers, found.body)


def test_window_begins_at_the_mark_less_the_overlap() -> None:
    bench = Bench(issues=8)
    bench.turn()
    mark = cursor(bench).mark
    assert mark > 0
    bench.poll()
    begin, end = window(bench)
    assert begin == mark - OVERLAP_MS
    assert end > bench.now_ms


@pytest.mark.parametrize("off_ms", [0, -7_200_000, 7_200_000])
def test_mark_never_lies_after_the_passes_begin_in_codings_time(off_ms: int) -> None:
    """Whatever our clock says: what is written while a page is on its way is asked for again."""
    bench = Bench(issues=8)
    bench.wire.inner = Dated(bench.playground, bench.clock, off_ms=off_ms)
    for _ in range(4):
        bench.clock.advance(61_000)
        bench.team.update_issue(
            bench.project, 1, now_ms=bench.now_ms + off_ms, name=f"at {bench.now_ms}"
        )
        began = bench.now_ms + off_ms
        bench.wire.before(LIST, 1, lambda: bench.clock.advance(5_000))
        bench.turn()
        assert cursor(bench).mark <= began + 5_000
        assert cursor(bench).mark % 1000 == 0


def test_mark_is_the_newest_time_seen_where_that_is_older() -> None:
    bench = Bench(issues=8)
    bench.wire.inner = Dated(bench.playground, bench.clock, off_ms=0)
    bench.turn()
    newest = max(issue.updated_at for issue in bench.team.projects[bench.project].issues.values())
    assert cursor(bench).mark == newest
    bench.poll()
    assert cursor(bench).mark == newest


def test_record_from_the_future_does_not_drag_the_mark_along() -> None:
    """One row with a wrong, later time: the mark stays at the pass's begin."""
    bench = Bench(issues=8)
    bench.wire.inner = Dated(bench.playground, bench.clock, off_ms=0)
    bench.turn()
    bench.team.update_issue(bench.project, 1, now_ms=bench.now_ms + 10 * 86_400_000, name="later")
    bench.census()
    assert cursor(bench).mark <= bench.now_ms
    bench.update(2, name="now")
    bench.poll()
    assert bench.row(2)["name"] == "now"


def test_mark_stands_still_when_the_pass_fails() -> None:
    bench = Bench(issues=12, page=3)
    bench.turn()
    bench.clock.advance(1000)
    for code in range(1, 13):
        bench.update(code, priority="0")
    before = cursor(bench)
    for nth in range(3, 6):  # all attempts at one page
        bench.wire.before(LIST, nth, failing("InternalError"))
    with pytest.raises(Unavailable):
        bench.run("issues", Kind.POLL)
    assert cursor(bench) == before
    bench.run("issues", Kind.POLL)
    assert cursor(bench).mark > before.mark


def test_rows_of_the_overlap_compare_equal_and_vanish() -> None:
    bench = Bench(issues=8)
    for code in range(1, 9):
        bench.update(code, name=f"new {code}")
    bench.turn()
    head = bench.mirror.head()
    for _ in range(3):
        outcome = bench.run("issues", Kind.POLL)
        assert (outcome.counts.read, outcome.counts.unchanged) == (8, 8)
    assert bench.mirror.head() == head


@pytest.mark.parametrize("late_seconds", [1, 60, 240])
def test_rows_that_show_late_are_seen_up_to_the_overlap(late_seconds: int) -> None:
    bench = Bench(issues=8)
    bench.wire.inner = Dated(bench.playground, bench.clock, off_ms=0)
    bench.turn()
    bench.clock.advance(3_600_000)
    bench.update(1, name="first")
    bench.poll()
    hidden_ms = cursor(bench).mark - late_seconds * 1000
    bench.team.update_issue(bench.project, 2, now_ms=hidden_ms, name="shown late")
    bench.poll()
    assert bench.row(2)["name"] == "shown late"


def test_rows_that_show_later_than_the_overlap_are_left_to_the_census() -> None:
    bench = Bench(issues=8)
    bench.wire.inner = Dated(bench.playground, bench.clock, off_ms=0)
    bench.turn()
    bench.clock.advance(3_600_000)
    bench.update(1, name="first")
    bench.turn()
    bench.poll()
    bench.team.update_issue(
        bench.project, 2, now_ms=cursor(bench).mark - OVERLAP_MS - 2000, name="very late"
    )
    bench.poll()
    assert bench.row(2)["name"] != "very late"
    bench.census().assert_exact()


def test_a_page_a_crash_a_page() -> None:
    """Pages committed before the crash stay; the cursor comes only with the last."""
    bench = Bench(issues=12, page=3)
    bench.wire.before(LIST, 4, crash)
    with pytest.raises(Crash):
        bench.turn()
    assert bench.mirror.count("issues") == 6
    assert cursor(bench) == Cursor()
    bench.boot().turn()
    assert bench.mirror.count("issues") == 12
    assert cursor(bench).snapshot_done


def test_first_sight_is_read_in_a_snapshot_and_insert_later() -> None:
    bench = Bench(issues=4)
    bench.turn()
    bench.create()
    bench.poll()
    changes = bench.log("issues")
    assert [change.op for change in changes] == [Op.READ] * 4 + [Op.INSERT]
    assert [change.origin for change in changes] == [Origin.SNAPSHOT] * 4 + [Origin.POLL]


def test_older_page_never_undoes_a_newer_sighting() -> None:
    """A record changes while a page that shows it is held up: the page says less than is known."""
    bench = Bench(issues=4)
    bench.turn()
    bench.clock.advance(1000)

    def meanwhile() -> Response:
        answer = bench.playground.send(held[0])
        bench.clock.advance(1000)
        bench.update(1, name="newer")
        bench.capture.reread(bench.stream("issues"), bench.scope("issues"), ["[101,1]"])
        return answer

    held: list[Request] = []
    inner = bench.wire.send

    def send(request: Request) -> Response:
        held[:] = [request]
        return inner(request)

    bench.wire.send = send  # type: ignore[method-assign]
    bench.wire.before(LIST, 1, meanwhile)
    outcome = bench.run("issues", Kind.CENSUS)
    assert outcome.counts.stale == 1
    bench.apply.drain()
    assert bench.row(1)["name"] == "newer"


def test_log_tells_before_and_after() -> None:
    bench = Bench(issues=4)
    bench.turn()
    first = bench.log("issues")[0]
    bench.update(1, name="second")
    bench.poll()
    last = bench.log("issues")[-1]
    assert (last.before, last.before_offset, last.before_at) == (
        first.after,
        first.offset,
        START_MS,
    )
    assert last.at == bench.now_ms
    assert last.after is not None and b"second" in last.after


def test_calls_are_counted() -> None:
    bench = Bench(issues=12, page=3)
    bench.turn()
    counted = sum(bench.counts(name).calls for name in ("projects", "issues"))
    assert counted == len(bench.wire.asked)


def test_quiet_minute_with_one_change_costs_one_page_more() -> None:
    """The goal: at most one page call, and one more to see that the end holds still."""
    bench = Bench(issues=40)
    bench.turn()
    bench.update(1, name="one change")
    before = bench.wire.times(LIST)
    bench.poll()
    assert bench.wire.times(LIST) - before <= 2
