"""The token endpoint: a code, or a refresh token, becomes a grant.

Rests on the help centre's page on OAuth: `POST {team}/api/oauth/access_token` with a form. A code
works once and lives 5 minutes, an access token lives 2 h, a refresh token 90 days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, urlencode

from headrace.coding.envelope import one_line, retry_after
from headrace.core.clock import Clock
from headrace.core.record import decode_json
from headrace.core.transport import Request, Response, Transport
from headrace.errors import BadToken, Unavailable

LIFETIME_SECONDS = 7200
GRANT_DAYS = 90
_DAY_MS = 86_400_000
_REFRESH_AT = 0.8


@dataclass(frozen=True, slots=True)
class Grant:
    """What a user granted. `expires_at_ms` is UTC; `scope` is separated by spaces.

    `ends_at_ms` is when the refresh token should end, and a person has to authorize again; 0 where
    that is not known.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at_ms: int
    lifetime_seconds: int = LIFETIME_SECONDS
    scope: str = ""
    team: str = ""
    ends_at_ms: int = 0

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
    """An app registered with the team; `base_url` is the team's address.

    `advice` is what a person does when the authorization has ended.
    """

    base_url: str
    client_id: str
    client_secret: str = field(repr=False)
    advice: str = "Authorize again."


def exchange(transport: Transport, clock: Clock, app: OAuthApp, code: str) -> Grant:
    """The grant a code stands for. A code works once.

    Raises `BadToken` where CODING refuses it, `Unavailable` where it gives no answer. No message
    holds a secret.
    """
    form = {"grant_type": "authorization_code", "code": code}
    return _ask(transport, clock, app, form, code, None)


def refresh(transport: Transport, clock: Clock, app: OAuthApp, grant: Grant) -> Grant:
    """A new grant for an old one, whose access token CODING ends at once. Raises as `exchange`."""
    form = {"grant_type": "refresh_token", "refresh_token": grant.refresh_token}
    return _ask(transport, clock, app, form, grant.refresh_token, grant)


def _ask(
    transport: Transport,
    clock: Clock,
    app: OAuthApp,
    form: Mapping[str, str],
    secret: str,
    old: Grant | None,
) -> Grant:
    """Secrets travel in the form body, never in the URL."""
    sent = {"client_id": app.client_id, "client_secret": app.client_secret, **form}
    url = f"{app.base_url}/api/oauth/access_token"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    now = clock.now_ms()
    response = transport.send(Request("POST", url, headers, urlencode(sent).encode()))
    what = "Renewing the authorization" if old else "Exchanging the code"
    document = _document_of(what, response, now)
    access, again = document.get("access_token"), document.get("refresh_token")
    if not (isinstance(access, str) and access and (again or old)):
        raise _refusal(what, response, document, app, (app.client_secret, secret))
    return _grant_of(document, old, now)


def _document_of(what: str, response: Response, now_ms: int) -> dict[str, Any]:
    try:
        document = decode_json(response.body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or response.status == 429 or response.status >= 500:
        raise Unavailable(
            f"{what}: HTTP {response.status} without an answer.",
            retry_after_seconds=retry_after(response, now_ms),
        )
    return document


def _refusal(
    what: str, response: Response, document: dict[str, Any], app: OAuthApp, secrets: Sequence[str]
) -> BadToken | Unavailable:
    """The form of an error is not documented: `error` or `code` and `msg` are looked for."""
    said = next((document[k] for k in ("error_description", "msg", "error") if document.get(k)), "")
    text = one_line(_masked(str(said), secrets))
    message = f"{what}: HTTP {response.status}: {text or 'no token'}."
    if document.get("error") or document.get("code") or response.status in (400, 401, 403):
        return BadToken(f"CODING refused it. {message}", advice=app.advice)
    return Unavailable(message)


def _masked(text: str, secrets: Sequence[str]) -> str:
    for secret in secrets:
        for form in filter(None, (secret, quote_plus(secret))):
            text = text.replace(form, "***")
    return text


def _grant_of(document: dict[str, Any], old: Grant | None, now_ms: int) -> Grant:
    """A refresh token that is not new ends when it would have: nothing says that use extends it."""
    lifetime = _seconds(document.get("expires_in"))
    again = str(document.get("refresh_token") or (old.refresh_token if old else ""))
    same = old is not None and again == old.refresh_token
    return Grant(
        access_token=document["access_token"],
        refresh_token=again,
        expires_at_ms=now_ms + lifetime * 1000,
        lifetime_seconds=lifetime,
        scope=str(document.get("scope") or (old.scope if old else "")),
        team=str(document.get("team") or (old.team if old else "")),
        ends_at_ms=old.ends_at_ms if old and same else now_ms + GRANT_DAYS * _DAY_MS,
    )


def _seconds(value: Any) -> int:
    """`expires_in`, a text in the official example; 2 h where it says nothing usable."""
    try:
        seconds = int(float(value))
    except (TypeError, ValueError, OverflowError):
        return LIFETIME_SECONDS
    return seconds if 0 < seconds < 10**9 else LIFETIME_SECONDS
