"""What people see of a platform, as plain data: the JSON API and the pages show the same.

Nothing here holds a secret, and nothing calls CODING.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from headrace.app.serving.agent import mining_key
from headrace.app.serving.mining.troubles import Troubles
from headrace.app.serving.platform import Platform
from headrace.app.serving.tasks.phases import phase_of
from headrace.app.serving.tasks.runner import Runner
from headrace.control.connections import Connection, ConnectionRole
from headrace.control.history import Line
from headrace.control.tasks import TaskRow
from headrace.core.change import Counts
from headrace.errors import Refused

View = dict[str, Any]


def is_ready(platform: Platform) -> bool:
    """Whether the store answers and the agent lives. Raises `Unavailable` where it does not."""
    own = platform.agent.name
    return any(one.name == own and not one.away for one in platform.agents.all())


# --- connections ------------------------------------------------------------------------------


def connections(platform: Platform, role: ConnectionRole | None = None) -> list[View]:
    """All, or those of one role, by name."""
    rows = platform.tasks.all()
    chosen = [one for one in platform.connections.all() if role in (None, one.role)]
    return [_connection(one, rows) for one in chosen]


def connection(platform: Platform, connection_id: int) -> View:
    """One, with what its last test found."""
    one = platform.connections.get(connection_id)
    return {
        **_connection(one, platform.tasks.all()),
        "check": platform.connections.last_check(connection_id),
        "authorization": platform.authorizing.view(one),
    }


def source(platform: Platform, connection_id: int) -> Connection:
    """A connection that is a source. Raises `Missing`, and `Refused` for a destination."""
    found = platform.connections.get(connection_id)
    if found.role is not ConnectionRole.SOURCE:
        raise Refused(f"{found.name} is a destination.", advice="Choose a source.")
    return found


def _connection(one: Connection, rows: Sequence[TaskRow]) -> View:
    used = [row.name for row in rows if one.id in (row.source_id, row.destination_id)]
    return {**one.as_dict(), "tasks": used}


# --- tasks ------------------------------------------------------------------------------------


def tasks(platform: Platform) -> list[View]:
    """All, by name, each with what it does now."""
    rows, known, troubles = platform.tasks.all(), _connections(platform), Troubles(platform)
    return [_task(platform, row, known, troubles) for row in rows if row.source_id in known]


def task(platform: Platform, task_id: int) -> View:
    """One, with its figures stream by stream."""
    row, troubles = platform.tasks.get(task_id), Troubles(platform)
    known, runner = _connections(platform), platform.agent.runners.get(task_id)
    return {
        **_task(platform, row, known, troubles),
        **platform.results.of(task_id),
        "streams": _streams_of(runner),
        "notes": [*_notes_of(runner), *troubles.unread(row, known[row.source_id])],
    }


def _connections(platform: Platform) -> Mapping[int, Connection]:
    """By number. Read after the tasks: what a task uses is there, unless both went meanwhile."""
    return {one.id: one for one in platform.connections.all()}


def _task(
    platform: Platform, row: TaskRow, known: Mapping[int, Connection], troubles: Troubles
) -> View:
    runner = platform.agent.runners.get(row.id)
    source, destination = known[row.source_id], known[row.destination_id]
    return {
        **row.as_dict(), "source": source.name, "destination": destination.name,
        "phase": phase_of(row, runner, platform.agent.minings.get(mining_key(row, source))),
        "works": runner is not None and runner.works.is_set(),
        "lag": runner.lag if runner is not None else None,
        "counts": _sum(runner.progress.counts.values()) if runner is not None else None,
        "mining_error": troubles.of_task(row, source),
    }  # fmt: skip


def _streams_of(runner: Runner | None) -> dict[str, dict[str, int]]:
    if runner is None:
        return {}
    return {name: counts.as_dict() for name, counts in list(runner.progress.counts.items())}


def _notes_of(runner: Runner | None) -> list[View]:
    """What stands in a task's way at its destination."""
    if runner is None:
        return []
    progress = runner.progress
    aside = [
        {"kind": "aside", "stream": stream, "rows": rows}
        for stream, rows in list(progress.rejected.items())
    ]
    stopped = [
        {"kind": "stopped", "stream": stream, "message": error.message, "advice": error.advice}
        for stream, error in list(progress.stopped.items())
    ]
    return [*aside, *stopped]


# --- figures and the log ----------------------------------------------------------------------


def figures(platform: Platform, subject: str) -> View:
    """Totals and rates of `task:ID` or `connection:ID`, by stream. Raises `Missing`."""
    _check_subject(platform, subject)
    monitor = platform.monitor
    totals = {"ever": monitor.ever(subject), "today": monitor.today(subject)}
    shown = {
        name: {stream: one.as_dict() for stream, one in by_stream.items()}
        for name, by_stream in totals.items()
    }
    rates = {stream: rate._asdict() for stream, rate in monitor.rates(subject).items()}
    return {"subject": subject, **shown, "rates": rates}


def series(
    platform: Platform, subject: str, *, since: int, until: int, stream: str | None
) -> list[View]:
    """Its spans from `since` on, before `until` (0: till now), oldest first. Raises `Missing`."""
    _check_subject(platform, subject)
    found = platform.monitor.series(subject, since=since, until=until or None, stream=stream)
    return [point.as_dict() for point in found]


def log_text(newest_first: Iterable[Line]) -> str:
    """A log as a text file: a line each, the oldest first."""
    return "".join(_log_line(line) for line in reversed(list(newest_first)))


def _log_line(line: Line) -> str:
    at = datetime.fromtimestamp(line.at / 1000, UTC).isoformat(timespec="milliseconds")
    said = f"{line.text} → {line.advice}" if line.advice else line.text
    return f"{at} {line.level} {line.subject} {' '.join(said.split())}\n"


def _check_subject(platform: Platform, subject: str) -> None:
    kind, _, number = subject.partition(":")
    if kind == "task":
        platform.tasks.get(int(number))
    else:
        platform.connections.get(int(number))


def _sum(counts: Any) -> dict[str, int]:
    total = Counts()
    for one in list(counts):
        total.add(one)
    return total.as_dict()
