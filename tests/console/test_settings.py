"""What the server is, and its connections and tasks as a file: out, tried, and in."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.console.conftest import Console, Opened

FILE = """
[destinations.warehouse]
url = "sqlite:///warehouse.db"

[destinations."reports <b>"]
url = "sqlite:///reports.db"
"""


def rehearse(page: Page, text: str) -> None:
    page.get_by_label("… or its text").fill(text)
    page.get_by_role("button", name="Show what would change").click()


def test_what_the_server_is(console: Console, open_page: Opened) -> None:
    page = open_page("/settings", role="operator")
    folder = str(console.behind.folder)
    expect(page.get_by_role("row", name="Data folder")).to_contain_text(folder)
    expect(page.get_by_role("row", name="Control store")).to_contain_text("SQLite")
    expect(page.get_by_text(f"{folder}/headrace.key")).to_be_visible()
    command = page.get_by_label("The command")
    expect(command).to_have_value(f"headrace rotate-key --data {folder}")
    said = page.request.get("/api/v1/server").json()
    assert said["key"] == {
        "origin": "file", "place": f"{folder}/headrace.key", "changed_at": 0, "unfinished": False
    }  # fmt: skip
    assert said["limits"]["password_characters"] == 12


def test_a_file_is_tried_then_imported_then_exported(
    console: Console, open_page: Opened, tmp_path: Path
) -> None:
    connections = console.behind.platform.connections
    path = tmp_path / "wanted.toml"
    path.write_text(FILE, "utf-8")
    page = open_page("/settings")
    page.get_by_label("A file").set_input_files(path)
    expect(page.get_by_label("… or its text")).to_have_value(FILE)
    page.get_by_role("button", name="Show what would change").click()
    shown = page.locator("#rehearsed")
    expect(shown.get_by_role("heading", name="Connection warehouse")).to_be_visible()
    expect(shown.get_by_text("reports <b>")).to_be_visible()
    expect(shown.get_by_text("sqlite:///warehouse.db")).to_be_visible()
    assert connections.named("warehouse") is None, "it was only tried"
    shown.get_by_role("button", name="Import it").click()
    expect(page.get_by_text("2 made, 0 changed, 0 left as they were.")).to_be_visible()
    assert connections.named("reports <b>") is not None
    rehearse(page, FILE)
    expect(shown.get_by_text("Nothing: all of it is so already.")).to_be_visible()
    rehearse(page, FILE.replace("warehouse.db", "elsewhere.db"))
    expect(shown.locator("del")).to_have_text("sqlite:///warehouse.db")
    expect(shown.locator("ins")).to_have_text("sqlite:///elsewhere.db")
    with page.expect_download() as loading:
        page.get_by_role("link", name="Export").click()
    assert "[destinations.warehouse]" in Path(loading.value.path()).read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[destinations", "The file is no TOML"),
        ('[destinations.x]\nurl = "ftp://x"', "The url names no destination."),
        ('[tasks.t]\nsource = "team"\ndestination = "x"', "is unknown"),
        ('[destinations.x]\nurl = "${HOME}"', "cannot be filled in here"),
    ],
)
def test_what_cannot_be_says_so_and_is_not_offered(open_page: Opened, text: str, why: str) -> None:
    page = open_page("/settings")
    rehearse(page, text)
    expect(page.get_by_role("alert")).to_contain_text(why)
    expect(page.get_by_role("button", name="Import it")).to_have_count(0)
    expect(page.get_by_label("… or its text")).to_have_value(text)


def test_viewers_see_none_of_it(open_page: Opened) -> None:
    page = open_page("/settings", role="viewer")
    expect(page.get_by_role("heading", level=1)).to_have_text("A viewer may not do this.")
    own = {"sec-fetch-site": "same-origin"}
    answer = page.request.post("/settings/import", form={"toml": FILE}, headers=own)
    assert answer.status == 403
