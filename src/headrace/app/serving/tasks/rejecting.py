"""What a task's destination refused and lies aside there: listed, and written once more."""

from __future__ import annotations

from concurrent.futures import TimeoutError as NotInTime
from typing import Any

from headrace.app.rejected import list_rejected
from headrace.app.serving.platform import Platform
from headrace.app.serving.tasks.task_settings import meaning
from headrace.app.serving.tasks.verifying import at_work
from headrace.engine.apply import Apply
from headrace.errors import Unavailable

BODY_MAX = 2_000  # characters of a body that are shown
_REPLAY_SECONDS = 30.0


def rejects(platform: Platform, task_id: int, stream: str = "") -> list[dict[str, Any]]:
    """What lies aside, by stream and key, of one stream or of all; bodies are cut."""
    row = platform.tasks.get(task_id)
    url = platform.kinds.url(platform.connections.whole(row.destination_id))
    found = list_rejected(meaning(row.settings, name=f"task-{row.id}", url=url))
    chosen = [one.as_dict() for one in found if stream in ("", one.stream)]
    for one in chosen:
        one["body"] = one["body"][:BODY_MAX]
    return sorted(chosen, key=lambda one: (one["stream"], one["key"]))


def replay(platform: Platform, task_id: int) -> dict[str, int]:
    """Have the running task write them once more: how many went in, how many stay.

    Raises `Conflict` for a task that does not run, `Unavailable` where it takes too long.
    """
    runner = at_work(platform, task_id)

    def again(apply: Apply) -> dict[str, int]:
        return {"written": apply.replay_rejects(), "left": apply.rejected}

    try:
        return runner.ask(again).result(_REPLAY_SECONDS)
    except NotInTime:
        raise Unavailable(
            "The task has not come to it yet.", advice="It goes on: look again later."
        ) from None
