"""Watches what the agent runs: figures every 10 s, runs and log lines as things happen, alerts.

Called by the agent after each of its looks, in its thread. What could not be put on file, because
the store was away, is put there at the next look.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from headrace.app.result import Note
from headrace.app.serving.agent import LocalAgent
from headrace.app.serving.mining.mining import Mining
from headrace.app.serving.tasks.runner import Runner
from headrace.app.serving.watching.counting import Mirrors, SourceCounter, TaskCounter, source_of
from headrace.app.serving.watching.reloading import Reloader
from headrace.app.serving.watching.situation import Situations
from headrace.control.alerts import Alerts, causes
from headrace.control.history import Level, Log, Outcome, Runs
from headrace.control.monitor import HOUR_MS, SPAN_MS, Entry, Monitor, together
from headrace.control.states import State
from headrace.control.tasks import TaskRow, Tasks
from headrace.core.clock import Clock
from headrace.errors import HeadraceError

_MINUTE_MS = 60_000
_LINES_WAITING_MAX = 1_000
_LEVELS = {State.ERROR: Level.ERROR, State.RETRYING: Level.WARNING}

_logger = logging.getLogger("headrace.watching")
LogLine = tuple[str, Level, str, str]


class Books(NamedTuple):
    """Where it is all written down."""

    monitor: Monitor
    log: Log
    runs: Runs
    alerts: Alerts


@dataclass(slots=True)
class _Followed:
    """A runner, its run on file, and how much of its progress the log has."""

    task: TaskRow
    counter: TaskCounter
    run_id: int
    filled: int = 0
    refilled: int = 0
    learned: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)
    snapshot_at: int = 0


class Watching:
    """See the module. `told` is called when alerts were raised or cleared."""

    def __init__(
        self, agent: LocalAgent, tasks: Tasks, books: Books, reloader: Reloader,
        situations: Situations, mirrors: Mirrors, clock: Clock,
        told: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self._agent = agent
        self._tasks = tasks
        self._books = books
        self._reloader = reloader
        self._situations = situations
        self._mirrors = mirrors
        self._clock = clock
        self._told = told
        self._states: dict[int, State] = {}
        self._followed: dict[int, _Followed] = {}
        self._sources: dict[str, SourceCounter] = {}
        self._over: list[TaskCounter | SourceCounter] = []  # ended, their last figures not on file
        self._notes: dict[str, set[Note]] = {}
        self._lines: list[LogLine] = []
        self._flushed_at = self._minute_at = self._hour_at = 0

    def start(self) -> None:
        """The agent is about to begin: runs that it left open died with its last process."""
        self._books.runs.lost(self._agent.name)

    def hurry(self) -> None:
        """Figures at the next look, not after 10 s. Safe from any thread."""
        self._flushed_at = 0

    def look(self) -> None:
        """Note what happened since the look before; every 10 s, the figures. Raises nothing: what
        is watched goes on, whatever becomes of its figures."""
        try:
            self._look()
        except HeadraceError as error:
            _logger.warning("%s", error)
        except Exception:
            _logger.exception("watching failed")

    def _look(self) -> None:
        rows = {row.id: row for row in self._tasks.all()}
        self._see_states(rows.values())
        self._see_runners(rows)
        self._see_minings(rows)
        self._write_lines()
        if self._clock.now_ms() - self._flushed_at >= SPAN_MS:
            self.flush(list(rows.values()))

    def close(self) -> None:
        """The last figures, once the agent has ended."""
        try:
            for task_id in list(self._followed):
                self._end_run(task_id)
            self._write_lines()
            self._count()
        finally:
            self._mirrors.close()

    # --- what happens ----------------------------------------------------------------------------

    def _see_states(self, rows: Iterable[TaskRow]) -> None:
        for row in rows:
            before = self._states.get(row.id)
            if before is not None and before is not row.state:
                text = f"{before} → {row.state}"
                text += f": {row.reason}" if row.reason and row.state in _LEVELS else ""
                self._say(f"task:{row.id}", text, _LEVELS.get(row.state, Level.INFO), row.advice)
            self._states[row.id] = row.state

    def _see_runners(self, rows: dict[int, TaskRow]) -> None:
        for task_id, followed in list(self._followed.items()):
            if self._agent.runners.get(task_id) is not followed.counter.runner:
                self._end_run(task_id)
        for task_id, runner in self._agent.runners.items():
            if task_id not in self._followed and task_id in rows:
                run_id = self._books.runs.began(task_id, self._agent.name)
                counter = TaskCounter(f"task:{task_id}", runner)
                self._followed[task_id] = _Followed(rows[task_id], counter, run_id)
        for followed in self._followed.values():
            self._see_progress(followed)

    def _end_run(self, task_id: int) -> None:
        followed = self._followed[task_id]
        self._see_progress(followed)
        counter = followed.counter
        outcome, reason = _outcome_of(counter.runner)
        figures = together(counter.figures()).as_dict()
        self._books.runs.ended(followed.run_id, outcome, reason, figures)
        del self._followed[task_id]
        self._over.append(counter)

    def _see_progress(self, followed: _Followed) -> None:
        runner, subject = followed.counter.runner, followed.counter.subject
        progress = runner.progress
        for name in progress.filled[followed.filled :]:
            self._say(subject, f"{name} was filled: {progress.counts[name].read} records")
        for name in progress.refilled[followed.refilled :]:
            self._say(subject, f"{name} was filled again")
        for table, name in progress.learned[followed.learned :]:
            self._say(subject, f"{table} has a new column for {name}")
            self._reloader.ask(followed.task.source_id)
        for name, count in dict(progress.rejected).items():
            if added := count - followed.rejected.get(name, 0):
                text = f"{name}: {added} records were refused by the destination and lie aside"
                self._say(subject, text, Level.WARNING, "Look at the rejects.")
            followed.rejected[name] = count
        for name, error in dict(progress.stopped).items():
            if name not in followed.stopped:
                self._say(subject, f"{name} has stopped: {error.message}", Level.ERROR,
                          error.advice)  # fmt: skip
        followed.stopped = set(progress.stopped)
        followed.filled, followed.refilled = len(progress.filled), len(progress.refilled)
        followed.learned = len(progress.learned)
        through = runner.snapshot_done.is_set() and runner.lag == 0 and runner.works.is_set()
        if through and progress.filled and not followed.snapshot_at:
            followed.snapshot_at = self._clock.now_ms()

    def _see_minings(self, rows: dict[int, TaskRow]) -> None:
        minings = self._agent.minings
        for key, counter in list(self._sources.items()):
            if minings.get(key) is not counter.mining:
                self._see_mining_end(counter)
                self._over.append(self._sources.pop(key))
        for key, mining in minings.items():
            source = source_of(key, rows)
            if key not in self._sources and source:
                subject = f"connection:{source}"
                self._sources[key] = SourceCounter(subject, mining, self._books.monitor)
                self._say(subject, f"mining of {len(mining.streams)} streams began")
            if key in self._sources:
                self._see_notes(key, self._sources[key].subject, mining)

    def _see_mining_end(self, counter: SourceCounter) -> None:
        error = counter.mining.error
        if error is None:
            self._say(counter.subject, "mining ended")
        else:
            self._say(counter.subject, f"mining failed: {error.message}", Level.ERROR, error.advice)

    def _see_notes(self, key: str, subject: str, mining: Mining) -> None:
        now = set(mining.notes)
        for note in now - self._notes.get(key, set()):
            where = " ".join(filter(None, (note.stream, note.place)))
            text = f"{note.kind}: {where}: {note.text}" if where else f"{note.kind}: {note.text}"
            self._say(subject, text, Level.WARNING)
        self._notes[key] = now

    def _say(self, subject: str, text: str, level: Level = Level.INFO, advice: str = "") -> None:
        self._lines.append((subject, level, text, advice))
        del self._lines[:-_LINES_WAITING_MAX]

    def _write_lines(self) -> None:
        self._books.log.write(self._lines)
        self._lines.clear()

    # --- every 10 s ------------------------------------------------------------------------------

    def flush(self, rows: Sequence[TaskRow]) -> None:
        """Figures, alerts, what is due of models, and what is old."""
        self._count()
        self._alert(rows)
        self._look_after()
        self._flushed_at = self._clock.now_ms()

    def _count(self) -> None:
        entries: list[Entry] = []
        taken: list[TaskCounter | SourceCounter] = []
        now_ms = self._clock.now_ms()
        counters = [f.counter for f in self._followed.values()]
        for one in [*counters, *self._sources.values(), *self._over]:
            try:
                entries += list(self._increments(one, now_ms))
                taken.append(one)
            except HeadraceError:  # its mirror cannot be read now
                continue
        self._books.monitor.add(entries)
        for one in taken:
            one.flushed()
        self._over = [one for one in self._over if one not in taken]
        grounds = (counter.runner.ground for counter in counters)
        self._mirrors.keep(
            {*(g.place for g in grounds), *(s.place for s in self._sources.values())}
        )

    def _increments(self, one: TaskCounter | SourceCounter, now_ms: int) -> Iterator[Entry]:
        if isinstance(one, SourceCounter):
            mirror = self._mirrors.at(one.place)
            return one.take(mirror, now_ms) if mirror is not None else iter(())
        ground = one.runner.ground
        offsets = one.runner.offsets if one.runner.running else {}
        return one.take(self._mirrors.lags(ground.place, offsets), now_ms)

    def _alert(self, rows: Sequence[TaskRow]) -> None:
        limits = self._books.alerts.thresholds()
        runs = {task_id: (f.counter, f.snapshot_at) for task_id, f in self._followed.items()}
        found = causes(self._situations.now(rows, runs, limits), limits)
        raised, cleared = self._books.alerts.update(found)
        for alert in raised:
            self._say(alert.subject, f"alert: {alert.text.en}", Level.WARNING, alert.advice.en)
        for alert in cleared:
            self._say(alert.subject, f"all clear: {alert.text.en}")
        if raised or cleared:
            self._write_lines()
            self._told()

    def _look_after(self) -> None:
        now_ms, books = self._clock.now_ms(), self._books
        for connection, load in self._reloader.look():
            what = "loaded first" if load.first else f"changed: {len(load.changes)} differences"
            self._say(f"connection:{connection.id}", f"model {what}")
        if now_ms - self._minute_at >= _MINUTE_MS:
            self._minute_at = now_ms
            books.monitor.roll_up()
            for followed in self._followed.values():
                figures = together(followed.counter.figures()).as_dict()
                books.runs.note(followed.run_id, figures)
        if now_ms - self._hour_at >= HOUR_MS:
            self._hour_at = now_ms
            for prune in (books.log.prune, books.runs.prune, books.alerts.prune):
                prune()


def _outcome_of(runner: Runner) -> tuple[Outcome, str]:
    if runner.finished:
        return Outcome.FINISHED, ""
    if runner.error is not None:
        return Outcome.FAILED, str(runner.error)
    return Outcome.STOPPED, ""
