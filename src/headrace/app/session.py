"""A session: one connection with its mirror and tasks, wired and locked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from headrace.app.hooks import SessionHooks
from headrace.app.keeping import EVERYTHING, Keeping
from headrace.app.place import mirror_path as mirror_path
from headrace.app.place import open_client
from headrace.app.result import Note, Result, notes_of
from headrace.app.selection import Selection, narrowing_of, refiner, streams_of
from headrace.app.system import SystemClock, ThreadWorkers
from headrace.coding.source import CodingSource
from headrace.coding.streams import CATALOGUE, find
from headrace.config import (
    DELETES,
    WRITES,
    ConnectionSettings,
    TaskSettings,
)
from headrace.core.change import Change, Counts
from headrace.core.ports import Destination
from headrace.core.rejects import OnReject
from headrace.core.retry import RetryPolicy
from headrace.core.stream import Stream
from headrace.destinations.urls import open_destination
from headrace.engine.apply import Apply, Task
from headrace.engine.capture import Capture, Kind, Watch
from headrace.engine.filters import parse_filters
from headrace.engine.limits import Limits
from headrace.engine.modes import Deletes, Write
from headrace.engine.scopes import ScopeTree, with_parents
from headrace.engine.worker import Report, Worker
from headrace.errors import Refused, Stopped, Unavailable
from headrace.mirror.stored import StoredMirror

_PAUSE_SECONDS_MAX = 1.0
_PAUSE_SECONDS_MIN = 0.05
_HOOKS_PAUSE_SECONDS = 0.1  # a delivery should not wait long for its reading
_CHANGES_MAX = 10_000
_OPENING = RetryPolicy(attempts=3, first_seconds=0.5)
_AWAY_SECONDS = 15  # between two tries to reach a destination


class Session:
    """One connection with its mirror and tasks. Use in a `with`.

    The mirror lies in `state`, one file for a team and its chosen projects, locked until `close`.
    Destinations are opened by `open` only, once CODING has answered, so that a wrong token or
    project leaves nothing behind. `streams` are read besides those of the tasks. The key for masks
    lies in `secrets`, which is `state` if not given. `keeping`: another place for the mirror.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        tasks: Sequence[TaskSettings],
        *,
        state: Path,
        secrets: Path | None = None,
        streams: Sequence[str] = (),
        keeping: Keeping = EVERYTHING,
        clock: SystemClock | None = None,
        watch: Watch = lambda _stream, _kind, _counts, _expected: None,
    ) -> None:
        self.clock = clock or SystemClock()
        self.level = False  # whether the last round found nothing to do
        self.destinations: list[Destination] = []
        self._tasks = tuple(tasks)
        self._watch = watch
        self._settings = settings
        self._limits = Limits(
            poll_seconds=settings.poll_seconds,
            census_seconds=settings.census_seconds,
            sweep_seconds=settings.sweep_seconds,
            log_days=keeping.log_days,
        )
        self._chosen = [streams_of(task) for task in tasks]
        extra = find(streams)
        wanted = with_parents([*extra, *(s for own in self._chosen for s in own)], CATALOGUE)
        self.streams = tuple(s for s in wanted if s.name not in keeping.without)
        refine = refiner(settings, secrets or state, self.streams)
        narrowing = narrowing_of(settings, keeping.since_ms)
        self._applies: list[Apply] = []
        self._unopened: list[tuple[TaskSettings, Sequence[Stream]]] = []
        self._open_again_ms = 0
        self._away = ""
        self._worker: Worker | None = None
        self._closing = ExitStack()
        try:
            self.client = open_client(settings, self.clock, self._closing)
            self.mirror = self._open_mirror(keeping, state)
            self.hooks = self._open_hooks(keeping, state)
        except BaseException:
            self._closing.close()
            raise
        self._source = CodingSource(self.client, refine)
        self._selection = Selection(settings.projects, self.mirror, narrowing)
        self._began_ms = self.clock.now_ms()

    def open(self, *, patient: bool = False) -> None:
        """Ask CODING for the chosen projects, then open the tasks at their destinations.

        Raises `Refused` and `Unavailable`; `patient`: a destination that is away is tried again
        later, and reading goes on meanwhile. A second call does nothing.
        """
        if self._worker is not None:
            return
        self._selection.check(self._source)
        self._unopened = list(zip(self._tasks, self._chosen, strict=True))
        self._open_tasks(patient=patient)
        self._worker = self._make_worker()

    def once(self) -> None:
        """Snapshot or the changes since, one census, tasks level. May be called again.

        What can be read is read and written; then the first failure, if any, is raised.
        """
        self.open()
        self.worker.once()

    def follow(self, turned: Callable[[], None] = lambda: None) -> None:
        """Run until `clock.stop()`; then all that is committed is carried over.

        `turned` is called after every round of passes.
        """
        try:
            self.open(patient=True)
            while True:
                worked = self.turn()
                self.level = not worked
                turned()
                self.clock.sleep(0 if worked else self._pause_seconds)
        except Stopped:
            for apply in self._applies:
                apply.drain()
            turned()

    def turn(self) -> bool:
        """Every pass that is due now, and the tasks. Returns whether there was anything to do."""
        self.open()
        if self._unopened and self.clock.now_ms() >= self._open_again_ms:
            self._open_tasks(patient=True)
        found = self.hooks.recovery.step() if self.hooks is not None else 0
        return self.worker.turn() or found > 0

    def changes(self, after: int) -> Sequence[Change]:
        """The mirror's next changes behind an offset, at most 10,000."""
        return self.mirror.log(after, _CHANGES_MAX)

    def result(self) -> Result:
        """What was done since the session was made."""
        report = self.report
        return Result(
            streams={s.name: report.counts.get(s.name, Counts()) for s in self.streams},
            notes=(
                *notes_of(report, [apply.progress for apply in self._applies]),
                *(Note("failed", "", task.name, self._away) for task, _ in self._unopened),
            ),
            calls=self.client.calls,
            written=sum(apply.progress.changes for apply in self._applies),
            filled=tuple(n for a in self._applies for n in a.progress.filled + a.progress.refilled),
            seconds=(self.clock.now_ms() - self._began_ms) / 1000,
            lag=max((apply.lag for apply in self._applies), default=0),
        )

    @property
    def worker(self) -> Worker:
        """The worker; only after `open`."""
        assert self._worker is not None, "the session is not open"
        return self._worker

    @property
    def report(self) -> Report:
        """What the worker did so far and what stands in its way; an empty one before `open`."""
        return self._worker.report if self._worker is not None else Report()

    @property
    def _pause_seconds(self) -> float:
        longest = _PAUSE_SECONDS_MAX if self.hooks is None else _HOOKS_PAUSE_SECONDS
        return max(_PAUSE_SECONDS_MIN, min(longest, self._limits.poll_seconds))

    def _open_mirror(self, keeping: Keeping, state: Path) -> StoredMirror:
        mirror = keeping.open(self._settings, state, self.clock.now_ms())
        self._closing.callback(mirror.close)
        return mirror

    def _open_hooks(self, keeping: Keeping, state: Path) -> SessionHooks | None:
        """Opened before the snapshot begins, so that nothing is missed meanwhile."""
        if not self._settings.hooks:
            return None
        place = keeping.place(self._settings, state)
        hooks = SessionHooks(self._settings, state, place, self.client, self.mirror, self.clock)
        self._closing.callback(hooks.close)
        return hooks

    def _open_tasks(self, *, patient: bool) -> None:
        """Open the tasks that are not open yet; without patience each is tried a few times."""
        unopened, self._unopened = self._unopened, []
        for task, streams in unopened:
            for attempt in range(1, _OPENING.attempts + 1):
                try:
                    self._open_task(task, streams, patient=patient)
                    break
                except Unavailable as error:
                    self._away = str(error)
                    wait = _OPENING.wait_seconds(attempt, asked=None, spread=0.5)
                    if patient:
                        self._unopened.append((task, streams))
                        break
                    if wait is None:
                        raise
                    self.clock.sleep(wait)
        self._open_again_ms = self.clock.now_ms() + _AWAY_SECONDS * 1000

    def _open_task(self, task: TaskSettings, streams: Sequence[Stream], *, patient: bool) -> None:
        destination = open_destination(task.destination)
        self._closing.callback(destination.close)
        self.destinations.append(destination)
        apply = Apply(
            task=task_of(task, streams), mirror=self.mirror, destination=destination,
            limits=self._limits,
        )  # fmt: skip
        try:
            apply.open()
        except Unavailable:
            if not patient:
                self.destinations.remove(destination)
                destination.close()
                raise
        self._applies.append(apply)  # one that is not open yet opens itself at its next step

    def _make_worker(self) -> Worker:
        scopes = ScopeTree(CATALOGUE, self.mirror)
        workers = ThreadWorkers()
        self._closing.callback(workers.close)
        capture = Capture(
            source=self._source, mirror=self.mirror, clock=self.clock, workers=workers,
            scopes=scopes, limits=self._limits, keep=self._selection.keep, watch=self._watched,
        )  # fmt: skip
        return Worker(
            streams=self.streams, capture=capture, mirror=self.mirror, scopes=scopes,
            applies=self._applies, clock=self.clock, limits=self._limits,
            hooks=self.hooks.reader(self.streams, capture, scopes) if self.hooks else None,
            unpolled=self.hooks.unpolled(self.streams) if self.hooks else frozenset(),
        )  # fmt: skip

    def _watched(self, stream: Stream, kind: Kind, counts: Counts, expected: int | None) -> None:
        """Tell who watches; a stop takes effect here, between two committed pages."""
        self._watch(stream, kind, counts, expected)
        self.clock.sleep(0)

    def close(self) -> None:
        """Close everything, in reverse order. A second call does nothing."""
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


def task_of(task: TaskSettings, streams: Sequence[Stream]) -> Task:
    """The engine's task for one of the configuration. Raises `Refused` for a wrong filter."""
    return Task(
        task.name, streams, Write(task.write), Deletes(task.deletes), OnReject(task.rejects),
        filters=parse_filters(task.filters, streams),
    )  # fmt: skip


def unnamed_task(
    settings: ConnectionSettings,
    destination: str,
    *,
    streams: Sequence[str] = (),
    write: str = Write.MIRROR,
    deletes: str = Deletes.SOFT,
) -> TaskSettings:
    """A task that was spelled out instead of named. It goes by the name of its mirror.

    So two of them with other projects never share a checkpoint. Raises `Refused` for a wrong mode.
    """
    for value, known in ((write, WRITES), (deletes, DELETES)):
        if value not in known:
            raise Refused(f"There is no mode {value!r}.", advice=f"Choose {' or '.join(known)}.")
    name = mirror_path(Path(), settings).stem
    return TaskSettings(name, settings.name, destination, tuple(streams), str(write), str(deletes))
