"""Tokens that ended at the wrong moment, for others."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from tests.engine.bench_world import Bench, failing

from headrace.coding.auth import Authorizer
from headrace.coding.oauth import Grant, MemoryGrantStore, OAuthApp, OAuthAuthorizer
from headrace.core.transport import Request
from headrace.errors import BadToken, HeadraceError

BASE = "http://127.0.0.1"
LIST = "DescribeIssueListWithPage"
HOUR_MS = 3_600_000


class OAuth:
    """A person's consent, and the authorizer that lives on it."""

    store: MemoryGrantStore

    def __call__(self, bench: Bench) -> Authorizer:
        grant, app = consent(bench)
        self.store = MemoryGrantStore(grant)
        return OAuthAuthorizer(bench.wire, bench.clock, self.store, app)


def consent(bench: Bench) -> tuple[Grant, OAuthApp]:
    client_id, secret = bench.playground.register_app("http://127.0.0.1/back")
    asked = {
        "client_id": client_id, "redirect_uri": "http://127.0.0.1/back", "response_type": "code",
        "scope": "project:profile:ro,project:member:ro,collaboration:issue:ro", "state": "s",
    }  # fmt: skip
    bench.set(auto_approve=True)
    page = Request("GET", f"{BASE}/oauth_authorize.html?{urlencode(asked)}")
    back = bench.playground.send(page).headers["location"]
    form = {
        "client_id": client_id, "client_secret": secret, "grant_type": "authorization_code",
        "code": parse_qs(urlsplit(back).query)["code"][0],
    }  # fmt: skip
    request = Request("POST", f"{BASE}/api/oauth/access_token", {}, urlencode(form).encode())
    fields = json.loads(bench.playground.send(request).body)
    grant = Grant(fields["access_token"], fields["refresh_token"], bench.now_ms + 2 * HOUR_MS)
    return grant, OAuthApp(BASE, client_id, secret)


@pytest.mark.parametrize("rotates", [True, False])
def test_token_that_ends_inside_the_retry_loop(rotates: bool) -> None:
    """The token was read before the retry loop, ended in one of its waits, and every further
    attempt sent the dead one (Azure/AzureStor#36); here each attempt asks for the header anew."""
    bench = Bench(issues=12, page=3, authorizer=OAuth(), rotate_refresh=rotates)
    bench.turn()
    bench.wire.before(
        LIST, 2, lambda: bench.clock.advance(3 * HOUR_MS) or failing("InternalError")()
    )
    bench.census()
    assert not bench.worker.report.failures
    bench.create()
    bench.poll().assert_exact()


def test_token_that_ends_between_two_pages() -> None:
    """A sync longer than the token's life failed at the same place every night."""
    bench = Bench(issues=12, page=3, authorizer=OAuth())
    for nth in (1, 3, 5, 7):
        bench.wire.before(LIST, nth, lambda: bench.clock.advance(3 * HOUR_MS) and None)
    bench.turn().assert_exact()
    assert not bench.worker.report.failures


def test_refresh_token_is_not_spent_twice() -> None:
    """Every refresh sent the first refresh token, which was spent (opensrp/fhircore#2958), so a
    connection died after its second renewal; here a new one is stored before the first use."""
    oauth = OAuth()
    bench = Bench(issues=6, authorizer=oauth, rotate_refresh=True)
    seen = set()
    for _ in range(12):
        bench.clock.advance(3 * HOUR_MS)
        bench.turn()
        grant = oauth.store.load()
        assert grant is not None
        seen.add(grant.refresh_token)
    assert len(seen) == 12
    bench.assert_exact()


def test_access_token_killed_by_another_refresh() -> None:
    """Two processes refreshed one grant, each killing the other's token for ever; here the one
    that is refused first looks at what the other has stored."""
    oauth = OAuth()
    bench = Bench(issues=6, authorizer=oauth, rotate_refresh=True)
    bench.turn()
    other = OAuthAuthorizer(bench.wire, bench.clock, oauth.store, bench.authorizer._app)  # type: ignore[attr-defined]
    for _ in range(3):
        assert other.renew(other.header())
        bench.update(1, name=f"at {bench.now_ms}")
        bench.poll().assert_exact()
    assert not bench.worker.report.failures


def test_new_tokens_that_are_ended_at_once() -> None:
    """Whatever token was fetched, something ended it before it was used; after a few of them in a
    row the sync gave up and sent a person to authorize again. Here that is waited for."""
    oauth = OAuth()
    bench = Bench(issues=6, authorizer=oauth, attempts=6)

    def end() -> None:
        grant = oauth.store.load()
        assert grant is not None
        bench.playground.revoke(grant.access_token)

    for nth in range(1, 8):
        bench.wire.before(LIST, nth, end)
    bench.turn().assert_exact()
    assert not bench.worker.report.failures


def test_a_user_who_lost_all_access_is_told_so() -> None:
    """The consent is still renewed, and no token it gives is good: that ends, with what to do."""
    oauth = OAuth()
    bench = Bench(issues=6, authorizer=oauth, attempts=6)
    bench.turn()
    calls = len(bench.wire.asked)
    for nth in range(1, 40):
        bench.wire.before(LIST, nth, failing("AuthFailure"))
    with pytest.raises(BadToken, match="authorize again"):
        bench.poll()
    assert len(bench.wire.asked) - calls < 40
    assert len(bench.codes()) == 6


def test_http_400_is_not_taken_for_expiry() -> None:
    """A wrong parameter answered 400, the tool took it for an ended token, refreshed in a loop
    and was locked out; here a refused parameter is reported, and no token is renewed."""
    oauth = OAuth()
    bench = Bench(issues=6, authorizer=oauth)
    bench.turn()
    before = oauth.store.load()
    for nth in range(1, 6):
        bench.wire.before(LIST, nth, failing("InvalidParameterValue"))
    bench.poll()
    failure = bench.worker.report.failures["issues", f"[{bench.project}]"]
    assert not isinstance(failure.error, BadToken)
    assert "InvalidParameterValue" in str(failure.error)
    assert oauth.store.load() == before


def test_revoked_token_stops_and_deletes_nothing() -> None:
    """A revoked token gave empty lists in one tool and an endless retry in another; here it ends
    the run with what to do, and all rows stay."""
    bench = Bench(issues=6)
    bench.turn()
    bench.playground.revoke("playground-token")
    calls = len(bench.wire.asked)
    with pytest.raises(BadToken, match="authorize again"):
        bench.census()
    assert len(bench.wire.asked) == calls + 1
    assert len(bench.codes()) == 6


def test_no_error_shows_the_token() -> None:
    """A token stood in the error message of a failed request, and from there in the logs."""
    bench = Bench(issues=6)
    bench.playground.revoke("playground-token")
    with pytest.raises(HeadraceError) as caught:
        bench.turn()
    assert "playground-token" not in repr(caught.value) + str(caught.value)
