"""Data: the catalogue, what columns mean, and rows of what a mirror holds."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.console.conftest import Console, Opened, windows

from headrace.app.serving import catalogue
from headrace.app.serving.connecting import samples
from headrace.coding.streams import CATALOGUE
from headrace.web.console.pages.data import CLIPPED, cell, strategies
from headrace.web.console.view import View


@pytest.fixture(scope="module")
def made() -> dict[str, int]:
    return {}


@pytest.fixture
def team(console: Console, made: dict[str, int]) -> int:
    """A source that was read, beside one that was not."""
    if not made:
        behind = console.behind
        source = behind.source("team-1")
        task = behind.task(source, behind.destination("copy-1"))
        behind.start(task)
        key = f"connection-{source.id}"
        behind.until(lambda: key in behind.platform.agent.minings)
        behind.until(lambda: behind.platform.agent.minings[key].level.is_set())
        made |= {"team": source.id, "other": behind.source("team-2").id}
    return made["team"]


def test_before_there_is_a_connection_the_catalogue_is_there(new_console: Console) -> None:
    with windows(new_console) as open_page:
        page = open_page("/data", role="viewer")
        expect(page.locator(".stream")).to_have_count(len(CATALOGUE))
        page.goto("/data/issues")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Issues")


def test_one_searches_the_catalogue(console: Console, open_page: Opened, team: int) -> None:
    page = open_page("/data", role="viewer")
    issues = page.get_by_role("link").filter(has_text="issue_custom_fields")
    expect(issues).to_contain_text("12 records")
    expect(page.locator(".stream", has_text="wiki_pages")).to_contain_text("0 records")
    page.get_by_role("searchbox", name="Search").fill("git_mr_note")
    expected = [one.name for one in CATALOGUE
                if any("GIT_MR_NOTE" in rule.events for rule in one.hooks)]  # fmt: skip
    expect(page.locator(".stream:visible")).to_have_count(len(expected))
    expect(page.get_by_role("heading", name="Code")).to_be_visible()
    expect(page.get_by_role("heading", name="Wiki")).to_be_hidden()
    page.get_by_role("searchbox", name="Search").fill("事项")  # whatever the language
    expect(page.get_by_role("heading", name="Issues and iterations")).to_be_visible()
    page.get_by_role("searchbox", name="Search").fill("")
    page.get_by_label("Records of the connection").select_option("team-2")
    expect(issues).not_to_contain_text("records")


def test_a_table_tells_what_it_is_and_shows_rows(
    console: Console, open_page: Opened, team: int
) -> None:
    page = open_page(f"/data/issues?connection={team}", role="operator")
    read = page.get_by_role("region", name="How it is read")
    expect(page.get_by_text("CODING is asked for what changed since the last time")).to_be_visible()
    expect(page.get_by_text("collaboration:issue:ro")).to_be_visible()
    expect(page.get_by_text("ISSUE_STATUS_UPDATED")).to_be_visible()
    expect(read.get_by_role("link", name="Issue comments")).to_be_visible()
    columns = page.get_by_role("region", name="Columns").get_by_role("table")
    expect(columns.get_by_role("row")).to_have_count(len(catalogue.named("issues")["columns"]) + 1)
    expect(columns.get_by_role("row", name="due_date")).to_contain_text("timestamp")
    expect(page.get_by_role("heading", name="Labels of an issue")).to_be_visible()
    sample = page.get_by_role("region", name="Rows of issues", exact=True)
    held = samples.rows(console.behind.platform, team, "issues", 20)
    expect(sample.get_by_role("row")).to_have_count(len(held["tables"][0]["rows"]) + 1)
    expect(page.get_by_text(f"{held['records']} records in the mirror.")).to_be_visible()
    place = [column["name"] for column in held["tables"][0]["columns"]].index("name")
    for row in held["tables"][0]["rows"]:
        expect(sample.get_by_role("cell", name=row[place], exact=True).first).to_be_attached()
    twin = page.get_by_role("link", name="JSON").get_attribute("href")
    assert page.request.get(twin or "").json() == catalogue.named("issues")
    page.get_by_label("Connection").select_option("team-2")
    expect(page.get_by_text("No rows yet")).to_be_visible()


def test_long_values_open_on_demand_and_wide_rows_scroll_by_themselves(
    open_page: Opened, team: int
) -> None:
    page = open_page(f"/data/issues?connection={team}", width=390)
    sample = page.get_by_role("region", name="Rows of issues", exact=True)
    long = sample.locator("details.long").first
    expect(long.locator("summary")).to_contain_text("…")
    closed = long.bounding_box()
    long.locator("summary").click()
    opened = long.bounding_box()
    assert closed and opened and opened["height"] > closed["height"]
    wide = "(box) => box.scrollWidth - box.clientWidth"
    assert sample.evaluate(wide) > 0
    assert page.locator("html").evaluate(wide) <= 0


def test_who_only_looks_sees_no_rows(open_page: Opened, team: int) -> None:
    page = open_page(f"/data/issues?connection={team}", role="viewer")
    expect(page.get_by_text("Rows are shown to operators.")).to_be_visible()
    assert page.request.get(f"/parts/data/issues?connection={team}").status == 403


@pytest.mark.parametrize(
    "path", ["/data/nothing", "/data?connection=7777", "/data/issues?connection=x"]
)
def test_what_is_not_there(open_page: Opened, path: str) -> None:
    page = open_page(path)
    expect(page.get_by_role("heading", level=1)).to_contain_text(
        "There is no such" if "=" in path else "There is no stream"
    )


def test_every_strategy_is_explained(console: Console) -> None:
    class Spoken(View):
        __slots__ = ()

    said = strategies(Spoken(None, None, None, "zh", "auto"))  # type: ignore[arg-type]
    assert {one.strategy for one in CATALOGUE} <= set(said)
    assert all(short and full for short, full in said.values())


@pytest.mark.parametrize(
    ("value", "text", "clipped"),
    [(None, None, ""), (True, "true", ""), (7, "7", ""), ("a" * CLIPPED, "a" * CLIPPED, ""),
     ("a" * (CLIPPED + 1), "a" * (CLIPPED + 1), "a" * CLIPPED + "…"),
     ("two\nlines", "two\nlines", "two lines…")],
)  # fmt: skip
def test_how_a_value_is_shown(value: object, text: object, clipped: str) -> None:
    assert cell(value) == {"text": text, "clipped": clipped}
