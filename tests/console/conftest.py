"""The console before a real Chromium, over a platform that reads a look-alike team."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from tests.cli.conftest import World, living
from tests.serving.conftest import Site as Behind
from tests.web.api_site import PASSWORD

from headrace.app.serving.platform import Platform
from headrace.control.people import Role
from headrace.web.site import Site

expect.set_options(timeout=20_000)  # figures come every few seconds, on slow machines later
LANGUAGES = {"en": "en-US", "zh": "zh-CN"}
_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@dataclass
class Console:
    """A console on its port, what stands behind it, and browsers before it.

    `faults`: what browsers complained of (errors of scripts, violations of the policy, dialogs of
    pages); every test ends with none.
    """

    url: str
    behind: Behind
    browser: Browser
    people: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def window(
        self, role: str | None = "admin", *, language: str = "en", theme: str = "light",
        width: int = 1280,
    ) -> BrowserContext:  # fmt: skip
        """A browser of its own, signed in as somebody of that role (None: as nobody)."""
        made = self.browser.new_context(
            base_url=self.url, locale=LANGUAGES[language], viewport={"width": width, "height": 900},
            color_scheme="dark" if theme == "dark" else "light",
        )  # fmt: skip
        made.set_default_timeout(20_000)
        if role is not None:
            value = self.behind.platform.people.sign_in(self.people[role], PASSWORD)
            made.add_cookies([{"name": "headrace_session", "value": value, "url": self.url}])
        made.on("page", self._watch)
        return made

    def _watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))
        page.on("dialog", lambda dialog: self._alarm(page, dialog))
        page.on("console", lambda said: self._heard(page, said))

    def _alarm(self, page: Page, dialog: object) -> None:
        self.faults.append(f"{page.url}: a dialog: {dialog}")

    def _heard(self, page: Page, said: object) -> None:
        kind, text = getattr(said, "type", ""), getattr(said, "text", "")
        expected = re.search(r"status of (4\d\d|503)", text)  # what a test asks for, it gets
        if kind in ("error", "warning") and not expected:
            self.faults.append(f"{page.url}: {text}")


@pytest.hookimpl(tryfirst=True)  # before those are left out that are marked
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs a browser is long."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("long")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        if "HEADRACE_CI" in os.environ:
            pytest.fail("CI has no Chromium")
        pytest.skip("there is no Chromium on this machine")
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
        yield made
        made.close()


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with living(issues=12) as one:
        yield one


@contextmanager
def living_console(world: World, browser: Browser, folder: Path) -> Iterator[Console]:
    with ExitStack() as stack:
        platform = stack.enter_context(Platform(folder))
        people = platform.people
        admin = people.set_up(people.make_setup_code(), "admin-1", PASSWORD)
        for role in (Role.OPERATOR, Role.VIEWER):
            people.add(admin, f"{role}-1", PASSWORD, role)
        platform.start()
        site = stack.enter_context(Site(platform, listen="127.0.0.1:0"))
        names = {str(role): f"{role}-1" for role in Role}
        behind = Behind(world, platform, folder)
        yield Console(f"http://127.0.0.1:{site.port}", behind, browser, names)


@pytest.fixture(scope="module")
def _console(
    world: World, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Console]:
    with living_console(world, browser, tmp_path_factory.mktemp("data")) as one:
        yield one


@pytest.fixture
def console(_console: Console) -> Iterator[Console]:
    """The module's console; fails the test where a browser complained."""
    _console.faults.clear()
    yield _console
    faults = list(_console.faults)
    assert faults == []


@pytest.fixture
def new_console(world: World, browser: Browser, tmp_path: Path) -> Iterator[Console]:
    """A console of the test's own, with nothing in it."""
    with living_console(world, browser, tmp_path / "data") as one:
        yield one
        assert one.faults == []


Opened = Callable[..., Page]


@pytest.fixture
def open_page(console: Console) -> Iterator[Opened]:
    """Opens a page in a window of its own: `open_page("/tasks", role="viewer", language="zh")`."""
    with windows(console) as opened:
        yield opened


@contextmanager
def windows(console: Console) -> Iterator[Opened]:
    """What opens pages of a console; their windows are closed at the end."""
    with ExitStack() as stack:

        def opened(path: str, role: str | None = "admin", **how: object) -> Page:
            window = console.window(role, **how)  # type: ignore[arg-type]
            stack.callback(window.close)
            page = window.new_page()
            page.goto(path)
            return page

        yield opened
