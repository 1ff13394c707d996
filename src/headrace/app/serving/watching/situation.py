"""How things stand, gathered for alerts: tasks, sources, agents, the disk."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from headrace.app.place import open_grants
from headrace.app.result import Note
from headrace.app.serving.agent import Desk, LocalAgent
from headrace.app.serving.watching.counting import TaskCounter
from headrace.control.alerts import Situation, SourceView, TaskView, Thresholds
from headrace.control.connections import Connection, ConnectionRole
from headrace.control.states import State
from headrace.control.tasks import TaskRow
from headrace.core.clock import Clock
from headrace.errors import HeadraceError

_GRANT_MS = 600_000  # how long what a grant said is believed
_AWAY_SHOWN_MS = 86_400_000  # an agent that is away for longer has been taken out of use

Runs = Mapping[int, tuple[TaskCounter, int]]  # by task: its counter, when its snapshot was done


class Situations:
    """Looks around. Remembers since when tasks are behind."""

    def __init__(self, agent: LocalAgent, desk: Desk, data: Path, clock: Clock) -> None:
        self._agent = agent
        self._desk = desk
        self._data = data
        self._clock = clock
        self._behind: dict[int, int] = {}
        self._grants: dict[int, tuple[int, int]] = {}  # connection -> (asked at, ends at)

    def now(self, rows: Sequence[TaskRow], runs: Runs, limits: Thresholds) -> Situation:
        """How things stand now."""
        now_ms, disk = self._clock.now_ms(), shutil.disk_usage(self._data)
        agents = self._desk.agents.all()
        return Situation(
            now_ms, [self._task(row, runs, limits, now_ms) for row in rows],
            list(self._sources(rows, now_ms)),
            [a.name for a in agents if a.away and now_ms - a.heartbeat_at < _AWAY_SHOWN_MS],
            disk.free, disk.total,
        )  # fmt: skip

    def _task(self, row: TaskRow, runs: Runs, limits: Thresholds, now_ms: int) -> TaskView:
        view = TaskView(row.id, row.name, row.state, row.reason, row.advice, row.tries)
        if row.id not in runs:
            self._behind.pop(row.id, None)
            return view
        counter, snapshot_at = runs[row.id]
        if counter.lag_ms < limits.lag_ms:
            self._behind.pop(row.id, None)
        else:
            self._behind.setdefault(row.id, now_ms)
        stopped = dict(counter.runner.progress.stopped)
        return TaskView(
            row.id, row.name, row.state, row.reason, row.advice, row.tries, counter.lag_ms,
            now_ms - self._behind.get(row.id, now_ms), counter.runner.aside,
            {name: error.message for name, error in stopped.items()}, snapshot_at,
        )  # fmt: skip

    def _sources(self, rows: Sequence[TaskRow], now_ms: int) -> Iterator[SourceView]:
        """Those that tasks of this agent use now."""
        keys: dict[int, set[str]] = defaultdict(set)
        for row in rows:
            if row.state is State.RUNNING and row.agent == self._agent.name:
                keys[row.source_id].add(self._agent.mining_of(row))
        for connection in self._desk.connections.all():
            if connection.role is ConnectionRole.SOURCE:
                yield self._source(connection, keys[connection.id], now_ms)

    def _source(self, connection: Connection, keys: set[str], now_ms: int) -> SourceView:
        notes = [n for key in keys if key in self._agent.minings
                 for n in self._agent.minings[key].notes]  # fmt: skip
        failed = [f.error for key in sorted(keys) if key not in self._agent.minings
                  and (f := self._agent.failed.get(key)) is not None]  # fmt: skip
        return SourceView(
            connection.id, connection.name,
            failed[0].message if failed else "", failed[0].advice if failed else "",
            next((note.text for note in notes if note.kind == "quiet"), ""),
            _by_stream(notes, "held"), _by_stream(notes, "rejected"),
            self._grant_ends(connection, now_ms),
        )  # fmt: skip

    def _grant_ends(self, connection: Connection, now_ms: int) -> int:
        """When its authorization ends; 0 where it has none, or it does not open."""
        if not connection.values.get("client_id"):
            return 0
        asked_at, ends_at = self._grants.get(connection.id, (0, 0))
        if now_ms - asked_at >= _GRANT_MS:
            ends_at = self._read_grant(connection)
            self._grants[connection.id] = now_ms, ends_at
        return ends_at

    def _read_grant(self, connection: Connection) -> int:
        whole = self._desk.connections.whole(connection.id)
        try:
            settings = self._desk.kinds.settings_of(connection, whole)
            grant = open_grants(settings, self._clock).load() if settings.oauth else None
        except HeadraceError:  # its mining says what is wrong
            return 0
        return grant.ends_at_ms if grant is not None else 0


def _by_stream(notes: Sequence[Note], kind: str) -> dict[str, str]:
    return {note.stream: note.text for note in notes if note.kind == kind}
