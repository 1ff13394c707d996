"""Headrace: a live, exact copy of a CODING team in the databases where its owners work.

    import headrace

    acme = headrace.connect(team="acme", projects=["shop"])  # token from CODING_TOKEN
    result = acme.sync("duckdb:///acme.duckdb")
    print(result.streams["issues"].inserted)

This module is the public Python API; what is not in `__all__` may change at any time.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from headrace.errors import (
    BadToken,
    Bug,
    Fenced,
    HeadraceError,
    NotFound,
    NotPermitted,
    Refused,
    Throttled,
    Unavailable,
)

if TYPE_CHECKING:
    from headrace.app.result import Note, Result
    from headrace.app.session import Session
    from headrace.app.system import SystemClock
    from headrace.coding.checks import Check
    from headrace.config import ConnectionSettings, TaskSettings
    from headrace.core.change import Change, Counts, Op
    from headrace.core.stream import Stream
    from headrace.engine.verify import Verdict

__all__ = [
    "BadToken",
    "Bug",
    "Change",
    "Check",
    "Connection",
    "Counts",
    "Fenced",
    "HeadraceError",
    "NotFound",
    "NotPermitted",
    "Note",
    "Op",
    "Refused",
    "Result",
    "Stream",
    "Throttled",
    "Unavailable",
    "Verdict",
    "connect",
]

Write = Literal["mirror", "history", "changes"]
Deletes = Literal["soft", "hard"]

_LAZY = {
    "Change": "headrace.core.change",
    "Check": "headrace.coding.checks",
    "Counts": "headrace.core.change",
    "Note": "headrace.app.result",
    "Op": "headrace.core.change",
    "Result": "headrace.app.result",
    "Stream": "headrace.core.stream",
    "Verdict": "headrace.engine.verify",
}


def connect(
    *,
    team: str | None = None,
    url: str | None = None,
    token: str | None = None,
    projects: Sequence[str] = (),
    state: str | PathLike[str] = ".headrace",
    poll_seconds: float = 60.0,
    census_seconds: float = 3600.0,
    attempts: int = 6,
) -> Connection:
    """Name a CODING team. Sends nothing yet.

    Give a `team` of coding.net, or the `url` of a private deployment or playground. `token`
    defaults to the environment variable CODING_TOKEN. `projects`: names; none means all in sight.
    `state` is the folder of the mirrors. Raises `Refused` for an impossible team, URL or token.
    """
    from headrace import config
    from headrace.coding.address import base_url
    from headrace.coding.auth import parse_token

    settings = config.ConnectionSettings(
        name=team or "url",
        team=team,
        url=url,
        token=config.token_from_environment() if token is None else token,
        projects=tuple(projects),
        poll_seconds=poll_seconds,
        census_seconds=census_seconds,
        attempts=attempts,
    )
    base_url(team=team, url=url)
    parse_token(settings.token)
    return Connection(settings, Path(state))


class Connection:
    """One CODING team. Made by `connect`; holds nothing open between calls.

    One process at a time may work on a connection and state folder: others are `Refused`.
    """

    def __init__(self, settings: ConnectionSettings, state: Path) -> None:
        self._settings = settings
        self._state = state
        self._clock: SystemClock | None = None

    def __repr__(self) -> str:
        return f"<headrace.Connection {self._settings.team or self._settings.url}>"

    def sync(
        self,
        destination: str,
        *,
        streams: Sequence[str] = (),
        once: bool = True,
        write: Write = "mirror",
        deletes: Deletes = "soft",
    ) -> Result:
        """Carry the team into a destination such as `duckdb:///acme.duckdb`.

        `once`: end when the copy is level; otherwise follow until Ctrl-C. `stop()` ends both.
        `streams`: names or patterns, none for all. Returns what was read and changed per stream.
        Raises `Refused` and `Unavailable`; what was committed stays, and the next call goes on.
        """
        from headrace.errors import Stopped

        task = self._task(destination, streams, write, deletes)
        with self._session([task]) as session:
            with suppress(Stopped) if once else suppress(KeyboardInterrupt):
                session.once() if once else session.follow()
            return session.result()

    def stop(self) -> None:
        """End the `sync` that runs in another thread. Nothing is lost."""
        if self._clock is not None:
            self._clock.stop()

    def check(self, streams: Sequence[str] = ()) -> list[Check]:
        """The connection test: every item with what was found and what to do about it."""
        from headrace.app.services import check

        return list(check(self._settings, streams=streams))

    def streams(self, *patterns: str) -> tuple[Stream, ...]:
        """The catalogue, or the streams of these names and patterns. Sends nothing."""
        from headrace.coding.streams import find

        return find(patterns or ("*",))

    def verify(
        self,
        destination: str,
        *,
        streams: Sequence[str] = (),
        write: Write = "mirror",
        deletes: Deletes = "soft",
        repair: bool = False,
        afresh: bool = False,
    ) -> list[Verdict]:
        """Hold a destination's tables against the mirror, one verdict a table; sends nothing.

        `repair` fills what differs again. `afresh` reads the whole team once more instead, and
        compares with that.
        """
        from headrace.app.proof import prove, verify

        task = self._task(destination, streams, write, deletes)
        if afresh:
            return prove(self._settings, task, state=self._state)
        found = verify(self._settings, task, state=self._state, repair=repair)
        return list(found.verdicts)

    def changes(self, after: int = 0) -> Iterator[Change]:
        """The changes in the mirror's log behind an offset, oldest first. Sends nothing."""
        with self._session([]) as session:
            while changes := session.changes(after):
                yield from changes
                after = changes[-1].offset

    def _session(self, tasks: Sequence[TaskSettings]) -> Session:
        from headrace.app import Session, SystemClock

        self._clock = SystemClock()
        return Session(self._settings, tasks, state=self._state, clock=self._clock)

    def _task(
        self, destination: str, streams: Sequence[str], write: str, deletes: str
    ) -> TaskSettings:
        from headrace.app import unnamed_task

        return unnamed_task(
            self._settings, destination, streams=streams, write=write, deletes=deletes
        )


def __getattr__(name: str) -> Any:
    """Load what is heavy only when it is asked for."""
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'headrace' has no attribute {name!r}")
