"""A running task's copy held against its mirror, table by table, while it goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

from headrace.app.proof import verdicts
from headrace.app.serving.platform import Platform
from headrace.app.serving.tasks.runner import Runner
from headrace.app.serving.tasks.task_settings import task_settings
from headrace.config import TaskSettings
from headrace.control.refusals import Conflict
from headrace.control.task_results import Kind
from headrace.core.ports import Destination, Mirror
from headrace.destinations.urls import open_destination
from headrace.engine.verify import Verdict
from headrace.errors import Refused
from headrace.mirror.urls import open_mirror

_LOOKS_MAX = 5  # at a stream that moved meanwhile
_WAIT_SECONDS = 10.0  # for the task to be level
_LOOK_SECONDS = 0.05


def at_work(platform: Platform, task_id: int) -> Runner:
    """The runner of a task that is past its start. Raises `Conflict` for any other."""
    row, runner = platform.tasks.get(task_id), platform.agent.runners.get(task_id)
    if runner is None or not runner.running or not runner.works.is_set():
        raise Conflict(f"{row.name} does not run.", advice="Start it, and wait until it works.")
    return runner


def verify(platform: Platform, task_id: int) -> Iterator[Verdict]:
    """One verdict a table; the result is kept when it is through. CODING is not asked.

    Raises `Conflict` for a task that does not run, and `Refused` for one that holds changes only.
    """
    row, runner = platform.tasks.get(task_id), at_work(platform, task_id)
    task = task_settings(row, platform.connections.get(row.source_id))
    if runner.task.changes_only:
        raise Refused(
            f"{row.name} began with changes: it lacks what was there before.",
            advice="Verify a task that began with a snapshot.",
        )
    found: list[Verdict] = []
    with ExitStack() as closing_all:
        place, url = runner.ground.place, runner.ground.destination
        now_ms = platform.clock.now_ms()
        mirror = open_mirror(*place, now_ms, make=False, lock=False)
        closing_all.callback(mirror.close)
        destination = closing_all.enter_context(closing(open_destination(url)))
        for stream in runner.task.streams:
            for verdict in _settled(runner, mirror, task, destination, stream.name):
                found.append(verdict)
                yield verdict
    platform.results.note(task_id, Kind.VERIFY, verify_result(found))


def verify_result(found: list[Verdict]) -> dict[str, Any]:
    """As it is kept and shown: whether all are equal, how much was compared, and what differs."""
    return {
        "equal": all(one.equal for one in found),
        "tables": len(found),
        "rows": sum(one.source.rows for one in found),
        "differing": [one.as_dict() for one in found if not one.equal],
    }


def _settled(
    runner: Runner, mirror: Mirror, task: TaskSettings, destination: Destination, stream: str
) -> list[Verdict]:
    """The verdicts on a stream; looked at again while they differ and the mirror moves on."""
    for _ in range(_LOOKS_MAX):
        _wait_until_level(runner, mirror, stream)
        head = mirror.head()
        found = verdicts(mirror, task, destination, stream)
        if all(one.equal for one in found) or head == mirror.head():
            break
    return found


def _wait_until_level(runner: Runner, mirror: Mirror, stream: str) -> None:
    ends = time.monotonic() + _WAIT_SECONDS
    head = mirror.head()
    while runner.running and runner.offsets.get(stream, 0) < head and time.monotonic() < ends:
        time.sleep(_LOOK_SECONDS)
