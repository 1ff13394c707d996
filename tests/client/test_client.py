"""The Python client against a real server with a living team behind it."""

from __future__ import annotations

from itertools import islice

import pytest
from tests.cli.conftest import QUICK, World
from tests.serving.conftest import Site as Behind
from tests.serving.test_service_urls import ping
from tests.web.api_site import API, Client, destination, source

from headrace.client import HeadraceClient
from headrace.control.history import Level
from headrace.control.states import State
from headrace.errors import (
    Conflict,
    Forbidden,
    Missing,
    NotSignedIn,
    Refused,
    Stale,
    Unavailable,
)
from headrace.playground import DEFAULT_TOKEN
from headrace.wire import connections, tasks
from headrace.wire.tasks import TaskDetail

pytestmark = pytest.mark.long


def test_from_connections_to_rows(client: HeadraceClient, behind: Behind, world: World) -> None:
    assert (client.me().name, client.me().role) == ("admin-1", "admin")
    values = source(world)["values"]
    assert isinstance(values, dict)
    team = client.connections.add("team", "source", "coding", values)
    to = client.connections.add("copy", "destination", "sqlite", {"url": "sqlite:///copy.db"})
    assert DEFAULT_TOKEN not in str(team) and team.check is None
    assert all(item.ok != "failed" for item in client.connections.check(team.id))
    assert client.connections.get(team.id).check is not None
    assert len(client.connections.projects(team.id)) == len(world.team.rows("projects"))
    assert [one.name for one in client.connections.all("source")] == ["team"]

    task = client.tasks.add("to copy", team.id, to.id, streams=list(QUICK))
    assert (task.state, task.settings) == ("new", {"streams": list(QUICK)})
    assert {item.name for item in client.tasks.precheck(task.id)} >= {"agent", "alone"}
    assert client.tasks.start(task.id).state == "waiting"
    wanted = len(world.team.rows("issues"))

    def level(one: TaskDetail) -> bool:
        counts = one.streams.get("issues")
        return counts is not None and counts.read + counts.inserted == wanted and one.lag == 0

    client.tasks.wait(task.id, level)
    behind.until(lambda: client.tasks.progress(task.id).phase == "following")
    assert set(client.tasks.progress(task.id).streams) == set(QUICK)
    assert client.tasks.backfill(task.id, ["issues"]).name == "to copy"
    behind.until(lambda: client.tasks.get(task.id).reset_streams is None)
    *tables, last = client.tasks.verify(task.id)
    assert last.result is not None and last.result.equal
    assert {line.table.table for line in tables if line.table is not None} > set(QUICK)
    assert list(client.tasks.rejects(task.id)) == []
    assert (
        client.tasks.replay_rejects(task.id).written,
        list(client.tasks.rejects(task.id, "issues")),
    ) == (0, [])
    [mining] = [one for one in client.minings() if one.calls]
    assert client.mining(mining.key).name == mining.name == "team"
    assert [one.name for one in client.agents()] == ["local"]
    client.tasks.stop(task.id)
    stopped = client.tasks.wait(task.id, ["stopped"])
    assert stopped.name == client.tasks.named("to copy").name
    behind.until(lambda: next(client.tasks.runs(task.id)).outcome == "stopped")
    [run] = client.tasks.runs(task.id)
    others = sum(len(world.team.rows(name)) for name in QUICK if name != "issues")
    assert run.figures["read"] + run.figures["inserted"] == others + 2 * wanted  # a backfill too
    behind.until(lambda: "issues" in client.figures(f"task:{task.id}").ever)
    ever = client.figures(f"task:{task.id}").ever["issues"]
    assert ever.read + ever.inserted == 2 * wanted
    points = client.series(f"task:{task.id}", stream="issues")
    assert sum(point.read + point.inserted for point in points) == 2 * wanted
    assert client.tasks.reset(task.id, ["issues"]).reset_streams == ["issues"]
    assert "[tasks." in client.export()
    client.tasks.delete(task.id)
    for one in (team, to):
        client.connections.delete(one.id)
    with pytest.raises(Missing):
        client.tasks.get(task.id)


