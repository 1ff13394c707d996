"""How far a task is, as one estimate: its phase, what is done of what there is, what is left.

A figure that nothing tells is None, never a guess that looks like knowledge: without a total from
CODING there is no percentage, and without a rate no time that is left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from headrace.app.serving.agent import mining_key
from headrace.app.serving.mining.mining import Mining
from headrace.app.serving.platform import Platform
from headrace.app.serving.tasks.phases import FILLING, FOLLOWING, OPENING, SNAPSHOT, phase_of
from headrace.app.serving.tasks.reach import Reach, reaches
from headrace.app.serving.tasks.runner import Runner
from headrace.app.serving.tasks.task_settings import chosen_streams
from headrace.control.connections import Connection
from headrace.control.history import Level
from headrace.control.monitor import Figures, Rate, together
from headrace.control.tasks import TaskRow
from headrace.core.stream import Stream
from headrace.errors import Refused, Unavailable

_ERRORS_MAX = 5
View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is done. `phase`: the task's state while it does not run; else `opening` its tables,
    first `snapshot` of CODING, `filling` from the mirror, `following`, or `stopped` by a record
    that its destination refused. `rows`: read or filled so far; `expected`: about how many there
    will be. `percent` is rounded down; `seconds_left` is at the rate of the last minute.
    """

    phase: str
    rows: int = 0
    expected: int | None = None
    percent: float | None = None
    rate: float | None = None
    seconds_left: int | None = None


class _Work(NamedTuple):
    """A task at work: what it runs on, and which streams are read whole."""

    runner: Runner | None
    mining: Mining | None
    read: Mapping[str, Reach]


def progress(platform: Platform, task_id: int) -> View:
    """The task as a whole and stream by stream, with its figures today and ever, rates, lag, the
    calls to CODING (which all tasks of a shared mining have together) and its last errors."""
    row = platform.tasks.get(task_id)
    source = platform.connections.get(row.source_id)
    streams: Sequence[Stream] = ()
    with suppress(Refused):  # the task shows why
        streams = chosen_streams(row, source)
    work = _work(platform, row, source, streams)
    subject, above = f"task:{row.id}", f"connection:{source.id}"
    monitor = platform.monitor
    rates, reading = monitor.rates(subject), monitor.rates(above)
    ever, today = monitor.ever(subject), monitor.today(subject)
    estimates = {
        stream.name: estimate(row, stream.name, work, rates, reading) for stream in streams
    }
    called = {"today": monitor.today(above), "ever": monitor.ever(above)}
    alive = work.runner is not None and work.runner.running
    return {
        **asdict(in_sum(phase_of(row, work.runner, work.mining), list(estimates.values()))),
        **_standing(together(ever), alive=alive),
        "today": together(today).as_dict(),
        "ever": together(ever).as_dict(),
        "changes_rate": sum(rate.changed for rate in rates.values()),
        "calls": {name: together(by_stream).calls for name, by_stream in called.items()},
        "throttled_ms": {n: together(by_stream).throttled_ms for n, by_stream in called.items()},
        "errors": [*_errors(platform, subject), *_errors(platform, above)],
        "streams": {
            name: {
                **asdict(one),
                **_standing(ever.get(name, Figures()), alive=alive),
                "today": today.get(name, Figures()).as_dict(),
                "ever": ever.get(name, Figures()).as_dict(),
                "filtered": work.runner.progress.filtered[name] if work.runner else 0,
            }
            for name, one in estimates.items()
        },
    }


def _work(platform: Platform, row: TaskRow, source: Connection, streams: Sequence[Stream]) -> _Work:
    runner = platform.agent.runners.get(row.id)
    mining = platform.agent.minings.get(mining_key(row, source))
    found: Mapping[str, Reach] = {}
    if mining is not None and mining.ready.is_set():
        with suppress(Refused, Unavailable), platform.mirrors.at(mining.place) as mirror:
            if mirror is not None:
                found = reaches(mirror, streams, dict(mining.passes))
    return _Work(runner, mining, found)


def estimate(
    row: TaskRow,
    name: str,
    work: _Work,
    written: Mapping[str, Rate],
    read: Mapping[str, Rate],
) -> Estimate:
    """Of one stream. `written` and `read`: records a second, by the task and by its source."""
    phase, reach = phase_of(row, work.runner, work.mining), work.read.get(name, Reach(0, None))
    runner = work.runner
    if runner is not None and phase in (FILLING, OPENING, SNAPSHOT, FOLLOWING):
        filling = runner.progress.filling
        if name in runner.progress.stopped:
            return Estimate("stopped", reach.rows)
        if filling is not None and filling.stream == name:
            share = filling.seen / filling.expected if filling.expected else None
            rate = written[name].read if name in written else None
            return _estimated(FILLING, filling.seen, share, rate)
        if name not in runner.offsets and not runner.works.is_set():
            return Estimate(OPENING, 0, reach.rows or None)
        if reach.share == 1.0:
            return Estimate(FOLLOWING, reach.rows, reach.rows, 100.0, None, 0)
        phase = SNAPSHOT
    rate = read[name].read if name in read else None
    return _estimated(phase, reach.rows, reach.share, rate)


def _estimated(phase: str, rows: int, share: float | None, rate: float | None) -> Estimate:
    if share is None:
        return Estimate(phase, rows, rate=rate)
    percent = int(share * 1000) / 10
    if share >= 1.0:
        return Estimate(phase, rows, rows, percent, rate, 0)
    expected = max(rows, round(rows / share)) if rows and share else None
    left = round((expected - rows) / rate) if expected is not None and rate else None
    return Estimate(phase, rows, expected, percent, rate, left)


def in_sum(phase: str, streams: Sequence[Estimate]) -> Estimate:
    """All streams together. `percent` counts tables: each by its share, and one of which nothing
    tells once it is whole; the rest is known only where it is known of every one."""
    if not streams:
        return Estimate(phase)
    rows = sum(one.rows for one in streams)
    shares = [one.percent or 0.0 for one in streams]
    expected = [one.expected for one in streams if one.expected is not None]
    lefts = [one.seconds_left for one in streams if one.seconds_left is not None]
    rates = [one.rate for one in streams if one.rate]
    return Estimate(
        phase, rows, sum(expected) if len(expected) == len(streams) else None,
        int(sum(shares) / len(streams) * 10) / 10, sum(rates) if rates else None,
        sum(lefts) if len(lefts) == len(streams) else None,
    )  # fmt: skip


def _standing(figures: Figures, *, alive: bool) -> View:
    """How it stands: lag in changes and ms, known while it runs, and the last change ever."""
    lag = {"lag": figures.lag, "lag_ms": figures.lag_ms} if alive else {"lag": None, "lag_ms": None}
    return {**lag, "changed_at": figures.changed_at or None}


def _errors(platform: Platform, subject: str) -> list[View]:
    found = platform.log.lines(subject=subject, level=Level.WARNING, limit=_ERRORS_MAX)
    return [line.as_dict() for line in found]
