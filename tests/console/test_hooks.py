"""Hooks: how they stand, what was delivered, what one of them says, and reading it again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from tests.cli.conftest import WatchedPlayground, World
from tests.console.conftest import Console, Opened
from tests.console.test_accessible import serious
from tests.serving.conftest import ADMIN
from tests.serving.conftest import Site as Behind
from tests.serving.test_service_urls import deliver, ping
from tests.web.api_site import PASSWORD

from headrace.app import SystemClock
from headrace.app.serving.hooks import deliveries, service_urls
from headrace.app.serving.hooks.deliveries import inbox_of
from headrace.app.serving.platform import Platform
from headrace.control.alerts import Cause
from headrace.core.ports import Delivery
from headrace.playground import Settings, Team, serve
from headrace.web.site import Site

BODY = {
    "event": "ISSUE_UPDATED", "project": {"id": 7}, "issue": {"project_id": 7, "code": 1},
    "word": "needle", "user": {"login": "member-17", "password": "hush-hush"},
}  # fmt: skip
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A team whose hooks are delivered."""
    clock = SystemClock()
    team = Team(5, 2, 12, clock.now_ms())
    playground = WatchedPlayground(team, clock, settings=Settings())
    with serve(playground) as server:
        yield World(server, playground, team)


@pytest.fixture(scope="module")
def made() -> dict[str, int]:
    return {}


@pytest.fixture
def team(console: Console, made: dict[str, int]) -> int:
    """A source whose hooks work and told of one issue; nothing reads it."""
    if not made:
        made["team"] = told(console, "team-1")
    return made["team"]


def told(console: Console, name: str) -> int:
    platform = console.behind.platform
    platform.reached_at(console.url, console.url)
    one = console.behind.source(name, increments="hybrid", census_interval="1h")
    url = service_urls.generate(platform, ADMIN, one.id)
    assert ping(url["url"], url["signing_token"], "ping-1") == 200
    assert deliver(url["url"], url["signing_token"], BODY, id="told-1") == 200
    console.behind.until(lambda: service_urls.status(platform, one.id)["light"] == "green")
    return one.id


def put(
    console: Console, team: int, *ids: str, event: str = "ISSUE_CREATED", dead: str = ""
) -> None:
    """Deliveries as if CODING had sent them, the last of these the newest."""
    now_ms = console.behind.platform.clock.now_ms()
    body = json.dumps({**BODY, "event": event}).encode()
    headers = {"content-type": "application/json"}
    with inbox_of(console.behind.platform, team) as inbox:
        assert inbox is not None
        inbox.put([Delivery(known, event, now_ms, headers, body) for known in ids])
        if dead:
            inbox.settle(ids, state="dead", reason=dead)


def states(console: Console, team: int) -> dict[str, int]:
    return dict(service_urls.status(console.behind.platform, team)["deliveries"])


@pytest.mark.parametrize(("mode", "there"), [("polling", ""), ("webhook", "#service-url")])
def test_without_hooks_one_is_led_to_where_they_are_set_up(
    console: Console, open_page: Opened, mode: str, there: str
) -> None:
    quiet = console.behind.source(f"team-{mode}", increments=mode)
    page = open_page("/hooks", role="operator")
    card = page.get_by_role("region", name=f"team-{mode}")
    expect(card).to_contain_text("No Service URL yet")
    link = card.get_by_role("link", name="Set up hooks")
    expect(link).to_have_attribute("href", f"/connections/{quiet.id}{there}")
    page.goto(f"/connections/{quiet.id}/deliveries")
    expect(page.get_by_text("Nothing was delivered yet")).to_be_visible()
    assert serious(page) == []
    page.locator("#to-url").click()
    where = page.locator("#service-url") if there else page.get_by_text("Increment mode")
    expect(where).to_be_in_viewport() if there else expect(where).to_be_visible()


def test_what_comes_is_seen_at_once(console: Console, open_page: Opened) -> None:
    team = told(console, "team-live")
    page = open_page("/hooks", role="viewer")
    card = page.get_by_role("region", name="team-live")
    expect(card).to_contain_text("Hooks work")
    twin = page.get_by_role("link", name="JSON").get_attribute("href")
    shown = {one["name"]: one for one in page.request.get(twin or "").json()["items"]}
    assert shown["team-live"]["state"]["light"] == "green" and shown["team-live"]["problem"] is None
    card.get_by_role("link", name="Deliveries").click()
    rows = page.get_by_role("table").get_by_role("row")
    expect(rows).to_have_count(3)
    expect(rows.nth(1)).to_contain_text("ISSUE_UPDATED")
    expect(page.get_by_text("Nothing reads this connection now.")).to_be_visible()
    put(console, team, "new-1", event=HOSTILE)
    expect(rows).to_have_count(4)
    expect(page.get_by_role("link", name=HOSTILE)).to_be_visible()
    chart = page.request.get(f"/api/v1/connections/{team}/charts/deliveries?span=day").json()
    counted = {one["name"]: sum(value for _, value in one["points"]) for one in chart["series"]}
    assert counted == states(console, team)
    expect(page.locator(".chart svg")).to_be_visible()


