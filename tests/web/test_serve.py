"""`headrace serve` as a process: the set-up link, a task that runs, a signal, a restart."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import urllib3
from tests.cli.conftest import QUICK, Ran, Running, World
from tests.servers.postgres import PostgresServer, postgres
from tests.web.api_site import API, PASSWORD, Client, destination, source, written

from headrace.playground import DEFAULT_TOKEN

pytestmark = pytest.mark.long

__all__ = ["postgres"]
Start = Callable[..., Running]
SERVE = ("serve", "--port", "0", "--json")


def until(what: Callable[[], object]) -> None:
    ends = time.monotonic() + 30
    while not what():
        assert time.monotonic() < ends
        time.sleep(0.05)


def stopped(running: Running, number: int) -> Ran:
    began = time.monotonic()
    ran = running.stop(number)
    assert time.monotonic() - began < 10
    assert ran.code == 0, ran.err
    assert '"event": "stopped"' in ran.out and "Traceback" not in ran.err
    return ran


@pytest.fixture(params=["sqlite", "postgres"])
def serving(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, ...]:
    """The command line of a server, whose control store is a file or a database."""
    if request.param == "sqlite":
        return SERVE
    server: PostgresServer = request.getfixturevalue("postgres")
    return (*SERVE, "--store", server.new_database())


def test_set_up_run_stop_and_go_on(start: Start, world: World, serving: tuple[str, ...]) -> None:
    first = start(*serving)
    ready = first.event("ready")
    assert ready["url"].startswith("http://127.0.0.1:")
    base, _, code = ready["setup"].partition("/setup#")
    assert base == ready["url"] and len(code) > 20
    client = Client(ready["url"])
    client.post(f"{API}/setup", {"code": code, "name": "admin-1", "password": PASSWORD})
    again = {"code": code, "name": "admin-2", "password": PASSWORD}
    assert client.ask("POST", f"{API}/setup", again).status == 400
    team = client.post(f"{API}/connections", source(world))
    copy = client.post(f"{API}/connections", destination("copy"))
    given = {"name": "copy", "source_id": team["id"], "destination_id": copy["id"]}
    at = f"{API}/tasks/" + str(
        client.post(f"{API}/tasks", {**given, "settings": {"streams": list(QUICK)}})["id"]
    )
    client.post(f"{at}/start")
    wanted = len(world.team.rows("issues"))
    until(lambda: written(client.get(at)) == wanted)
    ran = stopped(first, signal.SIGTERM)
    assert code not in ran.err and PASSWORD not in ran.err + ran.out

    project, number = world.first("issues")[:2]
    world.team.update_issue(project, number, now_ms=world.now_ms(), name="while it was down")
    second = start(*serving)
    ready = second.event("ready")
    assert ready["setup"] is None
    client = Client(ready["url"], cookie=client.cookie)
    until(lambda: client.get(at)["streams"].get("issues", {}).get("updated") == 1)
    assert client.get(at)["state"] == "running"
    stopped(second, signal.SIGINT)


def test_a_team_that_never_answers_does_not_hold_up_the_end(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        running = start(*SERVE)
        ready = running.event("ready")
        code = ready["setup"].partition("#")[2]
        client = Client(ready["url"])
        client.post(f"{API}/setup", {"code": code, "name": "admin-1", "password": PASSWORD})
        values = {"url": f"http://127.0.0.1:{silent.getsockname()[1]}", "token": DEFAULT_TOKEN}
        body = {"name": "silent", "role": "source", "type": "coding", "values": values}
        at = f"{API}/connections/{client.post(f'{API}/connections', body)['id']}"
        asking = [
            threading.Thread(target=_ask, args=(client, method, path))
            for method, path in (("POST", f"{at}/check"), ("GET", f"{at}/projects"))
        ]
        for one in asking:
            one.start()
        kept = [silent.accept()[0] for _ in asking]  # both wait for an answer now
        stopped(running, signal.SIGTERM)
        for one in asking:
            one.join()
        for end in kept:
            end.close()


def _ask(client: Client, method: str, path: str) -> None:
    # The server may end before it has answered, or with an answer that is none of the API's.
    with suppress(urllib3.exceptions.HTTPError, json.JSONDecodeError):
        client.ask(method, path)


@pytest.mark.parametrize(("host", "warned"), [("0.0.0.0", True), ("127.0.0.1", False)])
def test_beyond_loopback_it_warns(start: Start, host: str, warned: bool) -> None:
    running = start(*SERVE, "--host", host)
    running.event("ready")
    assert ("TLS" in stopped(running, signal.SIGTERM).err) is warned


def test_a_password_on_the_command_line_is_warned_of(start: Start) -> None:
    ran = start(*SERVE, "--store", "postgresql://headrace:hunter2@127.0.0.1:1/none").end()
    assert ran.code == 3 and "HEADRACE_STORE" in ran.err
    assert "hunter2" not in ran.err + ran.out


def test_what_cannot_be_is_refused(start: Start) -> None:
    for wrong in (
        ("--public-url", "ftp://x"),
        ("--proxy", "x"),
        ("--store", "mysql://x"),
        ("--host", "256.1.1.1"),
    ):
        ran = start(*SERVE, *wrong).end()
        assert ran.code == 2 and "Traceback" not in ran.err, (wrong, ran)
