"""The walk that a person takes, from nothing to a proven copy: a team connected by consent, told by
hooks, copied into PostgreSQL, an edit that arrives on the page, a stop, and a verification."""

from __future__ import annotations

from urllib.parse import urlsplit

import psycopg
from playwright.sync_api import Page, expect
from tests.console.conftest import Console, Opened
from tests.console.told import begin, world
from tests.servers.postgres import PostgresServer, postgres

__all__ = ["postgres", "world"]
LONGEST_MS = 60_000


def test_the_walk(console: Console, open_page: Opened, postgres: PostgresServer) -> None:
    console.behind.platform.reached_at(console.url, "")
    page = open_page("/")
    page.get_by_role("link", name="Connections").click()
    connect_by_consent(page, console)
    url = postgres.new_database("walk")
    add_destination(page, url)
    carry(page)

    team = console.behind.world.team
    project, code = next(iter(team.rows("issues")))
    playground = console.behind.world.playground
    team.update_issue(project, code, now_ms=playground.clock.now_ms(), name="seen on the page")
    tile = page.locator(".card", has_text="Changes today").first
    expect(tile).to_contain_text("changed", timeout=LONGEST_MS)
    with psycopg.connect(url) as db:
        console.behind.until(
            lambda: (
                db.execute("SELECT count(*) FROM issues WHERE name = 'seen on the page'").fetchone()
                == (1,)
            )
        )

    page.get_by_role("button", name="Verify").click()
    expect(page.locator("#verify")).to_contain_text("Equal", timeout=LONGEST_MS)
    page.get_by_role("button", name="Stop").first.click()
    expect(page.get_by_text("Stopped").first).to_be_visible(timeout=LONGEST_MS)


def connect_by_consent(page: Page, console: Console) -> None:
    """Search, choose, fill in, authorize, choose a project, the Service URL, test, save."""
    begin(page, console, "walked")
    playground = console.behind.world.playground
    client_id, client_secret = playground.register_app(f"{console.url}/authorized")
    page.get_by_text("Authorize (OAuth)").click()
    page.get_by_label("Client ID").fill(client_id)
    page.get_by_label("Client secret").fill(client_secret)
    page.get_by_text("Hybrid").click()
    page.get_by_role("button", name="Advanced settings").click()
    page.get_by_label("Look for changes").fill("1s")
    page.get_by_role("button", name="Save and authorize in CODING").click()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("status").first).to_contain_text("CODING has authorized")
    page.get_by_role("button", name="Load projects").click()
    page.locator("#projects input[type=checkbox]").first.check()
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_role("status").first).to_contain_text("Saved.")
    place = page.locator("#service-url")
    place.get_by_role("button", name="Generate").click()
    expect(place.get_by_label("Signing token")).to_have_count(1)
    place.get_by_role("button", name="Set it up for me").click()
    expect(place).to_contain_text("hooks work", timeout=LONGEST_MS)
    page.get_by_role("button", name="Test the connection").click()
    expect(page.locator("#trial")).to_contain_text("Passed", timeout=LONGEST_MS)
    with page.expect_navigation():
        page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_role("status").first).to_contain_text("Saved.")


def add_destination(page: Page, url: str) -> None:
    """A PostgreSQL database, tested and saved."""
    parts = urlsplit(url)
    page.goto("/connections/new")
    page.get_by_role("link", name="PostgreSQL").click()
    page.get_by_label("Connection name").fill("warehouse")
    page.get_by_label("Host").fill(str(parts.hostname))
    page.get_by_label("Port").fill(str(parts.port))
    page.get_by_label("Database").fill(parts.path.strip("/"))
    page.get_by_label("User").fill(str(parts.username))
    page.get_by_role("button", name="Test the connection").click()
    expect(page.locator("#trial")).to_contain_text("Passed", timeout=LONGEST_MS)
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("warehouse")


def carry(page: Page) -> None:
    """A task of a few tables, pre-checked, saved and started, until it follows."""
    page.goto("/tasks/new")
    page.get_by_label("Source", exact=True).select_option(label="walked (Coding)")
    page.get_by_label("Destination", exact=True).select_option(label="warehouse (PostgreSQL)")
    page.get_by_text("By patterns").click()
    page.get_by_role("textbox", name="Patterns").fill("projects\nissues")
    page.get_by_role("button", name="Pre-check").click()
    expect(page.locator("#trial")).to_contain_text("Passed", timeout=LONGEST_MS)
    page.get_by_role("button", name="Save and start").click()
    expect(page.get_by_text("Following").first).to_be_visible(timeout=LONGEST_MS)
