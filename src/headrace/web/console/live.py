"""Parts of a page that change while one looks: sent as server-sent events whenever they differ."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

from litestar.response import Stream

from headrace.errors import Missing, Unavailable
from headrace.web.api.access import COOKIE
from headrace.web.console.view import View

LOOK_SECONDS = 1.0
LIVES_SECONDS = 600.0  # then browsers ask again, and are asked again who they are
BEAT_SECONDS = 15.0

Parts = Callable[[], Mapping[str, str]]


def live(view: View, parts: Parts) -> Stream:
    """Send `parts`, HTML by the name of its event, until the browser leaves or is signed out."""
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return Stream(_events(view, parts), media_type="text/event-stream", headers=headers)


async def _events(view: View, parts: Parts) -> AsyncIterator[str]:
    sent: dict[str, str] = {}
    waited = BEAT_SECONDS
    for _ in range(int(LIVES_SECONDS / LOOK_SECONDS)):
        try:
            now = await asyncio.to_thread(_look, view, parts)
        except (Unavailable, Missing):
            now = sent  # the store is away for a moment, or what is shown is there no longer
        if now is None:
            return
        for name, html in now.items():
            if sent.get(name) != html:
                waited = 0.0
                yield _event(name, html)
        if waited >= BEAT_SECONDS:
            waited = 0.0
            yield ": beat\n\n"
        sent = dict(now)
        await asyncio.sleep(LOOK_SECONDS)
        waited += LOOK_SECONDS


def _look(view: View, parts: Parts) -> Mapping[str, str] | None:
    """The parts now; None once the session has ended."""
    cookie = view.request.cookies.get(COOKIE, "")
    if view.platform.people.of_session(cookie) is None:
        return None
    return parts()


def _event(name: str, html: str) -> str:
    lines = "\n".join(f"data: {line}" for line in html.splitlines()) or "data:"
    return f"event: {name}\n{lines}\n\n"
