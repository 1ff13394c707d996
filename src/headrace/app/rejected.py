"""Records that a task's destination refused: listed, and written once more."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headrace.app.mirrors import open_place, place_for
from headrace.app.selection import streams_of
from headrace.app.session import task_of
from headrace.config import ConnectionSettings, TaskSettings
from headrace.core.rejects import REJECTS
from headrace.destinations.urls import open_destination
from headrace.engine.apply import Apply
from headrace.engine.limits import Limits


@dataclass(frozen=True, slots=True)
class Rejected:
    """One record that lies aside. `at`: when its change was noticed, ms UTC."""

    stream: str
    key: str
    table: str
    reason: str
    body: str
    at: int

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {name: getattr(self, name) for name in self.__slots__}


def list_rejected(task: TaskSettings) -> list[Rejected]:
    """What lies aside at the task's destination. Asks neither CODING nor the mirror."""
    names = ("stream", "record_key", "table_name", "reason", "body", "_changed_at")
    with closing(open_destination(task.destination)) as destination:
        destination.prepare(task.name, [REJECTS])
        return [
            Rejected(*row)
            for chunk in destination.read(REJECTS)
            for owner, row in zip(
                chunk.values["task"], zip(*(chunk.values[n] for n in names), strict=True),
                strict=True,
            )
            if owner == task.name
        ]  # fmt: skip


def replay_rejected(
    settings: ConnectionSettings, task: TaskSettings, *, state: Path
) -> tuple[int, int]:
    """Write them again, as the mirror has them now. Returns how many went in, and how many stay.

    Raises `Refused` while a sync holds the mirror.
    """
    with ExitStack() as stack:
        mirror = stack.enter_context(closing(open_place(place_for(settings, state), lock=True)))
        destination = stack.enter_context(closing(open_destination(task.destination)))
        apply = Apply(
            task=task_of(task, streams_of(task)), mirror=mirror, destination=destination,
            limits=Limits(),
        )  # fmt: skip
        apply.open()
        apply.drain()
        return apply.replay_rejects(), apply.rejected
