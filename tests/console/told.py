"""A look-alike team whose hooks are delivered, and the first fields of the form for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.cli.conftest import WatchedPlayground, World
from tests.console.conftest import Console

from headrace.app import SystemClock
from headrace.playground import Settings, Team, serve


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A team whose hooks are delivered."""
    clock = SystemClock()
    team = Team(5, 2, 12, clock.now_ms())
    playground = WatchedPlayground(team, clock, settings=Settings())
    with serve(playground) as server:
        yield World(server, playground, team)


def begin(page: Page, console: Console, name: str) -> None:
    """Up to the address of a look-alike team."""
    page.get_by_role("link", name="New connection").first.click()
    page.get_by_role("searchbox").fill("腾讯")
    expect(page.locator(".gallery > a:visible")).to_have_count(1)
    page.get_by_role("link", name="Coding").click()
    page.get_by_label("Connection name").fill(name)
    page.get_by_text("Private deployment").click()
    page.get_by_label("Address", exact=True).fill(console.behind.world.server.url)
