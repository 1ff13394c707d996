"""OAuth as CODING's help centre describes it: a code for a grant, a grant for tokens.

The code works once and lives five minutes; a refresh ends the access token before it at once. An
app that is registered with a loopback address without a port may come back to any port of it
(RFC 8252); CODING's documents do not say whether it does so too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from headrace.core.transport import Request, Response

from .envelope import JSON_HEADERS
from .records import DAY_MS
from .settings import Settings
from .tokens import Token, Tokens

AUTHORIZE_PATH = "/oauth_authorize.html"
TOKEN_PATH = "/api/oauth/access_token"  # noqa: S105
CODE_LIVES_MS = 5 * 60_000
ACCESS_LIVES_SECONDS = 7200
REFRESH_LIVES_MS = 90 * DAY_MS
OPEN_MAX = 1_000
_LOOPBACK = re.compile(r"(http://127\.0\.0\.1):[0-9]{1,5}(.*)")

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Authorize</title>
<h1>Authorize a playground app</h1><p>It asks for: {scope}</p>
<p><a role="button" href="{approve}">Approve 授权</a> <a href="{deny}">Deny 拒绝</a></p></html>"""


@dataclass(frozen=True, slots=True)
class App:
    client_id: str
    client_secret: str
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code or a refresh token stands for, until `ends_ms`."""

    client_id: str
    scopes: frozenset[str]
    ends_ms: int
    access_token: str = ""


class OAuth:
    def __init__(self, tokens: Tokens, team_domain: str) -> None:
        self._tokens = tokens
        self._team = team_domain
        self._apps: dict[str, App] = {}
        self._codes: dict[str, Grant] = {}
        self._refreshes: dict[str, Grant] = {}
        self._made = 0
        self.refreshed = 0

    def register_app(self, redirect_uri: str) -> tuple[str, str]:
        """Returns (client_id, client_secret)."""
        self._made += 1
        app = App(f"client-{self._made}", f"client-secret-{self._made}", redirect_uri)
        self._apps[app.client_id] = app
        return app.client_id, app.client_secret

    def authorize(self, request: Request, settings: Settings, now_ms: int) -> Response:
        """The page a person sees; approved (`&approve=1`) it goes back with a code, else
        (`&deny=1`) without."""
        parts = urlsplit(request.url)
        asked = dict(parse_qsl(parts.query, keep_blank_values=True))
        app = self._apps.get(asked.get("client_id", ""))
        if app is None or asked.get("response_type") != "code":
            return _page(400, "<p>Unknown app, or response_type is not code</p>")
        back = asked.get("redirect_uri", app.redirect_uri)
        if back != app.redirect_uri and _without_port(back) != app.redirect_uri:
            return _page(400, "<p>redirect_uri is not the registered one</p>")
        scope, state = asked.get("scope", ""), asked.get("state", "")
        if asked.get("deny") == "1":
            return _redirect(back, {"error": "access_denied", "state": state})
        if not settings.auto_approve and asked.get("approve") != "1":
            here = escape(f"{parts.path}?{parts.query}")
            shown = {"approve": f"{here}&amp;approve=1", "deny": f"{here}&amp;deny=1"}
            return _page(200, PAGE.format(scope=escape(scope), **shown))
        code = self._new("code")
        scopes = frozenset(filter(None, scope.split(",")))
        self._codes[code] = Grant(app.client_id, scopes, now_ms + CODE_LIVES_MS)
        _bound(self._codes)
        return _redirect(back, {"code": code, "state": state, "team": self._team, "scope": scope})

    def exchange(self, request: Request, settings: Settings, now_ms: int) -> Response:
        """Code or refresh token for tokens. Anything wrong answers HTTP 400 with `error`."""
        asked = dict(parse_qsl(request.body.decode(errors="replace")))
        app = self._apps.get(asked.get("client_id", ""))
        if app is None or asked.get("client_secret") != app.client_secret:
            return _refusal("invalid_client", "client_id or client_secret is wrong")
        kind = asked.get("grant_type")
        if kind == "authorization_code":
            grant = self._codes.pop(asked.get("code", ""), None)
            old = ""
        elif kind == "refresh_token":
            old = asked.get("refresh_token", "")
            grant = self._refreshes.get(old)
        else:
            return _refusal("unsupported_grant_type", "grant_type is not known")
        if grant is None or grant.client_id != app.client_id or grant.ends_ms <= now_ms:
            return _refusal("invalid_grant", "The code or refresh token is not valid")
        self.refreshed += bool(old)
        return self._pair(grant, old, settings, now_ms)

    def _pair(self, grant: Grant, old: str, settings: Settings, now_ms: int) -> Response:
        """A new access token; without rotation the refresh token and its end stay."""
        self._tokens.revoke(grant.access_token)
        access = self._new("access")
        ends_ms = now_ms + ACCESS_LIVES_SECONDS * 1000
        self._tokens.add(Token(access, "oauth", grant.scopes, ends_ms=ends_ms))
        keep = bool(old) and not settings.rotate_refresh
        refresh = old if keep else self._new("refresh")
        self._refreshes.pop(old, None)
        refresh_ends_ms = grant.ends_ms if keep else now_ms + REFRESH_LIVES_MS
        self._refreshes[refresh] = Grant(grant.client_id, grant.scopes, refresh_ends_ms, access)
        _bound(self._refreshes)
        told = {
            "access_token": access,
            "refresh_token": refresh,
            "scope": " ".join(sorted(grant.scopes)),
            "team": self._team,
            "token_type": "Bearer",
            "expires_in": str(ACCESS_LIVES_SECONDS),
        }
        return _json(200, told)

    def _new(self, what: str) -> str:
        self._made += 1
        return f"{what}-{self._made:06d}"


def _bound(grants: dict[str, Grant]) -> None:
    while len(grants) > OPEN_MAX:
        del grants[next(iter(grants))]


def _without_port(uri: str) -> str:
    """A loopback address without its port; "" for any other."""
    found = _LOOPBACK.fullmatch(uri)
    return f"{found[1]}{found[2]}" if found else ""


def _redirect(back: str, told: Mapping[str, str]) -> Response:
    joint = "&" if urlsplit(back).query else "?"
    return Response(302, {"location": f"{back}{joint}{urlencode(told)}"})


def _page(status: int, html: str) -> Response:
    return Response(status, {"content-type": "text/html;charset=utf-8"}, html.encode())


def _refusal(error: str, description: str) -> Response:
    return _json(400, {"error": error, "error_description": description})


def _json(status: int, value: Mapping[str, str]) -> Response:
    return Response(status, JSON_HEADERS, msgspec.json.encode(value))
