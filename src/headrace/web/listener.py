"""An ASGI application on a real port: uvicorn in a thread, bound at once, closed in good order."""

from __future__ import annotations

import socket
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn

from headrace.config import address_of
from headrace.errors import Refused

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

CONNECTIONS_MAX = 512
BACKLOG = 512
STOP_SECONDS = 10
_START_SECONDS = 10


class Listener:
    """Serves HTTP from when it is made until `close`; the application gets nothing else.

    `listen` is `host:port`; port 0 is any free one. `stop_seconds`: how long requests in flight may
    take to end after `close`. Raises `Refused` when the port cannot be had.
    """

    def __init__(
        self, application: Application, *, listen: str, name: str, stop_seconds: int = STOP_SECONDS
    ) -> None:
        self._socket = _bound(listen)
        self.port = int(self._socket.getsockname()[1])
        self._server = _Server(
            uvicorn.Config(
                application,
                interface="asgi3",
                lifespan="off",
                proxy_headers=False,
                ws="none",
                log_config=None,
                access_log=False,  # URLs are secrets
                log_level="critical",  # and so are values in tracebacks
                server_header=False,
                limit_concurrency=CONNECTIONS_MAX,
                backlog=BACKLOG,
                timeout_graceful_shutdown=stop_seconds,
            )
        )
        self._thread = threading.Thread(target=self._run, name=name)
        self._thread.start()
        self._server.ready.wait(_START_SECONDS)

    def close(self) -> None:
        """Take no more connections and finish what is in flight. A second call is idle."""
        self._server.should_exit = True
        self._thread.join()

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._server.ready.set()
            self._socket.close()


class _Server(uvicorn.Server):
    """Says when it serves."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


def _bound(listen: str) -> socket.socket:
    host, port = address_of(listen)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        bound = socket.create_server((host, port), family=family, backlog=BACKLOG)
        # Connections inherit it. asyncio does not set it on a socket made here, and an answer is
        # two writes: without it the second would wait for the client's delayed acknowledgement.
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return bound
    except OSError as error:
        raise Refused(
            f"The server cannot listen on {listen}: {error.strerror or error}.",
            advice="Stop what uses that address, or listen on another one.",
        ) from None
