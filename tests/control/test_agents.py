"""Who is listed as an agent, and who no longer is."""

from __future__ import annotations

import pytest
from tests.control.conftest import ADMIN, Desk

from headrace.control.agents import AWAY_MS, FORGOTTEN_MS, Agents
from headrace.control.connections import ConnectionRole


@pytest.fixture
def agents(desk: Desk) -> Agents:
    return Agents(desk.store, desk.clock)


def _names(agents: Agents) -> dict[str, bool]:
    return {one.name: one.away for one in agents.all()}


def test_an_agent_without_a_sign_of_life_is_away_and_forgotten_after_a_month(
    desk: Desk, agents: Agents
) -> None:
    agents.beat("machine-1", release="1", cores=2)
    desk.clock.advance(AWAY_MS + 1)
    agents.beat("machine-2", release="1", cores=2)
    assert _names(agents) == {"machine-1": True, "machine-2": False}
    desk.clock.advance(FORGOTTEN_MS - AWAY_MS - 1)
    assert _names(agents) == {"machine-1": True, "machine-2": True}
    desk.clock.advance(1)
    assert _names(agents) == {"machine-2": True}
    agents.beat("machine-1", release="2", cores=2)  # it was on a shelf
    assert _names(agents) == {"machine-1": False, "machine-2": True}


def test_an_agent_that_holds_a_task_is_never_forgotten(desk: Desk, agents: Agents) -> None:
    source = desk.connections.save(ADMIN, "team", ConnectionRole.SOURCE, "coding", {})
    copy = desk.connections.save(ADMIN, "copy", ConnectionRole.DESTINATION, "duckdb", {})
    task = desk.tasks.save(ADMIN, "nightly", source.id, copy.id, {})
    desk.tasks.start(ADMIN, task.id)
    agents.beat("machine-1", release="1", cores=2)
    desk.tasks.assigned(task.id, "machine-1")
    desk.clock.advance(2 * FORGOTTEN_MS)
    assert _names(agents) == {"machine-1": True}
