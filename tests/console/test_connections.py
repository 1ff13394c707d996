"""Connections as people make them: filled in, authorized, tested, saved, changed, deleted."""

from __future__ import annotations

from playwright.sync_api import expect
from tests.console.conftest import Console, Opened
from tests.console.told import begin, world
from tests.serving.conftest import ADMIN

from headrace.playground import DEFAULT_TOKEN

__all__ = ["world"]


def test_a_team_is_connected_by_token(console: Console, open_page: Opened) -> None:
    page = open_page("/connections")
    begin(page, console, "by token")
    page.get_by_role("textbox", name="Access token").fill("wrong-token")
    page.get_by_role("button", name="Test the connection").click()
    trial = page.locator("#trial")
    expect(trial).to_contain_text("Failed: see what to do below")
    page.get_by_role("textbox", name="Access token").fill(DEFAULT_TOKEN)
    page.get_by_role("button", name="Load projects").click()
    name = next(iter(console.behind.world.team.rows("projects").values()))["Name"]
    page.get_by_label(name, exact=True).check()
    page.get_by_role("button", name="Test the connection").click()
    expect(trial).to_contain_text("Passed")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("by token")
    saved = console.behind.platform.connections.named("by token")
    assert saved is not None and saved.values["projects"] == [name]
    assert DEFAULT_TOKEN not in page.content()
    page.get_by_role("button", name="Test the connection").click()
    expect(trial).to_contain_text("Passed")
    assert console.behind.platform.connections.last_check(saved.id)["ok"]  # type: ignore[index]


def test_what_is_wrong_is_said_and_what_was_typed_stays(
    console: Console, open_page: Opened
) -> None:
    page = open_page("/connections")
    begin(page, console, "by token, again")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_role("alert")).to_contain_text("A token is missing.")
    expect(page.get_by_label("Connection name")).to_have_value("by token, again")
    expect(page.get_by_label("Address", exact=True)).not_to_have_value("")
    page.get_by_role("textbox", name="Access token").fill(DEFAULT_TOKEN)
    page.get_by_role("button", name="Advanced settings").click()
    page.get_by_label("Look for changes").fill("soon")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_role("alert")).to_contain_text("poll_interval")
    assert console.behind.platform.connections.named("by token, again") is None


def test_a_team_is_authorized_and_told_by_hooks(console: Console, open_page: Opened) -> None:
    platform, playground = console.behind.platform, console.behind.world.playground
    platform.reached_at(console.url, "")
    client_id, client_secret = playground.register_app(f"{console.url}/authorized")
    page = open_page("/connections")
    begin(page, console, "by consent")
    page.get_by_text("Authorize (OAuth)").click()
    expect(page.get_by_label("Redirect URI", exact=True)).to_have_value(f"{console.url}/authorized")
    page.get_by_label("Client ID").fill(client_id)
    page.get_by_label("Client secret").fill(client_secret)
    page.get_by_text("Hybrid").click()
    page.get_by_role("button", name="Save and authorize in CODING").click()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("by consent")
    expect(page.get_by_role("status").first).to_contain_text("CODING has authorized")
    page.get_by_role("button", name="Load projects").click()
    expect(page.locator("#projects input[type=checkbox]")).to_have_count(2)
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_role("status").first).to_contain_text("Saved.")
    expect(page.get_by_role("radio", name="Hybrid")).to_be_checked()
    place = page.locator("#service-url")
    place.get_by_role("button", name="Generate").click()
    expect(place).to_contain_text("Waiting for CODING's test event")
    expect(place.get_by_label("Signing token")).to_have_count(1)
    place.get_by_role("button", name="Set it up for me").click()
    expect(place).to_contain_text("hooks work", timeout=30_000)


def test_somebody_else_was_quicker(console: Console, open_page: Opened) -> None:
    connections = console.behind.platform.connections
    saved = console.behind.source("shared")
    page = open_page(f"/connections/{saved.id}")
    connections.change(ADMIN, saved.id, saved.version, {"poll_interval": "5s"})
    page.get_by_label("Connection name").fill("mine")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_role("alert").first).to_contain_text("changed by somebody else")
    expect(page.get_by_text("poll_interval")).to_be_visible()
    expect(page.get_by_label("Connection name")).to_have_value("mine")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("mine")
    assert connections.get(saved.id).values["poll_interval"] == "200ms"


def test_copied_and_deleted_by_name(console: Console, open_page: Opened) -> None:
    platform = console.behind.platform
    saved, copy = console.behind.source("first"), console.behind.destination("first-copy")
    task = console.behind.task(saved, copy)
    page = open_page(f"/connections/{saved.id}")
    page.get_by_role("button", name="Copy", exact=True).click()
    page.get_by_label("Name of the copy").fill("second")
    page.get_by_role("button", name="Make the copy").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("second")
    page.get_by_role("button", name="Delete").click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("Delete the connection second?")
    question.get_by_role("button", name="Cancel").click()
    assert platform.connections.named("second") is not None
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Connections")
    assert platform.connections.named("second") is None
    page.get_by_role("link", name="first", exact=True).click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("alert")).to_contain_text(f"first is used by {task.name}")


def test_a_viewer_looks_only(console: Console, open_page: Opened) -> None:
    saved = console.behind.source("looked at")
    page = open_page(f"/connections/{saved.id}", role="viewer")
    expect(page.get_by_label("Connection name")).to_be_disabled()
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
    expect(page.get_by_role("button", name="Delete")).to_have_count(0)
    page.goto("/connections/new")
    expect(page.get_by_role("heading", level=1)).to_contain_text("may not do this")
