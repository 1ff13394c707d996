"""What people see of a platform, as plain data: the JSON API and the pages show the same.

Nothing here holds a secret, and nothing calls CODING.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from headrace.app.serving.agent import mining_key
from headrace.app.serving.mining import Mining
from headrace.app.serving.platform import Platform
from headrace.app.serving.runner import Runner
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
    found = _connection(platform.connections.get(connection_id), platform.tasks.all())
    return {**found, "check": platform.connections.last_check(connection_id)}


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
    rows, known = platform.tasks.all(), _connections(platform)
    return [_task(platform, row, known) for row in rows if row.source_id in known]


def task(platform: Platform, task_id: int) -> View:
    """One, with its figures stream by stream."""
    row = platform.tasks.get(task_id)
    runner = platform.agent.runners.get(task_id)
    return {
        **_task(platform, row, _connections(platform)),
        "streams": _streams_of(runner),
        "notes": _notes_of(runner),
    }


def _connections(platform: Platform) -> Mapping[int, Connection]:
    """By number. Read after the tasks: what a task uses is there, unless both went meanwhile."""
    return {one.id: one for one in platform.connections.all()}


def _task(platform: Platform, row: TaskRow, known: Mapping[int, Connection]) -> View:
    runner = platform.agent.runners.get(row.id)
    source, destination = known[row.source_id], known[row.destination_id]
    return {
        **row.as_dict(), "source": source.name, "destination": destination.name,
        "works": runner is not None and runner.works.is_set(),
        "lag": runner.lag if runner is not None else None,
        "counts": _sum(runner.progress.counts.values()) if runner is not None else None,
        "mining_error": _error(platform, mining_key(row, source)),
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


# --- minings ----------------------------------------------------------------------------------


def minings(platform: Platform) -> list[View]:
    """What is read now, and what should be but failed."""
    agent = platform.agent
    readers = _readers(platform)
    living = dict(agent.minings)
    keys = sorted({*living, *dict(agent.failed)} & {*living, *readers})
    return [_mining(platform, key, living.get(key), readers[key]) for key in keys]


def mining(platform: Platform, key: str) -> View | None:
    """One by its key; None where nothing of it runs or failed."""
    return next((one for one in minings(platform) if one["key"] == key), None)


def _readers(platform: Platform) -> Mapping[str, list[View]]:
    """Which tasks read which mining, and how many changes each is behind."""
    found: dict[str, list[View]] = defaultdict(list)
    rows, known = platform.tasks.all(), _connections(platform)
    for row in rows:
        if row.source_id not in known:
            continue
        runner = platform.agent.runners.get(row.id)
        lag = runner.lag if runner is not None else None
        reader = {"id": row.id, "name": row.name, "state": row.state, "lag": lag}
        found[mining_key(row, known[row.source_id])].append(reader)
    return found


def _mining(platform: Platform, key: str, one: Mining | None, readers: Sequence[View]) -> View:
    counts = dict(one.counts) if one is not None else {}
    return {
        "key": key,
        "name": one.name if one is not None else "",
        "state": _state(one),
        "error": _error(platform, key),
        "streams": {
            name: counts[name].as_dict() if name in counts else None
            for name in (one.streams if one is not None else ())
        },
        "counts": _sum(counts.values()),
        "calls": one.calls if one is not None else 0,
        "notes": [note.as_dict() for note in one.notes] if one is not None else [],
        "hooks": one is not None and one.hooks is not None,
        "tasks": list(readers),
    }


def _state(one: Mining | None) -> str:
    """`opening`, then `snapshot` until all that was due has been read, then `following`."""
    if one is None or not one.running:
        return "failed"
    if not one.ready.is_set():
        return "opening"
    return "following" if one.level.is_set() else "snapshot"


def _error(platform: Platform, key: str) -> View | None:
    """Why a mining failed the last time, until it works again."""
    failed, living = platform.agent.failed.get(key), platform.agent.minings.get(key)
    if failed is None or (living is not None and living.ready.is_set() and living.running):
        return None
    return {
        "message": failed.error.message, "advice": failed.error.advice, "times": failed.times,
        "again_at": failed.again_at,
    }  # fmt: skip


def _sum(counts: Any) -> dict[str, int]:
    total = Counts()
    for one in list(counts):
        total.add(one)
    return total.as_dict()
