"""A user's consent: an OAuth grant of the look-alike, fetched as a browser and an app would."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlencode, urlsplit

from headrace.coding.oauth import Grant, MemoryGrantStore, OAuthApp
from headrace.coding.streams import CATALOGUE
from headrace.core.transport import Request
from headrace.playground.api import Playground

_BASE = "http://127.0.0.1"
_BACK = f"{_BASE}/back"


class Consent:
    """Authorizes once. `store` is the file where the grant lives: it outlives a crash."""

    def __init__(self, playground: Playground) -> None:
        self._playground = playground
        client_id, client_secret = playground.register_app(_BACK)
        self.app = OAuthApp(_BASE, client_id, client_secret)
        self.store = MemoryGrantStore(self._authorize())

    def end_access(self) -> None:
        """The access token ends early: from now on it is refused, the refresh token still works."""
        grant = self.store.load()
        assert grant is not None
        self._playground.revoke(grant.access_token)

    def _authorize(self) -> Grant:
        asked = {"client_id": self.app.client_id, "redirect_uri": _BACK, "response_type": "code",
                 "state": "s", "scope": _SCOPE, "approve": "1"}  # fmt: skip
        url = f"{_BASE}/oauth_authorize.html?{urlencode(asked)}"
        location = self._playground.send(Request("GET", url)).headers["location"]
        code = parse_qs(urlsplit(location).query)["code"][0]
        form = {"client_id": self.app.client_id, "client_secret": self.app.client_secret,
                "grant_type": "authorization_code", "code": code}  # fmt: skip
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        exchange = Request(
            "POST", f"{_BASE}/api/oauth/access_token", headers, urlencode(form).encode()
        )
        told = json.loads(self._playground.send(exchange).body)
        ends_ms = self._playground.clock.now_ms() + int(told["expires_in"]) * 1000
        return Grant(told["access_token"], told["refresh_token"], ends_ms)


_SCOPE = ",".join(sorted({"user:profile:ro", *(name for s in CATALOGUE for name in s.scopes)}))
