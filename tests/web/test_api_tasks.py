"""Tasks at work, over the API: settings, progress, backfill, verification, rejects."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from tests.cli.conftest import QUICK, World
from tests.serving.conftest import Site as Behind
from tests.web.api_site import API, Client, destination, source, written

Task = dict[str, Any]


@pytest.fixture(scope="module")
def task(admin: Client, behind: Behind, world: World) -> Iterator[Task]:
    """A task that follows."""
    team = admin.post(f"{API}/connections", {**source(world), "name": "work"})
    copy = admin.post(f"{API}/connections", destination("worked"))
    body = {"name": "working", "source_id": team["id"], "destination_id": copy["id"]}
    made: Task = admin.post(f"{API}/tasks", {**body, "settings": {"streams": list(QUICK)}})
    at = f"{API}/tasks/{made['id']}"
    admin.post(f"{at}/start")
    wanted = len(world.team.rows("issues"))
    behind.until(lambda: written(admin.get(at)) == wanted)
    behind.until(lambda: admin.get(at)["phase"] == "following")
    yield made
    admin.post(f"{at}/stop")


def path(task: Task, what: str = "") -> str:
    return f"{API}/tasks/{task['id']}{what}"


def test_settings_are_read_and_refused(admin: Client, behind: Behind, task: Task) -> None:
    body = {"name": "settings", "source_id": task["source_id"],
            "destination_id": task["destination_id"]}  # fmt: skip
    good = {"streams": ["issue*"], "filters": ["issues.Type=EPIC"], "new_streams": False,
            "start": "2026-01-01T00:00:00Z"}  # fmt: skip
    made = admin.post(f"{API}/tasks", {**body, "settings": good})
    assert made["settings"] == good and "issues" in made["chosen"]
    assert made["phase"] == "new" and made["precheck"] is made["verify"] is None
    same = admin.post(f"{path(made)}/copy", {"name": "settings again"})
    assert same["settings"] == good
    wrong = [{"start": "soon"}, {"filters": ["x"]}, {"filters": ["issues.Nothing=1"]},
             {"new_streams": "maybe"}, {"start": "2999-01-01"}]  # fmt: skip
    for settings in wrong:
        answer = admin.ask("POST", f"{API}/tasks", {**body, "name": "w", "settings": settings})
        assert answer.status == 400, (settings, answer)
    exported = behind.platform.files.export()
    assert 'start = "2026-01-01T00:00:00Z"' in exported and "new_streams = false" in exported
    alone = admin.ask("GET", path(made, "/export")).data.decode()
    assert alone.startswith("[tasks.settings]\n") and "new_streams = false" in alone
    for one in (made, same):
        admin.delete(path(one))


def test_progress_over_the_api(admin: Client, task: Task) -> None:
    told = admin.get(path(task, "/progress"))
    assert (told["phase"], told["percent"]) == ("following", 100.0)
    assert set(told["streams"]) == set(QUICK)
    assert told["streams"]["issues"]["filtered"] == 0


def test_the_pre_check_is_kept(admin: Client, task: Task) -> None:
    result = admin.ask("POST", path(task, "/precheck")).lines[-1]["result"]
    kept = admin.get(path(task))["precheck"]
    assert kept["ok"] is result["ok"] is True and kept["items"] == result["items"] and kept["at"]


def test_verified_and_filled_again(admin: Client, behind: Behind, task: Task) -> None:
    *tables, last = admin.ask("POST", path(task, "/verify")).lines
    assert last["result"]["equal"] and last["result"]["tables"] == len(tables) >= len(QUICK)
    with closing(sqlite3.connect(behind.file("worked"))) as db:
        db.execute("DELETE FROM issues")
        db.commit()
    *_, last = admin.ask("POST", path(task, "/verify")).lines
    assert [one["table"] for one in last["result"]["differing"]] == ["issues"]
    assert admin.get(path(task))["verify"]["equal"] is False
    filled = admin.post(path(task, "/backfill"), {"streams": ["issues"]})
    assert filled["state"] == "running"
    behind.until(lambda: admin.get(path(task))["reset_streams"] is None)
    *_, last = admin.ask("POST", path(task, "/verify")).lines
    assert last["result"]["equal"]
    assert admin.ask("POST", path(task, "/backfill"), {"streams": ["nothing"]}).status == 400


def test_rejects_are_listed_and_replayed(
    admin: Client, behind: Behind, task: Task, world: World
) -> None:
    assert admin.get(path(task, "/rejects")) == {"items": [], "next": None}
    assert admin.post(path(task, "/rejects/replay")) == {"written": 0, "left": 0}
    with closing(sqlite3.connect(behind.file("worked"))) as db:
        db.execute(
            "CREATE TRIGGER no BEFORE INSERT ON issues WHEN NEW.name = 'refused'"
            " BEGIN SELECT RAISE(ABORT, 'not this one'); END"
        )
        db.commit()
    project, code = world.first("issues")[:2]
    world.team.update_issue(project, code, now_ms=world.now_ms(), name="refused")
    behind.until(lambda: admin.get(path(task, "/rejects"))["items"])
    [reject] = admin.get(path(task, "/rejects?stream=issues"))["items"]
    assert (reject["stream"], reject["key"]) == ("issues", f"[{project},{code}]")
    assert "refused" in reject["body"] and reject["reason"]
    assert admin.post(path(task, "/rejects/replay")) == {"written": 0, "left": 1}
    with closing(sqlite3.connect(behind.file("worked"))) as db:
        db.execute("DROP TRIGGER no")
        db.commit()
    assert admin.post(path(task, "/rejects/replay")) == {"written": 1, "left": 0}
    assert admin.get(path(task, "/rejects"))["items"] == []
    *_, last = admin.ask("POST", path(task, "/verify")).lines
    assert last["result"]["equal"]


def test_what_does_not_run_says_so(admin: Client, task: Task) -> None:
    other = admin.post(path(task, "/copy"), {"name": "idle"})
    for what in ("/verify", "/rejects/replay"):
        answer = admin.ask("POST", path(other, what))
        assert answer.status == 409 and answer.document["advice"], answer
    assert admin.ask("POST", path(other, "/backfill"), {}).status == 409
    admin.delete(path(other))
