"""Servers whose control store is a PostgreSQL database: one, one after the other, two at once."""

from __future__ import annotations

import base64
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.conftest import World
from tests.servers.postgres import PostgresServer, postgres
from tests.serving.conftest import Site

from headrace.app.serving.keys.identity import LOCAL, NAME_FILE
from headrace.app.serving.platform import STORE_FILE, Platform
from headrace.control.states import State
from headrace.errors import Refused, Unavailable

__all__ = ["postgres"]


@pytest.fixture
def store(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database of its own; those who share it share a key."""
    monkeypatch.setenv("HEADRACE_KEY", base64.b64encode(secrets.token_bytes(32)).decode())
    return postgres.new_database()


def names(path: Path) -> set[str]:
    """Of the issues in a copy."""
    if not path.exists():
        return set()
    with closing(sqlite3.connect(path)) as db:
        try:
            return {name for (name,) in db.execute("SELECT name FROM issues")}
        except sqlite3.OperationalError:  # not made yet
            return set()


def change(world: World, name: str) -> None:
    project, code = world.first("issues")[:2]
    world.team.update_issue(project, code, now_ms=world.now_ms(), name=name)


def test_a_task_runs_and_goes_on_after_a_restart(world: World, tmp_path: Path, store: str) -> None:
    data = tmp_path / "data"
    with Platform(data, store=store) as platform:
        platform.start()
        site = Site(world, platform, data)
        row = site.task(site.source(), site.destination())
        site.start(row)
        wanted = len(world.team.rows("issues"))
        site.until(lambda: len(names(site.file())) == wanted)
        agent = platform.agent.name
        assert site.platform.tasks.get(row.id).agent == agent != LOCAL
    assert not (data / STORE_FILE).exists()
    change(world, "while it was down")
    with Platform(data, store=store) as platform:
        assert platform.agent.name == agent
        platform.start()
        site = Site(world, platform, data)
        site.until(lambda: "while it was down" in names(site.file()))
        assert site.state(row) is State.RUNNING


def test_two_servers_share_the_tasks_and_never_one(
    world: World, tmp_path: Path, store: str
) -> None:
    with Platform(tmp_path / "one", store=store) as one:
        two = Platform(tmp_path / "two", store=store)
        with two:
            for platform in (one, two):
                platform.start()
            site = Site(world, one, tmp_path)
            site.until(lambda: len([a for a in one.agents.all() if not a.away]) == 2)
            source = site.source()
            files = [tmp_path / f"copy-{number}.db" for number in range(2)]
            rows = [site.task(source, site.destination(f.stem, f"sqlite:///{f}")) for f in files]
            for row in rows:
                site.start(row)
            wanted = len(world.team.rows("issues"))
            site.until(lambda: all(len(names(file)) == wanted for file in files))
            held = {one.agent.name: set(one.agent.runners), two.agent.name: set(two.agent.runners)}
            assert sorted(map(len, held.values())) == [1, 1]
            assert held[one.agent.name] != held[two.agent.name]
            [own], [others] = held[one.agent.name], held[two.agent.name]
            runner = one.agent.runners[own]
        with Platform(
            tmp_path / "two", store=store
        ) as again:  # its start ends no task of the other
            assert again.agent.name == two.agent.name
            again.start()
            site.until(lambda: set(again.agent.runners) == {others})
            change(world, "arrives")
            site.until(lambda: all("arrives" in names(file) for file in files))
            assert one.agent.runners == {own: runner}
            assert {site.state(row) for row in rows} == {State.RUNNING}
        opened = [run for row in rows for run in one.runs.of(row.id) if run.ended_at is None]
        assert [run.agent for run in opened] == [one.agent.name]


def test_names_of_agents_are_made_once_and_differ(tmp_path: Path, store: str) -> None:
    found = []
    for folder in ("one", "two", "one"):
        with Platform(tmp_path / folder, store=store) as platform:
            found.append(platform.agent.name)
    assert found[0] == found[2] != found[1]
    with Platform(tmp_path / "alone") as platform:
        assert platform.agent.name == LOCAL
    (tmp_path / "one" / NAME_FILE).write_text("\n")
    with pytest.raises(Refused, match="holds no name"):
        Platform(tmp_path / "one", store=store)


def test_a_server_with_another_key_does_not_start(
    tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    with Platform(tmp_path / "one", store=store) as platform:
        Site(world, platform, tmp_path).source()
    monkeypatch.delenv("HEADRACE_KEY")
    with (
        Platform(tmp_path / "two", store=store) as platform,
        pytest.raises(Refused, match="do not open with this key"),
    ):
        platform.start()


def test_a_store_that_is_away_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="control store cannot be used") as caught:
        Platform(tmp_path, store="postgresql://headrace:hunter2@127.0.0.1:1/none")
    assert caught.value.advice and "hunter2" not in str(caught.value)
