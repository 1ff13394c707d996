"""Where a task begins that carries changes only: at the log's end, or at a moment in it."""

from __future__ import annotations

from datetime import UTC, datetime

from headrace.core.ports import Mirror
from headrace.engine.task import Task
from headrace.errors import Refused


def first_offset(task: Task, mirror: Mirror) -> int:
    """The offset behind which its first change lies. Raises `Refused` where the log does not go
    back to the moment that was asked for."""
    if task.since_ms is None:
        return mirror.head()
    found = mirror.offset_at(task.since_ms)
    if found is not None:
        return found
    oldest = next(iter(mirror.log(mirror.tail(), 1)), None)
    reach = f"begins at {_spoken(oldest.at)}" if oldest is not None else "is empty"
    raise Refused(
        f"Changes since {_spoken(task.since_ms)} cannot be told: the mirror's log {reach}.",
        advice="Choose a later moment, or begin with a snapshot.",
    )


def _spoken(moment_ms: int) -> str:
    return f"{datetime.fromtimestamp(moment_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
