"""Everybody can use every page: axe finds nothing serious, on small and large screens, light and
dark; nothing is wider than the screen; the menu works by keyboard alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.console.conftest import Console, Opened
from tests.console.furnished import PAGES, furnish

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
_RUN = "() => axe.run(document, {resultTypes: ['violations']})"
_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def places() -> dict[str, str]:
    return {}


@pytest.fixture(autouse=True)
def furnished(console: Console, places: dict[str, str]) -> None:
    if not places:
        places.update(furnish(console))


def serious(page: Page) -> list[str]:
    """What axe calls serious or critical."""
    if not AXE.exists():
        pytest.skip("axe-core is not there: npm ci")
    page.evaluate(AXE.read_text())  # by the debugger, which the page's policy does not bind
    found = page.evaluate(_RUN)["violations"]
    return [
        f"{one['id']}: {[node['target'] for node in one['nodes']][:3]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize(
    ("language", "theme", "width"),
    [("en", "light", 1280), ("zh", "dark", 1280), ("zh", "light", 390), ("zh", "light", 3840)],
)
@pytest.mark.parametrize("name", PAGES)
def test_every_page(
    open_page: Opened, places: dict[str, str], name: str, language: str, theme: str, width: int
) -> None:
    page = open_page(places[name], language=language, theme=theme, width=width)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert serious(page) == []
    assert page.evaluate(_WIDE) <= 0, "wider than the screen"


@pytest.mark.parametrize("path", ["/sign-in", "/no/such/page"])
def test_pages_for_strangers(open_page: Opened, path: str) -> None:
    page = open_page(path, role=None if path == "/sign-in" else "viewer")
    assert serious(page) == []


def test_the_keyboard_is_enough(open_page: Opened) -> None:
    page = open_page("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    page.get_by_role("link", name="Tasks", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tasks")
