"""The JSON API on a real port, over a platform with a living team behind it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.cli.conftest import QUICK, World
from tests.serving.conftest import Site as Behind
from tests.web.api_site import API, PASSWORD, PROBLEM, Client, destination, source, written

from headrace.app.serving.platform import Platform
from headrace.coding.hook_secrets import signature_of
from headrace.control import tables
from headrace.control.people import Role
from headrace.playground import DEFAULT_TOKEN
from headrace.web.api.throttle import FAILURES_MAX
from headrace.web.site import Site


def test_from_connections_to_rows(admin: Client, behind: Behind, world: World) -> None:
    """What a person does: save, test, choose, run, look, stop, tidy up."""
    team = admin.post(f"{API}/connections", source(world))
    assert DEFAULT_TOKEN not in str(team) and "token" in team["values"]
    copy = admin.post(f"{API}/connections", destination("copy"))
    *items, last = admin.ask("POST", f"{API}/connections/{team['id']}/check").lines
    assert last["result"]["ok"] and [one["item"] for one in items] == last["result"]["items"]
    assert admin.get(f"{API}/connections/{team['id']}")["check"]["ok"]
    projects = admin.items(f"{API}/connections/{team['id']}/projects")
    assert len(projects) == len(world.team.rows("projects"))

    given = {"name": "to copy", "source_id": team["id"], "destination_id": copy["id"]}
    task = admin.post(f"{API}/tasks", {**given, "settings": {"streams": list(QUICK)}})
    at = f"{API}/tasks/{task['id']}"
    assert admin.ask("POST", f"{at}/precheck").lines[-1]["result"]["ok"]
    used = admin.ask("DELETE", f"{API}/connections/{team['id']}")
    assert used.status == 409 and "to copy" in used.document["detail"]

    admin.post(f"{at}/start")
    wanted = len(world.team.rows("issues"))
    behind.until(lambda: written(admin.get(at)) == wanted)
    behind.until(lambda: admin.get(at)["lag"] == 0)
    key = f"connection-{team['id']}"
    [mining] = [one for one in admin.items(f"{API}/minings") if one["key"] == key]
    assert mining["calls"] > 0
    assert mining["streams"]["issues"]["inserted"] == wanted and mining["error"] is None
    assert [one["name"] for one in mining["tasks"]] == ["to copy"]
    assert admin.get(f"{API}/minings/{mining['key']}")["name"] == "team"
    assert admin.ask("POST", f"{at}/start").status == 409
    assert admin.items(f"{API}/agents")[0]["away"] is False

    admin.post(f"{at}/stop")
    behind.until(lambda: admin.get(at)["state"] == "stopped")
    assert admin.post(f"{at}/reset", {"streams": ["issues"]})["reset_streams"] == ["issues"]
    other = admin.post(f"{at}/copy", {"name": "again"})
    assert other["settings"] == {"streams": list(QUICK)} and other["state"] == "new"
    clash = admin.ask("POST", f"{API}/tasks/{other['id']}/precheck").lines[-1]["result"]
    assert not clash["ok"]
    body = {"version": other["version"], "name": "later", "settings": {"write": "history"}}
    assert admin.ask("PATCH", f"{API}/tasks/{other['id']}", body).good["settings"] == {
        "write": "history"
    }
    assert admin.ask("PATCH", f"{API}/tasks/{other['id']}", body).status == 412
    for gone in (f"{API}/tasks/{other['id']}", at, f"{API}/connections/{team['id']}"):
        assert admin.ask("DELETE", gone).status == 204
        assert admin.ask("GET", gone).status == 404
    subjects = {entry["action"] for entry in admin.items(f"{API}/audit?limit=1000")}
    assert {"connection.save", "task.start", "task.stop", "task.delete"} <= subjects
    admin.delete(f"{API}/connections/{copy['id']}")


def test_a_delivery_goes_to_its_connection(admin: Client, behind: Behind, world: World) -> None:
    hooks = {
        "increments": "hybrid", "hook_secret": "url-secret-0123456789",
        "signing_token": "token-of-today", "census_interval": "1h",
        "public_url": "https://hooks.example.com",
    }  # fmt: skip
    team = admin.post(f"{API}/connections", {**source(world, **hooks), "name": "hooked"})
    copy = admin.post(f"{API}/connections", destination("hooked-copy"))
    given = {"name": "hooked", "source_id": team["id"], "destination_id": copy["id"]}
    task = admin.post(f"{API}/tasks", {**given, "settings": {"streams": list(QUICK)}})
    path = "/hooks/url-secret-0123456789"
    assert admin.ask("POST", path, b"{}").status == 401  # it is received, though nothing runs yet
    at = f"{API}/tasks/{task['id']}"
    admin.post(f"{at}/start")
    behind.until(lambda: any(one["hooks"] for one in admin.items(f"{API}/minings")))
    body = b'{"event":"ISSUE_UPDATED","project":{"id":2001}}'
    signed = {"x_coding_signature": signature_of("token-of-today", body)}
    delivered = admin.ask("POST", path, body, **signed)
    assert (delivered.status, delivered.document) == (200, {"ok": True})
    assert admin.ask("POST", path, body).status == 401
    assert admin.ask("GET", path).status == admin.ask("POST", "/hooks/other", body).status == 404
    admin.post(f"{at}/stop")
    behind.until(lambda: all(one["state"] == "idle" for one in admin.items(f"{API}/minings")))
    assert admin.ask("POST", path, body, **signed).status == 200


def test_what_is_wrong_is_said(admin: Client, world: World) -> None:
    wrong: list[tuple[object, str]] = [
        ({**source(world), "extra": 1}, "extra"),
        ({"name": "x"}, "role"),
        (b"{", ""),
        ({**source(world), "values": {"url": world.server.url}}, "token"),
        ({**source(world), "values": {"nonsense": 1}}, "nonsense"),
    ]
    for body, word in wrong:
        answer = admin.ask("POST", f"{API}/connections", body)
        assert answer.status == 400, answer
        assert set(answer.document) == PROBLEM and answer.document["advice"]
        assert word in answer.document["detail"]
    huge = admin.ask("POST", f"{API}/connections", b'"' + b"x" * 1_048_577 + b'"')
    assert huge.status == 413 and huge.document["detail"]
    for path in (f"{API}/nothing", f"{API}/tasks/7777", f"{API}/tasks/x"):
        answer = admin.ask("GET", path)
        assert answer.status == 404 and answer.document["detail"], answer
    for number in ("99999999999999999999", "-1", str(2**31)):
        assert admin.ask("GET", f"{API}/tasks/{number}").status in (400, 404)
    assert admin.ask("PUT", f"{API}/tasks").status == 405


def test_bodies_that_are_meant_badly(admin: Client, world: World) -> None:
    deep = b'{"name":"x","role":"source","type":"coding","values":{"a":' + b"[" * 200_000
    odd = json.dumps(source(world, team="x")).replace('"x"', '"\\ud800"').encode()
    big = json.dumps(source(world, attempts=10**400)).encode()
    for body in (deep, odd, big, b"\xff\xfe", b"null", b"[]", b""):
        answer = admin.ask("POST", f"{API}/connections", body)
        assert answer.status == 400 and answer.document["detail"], (body[:20], answer)
    form = {"content_type": "application/x-www-form-urlencoded"}
    assert admin.ask("POST", f"{API}/connections", b"name=x", **form).status in (400, 415)
    nul = {"name": "\x00", "password": PASSWORD}
    assert admin.ask("POST", f"{API}/session", nul).status == 400


def test_a_team_that_is_away_is_said_to_be(admin: Client, world: World) -> None:
    away = {**source(world, url="http://127.0.0.1:1"), "name": "away"}
    team = admin.post(f"{API}/connections", away)
    answer = admin.ask("GET", f"{API}/connections/{team['id']}/projects")
    assert answer.status == 503 and int(answer.headers["retry-after"]) > 0
    assert answer.document["detail"]
    *_, last = admin.ask("POST", f"{API}/connections/{team['id']}/check").lines
    assert last["result"]["ok"] is False
    admin.delete(f"{API}/connections/{team['id']}")


def test_our_own_mistake_shows_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A state that is none was written by somebody else: nothing expects it."""
    with Platform(tmp_path) as platform, Site(platform, listen="127.0.0.1:0") as site:
        client = Client(f"http://127.0.0.1:{site.port}")
        assert client.ask("GET", "/readyz").status == 503  # the agent was never started
        person = platform.people.set_up(platform.people.make_setup_code(), "admin-1", PASSWORD)
        client.token = platform.people.make_token(person, "one", Role.ADMIN, days=1)
        with platform.store.transaction() as db:
            values = {"name": "broken", "values": {}, "secret": "c4nary"}
            db.execute(
                sa.insert(tables.connection).values(
                    name="broken", role="c4nary", type="x", settings=values, version=1,
                    created_at=0, updated_at=0,
                )
            )  # fmt: skip
        answer = client.ask("GET", f"{API}/connections")
        assert answer.status == 500 and set(answer.document) == PROBLEM
        assert "c4nary" not in answer.data.decode() + caplog.text
        assert f"GET {API}/connections" in caplog.text and "connections.py" in caplog.text