def test_one_finds_a_delivery_and_what_it_says(
    console: Console, open_page: Opened, team: int
) -> None:
    page = open_page(f"/connections/{team}/deliveries", role="viewer")
    page.get_by_label("Event").select_option("ISSUE_UPDATED")
    page.get_by_label("Text").fill("NEEDLE")
    page.get_by_role("button", name="Filter").click()
    rows = page.get_by_role("table").get_by_role("row")
    expect(rows).to_have_count(2)
    expect(page.get_by_label("Text")).to_have_value("NEEDLE")
    page.get_by_role("link", name="ISSUE_UPDATED").click()
    body = page.locator("pre.body")
    expect(body).to_contain_text('"login": "member-17"')
    expect(body).to_contain_text('"password": "***"')
    expect(page.get_by_role("main")).not_to_contain_text("hush-hush")
    again = page.get_by_role("region", name="What it has us read again")
    expect(again.get_by_role("link", name="Issues", exact=True)).to_be_visible()
    expect(again).to_contain_text("project 7")
    expect(page.get_by_role("region", name="Headers")).to_contain_text("application/json")
    expect(page.get_by_role("button", name="Replay")).to_have_count(0)
    headers = {"sec-fetch-site": "same-origin"}
    for what in ("told-1/replay", "replay-dead"):
        at = f"/connections/{team}/deliveries/{what}"
        assert page.request.post(at, headers=headers).status == 403
    page.goto(f"/connections/{team}/deliveries?text=nowhere-at-all")
    expect(page.get_by_text("Nothing like that")).to_be_visible()
    page.goto(f"/connections/{team}/deliveries?state=odd")
    expect(page.get_by_role("heading", level=1)).to_contain_text("no state")


def test_dead_ones_say_why_and_are_read_again(
    console: Console, open_page: Opened, team: int
) -> None:
    put(console, team, "dead-1", "dead-2", "dead-3", dead="no stream follows it")
    page = open_page(f"/connections/{team}/deliveries?state=dead", role="operator")
    expect(page.get_by_role("table").get_by_role("row")).to_have_count(4)
    expect(page.get_by_role("table")).to_contain_text("no stream follows it")
    page.locator("[id='d-dead-2']").click()
    expect(page.get_by_role("alert")).to_contain_text("It was given up: no stream follows it")
    page.get_by_role("button", name="Replay").click()
    expect(page.get_by_role("region", name="Delivery", exact=True)).to_contain_text("waiting")
    assert deliveries.one(console.behind.platform, team, "dead-2")["state"] == "waiting"
    page.goto(f"/connections/{team}/deliveries")
    page.get_by_role("button", name="Replay all dead ones").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Have 2 dead deliveries read again?")
    dialog.get_by_role("button", name="Replay all dead ones").click()
    expect(page.get_by_text("2 deliveries are read again once a task runs.")).to_be_visible()
    expect(page.get_by_role("button", name="Replay all dead ones")).to_have_count(0)
    assert states(console, team)["dead"] == 0
    [entry, *_] = console.behind.platform.audit.entries(limit=1)
    assert (entry.who, entry.action) == ("operator-1", "hooks.replay")


def test_older_ones_are_on_further_pages(console: Console, open_page: Opened, team: int) -> None:
    put(console, team, *(f"many-{number:03}" for number in range(60)), event="GIT_PUSHED")
    page = open_page(f"/connections/{team}/deliveries?event=GIT_PUSHED", role="viewer")
    rows = page.get_by_role("table").get_by_role("row")
    expect(rows).to_have_count(51)
    page.get_by_role("link", name="Older").click()
    expect(rows).to_have_count(11)
    expect(page.get_by_label("Event")).to_have_value("GIT_PUSHED")
    expect(rows.last).to_contain_text("many-000")
    page.get_by_role("link", name="Newest").click()
    expect(rows.nth(1)).to_contain_text("many-059")


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_everybody_can_use_them(open_page: Opened, team: int, theme: str, width: int) -> None:
    for where in ("/hooks", f"/connections/{team}/deliveries",
                  f"/connections/{team}/deliveries/told-1"):  # fmt: skip
        page = open_page(where, language="zh", theme=theme, width=width)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert serious(page) == []
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wide) <= 0


def test_hooks_that_fell_silent_are_told_of(world: World, browser: Browser, tmp_path: Path) -> None:
    """On a platform at rest, which does not look whether it still is so."""
    with Platform(tmp_path) as platform:
        platform.people.set_up(platform.people.make_setup_code(), "admin-1", PASSWORD)
        with Site(platform, listen="127.0.0.1:0") as site:
            address = f"http://127.0.0.1:{site.port}"
            one = Behind(world, platform, tmp_path).source("team-1", increments="hybrid")
            platform.reached_at(address, address)
            service_urls.generate(platform, ADMIN, one.id)
            details = {"name": "team-1", "reason": "the last delivery came long ago"}
            platform.alerts.update([Cause("hooks_quiet", f"connection:{one.id}", details)])
            window = browser.new_context(base_url=address, locale="en-US")
            value = platform.people.sign_in("admin-1", PASSWORD)
            window.add_cookies([{"name": "headrace_session", "value": value, "url": address}])
            page = window.new_page()
            page.goto("/hooks")
            [told] = platform.alerts.open()
            card = page.get_by_role("region", name="team-1")
            expect(card.get_by_role("alert")).to_contain_text(told.text.en)
            expect(card.get_by_role("alert")).to_contain_text(told.advice.en)
            expect(card).to_contain_text("Waiting for CODING's test event")
            window.close()
