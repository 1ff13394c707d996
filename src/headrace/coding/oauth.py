"""OAuth grants: kept in a store, renewed in time, by one caller at a time.

Rests on the help centre's page on OAuth: an access token lives 2 h, a refresh kills the previous
access token at once, the refresh token lives 90 days and may or may not be a new one each time.
So one grant has one store and one refresher, and what is new is stored before it is used.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode

from headrace.coding.envelope import one_line, retry_after
from headrace.core.clock import Clock
from headrace.core.record import decode_json
from headrace.core.transport import Request, Response, Transport
from headrace.errors import BadToken, Unavailable

LIFETIME_SECONDS = 7200
_REFRESH_AT = 0.8
_PAUSE_MS = 30_000
_ADVICE = "Authorize again."


@dataclass(frozen=True, slots=True)
class Grant:
    """What a user granted. `expires_at_ms` is UTC; `scope` is separated by spaces."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at_ms: int
    lifetime_seconds: int = LIFETIME_SECONDS
    scope: str = ""
    team: str = ""

    @property
    def header(self) -> str:
        """The Authorization header's value."""
        return f"Bearer {self.access_token}"

    @property
    def refresh_at_ms(self) -> int:
        """The moment from which it should be renewed: four fifths of its life."""
        return self.expires_at_ms - int(self.lifetime_seconds * 1000 * (1 - _REFRESH_AT))


@dataclass(frozen=True, slots=True)
class OAuthApp:
    """An app registered with the team; `base_url` is the team's address."""

    base_url: str
    client_id: str
    client_secret: str = field(repr=False)


class GrantStore(Protocol):
    """Where the one grant of a connection lives, shared by all processes that use it."""

    def load(self) -> Grant | None:
        """The grant on file, as the last saver left it."""
        ...

    def save(self, grant: Grant) -> None:
        """Store the grant durably before returning."""
        ...


class MemoryGrantStore:
    """A store for tests and for a single process."""

    def __init__(self, grant: Grant | None = None) -> None:
        self._grant = grant

    def load(self) -> Grant | None:
        """The grant saved last."""
        return self._grant

    def save(self, grant: Grant) -> None:
        """Keep it."""
        self._grant = grant


class OAuthAuthorizer:
    """Hands out the access token and renews it at 80 % of its life. Thread-safe."""

    def __init__(
        self, transport: Transport, clock: Clock, store: GrantStore, app: OAuthApp
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._store = store
        self._app = app
        self._lock = threading.Lock()
        self._grant: Grant | None = None
        self._unsaved: Grant | None = None
        self._quiet_until_ms = 0

    def header(self) -> str:
        """The header as of now. While renewing fails, the old token is used up to its end.

        Raises `BadToken` where there is no grant or CODING refuses to renew it, `Unavailable`
        where the token has ended and cannot be renewed now.
        """
        with self._lock:
            grant, now = self._current(), self._clock.now_ms()
            if now >= grant.refresh_at_ms and now >= self._quiet_until_ms:
                grant = self._refresh_early(grant, now)
            return grant.header

    def renew(self, refused_header: str) -> bool:
        """True when there is a newer token than the refused one, whoever fetched it."""
        with self._lock:
            grant = self._current()
            if grant.header != refused_header:
                return True
            try:
                self._refresh(grant)
            except BadToken:
                return False
            return True

    def _current(self) -> Grant:
        if self._unsaved is not None:
            self._keep(self._unsaved)
        if self._grant is None:
            self._grant = self._store.load()
        if self._grant is None:
            raise BadToken("CODING has not been authorized yet.", advice=_ADVICE)
        return self._grant

    def _refresh_early(self, grant: Grant, now: int) -> Grant:
        try:
            return self._refresh(grant)
        except Unavailable:
            if now >= grant.expires_at_ms:
                raise
            self._quiet_until_ms = now + _PAUSE_MS
            return grant

    def _refresh(self, grant: Grant) -> Grant:
        """Take over what another process stored, else fetch a new grant and store it."""
        stored = self._store.load()
        if stored is not None and stored != grant:
            self._grant = stored
            return stored
        try:
            return self._keep(self._fetch(grant))
        except BadToken:
            stored = self._store.load()
            if stored is None or stored == grant:
                raise
            self._grant = stored
            return stored

    def _keep(self, grant: Grant) -> Grant:
        """Store before first use; a grant that could not be stored is stored at the next call."""
        self._unsaved = grant
        self._store.save(grant)
        self._unsaved, self._grant = None, grant
        return grant

    def _fetch(self, grant: Grant) -> Grant:
        """POST the refresh token; the secrets travel in the form body, never in the URL."""
        form = {
            "client_id": self._app.client_id,
            "client_secret": self._app.client_secret,
            "grant_type": "refresh_token",
            "refresh_token": grant.refresh_token,
        }
        url = f"{self._app.base_url}/api/oauth/access_token"
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        now = self._clock.now_ms()
        response = self._transport.send(Request("POST", url, headers, urlencode(form).encode()))
        document = _document_of(response, now)
        if not isinstance(document.get("access_token"), str) or not document["access_token"]:
            raise _refusal(response, document, (self._app.client_secret, grant.refresh_token))
        return _grant_of(document, grant, now)


def _document_of(response: Response, now_ms: int) -> dict[str, Any]:
    try:
        document = decode_json(response.body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or response.status == 429 or response.status >= 500:
        raise Unavailable(
            f"Renewing the authorization: HTTP {response.status} without an answer.",
            retry_after_seconds=retry_after(response, now_ms),
        )
    return document


def _refusal(
    response: Response, document: dict[str, Any], secrets: tuple[str, ...]
) -> BadToken | Unavailable:
    """The form of an error is not documented: `error` or `code` and `msg` are looked for."""
    said = next((document[k] for k in ("error_description", "msg", "error") if document.get(k)), "")
    text = one_line(said)
    for secret in secrets:
        text = text.replace(secret, "***") if secret else text
    message = f"Renewing the authorization: HTTP {response.status}: {text or 'no token'}."
    if document.get("error") or document.get("code") or response.status in (400, 401, 403):
        return BadToken(f"CODING refused it. {message}", advice=_ADVICE)
    return Unavailable(message)


def _grant_of(document: dict[str, Any], old: Grant, now_ms: int) -> Grant:
    lifetime = _seconds(document.get("expires_in"))
    return Grant(
        access_token=document["access_token"],
        refresh_token=str(document.get("refresh_token") or old.refresh_token),
        expires_at_ms=now_ms + lifetime * 1000,
        lifetime_seconds=lifetime,
        scope=str(document.get("scope") or old.scope),
        team=str(document.get("team") or old.team),
    )


def _seconds(value: Any) -> int:
    """`expires_in`, a text in the official example; 2 h where it says nothing usable."""
    try:
        seconds = int(float(value))
    except (TypeError, ValueError, OverflowError):
        return LIFETIME_SECONDS
    return seconds if 0 < seconds < 10**9 else LIFETIME_SECONDS
