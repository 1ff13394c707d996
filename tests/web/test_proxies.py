"""Whose address counts behind proxies: never one that a stranger wrote."""

from __future__ import annotations

import pytest
from tests.serving.conftest import Site as Behind
from tests.web.api_site import API, Client

from headrace.errors import Refused
from headrace.web.api.throttle import FAILURES_MAX
from headrace.web.proxies import note_caller, read_proxies
from headrace.web.site import Site

PROXIES = ("127.0.0.1", "10.0.0.0/24", "::1")


@pytest.mark.parametrize(
    ("peer", "forwarded", "wanted"),
    [
        ("127.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        ("::1", ["203.0.113.7"], "203.0.113.7"),
        ("::ffff:127.0.0.1", ["2001:db8::7"], "2001:db8::7"),
        ("127.0.0.1", ["1.1.1.1, 203.0.113.7"], "203.0.113.7"),  # the first one is made up
        ("127.0.0.1", ["1.1.1.1", "203.0.113.7, 10.0.0.9"], "203.0.113.7"),
        ("127.0.0.1", ["10.0.0.9"], "10.0.0.9"),
        ("203.0.113.8", ["203.0.113.7"], "203.0.113.8"),  # it is no proxy of ours
        ("127.0.0.1", ["203.0.113.7, unknown"], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.7, unknown, 10.0.0.9"], "10.0.0.9"),
        ("127.0.0.1", [""], "127.0.0.1"),
        ("127.0.0.1", [], "127.0.0.1"),
    ],
)
def test_the_last_one_that_is_no_proxy_counts(peer: str, forwarded: list[str], wanted: str) -> None:
    headers = [(b"x-forwarded-for", one.encode()) for one in forwarded]
    scope = {"client": (peer, 1), "headers": [(b"host", b"x"), *headers]}
    note_caller(scope, read_proxies(PROXIES))
    assert scope["client"] == (wanted, 1)


def test_without_proxies_headers_say_nothing() -> None:
    scope = {"client": ("127.0.0.1", 1), "headers": [(b"x-forwarded-for", b"203.0.113.7")]}
    note_caller(scope, ())
    assert scope["client"] == ("127.0.0.1", 1)


def test_behind_a_proxy_each_caller_fails_alone(behind: Behind) -> None:
    with Site(behind.platform, listen="127.0.0.1:0", proxies=read_proxies(PROXIES)) as site:
        client = Client(f"http://127.0.0.1:{site.port}")
        body = {"name": "admin-9", "password": "no such password"}

        def fail(address: str) -> int:
            return client.ask("POST", f"{API}/session", body, x_forwarded_for=address).status

        assert [fail("203.0.113.7") for _ in range(FAILURES_MAX + 1)][-2:] == [401, 429]
        assert fail("203.0.113.8") == 401
        assert fail("203.0.113.8, 203.0.113.7") == 429


@pytest.mark.parametrize("wrong", ["", "proxy", "10.0.0.0/99"])
def test_what_is_no_address_is_refused(wrong: str) -> None:
    with pytest.raises(Refused, match="no address") as caught:
        read_proxies([wrong])
    assert caught.value.advice
