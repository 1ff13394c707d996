"""Figures, runs and logs: exact, of bounded size, and found again."""

from __future__ import annotations

import random
from contextlib import closing

import pytest
import sqlalchemy as sa
from tests.control.conftest import ADMIN, START_MS, Desk

from headrace.control import tables
from headrace.control.connections import ConnectionRole
from headrace.control.history import (
    LINES_KEPT_MS,
    LINES_MAX,
    RUNS_MAX,
    Level,
    Log,
    Outcome,
    Runs,
)
from headrace.control.monitor import (
    DAY_MS,
    HOUR_MS,
    KEPT_MS,
    SPAN_MS,
    SPANS,
    Entry,
    Figures,
    Monitor,
    day_of,
    together,
)
from headrace.control.store import ControlStore

TASK = "task:1"


@pytest.fixture
def monitor(desk: Desk) -> Monitor:
    """With a task 1 and its source, connection 1: figures of what is not there are dropped."""
    assert f"task:{task_id(desk)}" == TASK
    return Monitor(desk.store, desk.clock)


def measures(desk: Desk) -> int:
    with desk.store.transaction() as db:
        return db.scalar(sa.select(sa.func.count()).select_from(tables.measure)) or 0


def test_totals_are_the_sum_of_what_was_added_whatever_its_age(
    desk: Desk, monitor: Monitor
) -> None:
    dice, sums = random.Random(7), {"issues": 0, "projects": 0}
    for _ in range(200):
        desk.clock.advance(dice.choice((3_000, 40_000, 900_000, 4 * HOUR_MS)))
        stream = dice.choice(list(sums))
        count = dice.randint(1, 9)
        monitor.add([Entry(TASK, stream, Figures(updated=count, calls=1))])
        sums[stream] += count
        if dice.random() < 0.3:
            monitor.roll_up()
    monitor.roll_up()
    assert {s: f.updated for s, f in monitor.ever(TASK).items()} == sums
    kept = monitor.series(TASK, since=0)
    assert {point.span_ms for point in kept} >= {SPAN_MS, SPANS[-1]}
    assert sum(point.figures.updated for point in kept) == sum(sums.values())
    assert all(point.at % point.span_ms == 0 for point in kept)


def test_spans_grow_with_age_and_are_dropped_in_the_end(desk: Desk, monitor: Monitor) -> None:
    monitor.add(
        [Entry(TASK, "issues", Figures(inserted=3, lag=5, lag_ms=900, changed_at=START_MS))]
    )
    began = desk.clock.now_ms()
    for age, span in (
        (HOUR_MS - 60_000, SPANS[0]), (HOUR_MS + 60_000, SPANS[1]), (DAY_MS + 600_000, SPANS[2]),
        (7 * DAY_MS + HOUR_MS, SPANS[3]), (KEPT_MS - HOUR_MS, SPANS[3]),
    ):  # fmt: skip
        desk.clock.advance(began + age - desk.clock.now_ms())
        monitor.roll_up()
        [point] = monitor.series(TASK, since=0)
        assert point.span_ms == span
        assert point.figures == Figures(inserted=3, lag=5, lag_ms=900, changed_at=START_MS)
        assert point.rate == (0, round(3000 / span, 3))
    desk.clock.advance(3 * HOUR_MS)
    monitor.roll_up()
    assert monitor.series(TASK, since=0) == []
    assert monitor.ever(TASK)["issues"].inserted == 3
    assert measures(desk) == 1


@pytest.mark.long
def test_a_month_of_work_without_a_pause_has_a_bound(desk: Desk, monitor: Monitor) -> None:
    for hour in range(24 * 34):
        desk.clock.advance(HOUR_MS)
        monitor.add([Entry(TASK, "issues", Figures(updated=1))])
        if hour % 48 == 47:
            monitor.roll_up()
    assert measures(desk) <= 30 * 24 + 31 + 1


