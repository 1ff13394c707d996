from __future__ import annotations

import json
import threading
from dataclasses import replace
from urllib.parse import parse_qs

import pytest
from tests.coding.fakes import NOW_MS, Reply, Wire, failed, make_client, ok

from headrace.coding.oauth import Grant, MemoryGrantStore, OAuthApp, OAuthAuthorizer
from headrace.coding.oauth_tokens import exchange
from headrace.core.transport import Request, Response
from headrace.errors import BadToken, HeadraceError, Unavailable
from headrace.testing.clock import VirtualClock

LIFE_MS = 7_200_000
DAY_MS = 86_400_000
APP = OAuthApp("https://demo-team.coding.net", "client-1", "client-secret-1")
FIRST = Grant("access-0", "refresh-0", NOW_MS + LIFE_MS, scope="user:profile:ro", team="demo-team")


def token(number: int, **changes: object) -> Response:
    """An answer of the token endpoint as the document shows it."""
    fields: dict[str, object] = {
        "access_token": f"access-{number}",
        "refresh_token": f"refresh-{number}",
        "scope": "user:profile:ro project:profile:ro",
        "team": "demo-team",
        "token_type": "Bearer",
        "expires_in": "7200",
    }
    fields |= changes
    return Response(200, {}, json.dumps(fields).encode())


def make(
    *replies: Reply, grant: Grant | None = FIRST
) -> tuple[OAuthAuthorizer, Wire, VirtualClock, MemoryGrantStore]:
    clock, wire, store = VirtualClock(NOW_MS), Wire(*replies), MemoryGrantStore(grant)
    return OAuthAuthorizer(wire, clock, store, APP), wire, clock, store


def test_a_fresh_token_is_used_as_it_is() -> None:
    authorizer, wire, clock, _ = make(token(1))
    clock.advance(int(LIFE_MS * 0.79))
    assert authorizer.header() == "Bearer access-0"
    assert wire.requests == []


def test_it_is_renewed_at_four_fifths_of_its_life() -> None:
    authorizer, wire, clock, store = make(token(1))
    clock.advance(int(LIFE_MS * 0.81))
    assert authorizer.header() == "Bearer access-1"
    assert store.load() == Grant(
        "access-1", "refresh-1", clock.now_ms() + LIFE_MS,
        scope="user:profile:ro project:profile:ro", team="demo-team",
        ends_at_ms=clock.now_ms() + 90 * DAY_MS,
    )  # fmt: skip
    assert authorizer.header() == "Bearer access-1"
    assert len(wire.requests) == 1


def test_no_secret_is_in_the_url() -> None:
    authorizer, wire, clock, _ = make(token(1))
    clock.advance(LIFE_MS)
    authorizer.header()
    (request,) = wire.requests
    assert request.url == "https://demo-team.coding.net/api/oauth/access_token"
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert parse_qs(request.body.decode()) == {
        "client_id": ["client-1"],
        "client_secret": ["client-secret-1"],
        "grant_type": ["refresh_token"],
        "refresh_token": ["refresh-0"],
    }


@pytest.mark.parametrize("missing", [None, ""])
def test_the_old_refresh_token_is_kept_where_none_comes(missing: str | None) -> None:
    authorizer, _, clock, store = make(token(1, refresh_token=missing))
    clock.advance(LIFE_MS)
    authorizer.header()
    kept = store.load()
    assert kept is not None
    assert kept.refresh_token == "refresh-0"


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [
        ("7200", 7200),
        (3600, 3600),
        ("60.0", 60),
        (None, 7200),
        ("soon", 7200),
        (-1, 7200),
        (0, 7200),
    ],
)
def test_expires_in_comes_in_many_forms(expires_in: object, seconds: int) -> None:
    authorizer, _, clock, store = make(token(1, expires_in=expires_in))
    clock.advance(LIFE_MS)
    authorizer.header()
    kept = store.load()
    assert kept is not None
    assert kept.expires_at_ms - clock.now_ms() == kept.lifetime_seconds * 1000 == seconds * 1000


class FailingStore(MemoryGrantStore):
    fails = True

    def save(self, grant: Grant) -> None:
        if self.fails:
            raise Unavailable("disk full")
        super().save(grant)


def test_a_grant_is_stored_before_it_is_used() -> None:
    clock, wire, store = VirtualClock(NOW_MS + LIFE_MS), Wire(token(1)), FailingStore(FIRST)
    authorizer = OAuthAuthorizer(wire, clock, store, APP)
    for _ in range(2):
        with pytest.raises(Unavailable, match="disk full"):
            authorizer.header()
    store.fails = False
    assert authorizer.header() == "Bearer access-1"
    assert store.load() is not None
    assert len(wire.requests) == 1  # what came was not lost


