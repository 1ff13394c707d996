"""Service URLs, deliveries and samples of saved sources; the hooks behind are a playground's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import urllib3
from tests.cli.conftest import WatchedPlayground, World
from tests.serving.conftest import ADMIN, Site

from headrace.app import SystemClock
from headrace.app.serving.connecting import carrying, samples
from headrace.app.serving.hooks import deliveries, hook_setting, service_urls
from headrace.app.serving.hooks.deliveries import Wanted
from headrace.app.serving.hooks.inboxes import tidy
from headrace.app.serving.platform import Platform
from headrace.coding.hook_secrets import signature_of
from headrace.control.connections import Connection, ConnectionRole
from headrace.control.refusals import Conflict, Missing
from headrace.core.ports import Delivery
from headrace.errors import Refused
from headrace.mirror.urls import open_inbox
from headrace.playground import DEFAULT_TOKEN, Settings, Team, serve
from headrace.web.site import Site as Server

pytestmark = pytest.mark.long

BODY = {"event": "ISSUE_UPDATED", "project": {"id": 7}, "issue": {"project_id": 7, "code": 1}}
POOL = urllib3.PoolManager(retries=False, timeout=10)


@pytest.fixture
def world() -> Iterator[World]:
    """A team whose hooks are delivered."""
    clock = SystemClock()
    team = Team(5, 2, 12, clock.now_ms())
    playground = WatchedPlayground(team, clock, settings=Settings())
    with serve(playground) as server:
        yield World(server, playground, team)


@pytest.fixture
def site(world: World, tmp_path: Path) -> Iterator[Site]:
    """A platform on a port that CODING reaches; nothing runs on it."""
    with Platform(tmp_path / "data") as platform, Server(platform, listen="127.0.0.1:0") as server:
        platform.reached_at(f"http://127.0.0.1:{server.port}", "")
        platform.start()
        yield Site(world, platform, tmp_path / "data")


def status(site: Site, one: Connection) -> Any:
    return service_urls.status(site.platform, one.id)


def generated(site: Site, name: str = "team", **more: object) -> tuple[Connection, Any]:
    one = site.source(name, **{"increments": "hybrid", "census_interval": "1h", **more})
    return one, service_urls.generate(site.platform, ADMIN, one.id)


def deliver(
    url: str, token: str, body: Any = BODY, *, id: str = "d-1", event: str = "ISSUE_UPDATED"
) -> int:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {
        "content-type": "application/json", "x-coding-delivery": id,
        "x-coding-service-hook-event": event, "x-coding-signature": signature_of(token, data),
    }  # fmt: skip
    return POOL.request("POST", url, body=data, headers=headers).status


def ping(url: str, token: str, id: str) -> int:
    return deliver(url, token, {"event": "PING", "zen": "calm"}, id=id, event="PING")


def test_the_light_turns_green_at_the_ping_while_nothing_runs(site: Site) -> None:
    one, made = generated(site)
    url, token = made["url"], made["signing_token"]
    assert url.startswith(f"{site.platform.kinds.public_url}/hooks/") and made["light"] == "waiting"
    for language in ("zh", "en"):
        steps = "\n".join(made["steps"][language])
        assert url in steps and token in steps and "PING" in steps
    again = service_urls.generate(site.platform, ADMIN, one.id)
    assert (again["url"], again["signing_token"]) == (url, None)
    assert token not in str(again) and token not in str(service_urls.show(site.platform, one.id))
    assert deliver(url, "token-of-nobody") == 401
    assert (status(site, one)["light"], status(site, one)["refused_why"]) == (
        "refused", "wrong signature",
    )  # fmt: skip
    assert ping(url, token, "ping-1") == 200
    site.until(lambda: status(site, one)["light"] == "green")
    assert status(site, one)["pinged_at"] and not site.platform.agent.minings
    assert deliver(url[:-1], token) == 404
    with Platform(site.folder) as later:  # it is kept
        assert service_urls.status(later, one.id)["pinged_at"]


def test_after_a_rotation_both_urls_go_on_until_the_old_one_ends(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, old = generated(site)
    assert ping(old["url"], old["signing_token"], "p-1") == 200
    site.until(lambda: status(site, one)["light"] == "green")
    new = service_urls.rotate(site.platform, ADMIN, one.id)
    assert new["url"] != old["url"] and new["signing_token"] != old["signing_token"]
    assert new["light"] == "waiting" and new["old_until"] > site.platform.clock.now_ms()
    assert ping(old["url"], old["signing_token"], "p-2") == 200
    assert deliver(new["url"], new["signing_token"], id="d-2") == 200
    assert status(site, one)["light"] == "waiting"  # the test event came to the URL of before
    assert ping(new["url"], new["signing_token"], "p-3") == 200
    site.until(lambda: status(site, one)["light"] == "green")
    now_ms = site.platform.clock.now_ms
    with monkeypatch.context() as later:
        later.setattr(site.platform.clock, "now_ms", lambda: now_ms() + 86_400_001)
        assert deliver(old["url"], old["signing_token"]) == 404
        assert status(site, one)["old_until"] is None
    site.platform.doors.stale()
    assert deliver(old["url"], old["signing_token"], id="d-3") == 200
    ended = service_urls.retire(site.platform, ADMIN, one.id)
    assert ended["old_until"] is None
    assert deliver(old["url"], old["signing_token"]) == 404
    assert deliver(new["url"], old["signing_token"]) == 401
    assert deliver(new["url"], new["signing_token"], id="d-4") == 200


def test_without_a_public_address_no_url_is_made(world: World, tmp_path: Path) -> None:
    with Platform(tmp_path / "data") as platform:
        platform.reached_at("", "http://127.0.0.1:1")
        site = Site(world, platform, tmp_path / "data")
        one = site.source(increments="webhook")
        with pytest.raises(Refused, match="at which address") as refused:
            service_urls.generate(platform, ADMIN, one.id)
        assert "--public-url" in refused.value.advice
        assert status(site, one)["light"] == "none" and not status(site, one)["used"]
        own = site.source("own", increments="webhook", public_url="https://hooks.example.com")
        made = service_urls.generate(platform, ADMIN, own.id)
        assert made["url"].startswith("https://hooks.example.com/hooks/") and made["used"]


def test_a_copy_and_a_deleted_connection_have_no_url(site: Site) -> None:
    one, made = generated(site)
    twin = site.platform.connections.copy(ADMIN, one.id, "twin")
    assert status(site, twin)["light"] == "none"
    assert service_urls.generate(site.platform, ADMIN, twin.id)["url"] != made["url"]
    site.platform.delete_connection(ADMIN, one.id)
    assert deliver(made["url"], made["signing_token"]) == 404


def test_projects_and_name_may_change_under_a_url(site: Site) -> None:
    one, made = generated(site)
    name = str(site.world.first("projects")[0])
    version = made["version"]
    given = {"projects": [name], "increments": "polling"}
    site.platform.connections.change(ADMIN, one.id, version, given, name="other")
    site.platform.doors.stale()
    assert service_urls.show(site.platform, one.id)["url"] == made["url"]
    assert deliver(made["url"], made["signing_token"]) == 200
    [row], _ = deliveries.page(site.platform, one.id, Wanted(), before="", limit=10)
    assert row["state"] == "done" and "polled" in row["reason"]  # nobody would read it


def test_set_it_up_for_me(site: Site) -> None:
    one = site.source(increments="hybrid")
    hooks = site.world.playground.hooks.hooks

    def run(lines: Iterator[Any]) -> Any:
        *projects, last = lines
        assert [p["project"]["name"] for p in projects]
        return projects, last["result"]

    projects, result = run(hook_setting.set_up(site.platform, ADMIN, one.id))
    assert [p["done"] for p in projects] == ["created", "created"]
    assert result == {"ok": True, "pinged": True, "by_hand": [], "scope": ""}
    assert status(site, one)["light"] == "green"
    names = {hook.name for hook in hooks.values()}
    assert len(names) == 1 and names.pop().startswith("Headrace ")
    assert run(hook_setting.inspect(site.platform, one.id))[1]["ok"]
    service_urls.rotate(site.platform, ADMIN, one.id)
    projects, result = run(hook_setting.inspect(site.platform, one.id))
    assert not result["ok"] and "url" in projects[0]["wrong"]
    projects, result = run(hook_setting.set_up(site.platform, ADMIN, one.id))
    assert [p["done"] for p in projects] == ["mended", "mended"] and result["ok"]
    assert run(hook_setting.ping(site.platform, ADMIN, one.id))[1]["pinged"]
    projects, result = run(hook_setting.remove(site.platform, ADMIN, one.id))
    assert [p["removed"] for p in projects] == [1, 1] and result["ok"] and not hooks


def test_without_the_scope_projects_are_left_for_a_person(site: Site) -> None:
    token = site.world.playground.issue_token(scopes={"project:profile:ro", "user:profile:ro"})
    one = site.source(increments="hybrid", token=token)
    *projects, last = hook_setting.set_up(site.platform, ADMIN, one.id, seconds=0)
    assert all(p["refused"]["advice"] for p in projects) and len(projects) == 2
    assert last["result"]["by_hand"] == [p["project"]["name"] for p in projects]
    assert last["result"]["scope"] == "service-hook:profile:rw" and not last["result"]["ok"]


def test_what_came_while_nothing_ran_is_read_once_a_task_runs(site: Site) -> None:
    one, made = generated(site, poll_interval="1h")
    assert deliver(made["url"], made["signing_token"]) == 200
    assert status(site, one)["deliveries"]["waiting"] == 1
    row = site.task(one, site.destination())
    site.start(row)
    site.until(lambda: status(site, one)["deliveries"]["waiting"] == 0)
    assert status(site, one)["reading"]


def test_where_mining_is_not_shared_each_hears_it(site: Site) -> None:
    one, made = generated(site, shared_mining=False)
    rows = [site.task(one, site.destination(name)) for name in ("one", "two")]
    assert deliver(made["url"], made["signing_token"]) == 200
    for row in rows:
        [path] = (site.folder / "mirrors" / f"task-{row.id}").glob("*.inbox")
        with closing(open_inbox(path.parent, path.stem)) as inbox:
            assert inbox.counts()["waiting"] == 1


def test_deliveries_are_found_shown_and_replayed(site: Site) -> None:
    one, made = generated(site)
    url, token = made["url"], made["signing_token"]
    nested = {"hook": {"config": {"url": url}}, "user": {"password": "hush", "login": "member-17"}}
    for number in range(5):
        body = {**BODY, **nested, "number": number, "word": "needle" if number == 2 else "hay"}
        assert deliver(url, token, body, id=f"d-{number}") == 200
    assert deliver(url, token, b"no json", id="d-5", event="GIT_PUSHED") == 200
    platform, found = site.platform, Wanted()

    def ids(wanted: Wanted, before: str = "", limit: int = 10) -> tuple[list[str], str | None]:
        rows, following = deliveries.page(platform, one.id, wanted, before=before, limit=limit)
        return [str(row["id"]) for row in rows], following

    assert ids(found) == ([f"d-{n}" for n in (5, 4, 3, 2, 1, 0)], None)
    first, following = ids(found, limit=4)
    assert (first, following) == (["d-5", "d-4", "d-3", "d-2"], "d-2")
    assert ids(found, before="d-2", limit=4) == (["d-1", "d-0"], None)
    assert ids(Wanted(event="GIT_PUSHED")) == (["d-5"], None)
    assert ids(Wanted(text="NEEDLE")) == (["d-2"], None)
    assert ids(Wanted(state="dead")) == ([], None)
    with pytest.raises(Refused, match="no state"):
        ids(Wanted(state="nonsense"))
    shown = deliveries.one(platform, one.id, "d-2")
    told = json.loads(shown["body"])
    assert told["word"] == "needle" and "\n  " in shown["body"]
    assert told["user"] == {"password": "***", "login": "member-17"}
    assert token not in str(shown) and url.rpartition("/")[2] not in str(shown)
    assert shown["hints"][0] == {"stream": "issues", "project_id": 7, "key": "[7,1]"}
    assert deliveries.one(platform, one.id, "d-5")["body"] == "no json"
    with platform.inboxes.at(
        platform.doors.places(one, platform.connections.whole(one.id))[0]
    ) as box:
        assert box is not None
        box.settle(["d-0", "d-1"], state="dead", reason="no stream follows it")
    assert ids(Wanted(state="dead", text="no stream")) == (["d-1", "d-0"], None)
    with pytest.raises(Missing):
        deliveries.replay(platform, ADMIN, one.id, ["d-0", "nobody"])
    assert status(site, one)["deliveries"]["dead"] == 2
    assert deliveries.replay(platform, ADMIN, one.id, ["d-0"]) == {
        "replayed": ["d-0"], "reading": False,
    }  # fmt: skip
    assert status(site, one)["deliveries"] == {"waiting": 5, "done": 0, "dead": 1}
    assert deliveries.page(platform, site.source("other").id, found, before="", limit=5) == (
        [],
        None,
    )
    actions = {entry.action for entry in platform.audit.entries()}
    assert {"service_url.generate", "hooks.replay"} <= actions


def test_what_waits_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headrace.app.serving.hooks.inboxes.WAITING_MAX", 3)
    with closing(open_inbox(tmp_path, "m")) as inbox:
        inbox.put([Delivery(f"d-{n}", "X", 1_000 + n, {}, b"{}") for n in range(8)])
        tidy(inbox, 2_000)
        assert inbox.counts() == {"waiting": 3, "done": 0, "dead": 5}
        assert [one.id for one in inbox.waiting(9)] == ["d-5", "d-6", "d-7"]
        tidy(inbox, 2_000 + 4 * 86_400_000)
        assert inbox.counts() == {"waiting": 3, "done": 0, "dead": 0}


# --- sample rows, and a connection as a file ------------------------------------------------------


def test_samples_are_rows_as_they_are_written(site: Site) -> None:
    one = site.source()
    before = {found["name"]: found["records"] for found in samples.streams(site.platform, one.id)}
    assert set(before.values()) == {None}
    assert samples.rows(site.platform, one.id, "issues", 5)["tables"][0]["rows"] == []
    row = site.task(one, site.destination())
    site.start(row)
    site.until(lambda: samples.rows(site.platform, one.id, "issues", 1)["records"] == 12)
    calls = sum(site.world.playground.calls.values())
    held = {found["name"]: found["records"] for found in samples.streams(site.platform, one.id)}
    assert (held["issues"], held["projects"]) == (12, 2)
    main, *children = samples.rows(site.platform, one.id, "issues", 5)["tables"]
    assert (
        sum(site.world.playground.calls.values()) - calls < 50
    )  # polling goes on; no read of ours
    names = [column["name"] for column in main["columns"]]
    assert len(main["rows"]) == 5 and main["key"] == ["project_id", "code"]
    assert names[-4:] == ["_extra", "_deleted_at", "_changed_at", "_offset"]
    first = dict(zip(names, main["rows"][0], strict=True))
    key = (first["project_id"], first["code"])
    assert first["name"] == site.world.team.rows("issues")[key]["Name"]
    assert first["created_at"].endswith("Z") and first["_deleted_at"] is None
    assert all(c["meaning"]["zh"] and c["meaning"]["en"] for c in main["columns"])
    assert {c["name"] for c in main["columns"] if c["learned"]} == set()
    assert [child["name"] for child in children]
    with pytest.raises(Refused, match="no stream"):
        samples.rows(site.platform, one.id, "issue*", 5)


def test_a_connection_goes_as_a_file_and_comes_back(site: Site) -> None:
    one = site.source(projects=["a b"], increments="polling")
    for kind in ("toml", "json"):
        text = carrying.export(site.platform, one.id, kind)
        assert DEFAULT_TOKEN not in text and "a b" in text
        with pytest.raises(Conflict, match="team already"):
            carrying.take_in(site.platform, ADMIN, text, secrets={"token": DEFAULT_TOKEN})
        with pytest.raises(Refused, match="token is missing"):
            carrying.take_in(site.platform, ADMIN, text, name="new", secrets={})
        made = carrying.take_in(
            site.platform, ADMIN, text, name=f"by {kind}", secrets={"token": DEFAULT_TOKEN}
        )
        assert (made.role, dict(made.values)) == (ConnectionRole.SOURCE, dict(one.values))
    there = carrying.export(site.platform, site.destination().id)
    copy = carrying.take_in(site.platform, ADMIN, there, name="copy 2", secrets={})
    assert (copy.role, copy.type) == (ConnectionRole.DESTINATION, "sqlite")
    for text in ("", "{}", "{", "[connections.x]\nurl=1\n[connections.y]\nurl=2", '{"a": 1}'):
        with pytest.raises(Refused):
            carrying.take_in(site.platform, ADMIN, text, secrets={})
