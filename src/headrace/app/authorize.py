"""Authorizing a connection by OAuth: a page to open, an answer to take, a grant to store.

Steps without a listener and without a browser: the edge brings both.
"""

from __future__ import annotations

import random
import secrets
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from urllib.parse import urlsplit

from headrace.app.place import oauth_app, open_grants, open_transport
from headrace.app.system import SystemClock
from headrace.coding.checks import Blame, Check
from headrace.coding.consent import (
    DENIED,
    STATE_LIVES_MS,
    Callback,
    States,
    authorize_url,
    read_callback,
)
from headrace.coding.hook_setup import SCOPE as HOOK_SCOPE
from headrace.coding.oauth import Grant
from headrace.coding.oauth_tokens import exchange
from headrace.coding.streams import CATALOGUE
from headrace.config import ConnectionSettings, Increments
from headrace.core.clock import Clock
from headrace.core.retry import RetryPolicy
from headrace.core.stream import Title
from headrace.core.transport import Transport
from headrace.errors import HeadraceError, Refused, Unavailable

LOOPBACK = "127.0.0.1"
WAIT_SECONDS = STATE_LIVES_MS // 1000
_ATTEMPTS = 4
_STATE_BYTES = 32
_GREETING_SCOPES = ("user:profile:ro", "team:profile:ro")
_WARN_DAYS = 14
_DAY_MS = 86_400_000
_TITLE = Title("OAuth 授权", "OAuth authorization")


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where a browser comes back to. Listen on `port` (0: any) of this machine, for `path`."""

    given: str
    port: int
    path: str
    anywhere: bool

    def uri(self, port: int) -> str:
        """The redirect URI to send, once the port that is listened on is known."""
        if not self.anywhere:
            return self.given
        parts = urlsplit(self.given)
        return f"{parts.scheme}://{parts.hostname}:{port}{self.path}"


def redirect_of(given: str, port: int | None) -> Redirect:
    """How to listen for a redirect URI ("" for one of our own), `port` if the user named one.

    A loopback address without a port stands for any port (RFC 8252, 7.3). Raises `Refused` for one
    that does not lead to this machine by itself, unless a port is named.
    """
    given = given or f"http://{LOOPBACK}/callback"
    try:
        parts = urlsplit(given)
        own = parts.port
    except ValueError:
        parts, own = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise Refused("redirect_uri is no address.",
                      advice="Write it as the app was registered with.")  # fmt: skip
    here = parts.scheme == "http" and parts.hostname in (LOOPBACK, "localhost")
    if port is None and not here:
        raise Refused(
            "redirect_uri does not lead to this machine by itself.",
            advice="Give --port: the port of this machine to which that address is passed on.",
        )
    if port is None:
        port = own or 0
    return Redirect(given, port, parts.path or "/", here and own is None)


class Authorization:
    """One attempt to authorize a connection. Use in a `with`.

    Raises `Refused` at once where a grant could not be stored, and for a connection without OAuth.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        *,
        clock: Clock | None = None,
        transport: Transport | None = None,
    ) -> None:
        if settings.oauth is None:
            raise Refused(
                f"Connection {settings.name} has no client_id: it uses a token.",
                advice="Register an app in CODING (团队设置 > 生态能力), then add client_id and"
                f" client_secret to [connections.{settings.name}].",
            )
        self._settings = settings
        self._clock = clock or SystemClock()
        self._app = oauth_app(settings)
        self._states = States()
        self.store = open_grants(settings, self._clock)
        self.store.prepare()
        self._closing = ExitStack()
        self._transport = transport or open_transport(settings, self._closing)

    def scopes(self) -> tuple[str, ...]:
        """What to ask for: as configured, else what the streams and hooks need.

        Scopes of project tokens, which have no `:ro` or `:rw`, cannot be asked for.
        """
        return wanted_scopes(self._settings)

    def begin(self, redirect_uri: str) -> str:
        """The URL of a page to consent on. It admits one answer within 10 minutes."""
        state = make_state()
        self._states.issue(state, self._clock.now_ms())
        return self.page(redirect_uri, state)

    def page(self, redirect_uri: str, state: str) -> str:
        """The URL of a page to consent on, for a state that is remembered elsewhere."""
        return authorize_url(self._app, redirect_uri, state, self.scopes())

    def take(self, query: str) -> Callback:
        """The answer to the page, from a redirect's query. Thread-safe.

        Raises `Refused` for anything that is not: malformed, of another request, used, too late.
        """
        callback = read_callback(query)
        self._states.redeem(callback.state, self._clock.now_ms())
        return callback

    def finish(self, callback: Callback) -> Grant:
        """Fetch the grant and store it. Raises `Refused` when the user, or CODING, said no."""
        if callback.error:
            denied = callback.error == DENIED
            why = "it was denied" if denied else f"CODING says {callback.error}"
            raise Refused(f"{self._settings.name} is not authorized: {why}.",
                          advice=self._app.advice)  # fmt: skip
        grant = self._exchange(callback.code)
        wanted = self._settings.team
        if wanted and grant.team and grant.team.lower() != wanted.lower():
            raise Refused(
                f"The authorization is for another team than {wanted}; it was not stored.",
                advice="Sign out of CODING in that browser, or mend the connection's team.",
            )
        with self.store.lock():
            self.store.save(grant)
        return grant

    def missing(self, grant: Grant) -> tuple[str, ...]:
        """Scopes that were asked for and not granted; `rw` includes `ro`."""
        return missing_scopes(self._settings, grant)

    def _exchange(self, code: str) -> Grant:
        """A code works once; where no answer came, it may not have been used."""
        policy, attempt = RetryPolicy(attempts=_ATTEMPTS), 0
        while True:
            attempt += 1
            try:
                return exchange(self._transport, self._clock, self._app, code)
            except Unavailable as error:
                asked = error.retry_after_seconds
                wait = policy.wait_seconds(attempt, asked=asked, spread=random.random())
                if wait is None or wait > WAIT_SECONDS:
                    raise
                self._clock.sleep(wait)

    def close(self) -> None:
        """Close the connections to CODING."""
        self._closing.close()

    def __enter__(self) -> Authorization:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def wanted_scopes(settings: ConnectionSettings) -> tuple[str, ...]:
    """See `Authorization.scopes`."""
    if settings.oauth is not None and settings.oauth.scopes:
        return settings.oauth.scopes
    needed = {s for stream in CATALOGUE for s in stream.scopes if s.endswith((":ro", ":rw"))}
    hooks = {HOOK_SCOPE} if settings.increments is not Increments.POLLING else set()
    return tuple(sorted({*_GREETING_SCOPES, *needed, *hooks}))


