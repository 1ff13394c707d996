"""Service URLs of all minings on one port: each delivery goes to the inbox of its connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from headrace.app.hooks import SessionHooks
from headrace.core.clock import Clock
from headrace.web.listener import Message, Receive, Send
from headrace.web.receiver import Receiver, ReceiverSettings, answer

PATH = "/hooks/"


class Receivers:
    """Finds whose secret it is. `living` tells the hooks of what is mined now, if they have any.

    Only for one event loop. `close` when the server has stopped.
    """

    def __init__(self, living: Callable[[], Iterable[SessionHooks | None]], clock: Clock) -> None:
        self._living = living
        self._clock = clock
        self._receivers: dict[SessionHooks, Receiver] = {}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """A secret that nobody has gets the answer that any other wrong request gets."""
        receiver = await self._receiver_for(str(scope["path"]).rpartition(PATH)[2])
        if receiver is None:
            await answer(send, 404, "Not Found")
        else:
            await receiver(scope, receive, send)

    async def _receiver_for(self, secret: str) -> Receiver | None:
        living = [hooks for hooks in self._living() if hooks is not None]
        ended = [self._receivers.pop(hooks) for hooks in set(self._receivers) - set(living)]
        for receiver in ended:
            await asyncio.to_thread(receiver.close)
        found = [hooks for hooks in living if hooks.identity.secrets.owns_url(secret)]
        if not found:
            return None
        hooks = found[0]
        if hooks not in self._receivers:
            self._receivers[hooks] = Receiver(
                hooks.receiver_inbox, hooks.identity.secrets, ReceiverSettings(), self._clock
            )
        return self._receivers[hooks]

    def close(self) -> None:
        """Store what still waits."""
        for receiver in self._receivers.values():
            receiver.close()
        self._receivers.clear()
