"""Tasks live: started, watched, stopped, restarted, shared, pinned; CODING behind is real HTTP."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import World
from tests.serving.conftest import ADMIN, Site

from headrace.app.serving.platform import Platform
from headrace.control.states import State

pytestmark = pytest.mark.long


def ask(path: Path, sql: str) -> list[tuple[Any, ...]]:
    if not path.exists():
        return []
    with closing(sqlite3.connect(path)) as db:
        try:
            return db.execute(sql).fetchall()
        except sqlite3.OperationalError:  # not made yet
            return []


def issues(site: Site, name: str = "copy") -> int:
    found = ask(site.file(name), "SELECT count(*) FROM issues WHERE _deleted_at IS NULL")
    return int(found[0][0]) if found else 0


def test_a_task_runs_follows_and_stops(site: Site) -> None:
    row = site.task(site.source(), site.destination())
    site.start(row)
    wanted = len(site.world.team.rows("issues"))
    site.until(lambda: issues(site) == wanted)
    assert site.state(row) is State.RUNNING
    project, code = site.world.first("issues")[:2]
    site.world.team.update_issue(project, code, now_ms=site.world.now_ms(), name="arrives")
    arrived = "SELECT 1 FROM issues WHERE name = 'arrives'"
    site.until(lambda: ask(site.file(), arrived))
    site.world.team.delete_issue(project, code, now_ms=site.world.now_ms())
    site.until(lambda: issues(site) == wanted - 1)
    site.platform.tasks.stop(ADMIN, row.id)
    site.until(lambda: site.state(row) is State.STOPPED)
    site.until(lambda: not site.platform.agent.minings)
    assert not site.platform.agent.runners


def test_a_second_task_on_a_mined_connection_costs_no_call(site: Site) -> None:
    source = site.source(poll_interval="1h", census_interval="1h")
    first, second = (site.task(source, site.destination(name)) for name in ("one", "two"))
    site.start(first)
    wanted = len(site.world.team.rows("issues"))
    site.until(lambda: issues(site, "one") == wanted)
    site.until(lambda: site.platform.agent.minings[f"connection-{source.id}"].level.is_set())
    calls = sum(site.world.playground.calls.values())
    site.start(second)
    site.until(lambda: issues(site, "two") == wanted)
    assert sum(site.world.playground.calls.values()) == calls


def test_what_is_not_shared_is_mined_for_each(site: Site) -> None:
    source = site.source(shared_mining=False)
    rows = [site.task(source, site.destination(name)) for name in ("one", "two")]
    for row in rows:
        site.start(row)
    site.until(lambda: len(site.platform.agent.minings) == 2)
    assert set(site.platform.agent.minings) == {f"task-{row.id}" for row in rows}
    wanted = len(site.world.team.rows("issues"))
    site.until(lambda: issues(site, "one") == issues(site, "two") == wanted)


def test_a_mining_that_ends_does_not_stop_its_tasks(site: Site) -> None:
    source = site.source()
    row = site.task(source, site.destination())
    site.start(row)
    site.until(lambda: issues(site) > 0)
    key = f"connection-{source.id}"
    site.platform.agent.minings[key].stop()
    site.until(
        lambda: key in site.platform.agent.minings and site.platform.agent.minings[key].running
    )
    project, code = site.world.first("issues")[:2]
    site.world.team.update_issue(project, code, now_ms=site.world.now_ms(), name="arrives")
    site.until(lambda: ask(site.file(), "SELECT 1 FROM issues WHERE name = 'arrives'"))
    assert site.state(row) is State.RUNNING


def test_a_wrong_token_is_shown_and_tried_again(site: Site) -> None:
    source = site.source(token="0123456789abcdef0123456789abcdef01234567")
    row = site.task(source, site.destination())
    site.start(row)
    site.until(lambda: site.platform.agent.failed)
    failed = site.platform.agent.failed[f"connection-{source.id}"]
    assert failed.error.advice
    assert site.state(row) is State.RUNNING
    assert issues(site) == 0


def test_a_destination_that_refuses_stops_its_task_with_advice(site: Site) -> None:
    row = site.task(site.source(), site.destination(url="sqlite:////nowhere/at/all.db"))
    site.start(row)
    site.until(lambda: site.state(row) is State.ERROR)
    found = site.platform.tasks.get(row.id)
    assert "does not exist" in found.reason and found.advice


def test_snapshot_only_ends_when_it_is_through(site: Site) -> None:
    row = site.task(site.source(), site.destination(), start="snapshot")
    site.start(row)
    site.until(lambda: site.state(row) is State.DONE)
    assert issues(site) == len(site.world.team.rows("issues"))


def test_changes_only_begin_with_now(site: Site) -> None:
    source = site.source()
    first = site.task(source, site.destination("one"))
    site.start(first)
    site.until(lambda: site.platform.agent.minings
               and next(iter(site.platform.agent.minings.values())).level.is_set())  # fmt: skip
    late = site.task(source, site.destination("two"), start="now")
    site.start(late)
    site.until(lambda: late.id in site.platform.agent.runners
               and site.platform.agent.runners[late.id].works.is_set())  # fmt: skip
    project, code = site.world.first("issues")[:2]
    site.world.team.update_issue(project, code, now_ms=site.world.now_ms(), name="arrives")
    site.until(lambda: issues(site, "two") == 1)
    assert ask(site.file("two"), "SELECT name FROM issues") == [("arrives",)]


def test_a_reset_fills_anew(site: Site) -> None:
    row = site.task(site.source(), site.destination())
    site.start(row)
    wanted = len(site.world.team.rows("issues"))
    site.until(lambda: issues(site) == wanted)
    site.platform.tasks.stop(ADMIN, row.id)
    site.until(lambda: site.state(row) is State.STOPPED)
    with closing(sqlite3.connect(site.file())) as db:
        db.execute("UPDATE issues SET name = 'touched'")
        db.commit()
    site.platform.tasks.reset(ADMIN, row.id, ["issues"])
    site.start(row)
    touched = "SELECT count(*) FROM issues WHERE name = 'touched'"
    site.until(lambda: ask(site.file(), touched) == [(0,)])
    site.until(lambda: site.platform.tasks.get(row.id).reset_streams is None)


def test_a_task_pinned_to_an_agent_that_is_away_waits(site: Site) -> None:
    row = site.task(site.source(), site.destination(), agent="another")
    site.start(row)
    site.until(lambda: site.platform.agents.all())
    for _ in range(3):
        site.platform.agent.look()
    assert site.state(row) is State.WAITING


def test_a_restart_goes_on_with_every_task_that_ran(world: World, tmp_path: Path) -> None:
    with Platform(tmp_path / "data") as platform:
        platform.start()
        site = Site(world, platform, tmp_path / "data")
        row = site.task(site.source(), site.destination())
        site.start(row)
        wanted = len(world.team.rows("issues"))
        site.until(lambda: issues(site) == wanted)
    project, code = world.first("issues")[:2]
    world.team.update_issue(project, code, now_ms=world.now_ms(), name="while it was down")
    with Platform(tmp_path / "data") as platform:
        assert platform.tasks.get(row.id).state is State.RUNNING
        platform.start()
        site = Site(world, platform, tmp_path / "data")
        site.until(
            lambda: ask(site.file(), "SELECT 1 FROM issues WHERE name = 'while it was down'")
        )


def test_a_connection_is_tested_and_the_result_kept(site: Site) -> None:
    source, copy = site.source(), site.destination()
    assert {item.ok for item in site.platform.check(source.id)} <= {"ok", "warn", "skipped"}
    kept = site.platform.connections.last_check(source.id)
    assert kept is not None and kept["ok"] and len(kept["items"]) > 5
    assert [item.ok for item in site.platform.check(copy.id)] == ["ok"]
    wrong = site.destination("wrong", "sqlite:////nowhere/at/all.db")
    [item] = site.platform.check(wrong.id)
    assert (item.ok, bool(item.advice)) == ("failed", True)
