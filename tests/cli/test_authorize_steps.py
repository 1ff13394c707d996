"""Authorizing step by step, with the look-alike as transport and a clock that stands still."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.app.authorize import Authorization, authorization_check, redirect_of
from headrace.app.place import open_grants
from headrace.coding.oauth import Grant
from headrace.config import ConnectionSettings, Increments, OAuthSettings
from headrace.core.transport import Request, Response
from headrace.errors import BadToken, HeadraceError, Refused, Unavailable
from headrace.playground import Playground, Team
from headrace.testing.clock import VirtualClock

NOW_MS = 1_795_000_000_000
DAY_MS = 86_400_000


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEADRACE_KEY", raising=False)


class Wire:
    """The playground as a transport, with answers put before its own."""

    def __init__(self, folder: Path, *first: Response | HeadraceError) -> None:
        self.clock = VirtualClock(NOW_MS)
        self.playground = Playground(Team(1, 1, 3, NOW_MS), self.clock)
        client_id, client_secret = self.playground.register_app("http://127.0.0.1/callback")
        oauth = OAuthSettings(client_id, client_secret, folder=folder)
        self.settings = ConnectionSettings("acme", team="demo-team", oauth=oauth)
        self.first = list(first)
        self.asked = 0

    def send(self, request: Request) -> Response:
        self.asked += 1
        if not self.first:
            return self.playground.send(request)
        found = self.first.pop(0)
        if isinstance(found, Response):
            return found
        raise found

    def authorization(self) -> Authorization:
        return Authorization(self.settings, clock=self.clock, transport=self)

    def consented(self, authorization: Authorization) -> str:
        """The query that the browser brings back."""
        url = authorization.begin("http://127.0.0.1:8400/callback")
        location = self.playground.send(Request("GET", f"{url}&approve=1")).headers["location"]
        return urlsplit(location).query


def test_an_exchange_without_an_answer_is_tried_again(tmp_path: Path) -> None:
    wire = Wire(tmp_path, Unavailable("reset"), Response(502, {}, b"<html>"))
    with wire.authorization() as authorization:
        grant = authorization.finish(authorization.take(wire.consented(authorization)))
        assert authorization.store.load() == grant
    assert wire.asked == 3
    assert grant.ends_at_ms == wire.clock.now_ms() + 90 * DAY_MS


def test_it_is_not_tried_for_ever(tmp_path: Path) -> None:
    wire = Wire(tmp_path, *[Unavailable("reset")] * 9)
    with wire.authorization() as authorization:
        callback = authorization.take(wire.consented(authorization))
        with pytest.raises(Unavailable, match="reset"):
            authorization.finish(callback)
    assert wire.asked == 4


def test_an_answer_to_an_old_page_is_too_late(tmp_path: Path) -> None:
    wire = Wire(tmp_path)
    with wire.authorization() as authorization:
        early, late = wire.consented(authorization), wire.consented(authorization)
        wire.clock.advance(10 * 60_000 - 1)
        authorization.take(early)
        wire.clock.advance(1)
        with pytest.raises(Refused, match="too late"):
            authorization.take(late)


def test_a_code_that_ended_meanwhile_is_refused(tmp_path: Path) -> None:
    wire = Wire(tmp_path)
    with wire.authorization() as authorization:
        callback = authorization.take(wire.consented(authorization))
        wire.clock.advance(5 * 60_000)
        with pytest.raises(BadToken, match="code"):
            authorization.finish(callback)
        assert authorization.store.load() is None


def test_an_answer_of_another_run_is_not_ours(tmp_path: Path) -> None:
    wire = Wire(tmp_path)
    with wire.authorization() as one, wire.authorization() as other:
        query = wire.consented(one)
        with pytest.raises(Refused, match="no request"):
            other.take(query)
        one.take(query)


def test_tokens_of_another_team_are_not_stored(tmp_path: Path) -> None:
    wire = Wire(tmp_path)
    wire.settings = replace(wire.settings, team="other-team")
    with wire.authorization() as authorization:
        callback = authorization.take(wire.consented(authorization))
        with pytest.raises(Refused, match="another team than other-team"):
            authorization.finish(callback)
        assert authorization.store.load() is None


def test_what_was_not_granted_is_said(tmp_path: Path) -> None:
    with Wire(tmp_path).authorization() as authorization:
        asked = authorization.scopes()
        granted = Grant("a", "r", 0, scope="collaboration:issue:rw project:profile:ro")
        missing = set(authorization.missing(granted))
        assert missing == set(asked) - {"collaboration:issue:ro", "project:profile:ro"}
        assert authorization.missing(Grant("a", "r", 0)) == ()


@pytest.mark.parametrize(
    ("given", "port", "listen", "path", "sent"),
    [
        ("", None, 0, "/callback", "http://127.0.0.1:5000/callback"),
        ("", 70, 70, "/callback", "http://127.0.0.1:5000/callback"),
        ("http://localhost/x/y", None, 0, "/x/y", "http://localhost:5000/x/y"),
        ("http://127.0.0.1:80", None, 80, "/", "http://127.0.0.1:80"),
        ("http://127.0.0.1:80/x", 90, 90, "/x", "http://127.0.0.1:80/x"),
        ("https://a.example.com/x", 90, 90, "/x", "https://a.example.com/x"),
        ("http://127.0.0.1.example.com/x", 90, 90, "/x", "http://127.0.0.1.example.com/x"),
    ],
)
def test_redirects(given: str, port: int | None, listen: int, path: str, sent: str) -> None:
    redirect = redirect_of(given, port)
    assert (redirect.port, redirect.path, redirect.uri(5000)) == (listen, path, sent)


@pytest.mark.parametrize(
    "given",
    [
        "https://a.example.com/x", "https://127.0.0.1/x", "http://127.0.0.1.example.com/x",
        "http://[::1]:80/x", "http://127.0.0.1:99999/x", "http://u:p@127.0.0.1/x", "x", "http://",
        "ftp://127.0.0.1/x", "http://[/x",
    ],
)  # fmt: skip
def test_redirects_that_lead_elsewhere(given: str) -> None:
    with pytest.raises(Refused, match="redirect_uri"):
        redirect_of(given, None)


@given(st.text(), st.none() | st.integers(0, 65_535))
def test_any_redirect_is_one_or_refused(given: str, port: int | None) -> None:
    try:
        redirect = redirect_of(given, port)
    except Refused:
        return
    assert 0 <= redirect.port <= 65_535 and redirect.path.startswith("/")


@pytest.mark.parametrize(
    ("ends_after_days", "outcome", "said"),
    [
        (90.0, "ok", "(90 days)"),
        (14.0, "ok", "(14 days)"),
        (13.5, "ok", "(14 days)"),
        (13.0, "warn", "(13 days)"),
        (-3.0, "warn", "(0 days)"),
        (None, "ok", "authorized"),
    ],
)
def test_when_the_authorization_ends(
    tmp_path: Path, ends_after_days: float | None, outcome: str, said: str
) -> None:
    wire = Wire(tmp_path)
    ends_ms = 0 if ends_after_days is None else NOW_MS + int(ends_after_days * DAY_MS)
    store = open_grants(wire.settings, wire.clock)
    with store.lock():
        store.save(Grant("access-1", "refresh-1", NOW_MS, ends_at_ms=ends_ms))
    found = authorization_check(wire.settings, wire.clock)
    assert (found.ok, said in found.detail) == (outcome, True), found
    assert ("headrace authorize acme" in found.advice) is (outcome == "warn")


def test_only_scopes_of_oauth_are_asked_for(tmp_path: Path) -> None:
    with Wire(tmp_path).authorization() as authorization:
        scopes = authorization.scopes()
    assert {"user:profile:ro", "team:profile:ro", "collaboration:issue:ro"} <= set(scopes)
    assert all(scope.endswith((":ro", ":rw")) for scope in scopes)
    assert "service-hook:profile:rw" not in scopes


def test_hooks_need_a_scope_of_their_own(tmp_path: Path) -> None:
    wire = Wire(tmp_path)
    wire.settings = replace(
        wire.settings, public_url="https://h.example.com", increments=Increments.HYBRID
    )
    with wire.authorization() as authorization:
        assert "service-hook:profile:rw" in authorization.scopes()