def test_what_is_refused_is_raised_as_what_it_is(
    client: HeadraceClient, admin: Client, world: World
) -> None:
    team = client.connections.add("refusals", "source", "coding", {
        "url": world.server.url, "token": DEFAULT_TOKEN,
    })  # fmt: skip
    with pytest.raises(Conflict) as taken:
        client.connections.add("refusals", "source", "coding", {
            "url": world.server.url, "token": DEFAULT_TOKEN,
        })  # fmt: skip
    assert taken.value.advice and "refusals" in taken.value.message
    changed = client.connections.change(team, {"poll_interval": "30s"})
    assert changed.version == team.version + 1
    with pytest.raises(Stale):
        client.connections.change(team, {"poll_interval": "40s"})
    with pytest.raises(Refused, match="nonsense"):
        client.connections.change(changed, {"nonsense": 1})
    with pytest.raises(Missing):
        client.connections.named("nothing of that name")
    viewer = admin.post(f"{API}/tokens", {"name": "viewer", "role": "viewer"})["token"]
    with HeadraceClient(client_url(admin), viewer) as other, pytest.raises(Forbidden):
        other.connections.delete(team.id)
    with HeadraceClient(client_url(admin), "hr_wrong") as nobody, pytest.raises(NotSignedIn):
        nobody.tasks.all()
    client.connections.delete(team.id)


def test_hooks_from_the_url_to_a_delivery(
    client: HeadraceClient, admin: Client, behind: Behind, world: World
) -> None:
    behind.platform.reached_at(admin.url, admin.url)
    values = {"url": world.server.url, "token": DEFAULT_TOKEN, "increments": "hybrid"}
    team = client.connections.add("hooked", "source", "coding", values)
    assert client.hooks.get(team.id).light == "none"
    made = client.hooks.generate(team.id)
    assert made.url is not None and made.signing_token is not None
    assert client.hooks.service_url(team.id).signing_token is None
    turned = client.hooks.rotate(team.id)
    assert turned.url != made.url and turned.old_until is not None and turned.signing_token
    assert client.hooks.retire(team.id).old_until is None
    assert turned.url is not None
    assert ping(turned.url, turned.signing_token, "ping-1") == 200
    [came] = client.hooks.deliveries(team.id)
    assert client.hooks.delivery(team.id, came.id).id == came.id == "ping-1"
    assert list(client.hooks.deliveries(team.id, state="dead")) == []
    assert client.hooks.replay_dead(team.id).replayed == []
    assert client.hooks.replay(team.id, ["ping-1"]).replayed == ["ping-1"]
    [own] = [one for one in client.hooks.all() if one.name == "hooked"]
    assert own.state is not None and own.state.light == "green"
    *projects, last = client.hooks.inspect(team.id)
    assert last.result is not None and all(line.project for line in projects)
    client.connections.delete(team.id)


def client_url(admin: Client) -> str:
    return admin.url + "/"  # a slash at the end does no harm


def test_lists_are_followed_to_their_end(client: HeadraceClient, behind: Behind) -> None:
    lines = [("agent:many", Level.INFO, f"line {number}", "") for number in range(250)]
    behind.platform.log.write(lines)
    found = [line.text for line in client.log("agent:many")]
    assert found == [text for _, _, text, _ in reversed(lines)]
    assert len(list(islice(client.log("agent:many"), 7))) == 7
    assert client.open_alerts() == [] and list(client.alerts("task:7777")) == []
    assert "issues" in [one.name for one in client.streams()]


def test_waiting_ends(client: HeadraceClient, world: World) -> None:
    values = {"url": world.server.url, "token": DEFAULT_TOKEN}
    team = client.connections.add("slow", "source", "coding", values)
    to = client.connections.add("slow to", "destination", "sqlite", {"url": "sqlite:///slow.db"})
    task = client.tasks.add("slow", team.id, to.id)
    with pytest.raises(Unavailable, match="new after 0 s"):
        client.tasks.wait(task.id, ["running"], timeout_seconds=0)
    client.tasks.delete(task.id)
    client.connections.delete(team.id)
    client.connections.delete(to.id)


def test_the_types_name_every_state() -> None:
    """What the server may say is what a type checker lets one compare with."""
    assert set(tasks.State.__args__) == set(State)  # type: ignore[attr-defined]
    assert destination("x")["role"] in connections.ConnectionRole.__args__  # type: ignore[attr-defined]
