"""Service Hooks, authorization and forms over the JSON API, with CODING's look-alike behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3
from tests.cli.conftest import QUICK, WatchedPlayground, World
from tests.serving.conftest import Site as Behind
from tests.web.api_site import API, PASSWORD, Client, destination, source

from headrace.app import SystemClock
from headrace.control.people import Role
from headrace.playground import DEFAULT_TOKEN, Settings, Team, serve
from headrace.web.site import Site

pytestmark = pytest.mark.long

BROWSER = urllib3.PoolManager(retries=False, timeout=10)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A team whose hooks are delivered."""
    clock = SystemClock()
    team = Team(5, 2, 12, clock.now_ms())
    playground = WatchedPlayground(team, clock, settings=Settings())
    with serve(playground) as server:
        yield World(server, playground, team)


@pytest.fixture(scope="module")
def site(behind: Behind) -> Iterator[Site]:
    """A site that CODING reaches at the port it listens on."""
    with Site(behind.platform, listen="127.0.0.1:0") as one:
        address = f"http://127.0.0.1:{one.port}"
        behind.platform.reached_at(address, address)
        yield one


def test_a_service_url_from_the_button_to_the_green_light(admin: Client, world: World) -> None:
    team = admin.post(f"{API}/connections", source(world, increments="hybrid"))
    at = f"{API}/connections/{team['id']}"
    assert admin.get(f"{at}/hooks")["light"] == "none"
    assert admin.get(f"{at}/service-url")["url"] is None
    made = admin.post(f"{at}/service-url")
    assert made["url"].startswith(f"{admin.url}/hooks/") and made["light"] == "waiting"
    assert made["signing_token"] in " ".join(made["steps"]["en"])
    assert made["version"] == admin.get(at)["version"]
    shown = admin.get(f"{at}/service-url")
    assert shown["url"] == made["url"] and made["signing_token"] not in str(shown)
    *lines, last = admin.ask("POST", f"{at}/hooks/set-up").lines
    assert [one["done"] for one in lines] == ["created", "created"]
    assert last["result"] == {"ok": True, "by_hand": [], "scope": "", "pinged": True}
    state = admin.get(f"{at}/hooks")
    assert state["light"] == "green" and state["events"] == ["PING"] and not state["reading"]
    assert made["url"] not in str(state)
    [same] = [one for one in admin.items(f"{API}/hooks") if one["connection_id"] == team["id"]]
    assert same["state"]["light"] == "green" and made["url"] not in str(same)
    page = admin.get(f"{at}/deliveries?limit=1")
    assert page["items"][0]["event"] == "PING" and page["items"][0]["state"] == "done"
    rest = admin.get(f"{at}/deliveries?limit=1&after={page['next']}")
    assert len(rest["items"]) == 1 and rest["next"] is None
    assert admin.get(f"{at}/deliveries?event=OTHER")["items"] == []
    assert admin.get(f"{at}/deliveries?state=dead&text=x")["items"] == []
    shown = admin.get(f"{at}/deliveries/{page['items'][0]['id']}")
    assert "***" in shown["body"] and made["url"] not in shown["body"]
    assert json.loads(shown["body"])["event"] == "PING"
    ids = {"ids": [page["items"][0]["id"]]}
    assert admin.post(f"{at}/deliveries/replay", ids) == {
        "replayed": ids["ids"], "reading": False,
    }  # fmt: skip
    assert admin.ask("POST", f"{at}/deliveries/replay", {"ids": ["nobody"]}).status == 404
    assert admin.post(f"{at}/deliveries/replay-dead") == {"replayed": [], "reading": False}
    assert admin.ask("GET", f"{at}/deliveries/nobody").status == 404
    assert admin.ask("GET", f"{at}/deliveries?state=odd").status == 400
    turned = admin.post(f"{at}/service-url/rotate")
    assert turned["url"] != made["url"] and turned["old_until"] and turned["signing_token"]
    assert not admin.ask("POST", f"{at}/hooks/inspect").lines[-1]["result"]["ok"]
    assert admin.ask("POST", f"{at}/hooks/ping").lines[-1]["result"]["ok"]
    assert admin.get(f"{at}/hooks")["light"] == "waiting"  # CODING still calls the URL of before
    assert admin.ask("POST", f"{at}/hooks/set-up").lines[-1]["result"]["ok"]
    assert admin.get(f"{at}/hooks")["light"] == "green"
    assert admin.delete(f"{at}/service-url/old")["old_until"] is None
    assert admin.ask("POST", f"{at}/hooks/remove").lines[-1]["result"]["ok"]
    assert not world.playground.hooks.hooks
    admin.delete(at)


