"""Looks at the other side on a person's behalf: projects to choose from."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import replace
from typing import TypeVar

from headrace.app.place import open_client
from headrace.app.selection import names_in_sight
from headrace.app.serving.platform import Platform
from headrace.app.system import SystemClock
from headrace.coding.source import CodingSource
from headrace.config import ConnectionSettings
from headrace.control.connections import ConnectionRole
from headrace.errors import Refused, Unavailable

T = TypeVar("T")

_ATTEMPTS = 2  # a person waits
SECONDS_MAX = 5.0


def projects(platform: Platform, connection_id: int) -> list[str]:
    """The names of the projects that a source's token may see. Raises what the calls raise."""
    connection = platform.connections.get(connection_id)
    if connection.role is not ConnectionRole.SOURCE:
        raise Refused(f"{connection.name} is no source.", advice="Choose a CODING connection.")
    whole = platform.connections.whole(connection_id)
    return projects_of(platform.kinds.settings_of(connection, whole))


def projects_of(settings: ConnectionSettings) -> list[str]:
    """The names of the projects in sight of these settings. Raises what the calls raise."""

    def ask() -> list[str]:
        with ExitStack() as closing:
            quick = replace(settings, attempts=_ATTEMPTS)
            client = open_client(quick, SystemClock(), closing)
            return names_in_sight(CodingSource(client))

    return in_time(ask, SECONDS_MAX)


def in_time(ask: Callable[[], T], seconds: float) -> T:
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
        return answer.result(seconds)
    except TimeoutError:
        raise Unavailable("CODING did not answer in time.", advice="Try again later.") from None