def test_today_begins_at_midnight_where_coding_is(desk: Desk, monitor: Monitor) -> None:
    midnight = day_of(desk.clock.now_ms()) + DAY_MS
    assert (midnight + 8 * HOUR_MS) % DAY_MS == 0
    desk.clock.advance(midnight - 1 - desk.clock.now_ms())
    monitor.add([Entry(TASK, "issues", Figures(deleted=1))])
    assert monitor.today(TASK)["issues"].deleted == 1
    desk.clock.advance(1)
    assert monitor.today(TASK) == {}
    monitor.add([Entry(TASK, "issues", Figures(deleted=2))])
    assert monitor.today(TASK)["issues"].deleted == 2
    assert monitor.ever(TASK)["issues"].deleted == 3


def test_how_things_stand_is_the_last_of_all_time_and_the_highest_of_a_span(
    desk: Desk, monitor: Monitor
) -> None:
    for lag in (5, 9, 0):
        monitor.add([Entry(TASK, "issues", Figures(lag=lag, lag_ms=lag * 100, changed_at=lag))])
    assert monitor.ever(TASK)["issues"] == Figures(changed_at=9)
    [point] = monitor.series(TASK, since=0, stream="issues")
    assert point.figures == Figures(lag=9, lag_ms=900, changed_at=9)


def test_a_rate_is_that_of_the_last_whole_minute(desk: Desk, monitor: Monitor) -> None:
    desk.clock.advance(-START_MS % SPAN_MS)
    for _ in range(6):
        monitor.add([Entry(TASK, "issues", Figures(read=6, inserted=20, updated=10))])
        desk.clock.advance(SPAN_MS)
    assert monitor.rates(TASK) == {"issues": (0.6, 3.0)}
    desk.clock.advance(60_000)
    assert monitor.rates(TASK) == {}


def test_calls_of_a_subject_are_its_own(desk: Desk, monitor: Monitor) -> None:
    """A connection's calls hold those of its streams: they are not counted twice."""
    monitor.add(
        [
            Entry("connection:1", "", Figures(calls=12, throttled_ms=5)),
            Entry("connection:1", "issues", Figures(read=4, calls=3)),
            Entry("mirror:x", "issues", Figures(read=4), ever_only=True),
        ]
    )
    found = together(monitor.ever("connection:1"))
    assert found == Figures(read=4, calls=12, throttled_ms=5)
    [point] = monitor.series("connection:1", since=0)
    assert point.figures == found
    assert monitor.series("mirror:x", since=0) == []
    assert monitor.ever("mirror:x")["issues"].read == 4
    assert set(monitor.all_ever()) == {"connection:1", "mirror:x"}
    monitor.forget("mirror:x")
    assert monitor.ever("mirror:x") == {}


def test_figures_of_what_was_deleted_are_dropped(desk: Desk, monitor: Monitor) -> None:
    here = {TASK, "mirror:task-1/team-0a", "connection:1", "mirror:connection-1/team-0a", "other"}
    gone = {one.replace("1", "11", 1) for one in here} - here
    monitor.add([Entry(one, "issues", Figures(read=1)) for one in here | gone])
    monitor.roll_up()
    assert set(monitor.all_ever()) == here
    desk.tasks.delete(ADMIN, 1)
    monitor.roll_up()
    assert set(monitor.all_ever()) == {"connection:1", "mirror:connection-1/team-0a", "other"}
    desk.connections.delete(ADMIN, 1)
    monitor.roll_up()
    assert set(monitor.all_ever()) == {"other"}


def test_counters_go_on_after_a_restart(desk: Desk, monitor: Monitor) -> None:
    monitor.add([Entry(TASK, "issues", Figures(inserted=3))])
    with closing(ControlStore(desk.store.url.render_as_string(hide_password=False)
                              if not desk.store.is_sqlite else _path(desk))) as store:  # fmt: skip
        again = Monitor(store, desk.clock)
        again.add([Entry(TASK, "issues", Figures(inserted=4))])
        assert again.ever(TASK)["issues"].inserted == 7