def test_signing_in_and_out(site: Site, admin: Client, stranger: Client) -> None:
    body = {"name": "viewer-1", "password": PASSWORD, "role": "viewer"}
    user = admin.post(f"{API}/users", body)
    assert "password" not in user
    assert admin.ask("POST", f"{API}/users", body).status == 409
    proof = {"name": "viewer-1", "password": PASSWORD}
    answer = stranger.ask("POST", f"{API}/session", proof)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "secure" not in cookie
    assert stranger.get(f"{API}/session")["name"] == "viewer-1"
    other = Client(stranger.url, cookie=stranger.cookie)
    new = {"old": PASSWORD, "new": "another long password"}
    stranger.post(f"{API}/session/password", new)
    assert stranger.get(f"{API}/session")["name"] == "viewer-1"
    assert other.ask("GET", f"{API}/session").status == 401
    value = stranger.cookie
    stranger.delete(f"{API}/session")
    assert Client(stranger.url, cookie=value).ask("GET", f"{API}/session").status == 401
    admin.delete(f"{API}/users/{user['id']}")


def test_cookies_are_secure_where_the_public_url_is(behind: Behind, admin: Client) -> None:
    public = "https://headrace.example.com"
    with Site(behind.platform, listen="127.0.0.1:0", public_url=public) as site:
        client = Client(f"http://127.0.0.1:{site.port}")
        proof = {"name": "admin-1", "password": PASSWORD}
        origin = {"sec_fetch_site": "", "origin": public}
        answer = client.ask("POST", f"{API}/session", proof, **origin)
        assert "secure" in answer.headers["set-cookie"].lower()
        assert client.ask("DELETE", f"{API}/session", **origin).status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"sec_fetch_site": "", "origin": "https://elsewhere.example"}, 403),
        ({"sec_fetch_site": "", "origin": "null"}, 403),
        ({"sec_fetch_site": ""}, 403),
        ({"sec_fetch_site": "same-origin"}, 404),
        ({"sec_fetch_site": "", "origin": "OWN"}, 404),
    ],
)
def test_other_sites_cannot_use_a_session(
    admin: Client, headers: dict[str, str], status: int
) -> None:
    headers = {name: value.replace("OWN", admin.url) for name, value in headers.items()}
    assert admin.ask("POST", f"{API}/tasks/7777/start", **headers).status == status


