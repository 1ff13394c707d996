"""授权 from a browser: to the playground's page of consent and back, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3
from tests.cli.conftest import World
from tests.serving.conftest import ADMIN, Site

from headrace.app.serving import views
from headrace.app.serving.connecting import looking, trying
from headrace.app.serving.platform import Platform
from headrace.control.connections import HIDDEN, Connection, ConnectionRole
from headrace.control.people import Person, Role
from headrace.errors import HeadraceError, Missing, Refused
from headrace.playground import DEFAULT_TOKEN

pytestmark = pytest.mark.long

ADDRESS = "http://127.0.0.1:1"
OTHER = Person(2, "operator-2", Role.OPERATOR)


@pytest.fixture
def site(world: World, tmp_path: Path) -> Iterator[Site]:
    """A platform that nothing runs on."""
    with Platform(tmp_path / "data") as platform:
        platform.reached_at("", ADDRESS)
        yield Site(world, platform, tmp_path / "data")


def draft(site: Site, name: str = "team", **more: object) -> Connection:
    """A source with an app of the playground, saved before it is authorized."""
    client_id, client_secret = site.world.playground.register_app(f"{ADDRESS}/authorized")
    given = {
        "url": site.world.server.url, "client_id": client_id, "client_secret": client_secret,
        **more,
    }  # fmt: skip
    role = ConnectionRole.SOURCE
    return site.platform.connections.save(ADMIN, name, role, "coding", given)


def consent(url: str, answer: str = "approve") -> str:
    """The query with which CODING sends the browser back once the person has clicked."""
    with urllib3.PoolManager(retries=False, timeout=10) as pool:
        assert b"Approve" in pool.request("GET", url, redirect=False).data
        sent = pool.request("GET", f"{url}&{answer}=1", redirect=False)
    back = urlsplit(sent.headers["location"])
    assert (back.netloc, back.path) == ("127.0.0.1:1", "/authorized")
    return back.query


def state_of(site: Site, one: Connection) -> Any:
    return views.connection(site.platform, one.id)["authorization"]


def authorize(site: Site, one: Connection, by: Person = ADMIN) -> str:
    begun = site.platform.authorizing.begin(by, one.id)
    done = site.platform.authorizing.finish(by, consent(begun["url"]))
    assert done.connection_id == one.id
    return done.reason


def test_a_draft_is_authorized_then_its_projects_are_chosen(site: Site) -> None:
    one = draft(site)
    before = state_of(site, one)
    assert before["state"] == "missing" and before["needs_consent"]
    [first, *_] = list(site.platform.check(one.id))
    assert (first.name, first.ok, first.detail) == ("authorization", "failed", "not authorized yet")
    assert "授权" in first.advice
    with pytest.raises(HeadraceError):
        looking.projects(site.platform, one.id)
    begun = site.platform.authorizing.begin(ADMIN, one.id)
    asked = parse_qs(urlsplit(begun["url"]).query)
    assert asked["redirect_uri"] == [f"{ADDRESS}/authorized"] == [begun["redirect_uri"]]
    assert "collaboration:issue:ro" in begun["scopes"] and len(asked["state"][0]) > 40
    assert "service-hook:profile:rw" not in begun["scopes"]
    assert site.platform.authorizing.finish(ADMIN, consent(begun["url"])).reason == ""
    after = state_of(site, one)
    assert after["state"] == "authorized" and not after["needs_consent"] and not after["missing"]
    assert after["ends_at"] > site.platform.clock.now_ms() + 80 * 86_400_000
    names = looking.projects(site.platform, one.id)
    assert len(names) == len(site.world.team.rows("projects"))
    site.platform.connections.change(ADMIN, one.id, one.version, {"projects": names[:1]})
    assert all(item.ok != "failed" for item in site.platform.check(one.id))
    kept = (site.folder / f"connection-{one.id}.grant").read_bytes()
    assert b"access-" not in kept and b"refresh-" not in kept


def test_hooks_ask_for_their_scope_and_what_is_missing_is_said(site: Site) -> None:
    one = draft(site, increments="hybrid", scopes=["project:profile:ro"])
    assert authorize(site, one) == "" and state_of(site, one)["missing"] == []
    changed = site.platform.connections.change(ADMIN, one.id, one.version, {"scopes": None})
    found = state_of(site, changed)
    assert found["state"] == "authorized" and found["needs_consent"]
    assert {"service-hook:profile:rw", "collaboration:issue:ro"} <= set(found["missing"])
    assert "project:profile:ro" not in found["missing"]


def test_a_grant_follows_its_connection_not_its_name(site: Site) -> None:
    one = draft(site)
    assert authorize(site, one) == ""
    site.platform.connections.change(ADMIN, one.id, one.version, {}, name="renamed")
    assert state_of(site, one)["state"] == "authorized"
    twin = site.platform.connections.copy(ADMIN, one.id, "team")
    assert state_of(site, twin)["state"] == "missing"
    site.platform.delete_connection(ADMIN, one.id)
    assert not list(site.folder.glob("connection-*.grant*"))


def test_an_answer_is_taken_once_from_who_asked_in_time(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, authorizing = draft(site), site.platform.authorizing
    for person in (OTHER, None, Person(ADMIN.id, ADMIN.name, Role.VIEWER)):
        query = consent(authorizing.begin(ADMIN, one.id)["url"])
        assert authorizing.finish(person, query).reason == "other_person"
        assert authorizing.finish(ADMIN, query).reason == "expired"  # it is spent
    late = consent(authorizing.begin(ADMIN, one.id)["url"])
    now_ms = site.platform.clock.now_ms()
    with monkeypatch.context() as later:
        later.setattr(site.platform.clock, "now_ms", lambda: now_ms + 10 * 60_000)
        assert authorizing.finish(ADMIN, late).reason == "expired"
    for query in ("", "state=x", "code=y&state=x", "code=y&error=z&state=x", "%00" * 3000):
        found = authorizing.finish(ADMIN, query)
        assert (found.connection_id, found.reason) == (None, "expired")
    assert state_of(site, one)["state"] == "missing"


def test_a_denial_and_a_wrong_code_are_told_until_it_is_tried_again(site: Site) -> None:
    one, authorizing = draft(site), site.platform.authorizing
    denied = consent(authorizing.begin(ADMIN, one.id)["url"], "deny")
    assert authorizing.finish(ADMIN, denied).reason == "denied"
    failure = state_of(site, one)["failure"]
    assert failure["reason"] == "denied" and "denied" in failure["message"]
    query = consent(authorizing.begin(ADMIN, one.id)["url"])
    assert state_of(site, one)["failure"] is None
    [code] = parse_qs(query)["code"]
    assert authorizing.finish(ADMIN, query.replace(code, "code-of-nobody")).reason == "refused"
    failure = state_of(site, one)["failure"]
    assert failure["reason"] == "refused" and "code-of-nobody" not in str(failure)
    site.world.server.close()
    [state] = parse_qs(urlsplit(authorizing.begin(ADMIN, one.id)["url"]).query)["state"]
    assert authorizing.finish(ADMIN, f"code=x&state={state}").reason == "unavailable"


def test_only_sources_with_an_app_can_be_authorized(site: Site) -> None:
    with pytest.raises(Refused, match="uses a token"):
        site.platform.authorizing.begin(ADMIN, site.source("plain").id)
    with pytest.raises(Refused, match="no source"):
        site.platform.authorizing.begin(ADMIN, site.destination().id)
    with pytest.raises(Missing):
        site.platform.authorizing.begin(ADMIN, 7777)
    assert state_of(site, site.source("other")) is None


def test_a_task_that_waits_for_the_consent_goes_on_with_it(site: Site) -> None:
    one = draft(site)
    site.platform.start()
    row = site.task(one, site.destination())
    site.start(row)
    key, failed = f"connection-{one.id}", site.platform.agent.failed
    site.until(lambda: key in failed)
    assert "authorized" in failed[key].error.message and "授权" in failed[key].error.advice
    site.until(lambda: key not in site.platform.agent.minings)
    failed[key] = replace(failed[key], again_at=site.platform.clock.now_ms() + 3_600_000)
    assert authorize(site, one) == ""
    site.until(lambda: key in site.platform.agent.minings
               and site.platform.agent.minings[key].level.is_set())  # fmt: skip


def test_another_app_needs_another_consent(site: Site) -> None:
    one = draft(site)
    assert authorize(site, one) == ""
    other, secret = site.world.playground.register_app(f"{ADDRESS}/authorized")
    given = {"client_id": other, "client_secret": secret}
    site.platform.connections.change(ADMIN, one.id, one.version, given)
    found = state_of(site, one)
    assert found["state"] == "unusable" and found["needs_consent"]
    assert authorize(site, one) == "" and state_of(site, one)["state"] == "authorized"


# --- forms that are not saved yet -----------------------------------------------------------------

SOURCE, DESTINATION = ConnectionRole.SOURCE, ConnectionRole.DESTINATION


def test_a_form_is_tested_and_shows_projects_before_it_is_saved(site: Site) -> None:
    values = {"url": site.world.server.url, "token": DEFAULT_TOKEN}
    items = list(trying.check(site.platform, SOURCE, "coding", values, saved=None))
    assert len(items) > 5 and all(item.ok != "failed" for item in items)
    names = trying.projects(site.platform, "coding", values, saved=None)
    assert len(names) == len(site.world.team.rows("projects"))
    assert site.platform.connections.all() == []
    [reached] = trying.check(
        site.platform, DESTINATION, "sqlite", {"url": "sqlite:///x.db"}, saved=None
    )
    assert reached.ok == "ok"
    with pytest.raises(Refused, match="token"):
        trying.check(site.platform, SOURCE, "coding", {"url": "http://x"}, saved=None)
    app = {"url": site.world.server.url, "client_id": "a", "client_secret": "b"}
    with pytest.raises(Refused, match="not authorized"):
        trying.projects(site.platform, "coding", app, saved=None)


def test_hidden_secrets_of_a_form_go_nowhere_else(site: Site) -> None:
    saved = site.source()
    form = {"url": site.world.server.url, "token": HIDDEN, "projects": []}
    assert trying.projects(site.platform, "coding", form, saved=saved.id)
    with pytest.raises(Refused, match="A secret is missing"):
        trying.projects(site.platform, "coding", form, saved=None)
    for elsewhere in ({"url": "http://127.0.0.1:9"}, {"url": None, "team": "acme"}):
        with pytest.raises(Refused, match="The address is another one"):
            trying.projects(site.platform, "coding", {**form, **elsewhere}, saved=saved.id)
    one = draft(site, "app")
    assert authorize(site, one) == ""
    form = {**one.values, "client_secret": HIDDEN}
    assert trying.projects(site.platform, "coding", form, saved=one.id)
