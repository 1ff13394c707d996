"""Alerts as pages: what stands, what was, thresholds, and the channels they are told by."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect
from tests.console.conftest import Console, Opened
from tests.serving.conftest import ADMIN

from headrace.control import tables
from headrace.control.alert_words import WORDS
from headrace.web.console.pages.alerts import about

HOUR_MS = 3_600_000
OWN = {"sec-fetch-site": "same-origin"}


@dataclass
class Told:
    """A server that is told of alerts."""

    url: str
    status: int = 204
    messages: list[tuple[str, bytes]] = field(default_factory=list)


@pytest.fixture
def told() -> Iterator[Told]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            found.messages.append((self.headers["Headrace-Signature"], body))
            self.send_response(found.status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Told(f"http://127.0.0.1:{server.server_port}/hook?key=robot-17")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def note(console: Console, kind: str, subject: str, *, ago_ms: int, over: bool = True) -> None:
    """An alert on file."""
    platform = console.behind.platform
    at = platform.clock.now_ms() - ago_ms
    details = {"name": "to copy-1", "seconds": 301, "free_mb": 5, "percent": 1}
    values = {
        "kind": kind, "subject": subject, "details": details, "raised_at": at,
        "seen_at": platform.clock.now_ms(), "cleared_at": at + 3 * HOUR_MS if over else None,
        "times": 1, "told": {},
    }  # fmt: skip
    with platform.store.transaction() as db:
        db.execute(sa.insert(tables.alert).values(**values))


def test_one_that_is_raised_appears_while_one_looks(console: Console, open_page: Opened) -> None:
    page = open_page("/alerts", role="viewer")
    standing = page.get_by_role("region", name="Open now")
    expect(standing.get_by_text("All is well")).to_be_visible()
    note(console, "lag", "task:17", ago_ms=1000, over=False)
    link = standing.get_by_role("link", name="Task to copy-1 is 301 s behind.")
    expect(link).to_have_attribute("href", "/tasks/17")
    expect(standing).to_contain_text("See whether its destination is slow or away.")


@pytest.mark.parametrize(
    ("subject", "path"),
    [
        ("task:3", "/tasks/3"), ("connection:4", "/connections/4"), ("agent:local", "/agents"),
        ("server", "/settings"), ("task:../x", "/settings"),
    ],
)  # fmt: skip
def test_what_an_alert_is_about(subject: str, path: str) -> None:
    assert about(subject) == path


def test_the_history_is_filtered_and_goes_on(console: Console, open_page: Opened) -> None:
    for number in range(30):
        note(console, "disk_full", "server", ago_ms=(number + 4) * HOUR_MS)
    page = open_page("/alerts")
    rows = page.locator("main tbody tr")
    expect(rows).to_have_count(25)
    kinds = page.get_by_label("Kind").locator("option")
    assert [one.get_attribute("value") for one in kinds.all()][1:] != []
    assert {one.get_attribute("value") for one in kinds.all()} - {""} == set(WORDS)
    page.get_by_label("Kind").select_option("disk_full")
    page.get_by_label("About").select_option("server")
    page.get_by_role("button", name="Filter").click()
    expect(rows.first).to_contain_text("3 hours")
    page.get_by_role("link", name="Older").click()
    expect(rows).to_have_count(5)
    page.get_by_role("link", name="Newest").click()
    expect(rows).to_have_count(25)
    page.goto("/alerts?kind=grant_ends")
    expect(page.get_by_text("None of that kind")).to_be_visible()


def test_thresholds_are_changed_and_kinds_muted(console: Console, open_page: Opened) -> None:
    page = open_page("/alerts/thresholds")
    page.get_by_label("A task is behind by (seconds)").fill("90.5")
    page.get_by_label("… for at least (minutes)").fill("2")
    page.get_by_label("Snapshot finished").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The thresholds are saved.")).to_be_visible()
    kept = console.behind.platform.alerts.thresholds()
    assert (kept.lag_ms, kept.lag_for_ms, kept.muted) == (90_500, 120_000, ("snapshot_done",))
    page.reload()
    expect(page.get_by_label("A task is behind by (seconds)")).to_have_value("90.5")
    expect(page.get_by_label("Snapshot finished")).not_to_be_checked()


def test_viewers_look_and_change_nothing(console: Console, open_page: Opened) -> None:
    before = console.behind.platform.alerts.thresholds()
    page = open_page("/alerts/thresholds", role="viewer")
    expect(page.get_by_label("A task failed in a row (times)")).to_be_disabled()
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
    expect(page.get_by_role("link", name="Channels")).to_have_count(0)
    assert page.request.get("/alerts/channels").status == 403
    answer = page.request.post("/alerts/thresholds", form={"tries": "9"}, headers=OWN)
    assert answer.status == 403
    assert console.behind.platform.alerts.thresholds() == before


def test_a_webhook_is_made_tested_changed_and_deleted(
    console: Console, open_page: Opened, told: Told
) -> None:
    channels = console.behind.platform.channels
    page = open_page("/alerts/channels", role="operator")
    page.get_by_role("link", name="New webhook").first.click()
    secret = page.get_by_label("Secret").input_value()
    assert len(secret) > 32
    page.get_by_label("Name").fill("Chat <b>17</b>")
    page.get_by_label("URL").fill(told.url)
    page.get_by_role("button", name="Save").click()
    one = page.get_by_role("region", name="Chat <b>17</b>")
    one.get_by_role("button", name="Test").click()
    expect(one.get_by_text("The last message arrived")).to_be_visible()
    signature, body = told.messages[-1]
    moment = signature.partition(",")[0].removeprefix("t=")
    signed = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    assert signature == f"t={moment},v1={signed}"

    one.get_by_role("link", name="Edit").click()
    page.get_by_label("Language of the messages").select_option("zh")
    assert page.get_by_label("Secret").input_value() == "", "it is not shown again"
    assert page.get_by_label("URL").input_value() == told.url.replace("hook?key=robot-17", "…")
    page.get_by_role("button", name="Save").click()
    told.status = 410
    one.get_by_role("button", name="Test").click()
    expect(one.get_by_text("The webhook answered 410.")).to_be_visible()
    assert "robot-17" not in page.content()
    [kept] = [channel for channel in channels.all() if channel.name == "Chat <b>17</b>"]
    assert channels.whole(kept.id).items() >= {"url": told.url, "secret": secret}.items()
    assert kept.settings["language"] == "zh"

    one.get_by_role("button", name="Turn off").click()
    expect(one.get_by_role("button", name="Turn on")).to_be_visible()
    assert not channels.get(kept.id).enabled
    one.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Chat <b>17</b>")
    dialog.get_by_role("button", name="Delete").click()
    expect(one).to_have_count(0)
    assert kept.id not in {channel.id for channel in channels.all()}


def test_an_e_mail_is_made_and_what_cannot_be_keeps_the_form(
    console: Console, open_page: Opened
) -> None:
    channels = console.behind.platform.channels
    channels.save(ADMIN, "taken", "webhook", {"url": "https://x.example", "secret": "0" * 16})
    page = open_page("/alerts/channels/new?type=email")
    page.get_by_label("Name").fill("taken")
    page.get_by_label("Mail server").fill("127.0.0.1")
    page.get_by_label("Port").fill("1")
    page.get_by_label("Sender").fill("headrace@example.com")
    page.get_by_label("Recipients").fill("member-17@example.com, member-18@example.com")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("There is a channel taken already.")
    expect(page.get_by_label("Mail server")).to_have_value("127.0.0.1")
    page.get_by_label("Name").fill("on call")
    page.get_by_role("button", name="Save").click()
    one = page.get_by_role("region", name="on call")
    one.get_by_role("button", name="Test").click()
    expect(one.get_by_text("The last message failed")).to_be_visible()
    [mail] = [channel for channel in channels.all() if channel.name == "on call"]
    assert mail.settings["to"] == ["member-17@example.com", "member-18@example.com"]