def test_guessing_is_slowed(stranger: Client, admin: Client) -> None:
    wrong = {"name": "nobody-1", "password": "wrong wrong wrong"}
    statuses = [
        stranger.ask("POST", f"{API}/session", wrong).status for _ in range(FAILURES_MAX + 1)
    ]
    assert statuses == [401] * FAILURES_MAX + [429]
    last = stranger.ask("POST", f"{API}/session", wrong)
    assert 1 <= int(last.headers["retry-after"]) <= 60
    right = {"name": "admin-1", "password": PASSWORD}
    assert stranger.ask("POST", f"{API}/session", right).status == 200


def test_tokens_speak_for_their_users(stranger: Client, admin: Client) -> None:
    body = {"name": "script", "role": "operator", "days": 1}
    stranger.token = admin.post(f"{API}/tokens", body)["token"]
    assert stranger.token.startswith("hr_")
    assert stranger.get(f"{API}/session") == {"id": 1, "name": "admin-1", "role": "operator"}
    assert stranger.ask("POST", f"{API}/tasks/7777/start", sec_fetch_site="").status == 404
    more = stranger.ask("POST", f"{API}/tokens", {"name": "more", "role": "admin"})
    assert more.status == 403
    assert stranger.ask("POST", f"{API}/tokens", {**body, "name": "x y\x00"}).status == 400
    [token] = admin.items(f"{API}/tokens")
    assert token["name"] == "script" and "digest" not in token
    admin.delete(f"{API}/tokens/{token['id']}")
    assert stranger.ask("GET", f"{API}/session").status == 401


def test_every_answer_is_careful(admin: Client, stranger: Client) -> None:
    for client, path in (
        (admin, f"{API}/streams"), (stranger, f"{API}/streams"), (stranger, "/nothing"),
    ):  # fmt: skip
        headers = client.ask("GET", path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers


def test_signs_of_life(stranger: Client, behind: Behind) -> None:
    assert stranger.get("/healthz") == {"ok": True}
    behind.until(lambda: stranger.ask("GET", "/readyz").status == 200)


def test_the_description_tells_of_every_route(admin: Client) -> None:
    described = admin.get(f"{API}/openapi.json")
    assert described["openapi"].startswith("3.1")
    assert f"{API}/tasks/{{task_id}}/start" in described["paths"]
    assert "NewTask" in str(described["components"]["schemas"].keys())
    names = [stream["name"] for stream in admin.items(f"{API}/streams")]
    assert "issues" in names