def test_hooks_that_cannot_be_set_up_say_why(admin: Client, world: World) -> None:
    wrong = source(world, token="0123456789abcdef0123456789abcdef01234567", increments="hybrid")
    team = admin.post(f"{API}/connections", {**wrong, "name": "wrong"})
    at = f"{API}/connections/{team['id']}"
    [line] = admin.ask("POST", f"{at}/hooks/inspect").lines
    assert "no Service URL" in line["error"]["detail"] and line["error"]["advice"]
    [line] = admin.ask("POST", f"{at}/hooks/set-up").lines
    assert line["error"]["status"] == 400 and line["error"]["advice"]
    admin.delete(at)


def test_authorize_as_a_browser_does(admin: Client, world: World, behind: Behind) -> None:
    registered = admin.get(f"{API}/authorization")["redirect_uri"]
    assert registered == f"{admin.url}/authorized"
    client_id, client_secret = world.playground.register_app(registered)
    values = {"url": world.server.url, "client_id": client_id, "client_secret": client_secret}
    draft = {"name": "draft", "role": "source", "type": "coding", "values": values}
    team = admin.post(f"{API}/connections", draft)
    at = f"{API}/connections/{team['id']}"
    assert team["authorization"]["state"] == "missing"

    def back(answer: str) -> str:
        """Where the browser ends: the query with which CODING sent it back."""
        url = admin.post(f"{at}/authorize")["url"]
        sent = BROWSER.request("GET", f"{url}&{answer}=1", redirect=False)
        where = urlsplit(sent.headers["location"])
        assert f"{where.scheme}://{where.netloc}{where.path}" == registered
        return f"{where.path}?{where.query}"

    page = f"/connections/{team['id']}?authorized="
    denied = admin.ask("GET", back("deny"))
    assert (denied.status, denied.headers["location"]) == (303, f"{page}no&reason=denied")
    assert admin.get(at)["authorization"]["failure"]["reason"] == "denied"
    stranger = BROWSER.request("GET", admin.url + back("approve"), redirect=False)
    assert stranger.headers["location"] == f"{page}no&reason=other_person"
    answer = back("approve")
    done = admin.ask("GET", answer)
    assert (done.status, done.headers["location"]) == (303, f"{page}yes")
    assert done.headers["referrer-policy"] == "no-referrer"
    again = admin.ask("GET", answer).headers["location"]
    assert again == "/connections?authorized=no&reason=expired"
    found = admin.get(at)["authorization"]
    assert found["state"] == "authorized" and found["failure"] is None
    assert len(admin.items(f"{at}/projects")) == len(world.team.rows("projects"))
    code = parse_qs(urlsplit(answer).query)["code"][0]
    assert code not in json.dumps(admin.items(f"{API}/audit?limit=1000"))
    admin.delete(at)
    assert not list(behind.folder.glob("*.grant"))


def test_an_answer_for_a_token_needs_its_person_in_the_browser(
    admin: Client, world: World, stranger: Client
) -> None:
    """Begun by an API token, finished by a browser where somebody else is signed in."""
    user = {"name": "operator-9", "password": PASSWORD, "role": "operator"}
    other = admin.post(f"{API}/users", user)
    stranger.post(f"{API}/session", {"name": "operator-9", "password": PASSWORD})
    client_id, client_secret = world.playground.register_app(f"{admin.url}/authorized")
    values = {"url": world.server.url, "client_id": client_id, "client_secret": client_secret}
    draft = {"name": "draft-2", "role": "source", "type": "coding", "values": values}
    team = admin.post(f"{API}/connections", draft)
    url = admin.post(f"{API}/connections/{team['id']}/authorize")["url"]
    sent = BROWSER.request("GET", f"{url}&approve=1", redirect=False)
    where = urlsplit(sent.headers["location"])
    done = stranger.ask("GET", f"{where.path}?{where.query}")
    assert done.headers["location"].endswith("no&reason=other_person")
    assert admin.get(f"{API}/connections/{team['id']}")["authorization"]["state"] == "missing"
    admin.delete(f"{API}/connections/{team['id']}")
    admin.delete(f"{API}/users/{other['id']}")


