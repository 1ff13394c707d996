"""Tasks over the API: looked at, started, stopped, verified, waited for."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from headrace.client.speaking import Speaker
from headrace.client.work import whole
from headrace.errors import Missing, Unavailable
from headrace.wire.connections import CheckItem, CheckLine
from headrace.wire.progress import Progress, Reject, Replayed, VerifyLine
from headrace.wire.tasks import Run, State, Task, TaskDetail

_AT = "/tasks"
_LOOK_SECONDS = 0.5


class TasksClient:
    """What is carried from where to where."""

    def __init__(self, speaker: Speaker, sleep: Callable[[float], None] = time.sleep) -> None:
        self._speaker = speaker
        self._sleep = sleep

    def all(self) -> list[Task]:
        """All, by name."""
        return list(self._speaker.items(_AT, Task))

    def get(self, task_id: int) -> TaskDetail:
        """One, with its figures stream by stream."""
        return self._speaker.get(f"{_AT}/{task_id}", TaskDetail)

    def named(self, name: str) -> Task:
        """One by its name. Raises `Missing`."""
        for one in self.all():
            if one.name == name:
                return one
        raise Missing(f"There is no task {name}.", advice="Look at the list of tasks.")

    def add(self, name: str, source_id: int, destination_id: int, **settings: Any) -> TaskDetail:
        """Save a new one, not started; `settings` as in `headrace.toml`."""
        body = {
            "name": name, "source_id": source_id, "destination_id": destination_id,
            "settings": settings,
        }  # fmt: skip
        return self._speaker.do("POST", _AT, TaskDetail, body)

    def change(
        self, one: Task, settings: Mapping[str, Any] | None = None, *, name: str = ""
    ) -> TaskDetail:
        """Another name or other settings, which replace all there are. Raises `Stale` when somebody
        changed it since `one` was read."""
        body = {"version": one.version, "name": name, "settings": settings}
        return self._speaker.do("PATCH", f"{_AT}/{one.id}", TaskDetail, body)

    def copy(self, task_id: int, name: str) -> TaskDetail:
        """The same under another name, not started."""
        return self._speaker.do("POST", f"{_AT}/{task_id}/copy", TaskDetail, {"name": name})

    def delete(self, task_id: int) -> None:
        """The tables at the destination stay. Refused while it runs."""
        self._speaker.done("DELETE", f"{_AT}/{task_id}")

    def start(self, task_id: int) -> TaskDetail:
        """Let it run."""
        return self._speaker.do("POST", f"{_AT}/{task_id}/start", TaskDetail)

    def stop(self, task_id: int) -> TaskDetail:
        """Let it drain and end."""
        return self._speaker.do("POST", f"{_AT}/{task_id}/stop", TaskDetail)

    def reset(self, task_id: int, streams: Sequence[str] = ()) -> TaskDetail:
        """At its next start these tables, or all, are filled anew."""
        body = {"streams": list(streams)}
        return self._speaker.do("POST", f"{_AT}/{task_id}/reset", TaskDetail, body)

    def backfill(self, task_id: int, streams: Sequence[str] = ()) -> TaskDetail:
        """Fill these tables, or all, again from what is on file; a running task goes on."""
        body = {"streams": list(streams)}
        return self._speaker.do("POST", f"{_AT}/{task_id}/backfill", TaskDetail, body)

    def precheck(self, task_id: int) -> Iterator[CheckItem]:
        """What would stand in its way: each item as soon as it is known."""
        lines = self._speaker.lines("POST", f"{_AT}/{task_id}/precheck", CheckLine)
        return (line.item for line in whole(lines) if line.item is not None)

    def progress(self, task_id: int) -> Progress:
        """How far it is, as one estimate, and stream by stream."""
        return self._speaker.get(f"{_AT}/{task_id}/progress", Progress)

    def verify(self, task_id: int) -> Iterator[VerifyLine]:
        """Hold a running task's tables against what is on file: each table, then the result."""
        return whole(self._speaker.lines("POST", f"{_AT}/{task_id}/verify", VerifyLine))

    def rejects(self, task_id: int, stream: str = "") -> Iterator[Reject]:
        """Records that its destination refused and that lie aside there."""
        return self._speaker.items(f"{_AT}/{task_id}/rejects", Reject, {"stream": stream})

    def replay_rejects(self, task_id: int) -> Replayed:
        """Have the running task write them once more, as they are on file now."""
        return self._speaker.do("POST", f"{_AT}/{task_id}/rejects/replay", Replayed)

    def runs(self, task_id: int) -> Iterator[Run]:
        """Its runs, the newest first."""
        return self._speaker.items(f"{_AT}/{task_id}/runs", Run)

    def wait(
        self, task_id: int, until: Collection[State] | Callable[[TaskDetail], bool], *,
        timeout_seconds: float = 60.0,
    ) -> TaskDetail:  # fmt: skip
        """Look twice a second until the task is in one of these states, or `until` says so.

        Raises `Unavailable` when that takes longer than `timeout_seconds`.
        """
        ends = time.monotonic() + timeout_seconds
        while True:
            one = self.get(task_id)
            if until(one) if callable(until) else one.state in until:
                return one
            if time.monotonic() >= ends:
                raise Unavailable(
                    f"The task {one.name} is {one.state} after {timeout_seconds:g} s.",
                    advice=one.advice or "Wait longer.",
                )
            self._sleep(_LOOK_SECONDS)
