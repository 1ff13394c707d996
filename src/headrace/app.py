"""The composition root: the only module that names concrete adapters."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from headrace.coding.address import base_url
from headrace.coding.auth import parse_token
from headrace.coding.client import Client
from headrace.coding.http import HttpTransport
from headrace.coding.pacing import Pacer
from headrace.coding.source import CodingSource
from headrace.coding.streams import CATALOGUE, find
from headrace.config import ConnectionSettings, TaskSettings
from headrace.core.clock import Clock
from headrace.core.ports import Destination, Mirror
from headrace.core.record import Body
from headrace.core.stream import Stream
from headrace.destinations.urls import open_destination
from headrace.engine.apply import Apply, Task
from headrace.engine.capture import Capture, Watch
from headrace.engine.limits import Limits
from headrace.engine.modes import Deletes, Write
from headrace.engine.scopes import ScopeTree, with_parents
from headrace.engine.worker import Worker
from headrace.errors import Stopped
from headrace.mirror.files import MirrorLock, connect
from headrace.mirror.sqlite import SqliteMirror

T = TypeVar("T")
R = TypeVar("R")

PARALLEL_READS = 4


class SystemClock:
    """The real clock. `stop()` wakes every sleeper with `Stopped`."""

    def __init__(self) -> None:
        self._stop = threading.Event()

    def now_ms(self) -> int:
        """Milliseconds since 1970 UTC."""
        return time.time_ns() // 1_000_000

    def sleep(self, seconds: float) -> None:
        """Wait; raises `Stopped` when `stop` is called."""
        if self._stop.wait(seconds):
            raise Stopped

    def stop(self) -> None:
        """Ask everything that waits on this clock to end."""
        self._stop.set()


class ThreadWorkers:
    """Reads side by side in a few threads."""

    def __init__(self, threads: int = PARALLEL_READS) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="headrace-read")

    def map(self, call: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
        """See `core.ports.Workers.map`."""
        return self._pool.map(call, items)

    def close(self) -> None:
        """Finish what is under way, start nothing more."""
        self._pool.shutdown(cancel_futures=True)


def open_client(settings: ConnectionSettings, clock: Clock, closing: ExitStack) -> Client:
    """A client for the connection's team. Raises `Refused` for a bad address or token."""
    address = base_url(team=settings.team, url=settings.url)
    authorizer = parse_token(settings.token)
    transport = closing.enter_context(HttpTransport(private=settings.url is not None))
    return Client(transport, address, authorizer, Pacer(clock), clock)


class Session:
    """One connection with its mirror and tasks, wired and locked. Use in a `with`.

    The mirror lies in `state`, one file a connection and selection of projects' team.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        tasks: Sequence[TaskSettings],
        *,
        state: Path,
        clock: SystemClock | None = None,
        watch: Watch = lambda _stream, _kind, _counts, _expected: None,
    ) -> None:
        self.clock = clock or SystemClock()
        self._closing = ExitStack()
        try:
            self._open(settings, tasks, state, watch)
        except BaseException:
            self._closing.close()
            raise

    def _open(
        self,
        settings: ConnectionSettings,
        tasks: Sequence[TaskSettings],
        state: Path,
        watch: Watch,
    ) -> None:
        limits = Limits(poll_seconds=settings.poll_seconds, census_seconds=settings.census_seconds)
        chosen = {task.name: find(task.streams or ("*",)) for task in tasks}
        self.client = open_client(settings, self.clock, self._closing)
        destinations = [self._destination(task) for task in tasks]
        self.mirror = self._mirror(settings, state)
        streams = with_parents([s for own in chosen.values() for s in own], CATALOGUE)
        scopes = ScopeTree(CATALOGUE, self.mirror)
        workers = ThreadWorkers()
        self._closing.callback(workers.close)
        capture = Capture(
            source=CodingSource(self.client), mirror=self.mirror, clock=self.clock,
            workers=workers, scopes=scopes, limits=limits,
            keep=_selection(settings.projects, self.mirror), watch=watch,
        )  # fmt: skip
        self.applies = [
            Apply(
                task=Task(task.name, chosen[task.name], Write(task.write), Deletes(task.deletes)),
                mirror=self.mirror, destination=destination, limits=limits,
            )
            for task, destination in zip(tasks, destinations, strict=True)
        ]  # fmt: skip
        self.destinations = destinations
        self.worker = Worker(
            streams=streams, capture=capture, mirror=self.mirror, scopes=scopes,
            applies=self.applies, clock=self.clock, limits=limits,
        )  # fmt: skip

    def once(self) -> None:
        """Snapshot or the changes since, one census, tasks level."""
        self._open_tasks()
        self.worker.once()

    def follow(self) -> None:
        """Until `clock.stop()`; then what is committed is on file and `Stopped` is swallowed."""
        self._open_tasks()
        try:
            self.worker.follow()
        except Stopped:
            for apply in self.applies:
                apply.drain()

    def _open_tasks(self) -> None:
        for apply in self.applies:
            apply.open()

    def _destination(self, task: TaskSettings) -> Destination:
        destination = open_destination(task.destination)
        self._closing.callback(destination.close)
        return destination

    def _mirror(self, settings: ConnectionSettings, state: Path) -> SqliteMirror:
        path = mirror_path(state, settings)
        self._closing.enter_context(MirrorLock(path.with_suffix(".lock")))
        mirror = SqliteMirror(connect(path), now_ms=self.clock.now_ms())
        self._closing.callback(mirror.close)
        return mirror

    def close(self) -> None:
        """Close everything, in reverse order."""
        self._closing.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def mirror_path(state: Path, settings: ConnectionSettings) -> Path:
    """Where the connection's mirror lies: readable name, and a digest of what it must match."""
    address = base_url(team=settings.team, url=settings.url)
    same = "\n".join([address, *sorted(settings.projects)])
    digest = hashlib.blake2b(same.encode(), digest_size=4).hexdigest()
    name = re.sub(r"[^a-z0-9-]+", "-", (settings.team or settings.name).lower()).strip("-")
    return state / f"{name or 'connection'}-{digest}.mirror"


def _selection(projects: Sequence[str], mirror: Mirror) -> Callable[[Stream, Body], bool]:
    """Which rows to keep: those of the chosen projects, by name or, once known, by id."""
    names = set(projects)

    def keep(stream: Stream, row: Body) -> bool:
        if not names or stream.name != "projects" or row.get("Name") in names:
            return True
        return mirror.get("projects", f"[{row.get('Id')}]") is not None

    return keep
