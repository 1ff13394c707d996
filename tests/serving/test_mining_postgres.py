"""A mirror in PostgreSQL under a mining: read, written, counted and seen as one in a file is."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import psycopg
import pytest
from tests.cli.conftest import World
from tests.servers.postgres import PostgresServer, postgres, running_postgres
from tests.serving.conftest import ADMIN, Site
from tests.serving.test_mining import (
    copied,
    delete,
    key_of,
    level,
    living,
    names,
    rename,
    seen,
    started,
)

from headrace.app.serving import views
from headrace.app.serving.platform import Platform
from headrace.control.states import State
from headrace.core.ports import Delivery
from headrace.core.schema import Column, Type
from headrace.mirror.urls import open_inbox, open_mirror

pytestmark = pytest.mark.long

__all__ = ["postgres"]
PASSWORD = "hunter2hunter2"


def with_password(url: str) -> str:
    """The server asks for none, but one is kept and sent."""
    return url.replace("headrace@", f"headrace:{PASSWORD}@")


@pytest.fixture
def store(postgres: PostgresServer) -> str:
    return with_password(postgres.new_database("mining"))


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server of its own, to be stopped and started."""
    running = running_postgres()
    try:
        found = running.__enter__()
    except (OSError, KeyError, subprocess.SubprocessError) as error:
        if os.environ.get("HEADRACE_CI") == "1":
            raise
        pytest.skip(f"no PostgreSQL: {error}")
    yield found
    with suppress(OSError):  # a test may have left it stopped
        running.__exit__(None, None, None)


def test_it_is_filled_followed_and_shared(site: Site, store: str) -> None:
    source = site.source(mining_store=store)
    row, key = started(site, source, "one"), key_of(source)
    site.until(level(site, key))
    rename(site, "arrives")
    gone = delete(site, which=3)
    site.until(lambda: "arrives" in names(site.file("one")))
    site.until(lambda: gone not in names(site.file("one")) and copied(site, "one"))
    assert not list((site.folder / "mirrors").rglob("*.mirror"))
    site.until(lambda: site.platform.agent.runners[row.id].lag == 0)
    site.platform.watching.hurry()
    site.until(lambda: seen(site, key)["ever"]["deleted"] == 1)
    view = seen(site, key)
    assert view["store"]["type"] == "postgresql" and "schema headrace_" in view["store"]["place"]
    assert PASSWORD not in repr(view) + repr(living(site, key)) + repr(site.platform.log.lines())
    assert view["mirror"]["bytes"] > 10_000
    site.until(lambda: (now := seen(site, key))["tasks"][0]["offset"] == now["mirror"]["head"])
    figures = views.figures(site.platform, f"task:{row.id}")["ever"]
    assert figures["issues"]["deleted"] == 1 and figures["issues"]["lag"] == 0


def test_a_second_task_costs_no_call(site: Site, store: str) -> None:
    source = site.source(mining_store=store, poll_interval="1h", census_interval="1h")
    started(site, source, "one")
    site.until(level(site, key_of(source)))
    calls = sum(site.world.playground.calls.values())
    started(site, source, "two")
    assert sum(site.world.playground.calls.values()) == calls


def test_a_restart_goes_on_where_it_was(world: World, tmp_path: Path, store: str) -> None:
    with Platform(tmp_path / "data") as platform:
        platform.start()
        site = Site(world, platform, tmp_path / "data")
        source = site.source(mining_store=store)
        row = started(site, source)
        site.until(level(site, key_of(source)))
    rename(site, "while it was down")
    with Platform(tmp_path / "data") as platform:
        site = Site(world, platform, tmp_path / "data")
        assert seen(site, key_of(source))["mirror"]["bytes"] > 10_000  # before it is read again
        platform.start()
        site.until(lambda: "while it was down" in names(site.file()))
        assert platform.agent.runners[row.id].progress.refilled == []


def test_a_mirror_moves_from_a_file_into_a_database(site: Site, store: str) -> None:
    """It is filled anew there, and so are the tables of its tasks."""
    source = site.source()
    row, key = started(site, source), key_of(source)
    site.until(level(site, key))
    site.platform.connections.change(ADMIN, source.id, source.version, {"mining_store": store})
    site.until(lambda: seen(site, key)["store"]["type"] == "postgresql" and level(site, key)())
    rename(site, "arrives in the database")
    site.until(lambda: "arrives in the database" in names(site.file()) and copied(site))
    runner = site.platform.agent.runners[row.id]
    site.until(lambda: "issues" in runner.progress.refilled)
    assert site.state(row) is State.RUNNING


def test_a_server_that_goes_away_and_comes_back(site: Site, server: PostgresServer) -> None:
    source = site.source(mining_store=with_password(server.url()))
    row = started(site, source)
    site.until(level(site, key_of(source)))
    server.stop()
    rename(site, "while it was away")
    site.until(lambda: site.state(row) is State.RETRYING)
    assert PASSWORD not in site.platform.tasks.get(row.id).reason
    server.start()
    site.until(lambda: "while it was away" in names(site.file()))
    assert site.state(row) is State.RUNNING
    assert copied(site)


def test_a_store_that_cannot_be_used_is_said(site: Site, postgres: PostgresServer) -> None:
    nowhere = with_password(postgres.url("no_such_database"))
    source = site.source(mining_store=nowhere)
    row, key = site.task(source, site.destination()), key_of(source)
    site.start(row)
    site.until(lambda: seen(site, key)["error"])
    error = seen(site, key)["error"]
    assert "no_such_database" in error["message"] and error["advice"]
    assert PASSWORD not in repr(error)
    assert site.state(row) is State.RUNNING
    with psycopg.connect(postgres.url(), autocommit=True) as db:
        db.execute("CREATE DATABASE no_such_database")
    site.platform.minings.stop(ADMIN, key)
    site.until(lambda: not site.platform.agent.failed)
    site.platform.minings.resume(ADMIN, key)
    site.until(lambda: copied(site))


def test_deliveries_lie_beside_the_mirror(site: Site, store: str) -> None:
    source = site.source(
        mining_store=store, increments="hybrid", hook_secret="url-secret-0123456789",
        signing_token="token-of-today", public_url="https://hooks.example.com",
    )  # fmt: skip
    started(site, source)
    site.until(level(site, key_of(source)))
    one = living(site, key_of(source))
    assert one is not None
    given = Delivery("delivery-1", "ISSUE_UPDATED", site.platform.clock.now_ms(), {}, b"{}")
    with closing(open_inbox(*one.place)) as inbox:
        inbox.put([given])
        site.until(lambda: inbox.counts().get("waiting", 0) == 0)
        assert sum(inbox.counts().values()) == 1


def test_learned_columns_are_in_the_model(site: Site, store: str) -> None:
    source = site.source(mining_store=store)
    started(site, source)
    site.until(level(site, key_of(source)))
    one = living(site, key_of(source))
    assert one is not None
    now_ms = site.platform.clock.now_ms()
    with closing(open_mirror(*one.place, now_ms, make=False, lock=False)) as mirror:
        column = Column("brand_new", Type.TEXT, "BrandNew", "BrandNew", "BrandNew")
        mirror.learn({"issues": (column,)})
    site.platform.reload(source.id)

    def known() -> bool:
        model = site.platform.models.get(source.id)
        return model is not None and any(n == "brand_new" for n, _ in model.columns["issues"])

    site.until(known)
