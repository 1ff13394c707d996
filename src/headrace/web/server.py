"""The receiver on a real port: uvicorn in a thread, bound at once, closed in good order."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import uvicorn

from headrace.app import Session
from headrace.coding.hook_secrets import HookSecrets
from headrace.config import address_of
from headrace.core.clock import Clock
from headrace.core.ports import Inbox
from headrace.errors import Refused
from headrace.web.receiver import Message, Receive, Receiver, ReceiverSettings, Send, answer

CONNECTIONS_MAX = 512
BACKLOG = 512
STOP_SECONDS = 10
_START_SECONDS = 10
_HEALTH = "/healthz"


class HookServer:
    """Receives for one connection, and answers `/healthz`, from when it is made until `close`.

    `listen` is `host:port`; port 0 is any free one. Behind it belongs a proxy that speaks TLS,
    unless CODING may call plain HTTP. Raises `Refused` when the port cannot be had.
    """

    def __init__(
        self,
        inbox: Inbox,
        secrets: HookSecrets,
        clock: Clock,
        *,
        listen: str,
        settings: ReceiverSettings | None = None,
    ) -> None:
        self._socket = _bound(listen)
        self.port = int(self._socket.getsockname()[1])
        self.receiver = Receiver(inbox, secrets, settings or ReceiverSettings(), clock)
        self._server = _Server(
            uvicorn.Config(
                self._site,
                interface="asgi3",
                lifespan="off",
                proxy_headers=False,
                ws="none",
                log_config=None,
                access_log=False,  # URLs are secrets
                server_header=False,
                limit_concurrency=CONNECTIONS_MAX,
                backlog=BACKLOG,
                timeout_graceful_shutdown=STOP_SECONDS,
            )
        )
        self._thread = threading.Thread(target=self._run, name="headrace-hooks")
        self._thread.start()
        self._server.ready.wait(_START_SECONDS)

    def close(self) -> None:
        """Take no more connections, finish what is in flight, store it. A second call is idle."""
        self._server.should_exit = True
        self._thread.join()
        self.receiver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._server.ready.set()
            self._socket.close()

    async def _site(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"] == _HEALTH and scope["method"] in ("GET", "HEAD"):
            healthy = self.receiver.healthy
            status, text = (200, '{"ok":true}') if healthy else (503, '{"ok":false}')
            await answer(send, status, text)
            return
        await self.receiver(scope, receive, send)


@contextmanager
def receiving(session: Session) -> Iterator[HookServer | None]:
    """Receive for a session while in the `with`; nothing where its connection has no hooks."""
    if session.hooks is None:
        yield None
        return
    hooks = session.hooks
    with HookServer(
        hooks.receiver_inbox, hooks.identity.secrets, session.clock, listen=hooks.listen
    ) as server:
        yield server


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
            f"The receiver cannot listen on {listen}: {error.strerror or error}.",
            advice="Stop what uses that address, or set listen to another one.",
        ) from None
