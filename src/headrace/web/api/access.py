"""Who speaks, and whether they may: bearer tokens, session cookies, roles, requests from elsewhere.

A route says what it `needs`: a role, or `ANYBODY`. One that says nothing is closed to all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.handlers import BaseRouteHandler

from headrace.app.serving.platform import Platform
from headrace.control.people import SESSION_MS, Person, Role
from headrace.control.refusals import Forbidden
from headrace.web.api.errors import NotSignedIn

ANYBODY = "anybody"
COOKIE = "headrace_session"
_SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True)
class Front:
    """A platform as browsers see it. `public_url` is where, "" for the address it listens on."""

    platform: Platform
    public_url: str = ""

    def cookie(self, value: str) -> Cookie:
        """The cookie of a session; "" takes it away."""
        return Cookie(
            COOKIE, value=value, max_age=SESSION_MS // 1000 if value else 0, httponly=True,
            samesite="lax", secure=self.public_url.startswith("https://"),
        )  # fmt: skip

    def is_own(self, origin: str, host: str) -> bool:
        """Whether a browser's `Origin` is this site itself."""
        if self.public_url:
            public = urlsplit(self.public_url)
            return origin == f"{public.scheme}://{public.netloc}"
        return origin.partition("://")[2] == host


async def admit(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A guard for all routes. Leaves the person in `scope["user"]`, None for nobody.

    Raises `NotSignedIn` or `Forbidden`.
    """
    needed = handler.opt.get("needs")
    front: Front = handler.opt["front"]
    person = await sync_to_thread(_person, front.platform, connection)
    connection.scope["user"] = person
    if needed == ANYBODY:
        return
    if person is None:
        raise NotSignedIn("Nobody is signed in.", advice="Sign in, or send an API token.")
    if not isinstance(needed, Role) or not person.role.covers(needed):
        raise Forbidden(f"A {person.role} may not do this.", advice="Ask an admin.")


def _person(platform: Platform, connection: ASGIConnection[Any, Any, Any, Any]) -> Person | None:
    """By token or, where there is none, by cookie. A token that is no good does not fall back."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return platform.people.of_token(token.strip())
    front: Front = connection.route_handler.opt["front"]
    cookie = connection.cookies.get(COOKIE, "")
    _refuse_elsewhere(front, connection, with_cookie=bool(cookie))
    return platform.people.of_session(cookie) if cookie else None


def _refuse_elsewhere(
    front: Front, connection: ASGIConnection[Any, Any, Any, Any], *, with_cookie: bool
) -> None:
    """No other site may make a browser change anything here (CSRF).

    Browsers say where such a request comes from. One with a cookie that does not say is refused.
    """
    if connection.scope.get("method") in _SAFE:
        return
    headers = connection.headers
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        own = site in ("same-origin", "none")
    elif origin is not None:
        own = front.is_own(origin, headers.get("host", ""))
    else:
        own = not with_cookie
    if not own:
        raise Forbidden(
            "This request came from another site.", advice="Open Headrace itself and try there."
        )
