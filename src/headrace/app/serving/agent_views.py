"""What people see of agents, as plain data: how they are, what they run and read, what waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headrace.app.serving.agent import mining_key, pinned_agent
from headrace.app.serving.platform import Platform
from headrace.control.alert_words import words_of
from headrace.control.connections import Connection, ConnectionRole
from headrace.control.minings import MiningRow
from headrace.control.states import State
from headrace.control.tasks import TaskRow

View = dict[str, Any]
_HELD = (State.RUNNING, State.STOPPING)
_Sources = Mapping[int, Connection]


def agents(platform: Platform) -> list[View]:
    """All, by name. `runs`: the tasks it holds; `reads`: the minings that they follow, where it is
    the one that reads; `waits`: tasks that wait for it, being pinned; `advice` for one that is
    away."""
    minings, rows = platform.minings.all(), platform.tasks.all()
    sources = {
        one.id: one for one in platform.connections.all() if one.role is ConnectionRole.SOURCE
    }
    known = [row for row in rows if row.source_id in sources]
    return [
        {
            **one.as_dict(),
            "runs": [_named(row) for row in known if row.agent == one.name and row.state in _HELD],
            "reads": _reads(one.name, known, sources, minings),
            "waits": [_named(row) for row in known if _waits(row, sources, one.name)],
            "advice": _advice(one.name) if one.away else None,
        }
        for one in platform.agents.all()
    ]


def _named(row: TaskRow) -> View:
    return {"id": row.id, "name": row.name}


def _waits(row: TaskRow, sources: _Sources, agent: str) -> bool:
    return row.state is State.WAITING and pinned_agent(row, sources[row.source_id]) == agent


def _reads(
    agent: str, rows: Sequence[TaskRow], sources: _Sources, minings: Mapping[str, MiningRow]
) -> list[View]:
    wanted = {
        mining_key(row, sources[row.source_id]): sources[row.source_id].name
        for row in rows
        if row.state is State.RUNNING
    }
    return [
        {"key": key, "name": name}
        for key, name in sorted(wanted.items())
        if key in minings and minings[key].agent == agent and not minings[key].stopped_by
    ]


def _advice(name: str) -> View:
    advice = words_of("agent_away", {"name": name})[1]
    return {"zh": advice.zh, "en": advice.en}
