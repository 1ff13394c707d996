"""Names and titles are hostile until they are shown as text: on every page, nothing that people
wrote in CODING, or typed in here, becomes anything but the text that it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.cli.conftest import World
from tests.console.conftest import Console, Opened
from tests.console.furnished import furnish
from tests.console.hostile import PAYLOADS, HostilePlayground
from tests.serving.conftest import ADMIN

from headrace.app import SystemClock
from headrace.app.serving.connecting import samples
from headrace.control.connections import ConnectionRole
from headrace.control.history import Level
from headrace.playground import DEFAULT_TOKEN, Settings, Team, serve

STREAMS = ("projects", "iterations", "issues", "issue_types", "project_members")
_STRANGE = (
    "() => [...document.querySelectorAll('img,iframe,object,embed,base,meta[http-equiv],marquee,"
    "video,audio,math,style')].filter(e => !e.src?.includes('/static/'))"
    ".map(e => e.outerHTML.slice(0, 200))"
)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    clock = SystemClock()
    team = Team(5, 2, 60, clock.now_ms())
    playground = HostilePlayground(team, clock, settings=Settings())
    with serve(playground, deliver_hooks=False) as server:
        yield World(server, playground, team)


@pytest.fixture(scope="module")
def places() -> dict[str, str]:
    return {}


@pytest.fixture(autouse=True)
def furnished(console: Console, places: dict[str, str]) -> None:
    """Names of our own things are attacks, too; and a log, a delivery and an alert full of them."""
    if places:
        return
    platform = console.behind.platform
    places.update(furnish(console, projects=[], streams=STREAMS))
    for n, payload in enumerate(p for p in PAYLOADS if p.isprintable() and p == p.strip()):
        if len(payload) > 150 or n % 10:
            continue
        values = {"url": console.behind.world.server.url, "token": DEFAULT_TOKEN}
        made = platform.connections.save(ADMIN, payload, ConnectionRole.SOURCE, "coding", values)
        copy = console.behind.destination(f"copy of {payload}", f"sqlite:///hostile-{n}.db")
        platform.tasks.save(ADMIN, payload, made.id, copy.id, {"streams": ["projects"]})
    task = int(places["task"].rpartition("/")[2])
    platform.log.write([(f"task:{task}", Level.ERROR, one, one) for one in PAYLOADS])
    source = int(places["connection"].rpartition("/")[2])
    console.behind.until(lambda: held(console, source, "issues"))


def held(console: Console, source: int, stream: str) -> bool:
    return bool(samples.rows(console.behind.platform, source, stream, 1)["records"])


def texts(document: Any) -> Iterator[str]:
    """Every text in a document."""
    if isinstance(document, dict):
        for one in document.values():
            yield from texts(one)
    elif isinstance(document, list):
        for one in document:
            yield from texts(one)
    elif isinstance(document, str):
        yield document


def test_every_page_shows_text(console: Console, open_page: Opened, places: dict[str, str]) -> None:
    page = open_page("/")
    for path in places.values():
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.evaluate(_STRANGE) == [], path
        assert page.locator("html").get_attribute("lang") == "en"  # no sign-out, no other page


@pytest.mark.parametrize("stream", ["projects", "issues", "iterations"])
def test_rows_are_shown_as_they_are(
    console: Console, open_page: Opened, places: dict[str, str], stream: str
) -> None:
    source = int(places["connection"].rpartition("/")[2])
    sample = samples.rows(console.behind.platform, source, stream, 20)
    wanted = {text for text in texts(sample) if "|" in text and text.split("|")[0] in PAYLOADS}
    assert wanted, "no attack is among the rows"
    page = open_page(f"/data/{stream}?connection={source}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("#rows table").first).to_be_visible()
    shown = page.evaluate("() => document.body.textContent")
    missing = [one for one in wanted if " ".join(one.split()) not in " ".join(shown.split())]
    assert missing == []


def test_names_of_connections_and_tasks(console: Console, open_page: Opened) -> None:
    page = open_page("/connections")
    names = [one.name for one in console.behind.platform.connections.all()]
    for name in names:
        expect(page.get_by_role("link", name=name, exact=True).first).to_be_visible()
    page.goto("/tasks")
    for row in console.behind.platform.tasks.all():
        expect(page.get_by_text(row.name, exact=True).first).to_be_visible()


def test_the_log_shows_them(open_page: Opened, places: dict[str, str]) -> None:
    page = open_page(f"{places['task']}/log")
    shown = " ".join(page.evaluate("() => document.body.textContent").split())
    assert [one for one in PAYLOADS[-20:] if " ".join(one.split()) not in shown] == []


def test_projects_to_choose_from(
    console: Console, open_page: Opened, places: dict[str, str]
) -> None:
    page = open_page(places["connection"])
    page.get_by_role("button", name="Load projects").click()
    boxes = page.locator("#projects input[type=checkbox]")
    expect(boxes).to_have_count(2)
    values = [boxes.nth(n).get_attribute("value") for n in range(2)]
    playground: Any = console.behind.world.playground
    assert set(values) <= playground.shown
