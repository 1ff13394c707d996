"""Authorizing a source by OAuth: where to send the person's browser, and what it brings back."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import Request
from litestar.response import Redirect

from headrace.app.serving.connecting.authorizing import PATH, Outcome
from headrace.app.serving.connecting.looking import in_time
from headrace.control.people import Role
from headrace.errors import Unavailable
from headrace.web.api.access import ANYBODY
from headrace.web.api.answers import shown
from headrace.web.api.verbs import By, Id, The, act, look
from headrace.wire.authorizing import Consent, Registration

_EXCHANGE_SECONDS = 20.0


@look("/authorization", needs=Role.OPERATOR)
def registered(platform: The) -> Registration:
    """The redirect URI (回调地址) to register an app of CODING with."""
    return Registration(redirect_uri=platform.authorizing.redirect_uri())


@act("/connections/{connection_id:int}/authorize")
def authorize(connection_id: Id, by: By, platform: The) -> Consent:
    """The address of CODING's page, for this person's browser: good for one answer, 10 minutes."""
    return shown(Consent, platform.authorizing.begin(by, connection_id))


@look(PATH, needs=ANYBODY, include_in_schema=False)
def authorized(request: Request[Any, Any, Any], platform: The) -> Redirect:
    """Where CODING sends the browser back. Whatever came, it goes on to the connection's page."""
    query, person = request.url.query, request.scope["user"]
    try:
        done = in_time(lambda: platform.authorizing.finish(person, query), _EXCHANGE_SECONDS)
    except Unavailable:  # it goes on, and the page shows the end of it
        return Redirect("/connections?authorized=no&reason=slow", status_code=303)
    return Redirect(_page(done), status_code=303)


def _page(done: Outcome) -> str:
    where = "/connections" if done.connection_id is None else f"/connections/{done.connection_id}"
    told = f"no&reason={quote(done.reason)}" if done.reason else "yes"
    return f"{where}?authorized={told}"


HANDLERS = (registered, authorize)
