"""What happened to tasks and connections, for people to read: runs of tasks, and a log of each
subject. Both are limited, the log in age and size too."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from headrace.control import tables
from headrace.control.store import ControlStore
from headrace.core.clock import Clock

RUNS_MAX = 200  # of each task
LINES_MAX = 5_000  # of each subject
LINES_KEPT_MS = 30 * 86_400_000
TEXT_MAX = 4_000


class Level(enum.StrEnum):
    """How much a line matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


_ABOVE: Mapping[Level, Sequence[Level]] = {
    level: list(Level)[index:] for index, level in enumerate(Level)
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a log: of `task:ID`, `connection:ID`, `agent:NAME` or `server`. `at` in ms UTC."""

    id: int
    subject: str
    at: int
    level: Level
    text: str
    advice: str

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


class Outcome(enum.StrEnum):
    """How a run ended. `lost`: its process died, and nobody saw it end."""

    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Run:
    """One time that a task ran. Times in ms UTC; `figures` as `monitor.Figures`, of all streams."""

    id: int
    task_id: int
    agent: str
    started_at: int
    ended_at: int | None
    outcome: Outcome
    reason: str
    figures: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


class Log:
    """Writes and searches the log."""

    def __init__(self, store: ControlStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def write(self, lines: Iterable[tuple[str, Level, str, str]]) -> None:
        """Lines (subject, level, text, advice), now. Longer texts are cut."""
        now_ms = self._clock.now_ms()
        rows = [
            {"subject": subject, "at": now_ms, "level": str(level), "text": text[:TEXT_MAX],
             "advice": advice[:TEXT_MAX]}
            for subject, level, text, advice in lines
        ]  # fmt: skip
        if rows:
            with self._store.transaction() as db:
                db.execute(sa.insert(tables.log_line), rows)

    def lines(
        self,
        *,
        subject: str = "",
        text: str = "",
        level: Level = Level.INFO,
        since: int = 0,
        before_id: int = 0,
        limit: int = 100,
    ) -> list[Line]:
        """The newest first: those with this text in them (in any case), of this level and above.
        `before_id` goes on from the last of a page."""
        line = tables.log_line
        query = sa.select(line).where(line.c.level.in_([str(one) for one in _ABOVE[level]]))
        if subject:
            query = query.where(line.c.subject == subject)
        if text:
            both = sa.or_(line.c.text.icontains(text, autoescape=True),
                          line.c.advice.icontains(text, autoescape=True))  # fmt: skip
            query = query.where(both)
        if since:
            query = query.where(line.c.at >= since)
        if before_id:
            query = query.where(line.c.id < before_id)
        query = query.order_by(line.c.id.desc()).limit(limit)
        with self._store.reading() as db:
            rows = db.execute(query).mappings().all()
        return [Line(**{**row, "level": Level(row["level"])}) for row in rows]

    def prune(self) -> None:
        """Drop what is too old, and of each subject what is too much, the oldest first."""
        line = tables.log_line
        with self._store.transaction() as db:
            db.execute(sa.delete(line).where(line.c.at < self._clock.now_ms() - LINES_KEPT_MS))
            _keep_newest(db, line, line.c.subject, LINES_MAX)


class Runs:
    """Notes when tasks ran and how it ended."""

    def __init__(self, store: ControlStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def began(self, task_id: int, agent: str) -> int:
        """A run begins. Returns its id."""
        made = sa.insert(tables.run).values(
            task_id=task_id, agent=agent, started_at=self._clock.now_ms(), ended_at=None,
            outcome=str(Outcome.RUNNING), reason="", figures={},
        )  # fmt: skip
        with self._store.transaction() as db:
            key = db.execute(made).inserted_primary_key
            assert key is not None
            return int(key[0])

    def note(self, run_id: int, figures: Mapping[str, int]) -> None:
        """What it did so far."""
        where = tables.run.c.id == run_id
        with self._store.transaction() as db:
            db.execute(sa.update(tables.run).where(where).values(figures=dict(figures)))

    def ended(self, run_id: int, outcome: Outcome, reason: str, figures: Mapping[str, int]) -> None:
        """It is over."""
        change = sa.update(tables.run).where(tables.run.c.id == run_id)
        change = change.values(
            ended_at=self._clock.now_ms(), outcome=str(outcome), reason=reason[:TEXT_MAX],
            figures=dict(figures),
        )  # fmt: skip
        with self._store.transaction() as db:
            db.execute(change)

    def lost(self, agent: str) -> None:
        """The agent starts anew: runs of its that never ended did so with its process."""
        run = tables.run
        change = sa.update(run).where(run.c.agent == agent, run.c.ended_at.is_(None))
        change = change.values(ended_at=self._clock.now_ms(), outcome=str(Outcome.LOST))
        with self._store.transaction() as db:
            db.execute(change)

    def of(self, task_id: int, *, before_id: int = 0, limit: int = 50) -> list[Run]:
        """A task's runs, the newest first; `before_id` goes on from the last of a page."""
        run = tables.run
        query = sa.select(run).where(run.c.task_id == task_id)
        if before_id:
            query = query.where(run.c.id < before_id)
        with self._store.reading() as db:
            rows = db.execute(query.order_by(run.c.id.desc()).limit(limit)).mappings().all()
        return [Run(**{**row, "outcome": Outcome(row["outcome"])}) for row in rows]

    def prune(self) -> None:
        """Keep the newest of each task."""
        with self._store.transaction() as db:
            _keep_newest(db, tables.run, tables.run.c.task_id, RUNS_MAX)


def _keep_newest(db: sa.Connection, table: sa.Table, group: sa.Column[Any], count: int) -> None:
    full = sa.select(group).group_by(group).having(sa.func.count() > count)
    for one in db.scalars(full).all():
        own = sa.select(table.c.id).where(group == one).order_by(table.c.id.desc())
        last = db.scalar(own.offset(count).limit(1))
        db.execute(sa.delete(table).where(group == one, table.c.id <= last))
