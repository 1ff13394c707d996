"""What marks, windows and clocks of others lost."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from tests.engine.bench_world import START_MS, Bench

from headrace.engine.capture import Kind

LIST = "DescribeIssueListWithPage"


def windows(bench: Bench) -> list[str]:
    """The UPDATED_AT windows asked for so far."""
    return [q["Conditions"][0]["Value"] for q in bench.wire.asked if q.get("Conditions")]


def test_update_time_ties_over_a_page_border() -> None:
    """Records sharing the mark's second were filtered out by a `>` and lost for ever
    (estuary/connectors#5205); here the window is closed and reaches back."""
    bench = Bench(issues=20, page=3)
    bench.turn()
    bench.clock.advance(5_000)
    codes = bench.team.projects[bench.project].codes()
    for code in codes[:10]:
        bench.update(code, name=f"first half {code}")
    bench.poll()
    for code in codes[10:]:  # the same second as the mark: later in CODING, shown only now
        bench.team.update_issue(
            bench.project, code, now_ms=bench.now_ms - 60_001, name=f"second half {code}"
        )
    bench.poll()
    assert all("half" in bench.row(code)["name"] for code in codes)
    bench.assert_exact()


def test_more_rows_than_a_page_with_one_update_time() -> None:
    """Paging by `updated_since` could not get past a page full of one update time, or skipped the
    rest of it; here pages are counted, not times."""
    bench = Bench(issues=40, page=4)
    bench.turn()
    bench.clock.advance(7_000)
    codes = bench.team.projects[bench.project].codes()
    for code in codes:
        bench.update(code, priority="0")
    bench.poll()
    assert {bench.row(code)["priority"] for code in codes} == {"0"}


def test_checkpoint_rounded_up() -> None:
    """A cursor was rounded up to the next second (airbytehq/airbyte#9915), and what is updated in
    the rest of its own second lies before it; here it is rounded down."""
    bench = Bench(issues=6)
    bench.turn()
    bench.clock.advance(5_999 - bench.now_ms % 1000)  # …999 ms
    bench.update(1, name="at the end of a second")
    bench.poll()
    mark = bench.mirror.cursor("issues", bench.scope("issues").key).mark
    assert mark % 1000 == 0
    assert mark <= max(i.updated_ms for i in bench.team.projects[bench.project].issues.values())


def test_second_edit_in_the_same_millisecond() -> None:
    """Two edits with one update time: the second had no newer time than the copy and was dropped;
    here content decides."""
    bench = Bench(issues=6)
    bench.turn()
    bench.update(1, name="one")
    bench.poll()
    bench.team.update_issue(bench.project, 1, now_ms=START_MS, touch=False, name="two")
    bench.poll()
    assert bench.row(1)["name"] == "two"


def test_row_added_in_the_middle_of_a_sync() -> None:
    """A row created while the sync ran had a time before its end, which became the next lower
    bound (airbytehq/airbyte#14732); here the mark never lies after the pass began."""
    bench = Bench(issues=10, page=3)
    bench.turn()
    made: list[int] = []
    bench.wire.before(LIST, 3, lambda: made.append(bench.create()))
    bench.clock.advance(1000)
    bench.update(2, name="moves")
    bench.poll()
    bench.poll()
    assert set(made) <= set(bench.codes())
    bench.assert_exact()


def test_rows_that_appear_late() -> None:
    """A search index lagged by half a minute: rows showed up with a time the cursor had passed;
    here every window overlaps the one before."""
    bench = Bench(issues=10, visibility_lag_ms=90_000)
    bench.settle()
    for code in range(1, 11):
        bench.update(code, name=f"late {code}")
        bench.poll()
    bench.poll()
    bench.poll()
    assert all(bench.row(code)["name"] == f"late {code}" for code in range(1, 11))


def test_window_in_the_servers_time_zone() -> None:
    """A filter in UTC was read in the account's zone, and issues of the last hours were skipped
    at every run (singer-io/tap-jira#15, gastownhall/beads#3788); here it is written at +08:00."""
    bench = Bench(issues=6)
    bench.turn()
    bench.update(1, name="now")
    bench.poll()
    assert bench.row(1)["name"] == "now"
    begin, end = windows(bench)[-1].split("_")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", begin)
    china = timezone(timedelta(hours=8))
    upper = datetime.strptime(end, "%Y-%m-%d %H:%M:%S").replace(tzinfo=china)
    now = datetime.fromtimestamp(bench.now_ms / 1000, UTC)
    assert timedelta(0) <= upper - now <= timedelta(hours=25)


@pytest.mark.parametrize("hour", [0, 1, 7, 8, 15, 16, 17, 23])
def test_first_eight_hours_of_a_day(hour: int) -> None:
    """A date filter in UTC left out what happened from midnight to eight in China; here an update
    in any hour is seen by the next poll, whether the filter knows times or only days."""
    for day_only in (False, True):
        bench = Bench(issues=5, day_only_filter=day_only)
        midnight_ms = 24 * 3_600_000 - bench.now_ms % (24 * 3_600_000)
        bench.clock.advance(midnight_ms + hour * 3_600_000 + 1)
        bench.turn()
        bench.clock.advance(1000)
        bench.update(1, name="in this hour")
        bench.poll()
        assert bench.row(1)["name"] == "in this hour", (hour, day_only)


def test_mark_from_the_servers_clock_not_ours() -> None:
    """The reader's own clock, minutes ahead, became the cursor, and what was written meanwhile
    was never asked for; here our clock may be an hour off and nothing is lost."""
    bench = Bench(issues=6)
    bench.turn()
    real = bench.now_ms
    bench.clock.advance(50 * 60_000)  # ours runs ahead; the team's stands where it was
    bench.run("issues", Kind.POLL)
    bench.team.update_issue(bench.project, 1, now_ms=real + 1000, name="in the true time")
    bench.run("issues", Kind.POLL)
    bench.apply.drain()
    assert bench.row(1)["name"] == "in the true time"


def test_unset_dates_are_not_1970() -> None:
    """Unset due dates came out as 1970-01-01 in reports; here both ways in which CODING writes
    "none" are NULL."""
    bench = Bench("issues", "iterations", issues=6)
    bench.update(1, due_date=0, start_date=0)
    code = bench.team.create_iteration(bench.project, now_ms=bench.now_ms)
    bench.turn()
    assert bench.row(1)["due_date"] is None
    assert bench.row(1)["start_date"] is None
    sprint = next(row for row in bench.rows("iterations") if row["code"] == code)
    assert sprint["start_at"] is None
    assert sprint["end_at"] is None
    times = [row[name] for row in bench.rows("issues") for name in ("due_date", "completed_at")]
    assert not [time for time in times if time is not None and time < 86_400_000]


def test_counters_change_without_an_update_time() -> None:
    """The numbers of a sprint changed with its issues but not its own update time, and a reader
    that filtered by it kept the old ones; here such tables are read whole and compared."""
    bench = Bench("iterations", issues=10)
    bench.turn()
    code = next(iter(bench.team.projects[bench.project].iterations))
    before = {row["code"]: row["updated_at"] for row in bench.rows("iterations")}
    for issue in (1, 2, 3):
        bench.update(issue, iteration_code=code)
    bench.poll()
    bench.assert_exact()
    assert {row["code"]: row["updated_at"] for row in bench.rows("iterations")} == before
