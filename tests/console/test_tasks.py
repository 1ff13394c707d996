"""Tasks as people make, watch, change and end them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Page, Route, expect
from tests.cli.conftest import QUICK
from tests.console.conftest import Console, Opened
from tests.serving.conftest import ADMIN

from headrace.control.connections import Connection
from headrace.control.states import ACTIVE, State
from headrace.control.tasks import TaskRow


@pytest.fixture(scope="module")
def team() -> dict[str, Connection]:
    return {}


@pytest.fixture
def source(console: Console, team: dict[str, Connection]) -> Connection:
    """The one that all tasks here lead from."""
    if "team" not in team:
        team["team"] = console.behind.source("team")
    return team["team"]


@pytest.fixture
def task(console: Console, source: Connection, request: pytest.FixtureRequest) -> Iterator[TaskRow]:
    """One that works, to a copy of its own; it is stopped in the end."""
    behind, name = console.behind, re.sub(r"\W", "_", request.node.name)
    row = behind.task(source, behind.destination(name))
    behind.start(row)
    behind.until(lambda: works(console, row))
    yield row
    known = behind.platform.tasks.named(row.name)
    if known is not None and known.state in ACTIVE - {State.STOPPING}:
        behind.platform.tasks.stop(ADMIN, row.id)
        behind.until(lambda: behind.state(row) not in ACTIVE)


def works(console: Console, row: TaskRow) -> bool:
    runner = console.behind.platform.agent.runners.get(row.id)
    return runner is not None and runner.snapshot_done.is_set()


def rows(console: Console, name: str, sql: str = "SELECT count(*) FROM issues") -> int:
    with closing(sqlite3.connect(console.behind.file(name))) as db:
        return int(db.execute(sql).fetchone()[0])


def change(console: Console, name: str, sql: str) -> None:
    with closing(sqlite3.connect(console.behind.file(name))) as db:
        db.execute(sql)
        db.commit()


def confirm(page: Page, asked: str, ok: str) -> None:
    """Say yes to a question that names the thing."""
    question = page.get_by_role("dialog")
    expect(question).to_contain_text(asked)
    question.get_by_role("button", name=ok, exact=True).click()


def more(page: Page, what: str) -> None:
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name=what, exact=True).click()


def test_made_checked_saved_and_started(
    console: Console, open_page: Opened, source: Connection
) -> None:
    behind = console.behind
    behind.destination("warehouse")
    behind.destination("other")
    page = open_page("/tasks")
    page.get_by_role("link", name="New task").first.click()
    expect(page.get_by_label("Source", exact=True)).to_have_value(str(source.id))
    page.get_by_label("Destination", exact=True).select_option("warehouse (SQLite)")
    expect(page.locator("#suggested")).to_have_text("Empty: it is called team → warehouse.")
    page.get_by_text("Choose", exact=True).click()
    page.get_by_label("Search the tables").fill("iterations")
    page.get_by_role("checkbox", name="Iterations iterations").check()
    page.get_by_label("Search the tables").fill("")
    expect(page.get_by_role("checkbox", name="Iterations iterations")).to_be_checked()
    page.get_by_text("History: every version").click()
    page.get_by_role("button", name="Pre-check").click()
    expect(page.locator("#trial")).to_contain_text("The destination can be reached and written")
    expect(page.locator("#trial .card-header")).to_contain_text("Passed")
    assert behind.platform.tasks.named("team → warehouse") is None
    page.get_by_role("button", name="Save and start").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("team → warehouse")
    expect(page.locator("[sse-swap=head]")).to_contain_text("Following")
    row = behind.platform.tasks.named("team → warehouse")
    assert row is not None and row.settings == {"streams": ["iterations"], "write": "history"}
    assert rows(console, "warehouse", "SELECT count(*) FROM iterations") > 0
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()


def test_what_is_wrong_is_said_and_what_was_typed_stays(
    console: Console, open_page: Opened, source: Connection
) -> None:
    destination = console.behind.destination("wrong")
    page = open_page(f"/tasks/new?source={source.id}&destination={destination.id}")
    page.get_by_label("Task name").fill("not so")
    page.get_by_label("Only these rows").fill("issues.Nothing=1")
    page.get_by_role("button", name="Save", exact=True).click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("issues has no field Nothing")
    expect(page.get_by_label("Task name")).to_have_value("not so")
    page.get_by_label("Only these rows").fill("")
    page.get_by_text("Choose", exact=True).click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(alert).to_contain_text("No table is chosen.")
    page.get_by_text("By patterns").click()
    page.get_by_label("Patterns", exact=True).fill("isue*")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(alert).to_contain_text("There is no stream 'isue*'.")
    page.get_by_label("Patterns", exact=True).fill("issue_*")
    page.get_by_text("Changes from a time on").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(alert).to_contain_text("The time to start from is missing.")
    page.get_by_label("Start from (UTC+8)").fill("2026-01-01T08:00")
    assert console.behind.platform.tasks.named("not so") is None
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("not so")
    row = console.behind.platform.tasks.named("not so")
    assert row is not None and row.state is State.NEW
    assert row.settings == {"streams": ["issue_*"], "start": "2026-01-01T08:00"}


def test_what_is_chosen_while_the_tables_come_is_kept(
    console: Console, open_page: Opened, source: Connection
) -> None:
    console.behind.destination("chosen-meanwhile")
    page = open_page("/tasks/new")
    held: list[Route] = []
    page.route("**/tasks/form/ends", lambda route: held.append(route))
    page.get_by_label("Source", exact=True).select_option(label=f"{source.name} (Coding)")
    page.get_by_text("By patterns").click()
    page.get_by_label("Patterns", exact=True).fill("issue*")
    console.behind.until(lambda: page.wait_for_timeout(20) or held)
    part = page.locator("#tables-to-choose").element_handle()
    with page.expect_response("**/tasks/form/ends"):
        held[0].continue_()
    assert part is not None
    part.wait_for_element_state("hidden")
    expect(page.get_by_label("By patterns")).to_be_checked()
    expect(page.get_by_label("Patterns", exact=True)).to_have_value("issue*")
    expect(page.get_by_label("Patterns", exact=True)).to_be_visible()


def test_the_pre_check_tells_what_stands_in_the_way(
    console: Console, open_page: Opened, source: Connection
) -> None:
    console.behind.file("broken").write_text("no database " * 100)
    broken = console.behind.destination("broken")
    page = open_page(f"/tasks/new?source={source.id}&destination={broken.id}")
    page.get_by_text("By patterns").click()
    page.get_by_label("Patterns", exact=True).fill("projects")
    page.get_by_role("button", name="Pre-check").click()
    expect(page.locator("#trial")).to_contain_text("Failed: see what to do below")
    expect(page.locator("#trial")).to_contain_text("file is not a database")


def test_the_list_lives(console: Console, open_page: Opened, source: Connection) -> None:
    behind = console.behind
    first = behind.task(source, behind.destination("listed-1"))
    behind.task(source, behind.destination("listed-2"))
    page = open_page("/tasks")
    one, other = (page.get_by_role("row", name=f"to listed-{n} team") for n in (1, 2))
    page.get_by_role("searchbox").fill("listed-1")
    expect(other).to_be_hidden()
    one.get_by_role("button", name="Start").click()
    expect(one).to_contain_text("Following")
    expect(one).to_contain_text(re.compile(r"[1-9]\d* rows today"))
    expect(other).to_be_hidden()
    behind.task(source, behind.destination("listed-1b"))  # a row comes, and the search holds
    expect(page.get_by_role("row", name="to listed-1b team")).to_be_visible()
    expect(other).to_be_hidden()
    one.get_by_role("button", name="Stop").click()
    expect(one.get_by_role("button", name="Resume")).to_be_visible()
    assert behind.state(first) is State.STOPPED
    page.get_by_role("link", name="At rest").click()
    expect(one).to_be_visible()
    page.get_by_role("link", name="In trouble").click()
    expect(one).to_have_count(0)


def test_a_task_in_trouble_says_why_and_what_to_do(
    console: Console, open_page: Opened, source: Connection
) -> None:
    behind = console.behind
    behind.file("spoilt").write_text("no database " * 100)
    row = behind.task(source, behind.destination("spoilt"))
    page = open_page(f"/tasks/{row.id}", language="zh")
    page.get_by_role("button", name="启动").click()
    expect(page.get_by_role("alert").first).to_contain_text("SQLite 无法使用")
    expect(page.get_by_role("button", name="继续")).to_be_visible()
    page.goto("/tasks?which=trouble")
    expect(page.get_by_role("row", name=row.name)).to_contain_text("请修复该文件")


def test_verified_filled_again_and_looked_through(
    console: Console, open_page: Opened, task: TaskRow
) -> None:
    name = task.name.removeprefix("to ")
    page = open_page(f"/tasks/{task.id}")
    verify, result = page.get_by_role("button", name="Verify"), page.locator("#verify")
    verify.click()
    expect(result.locator(".status")).to_have_text("Equal")
    change(console, name, "DELETE FROM issues")
    verify.click()
    expect(result.locator(".status")).to_have_text("Not equal")
    expect(result.get_by_role("row", name="issues")).to_be_visible()
    page.get_by_role("link", name="Tables").click()
    issues = page.get_by_role("row", name="Issues issues")
    expect(issues).to_contain_text("Following")
    issues.get_by_role("button", name="Backfill issues").click()
    confirm(page, "Fill the table issues again", "Backfill")
    console.behind.until(lambda: rows(console, name) == 12)
    page.get_by_label("Search the tables").fill("iterations")
    expect(page.locator("#tables tbody tr:visible")).to_have_count(1)
    page.get_by_role("link", name="Log").click()
    expect(page.get_by_role("listitem").filter(has_text="issues").first).to_be_visible()
    page.get_by_role("searchbox").fill("iterations")
    page.get_by_role("search").get_by_role("button", name="Search").click()
    expect(page.locator("[sse-swap=lines] li").first).to_contain_text("iterations")
    with page.expect_download() as got:
        page.get_by_role("link", name="Download").click()
    assert "iterations" in got.value.path().read_text()
    page.get_by_role("link", name="Runs").click()
    expect(page.get_by_role("row").nth(1)).to_contain_text("Running")


def test_rejects_are_shown_and_written_again(
    console: Console, open_page: Opened, task: TaskRow
) -> None:
    world, name = console.behind.world, task.name.removeprefix("to ")
    change(console, name, "CREATE TRIGGER no BEFORE INSERT ON issues WHEN NEW.name LIKE '<img%'"
                          " BEGIN SELECT RAISE(ABORT, 'not this one'); END")  # fmt: skip
    page = open_page(f"/tasks/{task.id}")
    project, code = world.first("issues")[:2]
    hostile = "<img src=x onerror=alert(1)>"
    world.team.update_issue(project, code, now_ms=world.now_ms(), name=hostile)
    page.get_by_role("link", name="See them").click()
    expect(page.locator("#rejects li")).to_contain_text("SQLite refused a row of table issues")
    page.get_by_text("The record", exact=True).click()
    expect(page.locator("#rejects pre")).to_contain_text(hostile)
    change(console, name, "DROP TRIGGER no")
    page.get_by_role("button", name="Write them once more").click()
    expect(page.get_by_role("status").first).to_contain_text("1 record was written.")
    expect(page.get_by_text("Nothing lies aside")).to_be_visible()
    assert rows(console, name, "SELECT count(*) FROM issues WHERE name LIKE '<img%'") == 1


def test_settings_are_locked_while_it_runs_and_nothing_is_lost(
    console: Console, open_page: Opened, task: TaskRow
) -> None:
    tasks = console.behind.platform.tasks
    page = open_page(f"/tasks/{task.id}/settings")
    expect(page.get_by_text("It runs: its settings can be changed once it is")).to_be_visible()
    expect(page.get_by_label("Task name")).to_be_disabled()
    page.get_by_role("button", name="Pre-check").click()
    expect(page.locator("#trial .card-header")).to_contain_text("Passed")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_label("Task name")).to_be_enabled()
    for stream in QUICK:
        expect(page.locator(f"input[name=streams][value={stream}]")).to_be_checked()
    page.get_by_label("What CODING deletes").select_option("hard")
    version = tasks.get(task.id).version
    tasks.change(ADMIN, task.id, version, {"rejects": "stop"})
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("changed by somebody else")
    expect(page.get_by_text("Fields that are otherwise now")).to_contain_text("rejects")
    expect(page.get_by_label("What CODING deletes")).to_have_value("hard")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".alert-success")).to_contain_text("Saved.")
    assert tasks.get(task.id).settings["deletes"] == "hard"


def test_copied_exported_reset_and_deleted_by_name(
    console: Console, open_page: Opened, source: Connection
) -> None:
    behind = console.behind
    tasks = behind.platform.tasks
    row = behind.task(source, behind.destination("ended"))
    tasks.start(ADMIN, row.id)
    behind.until(lambda: works(console, row))
    tasks.stop(ADMIN, row.id)
    behind.until(lambda: behind.state(row) is State.STOPPED)
    page = open_page(f"/tasks/{row.id}")
    more(page, "Reset")
    confirm(page, "Reset the task to ended?", "Reset")
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible()
    assert behind.state(row) is State.NEW
    page.get_by_role("button", name="More").click()
    with page.expect_download() as got:
        page.get_by_role("link", name="Export").click()
    assert got.value.path().read_text().startswith('[tasks."to ended"]\nsource = "team"\n')
    more(page, "Copy")
    page.get_by_label("Name of the copy").fill("to ended, again")
    page.get_by_role("button", name="Make the copy").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("to ended, again")
    more(page, "Delete")
    confirm(page, "Delete the task to ended, again?", "Delete")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tasks")
    assert tasks.named("to ended, again") is None and tasks.named("to ended") is not None


def test_a_viewer_looks_only(console: Console, open_page: Opened, task: TaskRow) -> None:
    page = open_page("/tasks", role="viewer")
    row = page.get_by_role("row", name=task.name)
    expect(row).to_contain_text("Following")
    expect(row.get_by_role("button")).to_have_count(0)
    row.get_by_role("link", name=task.name).click()
    for name in ("Stop", "Verify"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    expect(page.get_by_role("link", name="Rejects")).to_have_count(0)
    page.get_by_role("link", name="Settings").last.click()
    expect(page.get_by_label("Task name")).to_be_disabled()
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
    for path in ("/tasks/new", f"/tasks/{task.id}/rejects"):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_contain_text("may not do this")
    answer = page.request.post(f"/tasks/{task.id}/stop")
    assert answer.status == 403 and console.behind.state(task) is State.RUNNING