def missing_scopes(settings: ConnectionSettings, grant: Grant) -> tuple[str, ...]:
    """See `Authorization.missing`."""
    granted = set(grant.scope.replace(",", " ").split())
    granted |= {f"{scope[:-3]}:ro" for scope in granted if scope.endswith(":rw")}
    return tuple(scope for scope in wanted_scopes(settings) if granted and scope not in granted)


def make_state() -> str:
    """A state that cannot be guessed."""
    return secrets.token_urlsafe(_STATE_BYTES)


def authorization_check(settings: ConnectionSettings, clock: Clock) -> Check:
    """Whether the connection is authorized, and until when. Asks nobody."""
    given = settings.oauth.advice if settings.oauth is not None else ""
    advice = given or f"Run `headrace authorize {settings.name}`."
    try:
        grant = open_grants(settings, clock).load()
    except HeadraceError as error:
        blame: Blame = "user" if isinstance(error, Refused) else "unavailable"
        return Check("authorization", _TITLE, "failed", error.message, error.advice, blame)
    if grant is None:
        return Check("authorization", _TITLE, "failed", "not authorized yet", advice, "user")
    if not grant.ends_at_ms:
        return Check("authorization", _TITLE, "ok", "authorized")
    left_days = max(0, -((clock.now_ms() - grant.ends_at_ms) // _DAY_MS))
    detail = f"authorized until {local_day(grant.ends_at_ms)} ({left_days} days)"
    if left_days < _WARN_DAYS:
        return Check("authorization", _TITLE, "warn", detail, f"{advice[:-1]} before that day.")
    return Check("authorization", _TITLE, "ok", detail)


def local_day(moment_ms: int) -> str:
    """The day of a moment, where this machine is."""
    return f"{datetime.fromtimestamp(moment_ms / 1000, UTC).astimezone():%Y-%m-%d}"