def _path(desk: Desk):  # type: ignore[no-untyped-def]
    from pathlib import Path

    return Path(desk.store.url.database or "")


# --- runs and logs -------------------------------------------------------------------------------


def task_id(desk: Desk) -> int:
    source = desk.connections.save(ADMIN, "team", ConnectionRole.SOURCE, "coding", {"team": "t"})
    copy = desk.connections.save(ADMIN, "copy", ConnectionRole.DESTINATION, "duckdb", {"path": "x"})
    return desk.tasks.save(ADMIN, "nightly", source.id, copy.id, {}).id


def test_runs_are_kept_with_how_they_ended(desk: Desk) -> None:
    runs, task = Runs(desk.store, desk.clock), task_id(desk)
    first = runs.began(task, "agent-1")
    desk.clock.advance(5_000)
    runs.ended(first, Outcome.FAILED, "It is away.", {"inserted": 3})
    lost = runs.began(task, "agent-1")
    runs.note(lost, {"inserted": 1})
    other = runs.began(task, "agent-2")
    runs.lost("agent-1")
    found = {run.id: run for run in runs.of(task)}
    assert (found[first].outcome, found[first].reason) == (Outcome.FAILED, "It is away.")
    assert found[first].ended_at == found[first].started_at + 5_000
    assert (found[lost].outcome, found[lost].figures) == (Outcome.LOST, {"inserted": 1})
    assert found[other].ended_at is None
    assert [run.id for run in runs.of(task, before_id=other, limit=1)] == [lost]
    for _ in range(RUNS_MAX + 5):
        runs.began(task, "agent-1")
    runs.prune()
    assert len(runs.of(task, limit=1000)) == RUNS_MAX


def test_a_log_is_searched_and_limited(desk: Desk) -> None:
    log = Log(desk.store, desk.clock)
    log.write(
        [
            (TASK, Level.INFO, "issues was filled", ""),
            (TASK, Level.ERROR, "It is 100% away", "Look at_it"),
            ("connection:1", Level.WARNING, "a place is hidden", ""),
        ]
    )
    desk.clock.advance(1000)
    log.write([(TASK, Level.WARNING, "slow", "x" * 10_000)])

    def texts(**wanted: object) -> list[str]:
        return [line.text for line in log.lines(**wanted)]  # type: ignore[arg-type]

    assert texts(subject=TASK) == ["slow", "It is 100% away", "issues was filled"]
    assert texts(level=Level.WARNING) == ["slow", "a place is hidden", "It is 100% away"]
    assert texts(text="IS 100%") == ["It is 100% away"]
    assert texts(text="at_i") == ["It is 100% away"] and texts(text="a__i") == []
    assert texts(since=desk.clock.now_ms()) == ["slow"]
    newest = log.lines()[0]
    assert texts(before_id=newest.id, limit=1) == ["a place is hidden"]
    assert len(newest.advice) == 4_000
    log.write([("task:2", Level.INFO, f"line {n}", "") for n in range(LINES_MAX + 20)])
    log.prune()
    kept = log.lines(subject="task:2", limit=2 * LINES_MAX)
    assert len(kept) == LINES_MAX and kept[-1].text == "line 20"
    assert len(texts(subject=TASK)) == 3
    desk.clock.advance(LINES_KEPT_MS + 1)
    log.prune()
    assert log.lines() == []


def test_an_id_is_never_given_out_again(desk: Desk) -> None:
    """Figures and logs outlive their task for a while: they must not become another's."""
    first = desk.tasks.get(task_id(desk))
    desk.tasks.delete(ADMIN, first.id)
    again = desk.tasks.save(ADMIN, "nightly", first.source_id, first.destination_id, {})
    assert again.id > first.id