def test_without_a_grant_there_is_no_header() -> None:
    authorizer, _, _, _ = make(token(1), grant=None)
    with pytest.raises(BadToken, match="authorized"):
        authorizer.header()


def test_another_process_has_refreshed() -> None:
    authorizer, wire, clock, store = make(token(9))
    assert authorizer.header() == "Bearer access-0"
    store.save(Grant("access-5", "refresh-5", NOW_MS + 2 * LIFE_MS))
    assert authorizer.renew("Bearer access-0")
    assert authorizer.header() == "Bearer access-5"
    clock.advance(LIFE_MS - 1)
    assert authorizer.header() == "Bearer access-5"
    assert wire.requests == []


def test_another_process_refreshes_at_the_same_moment() -> None:
    store = MemoryGrantStore(FIRST)

    def lose_the_race(_: Request) -> Response:
        store.save(Grant("access-5", "refresh-5", NOW_MS + 2 * LIFE_MS))
        return Response(400, {}, b'{"error":"invalid_grant"}')

    clock = VirtualClock(NOW_MS + LIFE_MS)
    authorizer = OAuthAuthorizer(Wire(lose_the_race), clock, store, APP)
    assert authorizer.header() == "Bearer access-5"


def test_renew_tells_whether_there_is_a_newer_one() -> None:
    authorizer, wire, _, _ = make(token(1), Response(400, {}, b'{"error":"invalid_grant"}'))
    assert authorizer.renew("Bearer access-0")
    assert authorizer.renew("Bearer access-0")  # a late caller: no second refresh
    assert len(wire.requests) == 1
    with pytest.raises(BadToken, match="Authorize again"):
        authorizer.renew("Bearer access-1")


def test_a_failing_endpoint_is_asked_rarely_while_the_token_lives() -> None:
    authorizer, wire, clock, _ = make(Unavailable("down"))
    clock.advance(int(LIFE_MS * 0.9))
    for _ in range(50):
        assert authorizer.header() == "Bearer access-0"
    assert len(wire.requests) == 1
    clock.advance(LIFE_MS)
    with pytest.raises(Unavailable, match="down"):
        authorizer.header()


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Response(400, {}, b'{"error":"invalid_grant"}'), BadToken),
        (Response(401, {}, b'{"msg":"no"}'), BadToken),
        (Response(200, {}, b'{"code":1400,"msg":{"x":"client-secret-1"}}'), BadToken),
        (Response(200, {}, b'{"error":"refresh-0 is wrong"}'), BadToken),
        (Response(200, {}, b"{}"), Unavailable),
        (Response(200, {}, b'{"access_token":""}'), Unavailable),
        (Response(200, {}, b"<html>"), Unavailable),
        (Response(200, {}, b"[]"), Unavailable),
        (Response(400, {}, b"<html>"), Unavailable),
        (Response(302, {}, b""), Unavailable),
        (Response(429, {"retry-after": "9"}, b"{}"), Unavailable),
        (Response(503, {}, b'{"error":"down"}'), Unavailable),
    ],
)
def test_each_refusal_of_the_endpoint(reply: Response, kind: type[HeadraceError]) -> None:
    authorizer, _, clock, store = make(reply)
    clock.advance(LIFE_MS)
    with pytest.raises(HeadraceError) as caught:
        authorizer.header()
    assert type(caught.value) is kind
    assert "refresh-0" not in str(caught.value)
    assert "client-secret" not in str(caught.value)
    assert store.load() == FIRST


def test_many_threads_refresh_once() -> None:
    authorizer, wire, clock, _ = make(token(1), token(2))
    clock.advance(LIFE_MS)
    start, found = threading.Barrier(16), []

    def ask() -> None:
        start.wait()
        found.append(authorizer.header())

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["Bearer access-1"] * 16
    assert len(wire.requests) == 1


def test_many_refused_threads_renew_once() -> None:
    """A refresh kills the token before: a second one would log the first winner out."""
    authorizer, wire, _, _ = make(token(1), token(2))
    start = threading.Barrier(16)

    def serve(request: Request) -> Response:
        good = request.headers["Authorization"] == "Bearer access-1"
        return ok(Data={}) if good else failed("AuthFailure")

    client, _, _ = make_client([serve], authorizer=authorizer)

    def work() -> None:
        start.wait()
        client.call("DescribeX", {}, expects="Data")

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(wire.requests) == 1


