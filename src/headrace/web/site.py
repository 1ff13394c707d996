"""`headrace serve` on its port: deliveries of hooks, signs of life, the JSON API, and the console.

Hooks never come near the framework: they are as quick, and as silent to strangers, as on a port
of their own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from headrace.app.serving.platform import Platform
from headrace.app.serving.views import is_ready
from headrace.errors import Unavailable
from headrace.web.api.access import Front
from headrace.web.api.application import PREFIX, make_api
from headrace.web.api.errors import noted_bug
from headrace.web.api.throttle import Throttle
from headrace.web.console.application import make_console
from headrace.web.hooks import PATH as HOOKS
from headrace.web.hooks import Receivers
from headrace.web.listener import Listener, Message, Receive, Send
from headrace.web.proxies import Network, note_caller
from headrace.web.receiver import answer

STOP_SECONDS = 3  # what remains of ten is the agent's, to drain and checkpoint
_API = (f"{PREFIX}/", "/metrics", "/schema", "/authorized")
_HEADERS = {
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cache-control": b"no-store",
}


class Site:
    """Serves a platform from when it is made until `close`, which leaves the platform open.

    `listen` is `host:port`; port 0 is any free one. `public_url` is what people's browsers open, if
    it is not that; `proxies` say who calls. Raises `Refused` when the port cannot be had.
    """

    def __init__(
        self, platform: Platform, *, listen: str, public_url: str = "",
        proxies: Sequence[Network] = (),
    ) -> None:  # fmt: skip
        self._platform = platform
        self._proxies = proxies
        self._hooks = Receivers(platform.doors, platform.clock)
        front, throttle = Front(platform, public_url.rstrip("/")), Throttle(platform.clock)
        self._api: Any = make_api(front, throttle)
        self._console: Any = make_console(front, throttle)
        self._listener = Listener(
            self._serve, listen=listen, name="headrace-site", stop_seconds=STOP_SECONDS
        )
        self.port = self._listener.port
        host = listen.rpartition(":")[0]
        platform.reached_at(front.public_url, f"http://{host}:{self.port}")

    def close(self) -> None:
        """Take no more requests, finish what is in flight, store it. A second call is idle."""
        self._listener.close()
        self._hooks.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    async def _serve(self, scope: Message, receive: Receive, send: Send) -> None:
        note_caller(scope, self._proxies)
        try:
            await self._route(scope, receive, send)
        except Exception as error:
            noted_bug(error, "the site")
            raise

    async def _route(self, scope: Message, receive: Receive, send: Send) -> None:
        path, asked = scope["path"], scope["method"] in ("GET", "HEAD")
        if path.startswith(HOOKS):
            await self._hooks(scope, receive, send)
        elif path == "/healthz" and asked:
            await answer(send, 200, '{"ok":true}')
        elif path == "/readyz" and asked:
            ready = await asyncio.to_thread(self._ready)
            await answer(send, 200 if ready else 503, f'{{"ok":{str(ready).lower()}}}')
        else:
            application = self._api if path.startswith(_API) else self._console
            await application(scope, receive, _guarded(send))

    def _ready(self) -> bool:
        try:
            return is_ready(self._platform)
        except Unavailable:
            return False


def _guarded(send: Send) -> Send:
    """Every answer has the headers of a careful site, unless it sets its own."""

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = {bytes(name).lower() for name, _ in message["headers"]}
            added = [(name, value) for name, value in _HEADERS.items() if name not in given]
            message["headers"] = [*message["headers"], *added]
        await send(message)

    return guarded
