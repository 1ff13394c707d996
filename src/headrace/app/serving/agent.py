"""The agent in this process: it takes tasks that wait, mines what they need, and sees them end.

Everything it does follows from the control store: what a person asked for is found there at the
next look, and a restart begins where the store says that tasks stood.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from headrace.app.serving.kinds import ConnectionKinds
from headrace.app.serving.mining.miner import Miner, Wanted
from headrace.app.serving.mining.mining import Mining
from headrace.app.serving.mining.mining_values import mining_values
from headrace.app.serving.tasks.runner import Ground, Runner
from headrace.app.serving.tasks.task_settings import SNAPSHOT, chosen_streams, engine_task
from headrace.app.serving.watching.metrics import Usage
from headrace.app.system import SystemClock
from headrace.control.agents import Agents
from headrace.control.connections import Connection, ConnectionRole, Connections
from headrace.control.minings import Minings
from headrace.control.states import Event, State
from headrace.control.tasks import TaskRow, Tasks
from headrace.errors import Refused, Stopped, Unavailable

LOOK_SECONDS = 0.5
STOP_SECONDS = 7.0  # with those of the site, within ten
_MIRROR_WAIT_SECONDS = 0.05
_AT_WORK = frozenset({State.RUNNING, State.STOPPING})
_logger = logging.getLogger("headrace.agent")
Sources = Mapping[int, Connection]


@dataclass(frozen=True, slots=True)
class Desk:
    """What an agent works with."""

    tasks: Tasks
    connections: Connections
    minings: Minings
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
        self.runners: dict[int, Runner] = {}
        self._desk = desk
        self._watch = watch
        self._usage = Usage()
        self._clock = SystemClock()
        self._miner = Miner(
            name, data, desk.connections, desk.minings, desk.kinds, self._clock
        )  # fmt: skip
        self.minings, self.failed = self._miner.minings, self._miner.failed
        self._thread = threading.Thread(target=self._run, name="headrace-agent")

    def start(self) -> None:
        """Begin; tasks that this agent ran before go on."""
        for row in self._own(_AT_WORK):
            self._desk.tasks.happened(row.id, Event.LOST)
        self._thread.start()

    def close(self) -> None:
        """Let every task drain and every mining end. Their states stay, for the next start."""
        ends = time.monotonic() + STOP_SECONDS  # for all together
        self._clock.stop()
        self._thread.join(STOP_SECONDS)
        working: list[Mining | Runner] = [*self.minings.values(), *self.runners.values()]
        for one in working:
            one.stop()
        for one in working:
            one.join(max(0.0, ends - time.monotonic()))
        with suppress(Unavailable):
            self._miner.note_holdings()

    # --- each look -----------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while True:
                try:
                    self.look()
                except Unavailable:  # the store is away for a moment: what runs goes on
                    pass
                except Exception:
                    _logger.exception("looking failed")
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
        sources = {c.id: c for c in self._desk.connections.all() if c.role is ConnectionRole.SOURCE}
        for row in rows:
            with suppress(Refused, KeyError):  # stopped or deleted meanwhile: the next look sees
                self._take(row, sources)
        mine = [row for row in self._own(_AT_WORK) if row.source_id in sources]
        self._miner.hold(self._wanted(mine, sources))
        for row in mine:
            with suppress(Refused):
                self._attend(row, sources[row.source_id])

    def _take(self, row: TaskRow, sources: Sources) -> None:
        """A task that waits and is ours to run."""
        if row.state is State.RETRYING and row.due_at <= self._clock.now_ms():
            row = self._desk.tasks.happened(row.id, Event.DUE)
        if row.state is State.WAITING:
            pinned = pinned_agent(row, sources[row.source_id])
            if self._desk.agents.choose(pinned) == self.name:
                self._desk.tasks.assigned(row.id, self.name)

    def _own(self, states: frozenset[State]) -> list[TaskRow]:
        return [r for r in self._desk.tasks.all() if r.agent == self.name and r.state in states]

    # --- minings -------------------------------------------------------------------------------

    def _wanted(self, rows: Sequence[TaskRow], sources: Sources) -> dict[str, Wanted]:
        """What running tasks need, of the sources that this agent may read."""
        found: dict[str, Wanted] = {}
        for row in rows:
            source = sources[row.source_id]
            pinned = source.values.get("agent") or self.name
            if row.state is State.RUNNING and pinned == self.name:
                with suppress(Refused):  # its task is refused below
                    key = mining_key(row, source)
                    needed = {stream.name for stream in chosen_streams(row, source)}
                    known = found.get(key) or Wanted(source, mining_values(source.values).listed())
                    found[key] = Wanted(source, known.streams | needed)
        return found

    def mining_of(self, row: TaskRow) -> str:
        """Which mining a task follows: the source's, or one of its own where it is not shared."""
        return mining_key(row, self._desk.connections.get(row.source_id))

    # --- tasks ---------------------------------------------------------------------------------

    def _attend(self, row: TaskRow, source: Connection) -> None:
        """One task that this agent holds: start it, stop it, or see what became of it."""
        runner = self.runners.get(row.id)
        if runner is None:
            if row.state is State.STOPPING:
                self._desk.tasks.happened(row.id, Event.DRAINED)
            else:
                self._start_runner(row, source)
            return
        if row.state is State.STOPPING or not self._may_go_on(row, source, runner):
            runner.stop()
        if runner.running:
            mining = self.minings.get(mining_key(row, source))
            if mining is not None and mining.level.is_set() and mining.reads(runner.task.streams):
                runner.snapshot_done.set()
            if runner.works.is_set():
                self._see_at_work(row, runner)
            return
        del self.runners[row.id]
        self._note_outcome(row, runner)

    def _see_at_work(self, row: TaskRow, runner: Runner) -> None:
        """What people asked to be filled again is, once; then it is noted."""
        if row.reset_streams is not None:
            runner.refill(row.reset_streams, asked_at=row.updated_at)
        refilled = row.reset_streams is not None and runner.refilled_at == row.updated_at
        if row.tries or refilled:
            self._desk.tasks.note_running(row.id, refilled_at=runner.refilled_at)

    def _may_go_on(self, row: TaskRow, source: Connection, runner: Runner) -> bool:
        """Whether it is still here that it runs, from this mirror, with these streams. If not, it
        ends, waits and starts anew."""
        if (pinned_agent(row, source) or self.name) != self.name:
            return False
        mining = self.minings.get(mining_key(row, source))
        if mining is not None and mining.place != runner.ground.place:
            return False
        with suppress(Refused):
            return list(runner.task.streams) == list(chosen_streams(row, source))
        return False

    def _start_runner(self, row: TaskRow, source: Connection) -> None:
        destination = self._desk.connections.get(row.destination_id)
        try:
            task = engine_task(row, source)
            mining = self.minings.get(mining_key(row, source))
            if mining is None or not mining.ready.wait(_MIRROR_WAIT_SECONDS):
                return  # it waits for its mirror; the mining's own trouble is shown beside it
            url = self._desk.kinds.url(self._desk.connections.whole(destination.id))
        except Refused as error:
            self._desk.tasks.happened(
                row.id, Event.REFUSED, reason=error.message, advice=error.advice
            )
            return
        runner = Runner(
            task, Ground(*mining.place, url), reset=row.reset_streams, asked_at=row.updated_at,
            once=row.settings.get("start") == SNAPSHOT,
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


def pinned_agent(row: TaskRow, source: Connection) -> str:
    """Who has to run a task: the agent it is pinned to, or else its source; "" for anybody."""
    return row.pinned or str(source.values.get("agent", ""))


def release() -> str:
    """The release that runs here."""
    from importlib.metadata import version

    return version("headrace")
