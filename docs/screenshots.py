"""`python -m docs.screenshots [FOLDER]`: every page of the console, in both languages and themes,
with pictures of a look-alike team that is read while it lives. Needs Chromium; takes a few minutes.

With `--readme` it makes the few that the README shows, where it shows them.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic, sleep

from playwright.sync_api import Browser, sync_playwright
from tests.console.furnished import PAGES

from headrace.app import SystemClock
from headrace.app.serving.platform import Platform
from headrace.control.connections import ConnectionRole
from headrace.control.people import Person
from headrace.playground import DEFAULT_TOKEN, Playground, Team, serve
from headrace.web.site import Site

PASSWORD = "only for pictures"  # noqa: S105
WARM_SECONDS = 45.0
WINDOW = (1280, 860)
README = {("overview", "en", "light"), ("task", "en", "dark"), ("connection-new", "zh", "light")}
IMAGES = Path(__file__).parent / "images"


@contextmanager
def furnished() -> Iterator[tuple[str, dict[str, str]]]:
    """A console with things on its pages: where it is, and where each page is."""
    with ExitStack() as stack:
        clock = SystemClock()
        team = Team(1, 3, 400, clock.now_ms())
        server = stack.enter_context(serve(Playground(team, clock), acts_per_second=3.0))
        data = stack.enter_context(tempfile.TemporaryDirectory(prefix="headrace-pictures-"))
        platform = stack.enter_context(Platform(Path(data)))
        people = platform.people
        admin = people.set_up(people.make_setup_code(), "admin-1", PASSWORD)
        known = _furnish(platform, admin, server.url)
        platform.start()
        site = stack.enter_context(Site(platform, listen="127.0.0.1:0"))
        sleep(WARM_SECONDS)  # charts want something to show
        yield (
            f"http://127.0.0.1:{site.port}",
            {name: path.format(**known) for name, path in PAGES.items()},
        )


def _furnish(platform: Platform, admin: Person, url: str) -> dict[str, int]:
    connections, tasks = platform.connections, platform.tasks
    values = {
        "url": url, "token": DEFAULT_TOKEN, "poll_interval": "1s", "census_interval": "5s",
        "projects": ["shop"],
    }  # fmt: skip
    source = connections.save(admin, "team-1", ConnectionRole.SOURCE, "coding", values)
    made = {"source": source.id}
    for kind in ("duckdb", "sqlite"):
        copy = {"url": f"{kind}:///{kind}.db"}
        saved = connections.save(admin, f"copy-{kind}", ConnectionRole.DESTINATION, kind, copy)
        streams = ["projects", "iterations", "issue*", "ci_jobs", "ci_builds"]
        row = tasks.save(admin, f"to {kind}", source.id, saved.id, {"streams": streams})
        tasks.start(admin, row.id)
        made |= {"destination": saved.id, "task": row.id}
    return made


def main(arguments: list[str]) -> int:
    """Make them, and say where they are."""
    readme = "--readme" in arguments
    folder = IMAGES if readme else Path(next(iter(arguments), "build/screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    began = monotonic()
    with furnished() as (url, places), sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        for language in ("en", "zh"):
            for theme in ("light", "dark"):
                wanted = {
                    name: at for name, at in places.items()
                    if not readme or (name, language, theme) in README
                }  # fmt: skip
                _take(browser, url, wanted, folder, language, theme)
        browser.close()
    count = len(list(folder.glob("*.png")))
    sys.stdout.write(f"{count} pictures in {folder}, {monotonic() - began:.0f} s\n")
    return 0


def _take(
    browser: Browser, url: str, places: dict[str, str], folder: Path, language: str, theme: str
) -> None:
    window = browser.new_context(
        base_url=url, locale={"en": "en-US", "zh": "zh-CN"}[language],
        color_scheme="dark" if theme == "dark" else "light",
        viewport={"width": WINDOW[0], "height": WINDOW[1]},
    )  # fmt: skip
    page = window.new_page()
    page.goto("/sign-in")
    page.locator("#name").fill("admin-1")
    page.locator("#password").fill(PASSWORD)
    page.locator("button.btn-primary").click()
    page.wait_for_url(f"{url}/")
    for name, path in places.items():
        page.goto(path)
        page.wait_for_timeout(1_500)  # charts are drawn
        page.screenshot(path=folder / f"{name}-{language}-{theme}.png", full_page=True)
    window.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
