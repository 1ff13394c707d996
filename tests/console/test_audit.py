"""The audit trail as a page: who did what, from what to what; for admins alone."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import expect
from tests.console.conftest import Console, Opened
from tests.serving.conftest import ADMIN

import headrace.control
from headrace.control.people import Role
from headrace.control.states import Event
from headrace.web.console.pages.audit import differences, words
from headrace.web.console.view import View

_NOTED = re.compile(r'note\(\s*db, \S+?, (f?)"([a-z_]+)\.([^"]+)"')
_HOSTILE = "<img src=x onerror=alert(1)>"


def test_a_change_shows_what_was_and_what_is(console: Console, open_page: Opened) -> None:
    platform = console.behind.platform
    source = console.behind.source("team-17", poll_interval="30s")
    platform.connections.change(ADMIN, source.id, source.version, {"poll_interval": "45s"})
    page = open_page("/audit")
    entry = page.get_by_role("listitem").filter(has_text="changed a connection").first
    expect(entry.get_by_role("link", name="admin-1")).to_be_visible()
    expect(entry.get_by_role("row", name="poll_interval")).to_contain_text("30s")
    expect(entry.locator("del")).to_have_text("30s")
    expect(entry.locator("ins")).to_have_text("45s")
    entry.get_by_role("link", name="team-17").click()
    expect(page.get_by_label("What it was done to")).to_have_value("team-17")
    expect(page.locator("main li")).to_have_count(2)  # made, changed


def test_filters_and_pages(console: Console, open_page: Opened) -> None:
    platform = console.behind.platform
    other = platform.people.add(ADMIN, "member-17", "correct horse battery", Role.OPERATOR)
    by = type(ADMIN)(other.id, other.name, Role.OPERATOR)
    for number in range(60):
        platform.people.make_token(by, f"t-{number}", Role.VIEWER, days=1)
    page = open_page("/audit")
    page.get_by_label("Who").fill("member-17")
    page.get_by_role("button", name="Filter").click()
    entries = page.locator("main li")
    expect(entries).to_have_count(50)
    expect(entries.first).to_contain_text("t-59")
    page.get_by_role("link", name="Older").click()
    expect(entries).to_have_count(10)
    expect(entries.last).to_contain_text("t-0")
    page.get_by_role("link", name="Newest").click()
    expect(entries.first).to_contain_text("t-59")
    page.goto("/audit?who=nobody-17")
    expect(page.get_by_text("Nothing like that")).to_be_visible()


def test_names_are_text(console: Console, open_page: Opened) -> None:
    made = console.behind.source(_HOSTILE)
    page = open_page("/audit", language="zh")
    expect(page.get_by_role("link", name=made.name).first).to_be_visible()
    expect(page.get_by_text("新建了连接").first).to_be_visible()
    assert page.locator("main img").count() == 0


def test_it_is_for_admins(open_page: Opened) -> None:
    page = open_page("/audit", role="operator")
    expect(page.get_by_role("heading", level=1)).to_have_text("A operator may not do this.")
    page.goto("/")
    expect(page.get_by_role("link", name="Audit")).to_have_count(0)


def test_what_differs() -> None:
    assert list(differences({"a": 1, "b": "x"}, {"b": "x", "c": ["项"]})) == [
        ("a", "1", None), ("c", None, '["项"]'),
    ]  # fmt: skip
    assert list(differences(None, ["issues"])) == [("", None, '["issues"]')]
    assert list(differences(None, None)) == []


class _Plain(View):
    def text(self, message: str, **values: object) -> str:
        return message % values if values else message


def test_whatever_is_noted_has_its_words() -> None:
    folder = Path(headrace.control.__file__).parents[1]
    texts = [path.read_text("utf-8") for path in folder.rglob("*.py")]
    found = {match.groups() for text in texts for match in _NOTED.finditer(text)}
    noted = {f"{thing}.{what}" for formatted, thing, what in found if not formatted}
    noted |= {f"task.{one}" for one in (Event.START, Event.STOP, Event.RESET)}
    assert len(noted) > 15
    known = words(_Plain.__new__(_Plain))
    assert noted - set(known) == set()
