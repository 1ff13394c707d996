"""Looks at the other side on a person's behalf: projects to choose from, a task's pre-check."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import replace
from typing import TypeVar

from headrace.app.place import open_client
from headrace.app.selection import names_in_sight, streams_of
from headrace.app.serving.platform import Platform
from headrace.app.system import SystemClock
from headrace.coding.checks import Check, Outcome
from headrace.coding.source import CodingSource
from headrace.config import TaskSettings
from headrace.control.connections import ConnectionRole
from headrace.control.tasks import TaskRow
from headrace.core.stream import Title
from headrace.errors import Refused, Unavailable

T = TypeVar("T")

_ATTEMPTS = 2  # a person waits
_SECONDS_MAX = 5.0
_ALONE = Title("目标表不与其他任务冲突", "No other task writes these tables")
_AGENT = Title("Agent 可用", "An agent is there")


def projects(platform: Platform, connection_id: int) -> list[str]:
    """The names of the projects that a source's token may see. Raises what the calls raise."""
    connection = platform.connections.get(connection_id)
    if connection.role is not ConnectionRole.SOURCE:
        raise Refused(f"{connection.name} is no source.", advice="Choose a CODING connection.")
    whole = platform.connections.whole(connection_id)
    settings = platform.kinds.settings(connection.name, whole)

    def ask() -> list[str]:
        with ExitStack() as closing:
            quick = replace(settings, attempts=_ATTEMPTS)
            client = open_client(quick, SystemClock(), closing)
            return names_in_sight(CodingSource(client))

    return _in_time(ask)


def _in_time(ask: Callable[[], T]) -> T:
    """What `ask` says. A slow other side holds up neither the person nor the end of the process.

    Raises what `ask` raises, and `Unavailable` when that takes too long.
    """
    answer: Future[T] = Future()

    def work() -> None:
        try:
            answer.set_result(ask())
        except BaseException as error:  # noqa: BLE001 - it is raised where the answer is waited for
            answer.set_exception(error)

    threading.Thread(target=work, name="headrace-look", daemon=True).start()
    try:
        return answer.result(_SECONDS_MAX)
    except TimeoutError:
        raise Unavailable("CODING did not answer in time.", advice="Try again later.") from None


def precheck(platform: Platform, task_id: int) -> Iterator[Check]:
    """What would stand in a task's way: its agent, its tables, its source, its destination."""
    row = platform.tasks.get(task_id)
    yield _agent(platform, row)
    yield _alone(platform, row)
    for connection_id in (row.source_id, row.destination_id):
        yield from platform.check(connection_id)


def _agent(platform: Platform, row: TaskRow) -> Check:
    found = platform.agents.choose(row.pinned)
    if found:
        return Check("agent", _AGENT, "ok", found)
    which = row.pinned or "none at all"
    return Check(
        "agent", _AGENT, "failed", f"It would wait for an agent that is away: {which}.",
        "Start that agent, or let any agent run the task.", "user",
    )  # fmt: skip


def _alone(platform: Platform, row: TaskRow) -> Check:
    wanted = _tables(row)
    others = [
        other.name
        for other in platform.tasks.all()
        if other.id != row.id
        and other.destination_id == row.destination_id
        and _tables(other) & wanted
    ]
    outcome: Outcome = "failed" if others else "ok"
    advice = "Choose another destination, or other streams." if others else ""
    return Check("alone", _ALONE, outcome, ", ".join(others), advice, "user" if others else "")


def _tables(row: TaskRow) -> set[str]:
    names = tuple(row.settings.get("streams", ()))
    return {stream.name for stream in streams_of(TaskSettings("", "", "", names))}
