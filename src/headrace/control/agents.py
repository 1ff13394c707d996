"""Agents: the processes that run tasks. Who they are, whether they live, and who gets a task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from headrace.control import tables
from headrace.control.states import State
from headrace.control.store import ControlStore
from headrace.core.clock import Clock

AWAY_MS = 30_000  # without a sign of life for so long, an agent counts as away
FORGOTTEN_MS = 30 * 86_400_000  # for so long, with no task: its machine was taken out of use


@dataclass(frozen=True, slots=True)
class AgentRow:
    """An agent. `cpu` in per mille of one core; times in ms UTC; `tasks` are those it runs."""

    name: str
    release: str
    started_at: int
    heartbeat_at: int
    cpu: int
    memory_mb: int
    cores: int
    tasks: int
    away: bool

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


class Agents:
    """The registry."""

    def __init__(self, store: ControlStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def beat(
        self, name: str, *, release: str, cores: int, cpu: int = 0, memory_mb: int = 0
    ) -> None:
        """A sign of life; the first one registers the agent."""
        now_ms, agent = self._clock.now_ms(), tables.agent
        values = {"heartbeat_at": now_ms, "cpu": cpu, "memory_mb": memory_mb, "release": release}
        with self._store.transaction() as db:
            done = db.execute(sa.update(agent).where(agent.c.name == name).values(**values))
            if not done.rowcount:
                db.execute(
                    sa.insert(agent).values(name=name, started_at=now_ms, cores=cores, **values)
                )

    def all(self) -> list[AgentRow]:
        """All, by name, but for those that are away for a month and hold no task."""
        agent, task = tables.agent, tables.task
        runs = (
            sa.select(sa.func.count())
            .where(task.c.agent == agent.c.name, task.c.state == str(State.RUNNING))
            .scalar_subquery()
        )
        now_ms = self._clock.now_ms()
        is_known = sa.or_(
            agent.c.heartbeat_at >= now_ms - FORGOTTEN_MS,
            sa.exists().where(task.c.agent == agent.c.name),
        )
        query = sa.select(agent, runs.label("tasks")).where(is_known).order_by(agent.c.name)
        with self._store.reading() as db:
            return [
                AgentRow(**row, away=now_ms - row["heartbeat_at"] > AWAY_MS)
                for row in db.execute(query).mappings()
            ]

    def choose(self, pinned: str) -> str:
        """Who is to run a task: the pinned agent, if it is there, or the one with the fewest
        tasks. "" while there is none."""
        there = [one for one in self.all() if not one.away]
        if pinned:
            return pinned if any(one.name == pinned for one in there) else ""
        return min(there, key=lambda one: (one.tasks, one.name)).name if there else ""
