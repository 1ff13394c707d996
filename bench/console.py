"""From a fresh `headrace serve` to a task that follows, by hand: what is clicked and filled in.

A real Chromium does what the shortest way through the pages asks of a person, as fast as it can:
its seconds are those of the machine, to which a person adds reading and typing.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, sync_playwright

from bench.figures import Chapter, Figure
from bench.serving import server
from headrace.app import SystemClock
from headrace.playground import DEFAULT_TOKEN, Playground, Team, serve

ISSUES = 200
_TITLE = "From a fresh server to a task that follows"
_LONGEST_MS = 60_000


def run() -> Chapter:
    """Walk once, and count."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        left = Figure("the walk", "", skipped="there is no Chromium on this machine")
        return Chapter("console", _TITLE, [left])
    clock = SystemClock()
    team = Team(1, 2, ISSUES, clock.now_ms())
    with (
        tempfile.TemporaryDirectory(prefix="headrace-bench-") as folder,
        serve(Playground(team, clock), deliver_hooks=False) as look_alike,
        sync_playwright() as playwright,
        server(Path(folder) / "data") as (ready, _),
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        hand = Hand(browser.new_context(locale="en-US").new_page())
        began = time.perf_counter()
        hand.walk(ready["setup"], look_alike.url)
        seconds = time.perf_counter() - began
        browser.close()
    return Chapter(
        "console", _TITLE,
        [
            Figure("clicks", "", [hand.clicks]),
            Figure("fields filled in", "", [hand.fields]),
            Figure("browser, server and first copy", "s", [seconds]),
        ],
        [f"{ISSUES} issues; a private deployment by token, to DuckDB; all streams."],
    )  # fmt: skip


@dataclass
class Hand:
    """Clicks and fills in, and counts it."""

    page: Page
    clicks: int = 0
    fields: int = 0

    def click(self, where: Locator) -> None:
        self.clicks += 1
        where.click()

    def fill(self, label: str, text: str) -> None:
        self.fields += 1
        self.page.get_by_role("textbox", name=re.compile(f"^{label}")).fill(text)

    def follow(self, name: str) -> None:
        self.click(self.page.get_by_role("link", name=name, exact=True).first)

    def press(self, name: str) -> None:
        self.click(self.page.get_by_role("button", name=name, exact=True).last)

    def walk(self, setup: str, team: str) -> None:
        """The first admin, the team, the database, the task, for which both ends are chosen."""
        self.page.set_default_timeout(_LONGEST_MS)
        self.page.goto(setup)
        self.fill("Name", "admin-1")
        self.fill("Password", "correct horse battery")
        self.press("Begin")
        self.follow("New connection")
        self.click(self.page.locator("a[href$=coding]"))
        self.fill("Connection name", "team")
        self.click(self.page.get_by_text("Private deployment"))
        self.fill("Address", team)
        self.fill("Access token", DEFAULT_TOKEN)
        self.press("Save")
        self.saved("team")
        self.follow("Connections")
        self.follow("New connection")
        self.click(self.page.locator("a[href$=duckdb]"))
        self.fill("Connection name", "copy")
        self.press("Save")
        self.saved("copy")
        self.follow("Tasks")
        self.follow("New task")
        self.press("Save and start")
        self.page.get_by_text("Following").first.wait_for()

    def saved(self, name: str) -> None:
        self.page.get_by_role("heading", level=1, name=name, exact=True).wait_for()
