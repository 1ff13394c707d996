"""A destination that goes away and comes back: reading goes on, the copy recovers by itself."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from tests.cli.conftest import QUICK, Headrace, World
from tests.servers.mariadb import mariadb
from tests.servers.postgres import PostgresServer, postgres, running_postgres
from tests.servers.proxy import holding, proxy_to
from tests.serving.conftest import Site

from headrace.app import Session, SystemClock
from headrace.app.session import unnamed_task
from headrace.config import ConnectionSettings
from headrace.control.states import State
from headrace.playground import DEFAULT_TOKEN

pytestmark = pytest.mark.long

__all__ = ["mariadb", "postgres"]


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


def names(url: str) -> set[str]:
    with suppress(psycopg.Error), psycopg.connect(url) as db:
        return {name for (name,) in db.execute("SELECT name FROM issues").fetchall()}
    return set()


def test_a_task_goes_on_when_its_database_is_back(site: Site, server: PostgresServer) -> None:
    url = server.url()
    row = site.task(site.source(), site.destination(url=url))
    site.start(row)
    site.until(lambda: len(names(url)) > 0)
    server.stop()
    project, code = site.world.first("issues")[:2]
    site.world.team.update_issue(project, code, now_ms=site.world.now_ms(), name="while away")
    site.until(lambda: site.state(row) is State.RETRYING)
    assert site.platform.tasks.get(row.id).reason
    server.start()
    site.until(lambda: "while away" in names(url))
    assert site.state(row) is State.RUNNING


def test_a_sync_begins_while_its_database_is_away(
    world: World, server: PostgresServer, tmp_path: Path
) -> None:
    """Reading does not wait for it, and nothing that was read is lost."""
    server.stop()
    settings = ConnectionSettings("t", url=world.server.url, token=DEFAULT_TOKEN, poll_seconds=0.2)
    task = unnamed_task(settings, server.url(), streams=QUICK)
    clock = SystemClock()
    with Session(settings, [task], state=tmp_path, clock=clock) as session:
        session.open(patient=True)
        while not session.mirror.count("issues"):
            session.turn()
        assert [note.kind for note in session.result().notes] == ["failed"]
        server.start()
        session._open_again_ms = 0
        session.turn()
        assert session.result().notes == ()
    assert len(names(server.url())) > 0


def test_once_says_at_once_that_it_is_away(
    headrace: Headrace, world: World, server: PostgresServer
) -> None:
    server.stop()
    ran = headrace("sync", *world.at, "--to", server.url(), "--stream", "issues", "--once")
    assert ran.code == 3
    assert "PostgreSQL" in ran.err


@pytest.mark.parametrize("arrived", [True, False])
@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_a_commit_whose_answer_is_lost_is_done_once(
    headrace: Headrace, world: World, request: pytest.FixtureRequest, kind: str, arrived: bool
) -> None:
    """The whole transaction goes again, within the same run, and every row is there once."""
    server = request.getfixturevalue(kind)
    straight = server.new_database()
    with proxy_to(server.port) as proxy:
        to = straight.replace(f":{server.port}/", f":{proxy.port}/")
        words = (*world.at, "--to", to, *(w for name in QUICK for w in ("--stream", name)))
        assert headrace("sync", *words, "--once").code == 0
        project, code = world.first("issues")[:2]
        world.team.update_issue(project, code, now_ms=world.now_ms(), name="once")
        committing = holding(b"COMMIT")
        trap = proxy.drop_answer(committing) if arrived else proxy.cut_before(committing)
        ran = headrace("sync", *words, "--once", "--json")
        assert ran.code == 0 and trap.sprung, ran.err
        assert ran.document["lag"] == 0
        assert headrace("verify", *words, "--json").document["equal"]