def test_a_form_a_file_and_samples(admin: Client, behind: Behind, world: World) -> None:
    form = {"type": "coding", "values": {"url": world.server.url, "token": DEFAULT_TOKEN}}
    *items, last = admin.ask("POST", f"{API}/connections/check", form).lines
    assert last["result"]["ok"] and [one["item"] for one in items] == last["result"]["items"]
    names = admin.post(f"{API}/connections/projects", form)["items"]
    assert len(names) == len(world.team.rows("projects"))
    bad = {**form, "values": {"url": world.server.url}}
    assert "token" in admin.ask("POST", f"{API}/connections/check", bad).document["detail"]
    team = admin.post(f"{API}/connections", {**source(world), "name": "sampled"})
    hidden = {**form, "values": team["values"], "id": team["id"]}
    assert admin.ask("POST", f"{API}/connections/check", hidden).lines[-1]["result"]["ok"]
    at = f"{API}/connections/{team['id']}"
    text = admin.ask("GET", f"{at}/export").data.decode()
    assert "[connections.sampled]" in text and DEFAULT_TOKEN not in text
    as_json = admin.ask("GET", f"{at}/export?format=json").document
    assert as_json["connections"]["sampled"]["url"] == world.server.url
    taken = admin.ask("POST", f"{API}/connections/import", {"text": text, "secrets": {}})
    assert taken.status == 400 and "token" in taken.document["detail"]
    body = {"text": text, "secrets": {"token": DEFAULT_TOKEN}}
    taken = admin.ask("POST", f"{API}/connections/import", body)
    assert taken.status == 409 and "sampled already" in taken.document["detail"]
    made = admin.post(f"{API}/connections/import", {**body, "name": "sampled too"})
    assert made["values"]["token"] == team["values"]["token"]
    assert {one["records"] for one in admin.items(f"{at}/streams")} == {None}
    copy = admin.post(f"{API}/connections", destination("sampled-to"))
    given = {"name": "sampled", "source_id": team["id"], "destination_id": copy["id"]}
    task = admin.post(f"{API}/tasks", {**given, "settings": {"streams": list(QUICK)}})
    admin.post(f"{API}/tasks/{task['id']}/start")
    wanted = len(world.team.rows("issues"))
    held = lambda: {one["name"]: one["records"] for one in admin.items(f"{at}/streams")}  # noqa: E731
    behind.until(lambda: held()["issues"] == wanted)
    found = admin.get(f"{at}/streams/issues/rows?limit=3")
    assert found["records"] == wanted and len(found["tables"][0]["rows"]) == 3
    assert len(found["tables"][0]["columns"]) == len(found["tables"][0]["rows"][0])
    assert admin.ask("GET", f"{at}/streams/nothing/rows").status == 400
    admin.post(f"{API}/tasks/{task['id']}/stop")
    behind.until(lambda: admin.get(f"{API}/tasks/{task['id']}")["state"] == "stopped")
    for gone in (f"{API}/tasks/{task['id']}", at, f"{API}/connections/{made['id']}"):
        admin.delete(gone)


def test_viewers_see_how_hooks_stand_and_no_url(admin: Client, world: World) -> None:
    team = admin.post(f"{API}/connections", {**source(world, increments="hybrid"), "name": "seen"})
    at = f"{API}/connections/{team['id']}"
    made = admin.post(f"{at}/service-url")
    token = admin.post(f"{API}/tokens", {"name": "v", "role": Role.VIEWER})["token"]
    viewer = Client(admin.url, token=token)
    assert viewer.get(f"{at}/hooks")["generated"]
    assert viewer.ask("GET", f"{at}/service-url").status == 403
    secret = made["url"].rpartition("/")[2]
    for path in ("", "/hooks", "/deliveries"):
        assert secret not in str(viewer.get(f"{at}{path}"))
    admin.delete(at)
