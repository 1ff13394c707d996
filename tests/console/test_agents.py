"""The page of agents: how they are, what they carry, what waits for one that is away."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect
from tests.console.conftest import Console, Opened
from tests.serving.conftest import ADMIN

from headrace.control import tables
from headrace.control.states import State
from headrace.control.tasks import TaskRow
from headrace.web.console.pages.agents import busy

AWAY = "warehouse-17"


@pytest.fixture(scope="module")
def made() -> dict[str, TaskRow]:
    return {}


@pytest.fixture
def task(console: Console, made: dict[str, TaskRow]) -> TaskRow:
    """A task at work, once for all tests here."""
    if not made:
        behind = console.behind
        made["task"] = behind.task(behind.source("team-1"), behind.destination("copy-1"))
        behind.start(made["task"])
        behind.until(lambda: behind.state(made["task"]) is State.RUNNING)
    return made["task"]


def register(console: Console, name: str, *, seen_ms_ago: int) -> None:
    platform = console.behind.platform
    platform.agents.beat(name, release="0.1.0", cores=4)
    heard = platform.clock.now_ms() - seen_ms_ago
    with platform.store.transaction() as db:
        agent = tables.agent
        db.execute(sa.update(agent).where(agent.c.name == name).values(heartbeat_at=heard))


def test_one_sees_what_an_agent_carries_and_it_changes_while_one_looks(
    console: Console, open_page: Opened, task: TaskRow
) -> None:
    page = open_page("/agents", role="viewer")
    local = page.get_by_role("region", name="local")
    expect(local.get_by_text("Alive")).to_be_visible()
    link = local.get_by_role("link", name=task.name)
    expect(link).to_have_attribute("href", f"/tasks/{task.id}")
    mining = local.get_by_role("link", name="team-1")
    expect(mining).to_have_attribute("href", f"/minings/connection-{task.source_id}")
    shown = page.request.get("/api/v1/agents").json()["items"]
    [own] = [one for one in shown if one["name"] == "local"]
    assert own["runs"] == [{"id": task.id, "name": task.name}]
    assert [one["name"] for one in own["reads"]] == ["team-1"]
    console.behind.platform.tasks.stop(ADMIN, task.id)
    expect(link).to_have_count(0)
    expect(local.get_by_text("It has nothing to do at the moment.")).to_be_visible()


def test_one_that_is_away_comes_with_advice_and_what_waits_for_it(
    console: Console, open_page: Opened, task: TaskRow
) -> None:
    behind = console.behind
    register(console, AWAY, seen_ms_ago=600_000)
    source = behind.platform.connections.get(task.source_id)
    pinned = behind.task(source, behind.destination("pinned"), agent=AWAY)
    behind.start(pinned)
    page = open_page("/agents")
    away = page.get_by_role("region", name=AWAY)
    expect(away.get_by_text("Away", exact=True)).to_be_visible()
    expect(away.get_by_role("alert")).to_contain_text("Look after its machine and process")
    expect(away.get_by_role("link", name=pinned.name)).to_be_visible()
    register(console, AWAY, seen_ms_ago=0)
    expect(away.get_by_text("Alive")).to_be_visible()
    expect(away.get_by_role("alert")).to_have_count(0)
    behind.platform.tasks.stop(ADMIN, pinned.id)


@pytest.mark.parametrize(
    ("cpu", "cores", "percent"), [(0, 2, 0), (1000, 2, 50), (1500, 1, 100), (250, 0, 25)]
)
def test_how_busy_it_is(cpu: int, cores: int, percent: int) -> None:
    assert busy({"cpu": cpu, "cores": cores}) == percent
