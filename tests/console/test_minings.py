"""Shared mining: who reads, how it stands table by table, and what people stop of it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.console.conftest import Console, Opened, windows
from tests.serving.conftest import ADMIN

from headrace.control.tasks import TaskRow
from headrace.web.console.pages.minings import place


@pytest.fixture(scope="module")
def made() -> dict[str, TaskRow]:
    return {}


@pytest.fixture
def task(console: Console, made: dict[str, TaskRow]) -> TaskRow:
    """A task that follows a source, once for all tests here."""
    if not made:
        made["task"] = following(console, "1")
    return made["task"]


def following(console: Console, number: str) -> TaskRow:
    behind = console.behind
    made = behind.task(behind.source(f"team-{number}"), behind.destination(f"copy-{number}"))
    behind.start(made)
    key = f"connection-{made.source_id}"
    behind.until(lambda: key in behind.platform.agent.minings)
    behind.until(lambda: behind.platform.agent.minings[key].level.is_set())
    return made


def test_before_anything_is_read_one_is_led_to_a_task(new_console: Console) -> None:
    with windows(new_console) as open_page:
        page = open_page("/minings", role="operator")
        expect(page.get_by_text("Nothing is read yet")).to_be_visible()
        expect(page.get_by_role("link", name="New task")).to_have_attribute("href", "/tasks/new")
        watching = open_page("/minings", role="viewer")
        expect(watching.get_by_text("Nothing is read yet")).to_be_visible()
        expect(watching.get_by_role("link", name="New task")).to_have_count(0)


def test_one_sees_who_reads_and_how_far(console: Console, open_page: Opened) -> None:
    task = following(console, "read-once")
    page = open_page("/minings", role="viewer")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="team-read-once"))
    expect(row).to_contain_text("Following")
    expect(row).to_contain_text("SQLite")
    expect(row).to_contain_text("3 days")
    page.get_by_role("link", name="team-read-once").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("team-read-once")
    lane = page.get_by_role("listitem").filter(has=page.get_by_role("link", name=task.name))
    expect(lane).to_contain_text("caught up")
    expect(lane.locator("circle.lane-mark")).to_have_attribute("cx", "100.0%")
    issues = page.get_by_role("row").filter(has=page.get_by_role("link", name="Issues"))
    expect(issues).to_contain_text("Following")
    twin = page.get_by_role("link", name="JSON").get_attribute("href")
    shown = page.request.get(twin or "").json()
    assert shown["key"] == f"connection-{task.source_id}"
    assert sorted(shown["streams"]) == ["issues", "iterations", "projects"]
    expect(issues).to_contain_text(f"+{shown['streams']['issues']['inserted']}")
    assert shown["streams"]["issues"]["inserted"] == len(console.behind.world.team.rows("issues"))
    expect(page.locator(".chart svg")).to_have_count(2)


def test_all_of_it_is_stopped_by_name_and_resumed(
    console: Console, open_page: Opened, task: TaskRow
) -> None:
    minings, key = console.behind.platform.minings, f"connection-{task.source_id}"
    page = open_page(f"/minings/{key}", role="operator")
    page.get_by_role("button", name="Stop reading").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Stop reading team-1?")
    dialog.get_by_role("button", name="Cancel").click()
    assert not minings.all()[key].stopped_by
    page.get_by_role("button", name="Stop reading").click()
    dialog.get_by_role("button", name="Stop reading").click()
    expect(page.get_by_role("alert").first).to_contain_text("was stopped by operator-1")
    assert minings.all()[key].stopped_by == "operator-1"
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("All that was due has been read")).to_be_visible()
    assert not minings.all()[key].stopped_by


def test_one_table_is_stopped_and_resumed(
    console: Console, open_page: Opened, task: TaskRow
) -> None:
    minings, key = console.behind.platform.minings, f"connection-{task.source_id}"
    page = open_page(f"/minings/{key}", language="zh")
    page.get_by_role("button", name="停止“事项”").click()
    expect(page.get_by_text("已停止读取“事项”。")).to_be_visible()
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="事项", exact=True))
    expect(row).to_contain_text("已停止")
    assert list(minings.all()[key].stopped_streams) == ["issues"]
    page.get_by_role("button", name="恢复“事项”").click()
    expect(page.get_by_role("button", name="停止“事项”")).to_be_visible()
    assert not minings.all()[key].stopped_streams


def test_what_changes_meanwhile_takes_no_button_from_under_a_finger(
    console: Console, open_page: Opened, task: TaskRow
) -> None:
    """A part that comes while a button is pressed waits until it is let go."""
    minings, key = console.behind.platform.minings, f"connection-{task.source_id}"
    page = open_page(f"/minings/{key}")
    button = page.get_by_role("button", name="Stop Issues")
    button.hover()
    page.evaluate(
        "() => document.addEventListener('htmx:sseBeforeMessage', (event) =>"
        " event.target.classList.add('came'))"
    )
    page.mouse.down()
    minings.stop_stream(ADMIN, key, "projects")
    expect(page.locator(".came[sse-swap=tables]")).to_be_attached()
    projects = page.get_by_role("row").filter(has=page.get_by_role("link", name="Projects"))
    expect(projects).to_contain_text("Following")
    page.mouse.up()
    expect(projects).to_contain_text("Stopped")
    console.behind.until(lambda: "issues" in minings.all()[key].stopped_streams)
    for name in ("issues", "projects"):
        minings.resume_stream(ADMIN, key, name)


def test_what_waits_says_for_what(console: Console, open_page: Opened, task: TaskRow) -> None:
    behind = console.behind
    behind.platform.agents.beat("far-away", release="0.1.0", cores=2)
    source = behind.source("team-9", agent="nobody-there")
    waiting = behind.task(source, behind.destination("copy-9"))
    behind.start(waiting)
    page = open_page(f"/minings/connection-{source.id}")
    expect(page.get_by_role("alert")).to_contain_text("It waits for the agent nobody-there")
    expect(page.get_by_role("alert")).to_contain_text("Start that agent")
    expect(page.get_by_text("There is no mirror yet")).to_be_visible()
    behind.platform.tasks.stop(ADMIN, waiting.id)


def test_who_only_looks_stops_nothing(console: Console, open_page: Opened, task: TaskRow) -> None:
    key = f"connection-{task.source_id}"
    page = open_page(f"/minings/{key}", role="viewer")
    expect(page.get_by_text("All that was due has been read")).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    for what in ("stop", "streams/issues/stop"):
        headers = {"sec-fetch-site": "same-origin"}
        assert page.request.post(f"/minings/{key}/{what}", headers=headers).status == 403
    kept = console.behind.platform.minings.all()[key]
    assert not kept.stopped_by and not kept.stopped_streams


def test_a_mining_that_is_not_there(open_page: Opened) -> None:
    page = open_page("/minings/connection-7777")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such mining.")


@pytest.mark.parametrize(
    ("offset", "tail", "head", "found"),
    [(100, 100, 200, 0), (150, 100, 200, 500), (200, 100, 200, 1000), (90, 100, 200, 0),
     (7, 7, 7, 1000), (300, 100, 200, 1000)],
)  # fmt: skip
def test_where_an_offset_is_in_the_log(offset: int, tail: int, head: int, found: int) -> None:
    assert place(offset, tail, head) == found
