"""Pages that live: figures come by themselves, and end with the session."""

from __future__ import annotations

import urllib3
from playwright.sync_api import expect
from tests.console.conftest import Console, Opened
from tests.serving.conftest import ADMIN
from tests.web.api_site import PASSWORD


def test_a_task_that_starts_is_seen_at_once(console: Console, open_page: Opened) -> None:
    behind = console.behind
    page = open_page("/")
    running = page.locator(".card", has_text="Tasks running").locator(".h1")
    expect(running).to_have_text("0")
    task = behind.task(behind.source("team-2"), behind.destination("copy-2"))
    behind.platform.tasks.start(ADMIN, task.id)
    expect(running).to_have_text("1")
    behind.platform.tasks.stop(ADMIN, task.id)
    expect(running).to_have_text("0")


def test_a_stream_of_events_ends_with_the_session(console: Console) -> None:
    people = console.behind.platform.people
    value = people.sign_in("viewer-1", PASSWORD)
    pool = urllib3.PoolManager(retries=False, timeout=20)
    stream = pool.request(
        "GET", f"{console.url}/live/overview", preload_content=False,
        headers={"cookie": f"headrace_session={value}"},
    )  # fmt: skip
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert stream.read(14) == b"event: overvie"
    people.sign_out(value)
    assert stream.read().endswith(b"\n\n")  # it ends
    stranger = pool.request("GET", f"{console.url}/live/overview")
    assert (stranger.status, stranger.headers["location"]) == (303, "/sign-in?next=/live/overview")


def test_a_lapsed_session_loses_nothing(console: Console, open_page: Opened) -> None:
    """A form that was filled in meanwhile is still there after signing in over it."""
    page = open_page("/account")
    page.context.clear_cookies()
    page.get_by_label("Present password").fill("correct horse battery")
    page.get_by_label("New password", exact=True).fill("another long password")
    page.get_by_label("New password, once more").fill("another long password")
    page.get_by_role("button", name="Change the password").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Your session has ended")
    dialog.get_by_label("Name").fill("operator-1")
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_label("New password", exact=True)).to_have_value("another long password")
