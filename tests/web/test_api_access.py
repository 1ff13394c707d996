"""Every route against everybody, from one table; and no secret through any of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from tests.cli.conftest import World
from tests.web.api_site import API, PASSWORD, Client, destination, source

from headrace.control.people import Role
from headrace.web.site import Site

NOBODY, NEVER = "nobody", "never"
# Who may: anybody, a role and those above it, or never anyone.
TABLE = {
    ("GET", "/setup"): NOBODY,
    ("POST", "/setup"): NOBODY,
    ("GET", "/session"): "viewer",
    ("POST", "/session"): NOBODY,
    ("DELETE", "/session"): NOBODY,
    ("POST", "/session/password"): "viewer",
    ("GET", "/users"): "admin",
    ("POST", "/users"): "admin",
    ("PATCH", "/users/{user_id:int}"): "admin",
    ("DELETE", "/users/{user_id:int}"): "admin",
    ("GET", "/tokens"): "viewer",
    ("POST", "/tokens"): "viewer",
    ("DELETE", "/tokens/{token_id:int}"): "viewer",
    ("GET", "/connections"): "viewer",
    ("POST", "/connections"): "operator",
    ("GET", "/connections/{connection_id:int}"): "viewer",
    ("PATCH", "/connections/{connection_id:int}"): "operator",
    ("DELETE", "/connections/{connection_id:int}"): "operator",
    ("POST", "/connections/{connection_id:int}/copy"): "operator",
    ("POST", "/connections/{connection_id:int}/check"): "operator",
    ("GET", "/connections/{connection_id:int}/projects"): "operator",
    ("POST", "/connections/check"): "operator",
    ("POST", "/connections/projects"): "operator",
    ("POST", "/connections/import"): "operator",
    ("GET", "/connections/{connection_id:int}/export"): "viewer",
    ("POST", "/connections/{connection_id:int}/authorize"): "operator",
    ("GET", "/authorization"): "operator",
    ("GET", "/authorized"): NOBODY,
    ("GET", "/hooks"): "viewer",
    ("GET", "/connections/{connection_id:int}/hooks"): "viewer",
    ("POST", "/connections/{connection_id:int}/hooks/set-up"): "operator",
    ("POST", "/connections/{connection_id:int}/hooks/inspect"): "operator",
    ("POST", "/connections/{connection_id:int}/hooks/ping"): "operator",
    ("POST", "/connections/{connection_id:int}/hooks/remove"): "operator",
    ("GET", "/connections/{connection_id:int}/service-url"): "operator",
    ("POST", "/connections/{connection_id:int}/service-url"): "operator",
    ("POST", "/connections/{connection_id:int}/service-url/rotate"): "operator",
    ("DELETE", "/connections/{connection_id:int}/service-url/old"): "operator",
    ("GET", "/connections/{connection_id:int}/deliveries"): "viewer",
    ("POST", "/connections/{connection_id:int}/deliveries/replay"): "operator",
    ("POST", "/connections/{connection_id:int}/deliveries/replay-dead"): "operator",
    ("GET", "/connections/{connection_id:int}/deliveries/{delivery_id:str}"): "viewer",
    ("GET", "/connections/{connection_id:int}/streams"): "viewer",
    ("GET", "/connections/{connection_id:int}/streams/{stream:str}/rows"): "operator",
    ("GET", "/tasks"): "viewer",
    ("POST", "/tasks"): "operator",
    ("GET", "/tasks/{task_id:int}"): "viewer",
    ("PATCH", "/tasks/{task_id:int}"): "operator",
    ("DELETE", "/tasks/{task_id:int}"): "operator",
    ("POST", "/tasks/{task_id:int}/copy"): "operator",
    ("POST", "/tasks/{task_id:int}/start"): "operator",
    ("POST", "/tasks/{task_id:int}/stop"): "operator",
    ("POST", "/tasks/{task_id:int}/reset"): "operator",
    ("POST", "/tasks/{task_id:int}/precheck"): "operator",
    ("GET", "/tasks/{task_id:int}/progress"): "viewer",
    ("POST", "/tasks/{task_id:int}/backfill"): "operator",
    ("POST", "/tasks/{task_id:int}/verify"): "operator",
    ("GET", "/tasks/{task_id:int}/rejects"): "operator",
    ("POST", "/tasks/{task_id:int}/rejects/replay"): "operator",
    ("GET", "/tasks/{task_id:int}/runs"): "viewer",
    ("GET", "/connections/{connection_id:int}/model"): "viewer",
    ("GET", "/connections/{connection_id:int}/model/history"): "viewer",
    ("POST", "/connections/{connection_id:int}/model/reload"): "operator",
    ("GET", "/logs"): "viewer",
    ("GET", "/logs/text"): "viewer",
    ("GET", "/figures"): "viewer",
    ("GET", "/figures/series"): "viewer",
    ("GET", "/alerts"): "viewer",
    ("GET", "/alerts/open"): "viewer",
    ("GET", "/alerts/thresholds"): "viewer",
    ("PUT", "/alerts/thresholds"): "operator",
    ("GET", "/channels"): "operator",
    ("POST", "/channels"): "operator",
    ("GET", "/channels/{channel_id:int}"): "operator",
    ("PATCH", "/channels/{channel_id:int}"): "operator",
    ("DELETE", "/channels/{channel_id:int}"): "operator",
    ("POST", "/channels/{channel_id:int}/test"): "operator",
    ("GET", "/export"): "viewer",
    ("GET", "/tasks/{task_id:int}/export"): "viewer",
    ("POST", "/import"): "operator",
    ("POST", "/import/rehearsal"): "operator",
    ("GET", "/server"): "operator",
    ("GET", "/minings"): "viewer",
    ("GET", "/minings/{key:str}"): "viewer",
    ("POST", "/minings/{key:str}/stop"): "operator",
    ("POST", "/minings/{key:str}/resume"): "operator",
    ("POST", "/minings/{key:str}/streams/{name:str}/stop"): "operator",
    ("POST", "/minings/{key:str}/streams/{name:str}/resume"): "operator",
    ("GET", "/agents"): "viewer",
    ("GET", "/overview"): "viewer",
    ("GET", "/charts/{kind:str}"): "viewer",
    ("GET", "/tasks/{task_id:int}/charts/{kind:str}"): "viewer",
    ("GET", "/connections/{connection_id:int}/charts/{kind:str}"): "viewer",
    ("GET", "/audit"): "admin",
    ("GET", "/streams"): "viewer",
    ("GET", "/streams/{stream:str}"): "viewer",
    ("GET", "/openapi.json"): "viewer",
    ("GET", "/metrics"): "viewer",
    ("GET", "/schema"): NEVER,
    ("GET", "/schema/openapi.json"): NEVER,
    ("GET", "/schema/{path:str}"): NEVER,
}
CANARY = "c4nary0123456789abcdef0123456789abcdef01"
NO_ONE = 7777


def routes(site: Site) -> Iterator[tuple[str, str]]:
    """All that the application has, as the table names them."""
    for route in site._api.routes:
        for method in route.methods - {"OPTIONS"}:
            yield method, route.path.removeprefix(API)


def place(path: str) -> str:
    """Where a path of the table is."""
    return path if path.startswith(("/schema", "/metrics")) else API + path


@pytest.fixture(scope="module")
def everybody(site: Site, admin: Client) -> dict[str, Client]:
    """A client of each role, one of nobody, and one with a token that was revoked."""
    found = {NOBODY: Client(admin.url)}
    for role in ("revoked", *Role):
        body = {"name": f"t-{role}", "role": "admin" if role == "revoked" else role}
        found[role] = Client(admin.url, token=admin.post(f"{API}/tokens", body)["token"])
    [revoked] = [one for one in admin.items(f"{API}/tokens") if one["name"] == "t-revoked"]
    admin.delete(f"{API}/tokens/{revoked['id']}")
    return found


def test_the_table_has_a_row_for_every_route(site: Site) -> None:
    assert sorted(routes(site)) == sorted(TABLE)


@pytest.mark.parametrize(("method", "path"), TABLE)
def test_who_may_use_it(everybody: dict[str, Client], method: str, path: str) -> None:
    needed = TABLE[method, path]
    where = place(re.sub(r"{.*?}", str(NO_ONE), path))
    body = None if method in ("GET", "DELETE") else {}
    for who, client in everybody.items():
        status = client.ask(method, where, body).status
        known = who in list(Role)
        if needed == NOBODY:
            assert status not in (401, 403, 500), (who, status)
        elif not known:
            assert status == 401, (who, status)
        elif needed == NEVER or not Role(who).covers(Role(needed)):
            assert status == 403, (who, status)
        else:
            assert status not in (401, 403) and status < 500, (who, status)


def test_a_disabled_user_is_out(admin: Client, stranger: Client) -> None:
    body = {"name": "operator-1", "password": PASSWORD, "role": "operator"}
    user = admin.post(f"{API}/users", body)
    stranger.post(f"{API}/session", {"name": "operator-1", "password": PASSWORD})
    token = Client(admin.url, token=stranger.post(f"{API}/tokens", {"name": "mine"})["token"])
    assert token.get(f"{API}/session")["role"] == "viewer"
    admin.ask("PATCH", f"{API}/users/{user['id']}", {"disabled": True})
    assert stranger.ask("GET", f"{API}/session").status == 401
    assert token.ask("GET", f"{API}/session").status == 401
    admin.delete(f"{API}/users/{user['id']}")


@pytest.mark.long
def test_no_secret_comes_out(
    admin: Client, site: Site, world: World, capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """Each secret is the canary; every route is asked, rightly and wrongly; it is nowhere."""
    secrets = {"token": CANARY, "hook_secret": CANARY, "signing_token": CANARY}
    body = {**source(world, **secrets), "name": "canary"}
    away = f"mysql://member-17:{CANARY}@127.0.0.1:1/none"
    target = {**destination("canary-to"), "type": "mysql", "values": {"url": away}}
    team, there = (admin.post(f"{API}/connections", one) for one in (body, target))
    user = {"name": "canary", "password": CANARY, "role": "viewer"}
    hook = {"url": "http://127.0.0.1:1/", "secret": CANARY}
    mail = {"host": "127.0.0.1", "port": 1, "from": "a@b.example", "to": ["c@d.example"],
            "password": CANARY}  # fmt: skip
    channels: list[dict[str, Any]] = [
        {"name": "canary-hook", "type": "webhook", "settings": hook},
        {"name": "canary-mail", "type": "email", "settings": mail},
    ]
    ids = {
        "connection_id": [team["id"], there["id"]],
        "user_id": [admin.post(f"{API}/users", user)["id"]],
        "task_id": [
            admin.post(
                f"{API}/tasks",
                {"name": "c", "source_id": team["id"], "destination_id": there["id"]},
            )["id"]
        ],
        "channel_id": [admin.post(f"{API}/channels", one)["id"] for one in channels],
    }
    wrong: list[Any] = [
        body, target, user, {"version": 1, "values": secrets}, {"password": {"x": CANARY}},
        {"name": "canary-2", "password": CANARY}, {"old": CANARY, "new": CANARY},
        {"code": CANARY, "name": "canary-3", "password": CANARY}, {"values": CANARY},
        {**target, "values": {"url": f"mysql://x:{CANARY}@[/"}}, f"{CANARY}",
        {**body, "values": {**secrets, "team": 1}},
        *channels, {"settings": {"secret": CANARY}}, {"settings": {"password": CANARY}},
        {"settings": {"secret": [CANARY]}},
        {"toml": f"[connections.canary]\ntoken = '{CANARY}'\nteam = 1"},
        {"toml": f"[destinations.c2]\nurl = 'mysql://x:{CANARY}@127.0.0.1:1/x'"},
        {"toml": f"[connections.canary-4]\ntoken = '{CANARY}' x"},
    ]  # fmt: skip
    asked = 0
    for method, path in sorted(routes(site), reverse=True):  # GET after PATCH, DELETE last
        if method == "DELETE":
            continue
        for where in _filled(place(path), ids):
            for sent in [None] if method == "GET" else wrong:
                answer = admin.ask(method, where, sent)
                said = answer.data.decode() + str(dict(answer.headers))
                assert CANARY not in said.replace("headrace_session", ""), (method, where, sent)
                assert answer.status != 500, (method, where, sent, answer.data)
                asked += 1
    assert asked > 100
    captured = capfd.readouterr()
    assert CANARY not in captured.out + captured.err + caplog.text
    assert CANARY not in json.dumps(admin.items(f"{API}/audit?limit=1000"))


def _filled(path: str, ids: dict[str, list[int]]) -> list[str]:
    """The path with each number there is in its place."""
    found = re.search(r"{(\w+):\w+}", path)
    if found is None:
        return [path]
    chosen = ids.get(found[1], [NO_ONE])
    return [path.replace(found[0], str(one)) for one in chosen]
