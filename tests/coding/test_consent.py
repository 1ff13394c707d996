"""What comes back from a browser may come from anybody."""

from __future__ import annotations

import threading
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.coding.fakes import NOW_MS

from headrace.coding.consent import Callback, States, authorize_url, read_callback
from headrace.coding.oauth import OAuthApp
from headrace.errors import Refused

APP = OAuthApp("https://demo-team.coding.net", "client 1&", "client-secret-1")
MINUTE_MS = 60_000
ASKED = "state=good-state&code=good-code"


def test_the_page_to_open() -> None:
    back = "http://127.0.0.1:8400/callback"
    url = authorize_url(APP, back, "st/1", ("user:profile:ro", "collaboration:issue:ro"))
    parts = urlsplit(url)
    assert (parts.hostname, parts.path) == ("demo-team.coding.net", "/oauth_authorize.html")
    assert parse_qs(parts.query) == {
        "client_id": ["client 1&"],
        "redirect_uri": [back],
        "response_type": ["code"],
        "state": ["st/1"],
        "scope": ["user:profile:ro,collaboration:issue:ro"],
    }
    assert "client-secret" not in url


def test_a_state_admits_one_answer() -> None:
    states = States()
    states.issue("one", NOW_MS)
    states.issue("two", NOW_MS)
    states.redeem("one", NOW_MS)
    with pytest.raises(Refused, match="came twice"):
        states.redeem("one", NOW_MS)
    states.redeem("two", NOW_MS)


@pytest.mark.parametrize("wrong", ["", "on", "ones", "ONE", "\udcff"])
def test_a_wrong_state_is_refused_and_spends_nothing(wrong: str) -> None:
    states = States()
    states.issue("one", NOW_MS)
    with pytest.raises(Refused, match="no request"):
        states.redeem(wrong, NOW_MS)
    states.redeem("one", NOW_MS)


@pytest.mark.parametrize(
    ("after_ms", "good"),
    [(0, True), (10 * MINUTE_MS - 1, True), (10 * MINUTE_MS, False), (-1, False)],
)
def test_a_state_lives_ten_minutes(after_ms: int, good: bool) -> None:
    states = States()
    states.issue("one", NOW_MS)
    if good:
        states.redeem("one", NOW_MS + after_ms)
        return
    with pytest.raises(Refused, match="too late"):
        states.redeem("one", NOW_MS + after_ms)
    with pytest.raises(Refused, match="no request"):
        states.redeem("one", NOW_MS)


def test_one_of_many_threads_wins() -> None:
    states, start, won = States(), threading.Barrier(16), []
    states.issue("one", NOW_MS)

    def redeem() -> None:
        start.wait()
        try:
            states.redeem("one", NOW_MS)
        except Refused:
            return
        won.append(1)

    threads = [threading.Thread(target=redeem) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert won == [1]


def test_the_oldest_of_too_many_states_goes() -> None:
    states = States()
    for number in range(1_001):
        states.issue(str(number), NOW_MS)
    states.redeem("1000", NOW_MS)
    with pytest.raises(Refused):
        states.redeem("0", NOW_MS)


def test_answers() -> None:
    assert read_callback(f"{ASKED}&team=demo-team&scope=a,b") == Callback("good-state", "good-code")
    assert read_callback("error=access_denied&state=s") == Callback("s", error="access_denied")
    assert "good" not in repr(read_callback(ASKED))


@pytest.mark.parametrize(
    "query",
    [
        "",
        "state=good-state",
        "code=good-code",
        "state=&code=good-code",
        "state=good-state&code=",
        f"{ASKED}&code=other",
        f"{ASKED}&state=other",
        f"{ASKED}&error=access_denied",
        "state=good-state&code=a%20b",
        "state=good-state&code=%0d%0aX:y",
        "state=good-state&code=%00",
        "state=good-state&code=%ff%fe",
        "state=good-state&code=%E6%8E%88",
        "state[]=good-state&code=good-code",
        "STATE=good-state&code=good-code",
        f"state=good-state&code={'x' * 1001}",
        f"{ASKED}&x={'y' * 5000}",
        f"{ASKED}&{'&'.join('x=1' for _ in range(30))}",
        "state=good-state&error=<script>%0a",
    ],
)
def test_hostile_queries_are_refused_unrepeated(query: str) -> None:
    with pytest.raises(Refused) as caught:
        read_callback(query)
    assert str(caught.value) == (
        "This is no answer of CODING's authorization page."
        " Authorize again, and use the page that opens then."
    )


@given(st.text() | st.text().map(lambda text: f"state=s&code={text}"))
def test_any_query_is_an_answer_or_refused(query: str) -> None:
    try:
        callback = read_callback(query)
    except Refused:
        return
    assert callback.state and bool(callback.code) != bool(callback.error)
    assert callback.code.isprintable() and callback.error.isprintable()
