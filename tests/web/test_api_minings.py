"""Minings over the API: seen, stopped and resumed by those who may."""

from __future__ import annotations

from tests.cli.conftest import QUICK, World
from tests.serving.conftest import Site as Behind
from tests.web.api_site import API, Client, destination, source, written


def test_a_mining_is_stopped_and_resumed(admin: Client, behind: Behind, world: World) -> None:
    team = admin.post(f"{API}/connections", {**source(world), "name": "mined"})
    copy = admin.post(f"{API}/connections", destination("mined-copy"))
    given = {"name": "mined", "source_id": team["id"], "destination_id": copy["id"]}
    task = admin.post(f"{API}/tasks", {**given, "settings": {"streams": list(QUICK)}})
    at, tasks = f"{API}/minings/connection-{team['id']}", f"{API}/tasks/{task['id']}"
    assert admin.ask("GET", at).status == 404
    admin.post(f"{tasks}/start")
    wanted = len(world.team.rows("issues"))
    behind.until(lambda: written(admin.get(tasks)) == wanted)
    assert admin.get(at)["streams"]["issues"]["state"] in ("snapshot", "following")

    assert admin.post(f"{at}/streams/issues/stop")["streams"]["issues"]["state"] == "stopped"
    [note] = admin.get(tasks)["notes"]
    assert (note["kind"], note["stream"]) == ("unread", "issues")
    assert admin.ask("POST", f"{at}/streams/issues/stop").status == 409
    admin.post(f"{at}/streams/issues/resume")
    assert admin.ask("POST", f"{at}/streams/issues/resume").status == 409
    assert admin.ask("POST", f"{at}/streams/nothing/stop").status == 404

    assert admin.post(f"{at}/stop")["state"] == "stopped"
    assert "stopped by admin-1" in admin.get(tasks)["mining_error"]["message"]
    assert admin.ask("POST", f"{at}/stop").status == 409
    assert admin.post(f"{at}/resume")["stopped_by"] == ""
    behind.until(lambda: admin.get(at)["state"] == "following")
    behind.until(lambda: admin.get(tasks)["mining_error"] is None)
    assert admin.get(at)["mirror"]["bytes"] > 0
    for path in ("connection-7777", f"connection-{copy['id']}", "task-7777", "x"):
        assert admin.ask("POST", f"{API}/minings/{path}/stop").status == 404

    actions = [
        e["action"] for e in admin.items(f"{API}/audit") if e["subject"] == at.split("/")[-1]
    ]
    assert sorted(actions) == [
        "mining.resume", "mining.resume_stream", "mining.stop", "mining.stop_stream",
    ]  # fmt: skip
    admin.post(f"{tasks}/stop")
    behind.until(lambda: admin.get(tasks)["state"] == "stopped")
    behind.until(lambda: admin.get(at)["state"] == "idle")
    admin.delete(tasks)
    admin.delete(f"{API}/connections/{team['id']}")
    assert admin.ask("GET", at).status == 404
