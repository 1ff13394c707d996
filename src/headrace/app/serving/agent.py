"""The agent in this process: it takes tasks that wait, mines what they need, and sees them end.

Everything it does follows from the control store: what a person asked for is found there at the
next look, and a restart begins where the store says that tasks stood.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from headrace.app.selection import streams_of
from headrace.app.serving.kinds import ConnectionKinds
from headrace.app.serving.metrics import Usage
from headrace.app.serving.mining import Mining
from headrace.app.serving.runner import Ground, Runner
from headrace.app.session import task_of
from headrace.app.system import SystemClock
from headrace.config import TaskSettings
from headrace.control.agents import Agents
from headrace.control.connections import Connection, Connections
from headrace.control.states import Event, State
from headrace.control.tasks import TaskRow, Tasks
from headrace.core.retry import RetryPolicy
from headrace.errors import HeadraceError, Refused, Stopped, Unavailable

LOOK_SECONDS = 0.5
STOP_SECONDS = 10.0
_MINING_AGAIN = RetryPolicy(attempts=2**31, first_seconds=5.0, cap_seconds=300.0)
_MIRROR_WAIT_SECONDS = 0.05


@dataclass(slots=True)
class _Failed:
    """A mining that ended by an error, and when it is tried again."""

    error: HeadraceError
    times: int
    again_at: int


@dataclass(frozen=True, slots=True)
class Desk:
    """What an agent works with."""

    tasks: Tasks
    connections: Connections
    agents: Agents
    kinds: ConnectionKinds


class LocalAgent:
    """Runs tasks and minings as threads of this process until `close`.

    `minings` and `runners` are what runs now, by connection (or task, where mining is not shared)
    and by task id; others may look at them. `watch` is called after each look at the store.
    """

    def __init__(
        self, name: str, data: Path, desk: Desk, watch: Callable[[], None] = lambda: None
    ) -> None:
        self.name = name
        self.minings: dict[str, Mining] = {}
        self.runners: dict[int, Runner] = {}
        self.failed: dict[str, _Failed] = {}
        self._data = data
        self._desk = desk
        self._watch = watch
        self._usage = Usage()
        self._clock = SystemClock()
        self._thread = threading.Thread(target=self._run, name="headrace-agent")

    def start(self) -> None:
        """Begin; tasks that this agent ran before go on."""
        for row in self._own({State.RUNNING, State.STOPPING}):
            self._desk.tasks.happened(row.id, Event.LOST)
        self._thread.start()

    def close(self) -> None:
        """Let every task drain and every mining end. Their states stay, for the next start."""
        self._clock.stop()
        self._thread.join(STOP_SECONDS)
        working: list[Mining | Runner] = [*self.minings.values(), *self.runners.values()]
        for one in working:
            one.stop()
        for one in working:
            one.join(STOP_SECONDS)

    # --- each look -----------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while True:
                with suppress(Unavailable):  # the store is away for a moment: what runs goes on
                    self.look()
                self._clock.sleep(LOOK_SECONDS)
        except Stopped:
            pass

    def look(self) -> None:
        """Hold what runs against what the store wants, once."""
        try:
            self._hold()
        finally:
            self._watch()

    def _hold(self) -> None:
        self._desk.agents.beat(
            self.name, release=release(), cores=os.cpu_count() or 1, cpu=self._usage.cpu(),
            memory_mb=self._usage.memory_mb(),
        )  # fmt: skip
        rows = self._desk.tasks.all()
        for row in rows:
            if row.state is State.RETRYING and row.due_at <= self._clock.now_ms():
                row = self._desk.tasks.happened(row.id, Event.DUE)
            if row.state is State.WAITING and self._desk.agents.choose(row.pinned) == self.name:
                self._desk.tasks.assigned(row.id, self.name)
        mine = self._own({State.RUNNING, State.STOPPING})
        self._mine([row for row in mine if row.state is State.RUNNING])
        for row in mine:
            self._attend(row)

    def _own(self, states: Iterable[State]) -> list[TaskRow]:
        wanted = set(states)
        return [r for r in self._desk.tasks.all() if r.agent == self.name and r.state in wanted]

    # --- minings -------------------------------------------------------------------------------

    def _mine(self, rows: Sequence[TaskRow]) -> None:
        """Start what tasks need, with all streams that they need; stop what none does."""
        wanted: dict[str, list[TaskRow]] = {}
        for row in rows:
            wanted.setdefault(self.mining_of(row), []).append(row)
        for key, mining in list(self.minings.items()):
            needed = self._streams(wanted.get(key, ()))
            if key in wanted and mining.running and needed <= set(mining.streams):
                continue
            if mining.running:
                mining.stop()  # at the next look it has ended and starts anew, if it is wanted
                continue
            self._note_ended(key, mining)
        for key, users in wanted.items():
            failed = self.failed.get(key)
            if key not in self.minings and (
                failed is None or failed.again_at <= self._clock.now_ms()
            ):
                self._start_mining(key, users)

    def mining_of(self, row: TaskRow) -> str:
        """Which mining a task follows: the source's, or one of its own where it is not shared."""
        return mining_key(row, self._desk.connections.get(row.source_id))

    def _streams(self, rows: Iterable[TaskRow]) -> set[str]:
        return {stream.name for row in rows for stream in streams_of(_settings_of(row))}

    def _start_mining(self, key: str, users: Sequence[TaskRow]) -> None:
        connection = self._desk.connections.get(users[0].source_id)
        try:
            settings = self._desk.kinds.settings(
                connection.name, self._desk.connections.whole(connection.id)
            )
            streams = sorted(self._streams(users))
        except Refused as error:
            self._note_failed(key, error)
            return
        mining = Mining(connection.name, settings, self._data / "mirrors" / key, streams)
        self.minings[key] = mining
        mining.start()

    def _note_ended(self, key: str, mining: Mining) -> None:
        del self.minings[key]
        if mining.error is None:
            self.failed.pop(key, None)
        else:
            self._note_failed(key, mining.error)

    def _note_failed(self, key: str, error: HeadraceError) -> None:
        times = self.failed[key].times + 1 if key in self.failed else 1
        wait = _MINING_AGAIN.wait_seconds(times, asked=None, spread=0.5) or 0.0
        self.failed[key] = _Failed(error, times, self._clock.now_ms() + int(wait * 1000))

    # --- tasks ---------------------------------------------------------------------------------

    def _attend(self, row: TaskRow) -> None:
        """One task that this agent holds: start it, stop it, or see what became of it."""
        runner = self.runners.get(row.id)
        if runner is None:
            if row.state is State.STOPPING:
                self._desk.tasks.happened(row.id, Event.DRAINED)
            else:
                self._start_runner(row)
            return
        if row.state is State.STOPPING:
            runner.stop()
        if runner.running:
            mining = self.minings.get(self.mining_of(row))
            if mining is not None and mining.level.is_set():
                runner.snapshot_done.set()
            if runner.works.is_set() and (row.tries or row.reset_streams is not None):
                self._desk.tasks.note_running(row.id)
            return
        del self.runners[row.id]
        self._note_outcome(row, runner)

    def _start_runner(self, row: TaskRow) -> None:
        mining = self.minings.get(self.mining_of(row))
        if mining is None or not mining.ready.wait(_MIRROR_WAIT_SECONDS):
            return  # it waits for its mirror; the mining's own error is shown beside it
        destination = self._desk.connections.get(row.destination_id)
        settings = _settings_of(row)
        try:
            url = self._desk.kinds.url(self._desk.connections.whole(destination.id))
            task = task_of(settings, streams_of(settings))
        except Refused as error:
            self._desk.tasks.happened(
                row.id, Event.REFUSED, reason=error.message, advice=error.advice
            )
            return
        task = replace(task, now=row.settings.get("start") == "now")
        runner = Runner(
            task, Ground(mining.state, mining.mirror, url), reset=row.reset_streams,
            once=row.settings.get("start") == "snapshot",
        )  # fmt: skip
        self.runners[row.id] = runner
        runner.start()

    def _note_outcome(self, row: TaskRow, runner: Runner) -> None:
        error, tasks = runner.error, self._desk.tasks
        if runner.finished:
            tasks.happened(row.id, Event.FINISHED)
        elif isinstance(error, Refused) and row.state is not State.STOPPING:
            tasks.happened(row.id, Event.REFUSED, reason=error.message, advice=error.advice)
        elif error is not None and row.state is not State.STOPPING:
            tasks.failed(row.id, error.message, error.advice)
        elif row.state is State.STOPPING:
            said = {"reason": error.message, "advice": error.advice} if error else {}
            tasks.happened(row.id, Event.DRAINED, **said)
        else:
            tasks.happened(row.id, Event.LOST)


def mining_key(row: TaskRow, source: Connection) -> str:
    """See `LocalAgent.mining_of`, where the source is known already."""
    shared = source.values.get("shared_mining", True)
    return f"connection-{source.id}" if shared else f"task-{row.id}"


def _settings_of(row: TaskRow) -> TaskSettings:
    values = row.settings
    return TaskSettings(
        f"task-{row.id}", "", "", tuple(values.get("streams", ())),
        values.get("write", "mirror"), values.get("deletes", "soft"),
        values.get("rejects", "aside"),
    )  # fmt: skip


def release() -> str:
    """The release that runs here."""
    from importlib.metadata import version

    return version("headrace")