def test_a_code_becomes_a_grant() -> None:
    wire, clock = Wire(token(1)), VirtualClock(NOW_MS)
    grant = exchange(wire, clock, APP, "code-1")
    (request,) = wire.requests
    assert request.url == "https://demo-team.coding.net/api/oauth/access_token"
    assert parse_qs(request.body.decode()) == {
        "client_id": ["client-1"],
        "client_secret": ["client-secret-1"],
        "grant_type": ["authorization_code"],
        "code": ["code-1"],
    }
    assert grant == Grant(
        "access-1", "refresh-1", NOW_MS + LIFE_MS, scope="user:profile:ro project:profile:ro",
        team="demo-team", ends_at_ms=NOW_MS + 90 * DAY_MS,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Response(400, {}, b'{"error":"invalid_grant"}'), BadToken),
        (Response(400, {}, b'{"error":"code a%2Fb of client-secret-1, or a/b"}'), BadToken),
        (token(1, refresh_token=""), Unavailable),  # it could not be renewed
        (Response(200, {}, b"{}"), Unavailable),
        (Response(502, {}, b"<html>"), Unavailable),
    ],
)
def test_a_refused_code_is_not_repeated(reply: Response, kind: type[HeadraceError]) -> None:
    with pytest.raises(HeadraceError) as caught:
        exchange(Wire(reply), VirtualClock(NOW_MS), APP, "a/b")
    assert type(caught.value) is kind
    for secret in ("a/b", "a%2Fb", "client-secret", "access-1"):
        assert secret not in str(caught.value)


def test_the_advice_is_the_apps() -> None:
    app = OAuthApp(APP.base_url, "client-1", "client-secret-1", "Run `headrace authorize acme`.")
    clock = VirtualClock(NOW_MS)
    for grant in (None, FIRST):
        wire = Wire(Response(400, {}, b'{"error":"invalid_grant"}'))
        authorizer = OAuthAuthorizer(wire, clock, MemoryGrantStore(grant), app)
        clock.advance(LIFE_MS)
        with pytest.raises(BadToken) as caught:
            authorizer.header()
        assert caught.value.advice == "Run `headrace authorize acme`."


@pytest.mark.parametrize(("again", "extended"), [("refresh-1", True), ("refresh-0", False)])
def test_only_a_new_refresh_token_lives_longer(again: str, extended: bool) -> None:
    """Whether use extends the 90 days of the same one is not known: the earlier end is shown."""
    ends_ms = NOW_MS + 50 * DAY_MS
    grant = replace(FIRST, ends_at_ms=ends_ms)
    authorizer, _, clock, store = make(token(1, refresh_token=again), grant=grant)
    clock.advance(LIFE_MS)
    authorizer.header()
    kept = store.load()
    assert kept is not None
    assert kept.ends_at_ms == (clock.now_ms() + 90 * DAY_MS if extended else ends_ms)


def test_what_another_process_stored_long_ago_is_renewed_with_its_own_refresh_token() -> None:
    authorizer, wire, clock, store = make(token(7))
    assert authorizer.header() == "Bearer access-0"
    store.save(Grant("access-5", "refresh-5", NOW_MS + 2 * LIFE_MS))
    clock.advance(3 * LIFE_MS)
    assert authorizer.header() == "Bearer access-7"
    (request,) = wire.requests
    assert parse_qs(request.body.decode())["refresh_token"] == ["refresh-5"]


def test_an_unsaved_grant_never_replaces_a_later_one() -> None:
    clock, wire, store = VirtualClock(NOW_MS + LIFE_MS), Wire(token(1)), FailingStore(FIRST)
    authorizer = OAuthAuthorizer(wire, clock, store, APP)
    with pytest.raises(Unavailable, match="disk full"):
        authorizer.header()
    later = Grant("access-5", "refresh-5", NOW_MS + 3 * LIFE_MS)
    store.fails = False
    store.save(later)
    assert authorizer.header() == "Bearer access-5"
    assert store.load() == later


def test_one_refresh_for_many_authorizers_of_one_store() -> None:
    """Each stands for a process: all hold the old grant in memory, all find it due at once."""
    store, clock, wire = MemoryGrantStore(FIRST), VirtualClock(NOW_MS), Wire(token(1), token(2))
    authorizers = [OAuthAuthorizer(wire, clock, store, APP) for _ in range(8)]
    assert {authorizer.header() for authorizer in authorizers} == {"Bearer access-0"}
    clock.advance(LIFE_MS)
    start, found = threading.Barrier(8), []

    def ask(authorizer: OAuthAuthorizer) -> None:
        start.wait()
        found.append(authorizer.header())

    threads = [threading.Thread(target=ask, args=(one,)) for one in authorizers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["Bearer access-1"] * 8
    assert len(wire.requests) == 1
