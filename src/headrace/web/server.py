"""The receiver on a port of its own, for a session that runs alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from headrace.app import Session
from headrace.coding.hook_secrets import HookSecrets
from headrace.core.clock import Clock
from headrace.core.ports import Inbox
from headrace.web.listener import Listener, Message, Receive, Send
from headrace.web.receiver import Receiver, ReceiverSettings, answer

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
        self.receiver = Receiver(inbox, secrets, settings or ReceiverSettings(), clock)
        try:
            self._listener = Listener(self._site, listen=listen, name="headrace-hooks")
        except BaseException:
            self.receiver.close()
            raise
        self.port = self._listener.port

    def close(self) -> None:
        """Take no more connections, finish what is in flight, store it. A second call is idle."""
        self._listener.close()
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

    async def _site(self, scope: Message, receive: Receive, send: Send) -> None:
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
