"""Service URLs of all saved sources on one port: each delivery goes to the inbox of its connection,
whether anything reads it now or not."""

from __future__ import annotations

import asyncio
from functools import partial

from headrace.app.serving.hooks.doors import Door, Doors
from headrace.app.serving.hooks.inboxes import Slot
from headrace.coding.hooks import PING
from headrace.core.clock import Clock
from headrace.core.ports import Delivery
from headrace.errors import HeadraceError
from headrace.web.listener import Message, Receive, Send
from headrace.web.receiver import Receiver, ReceiverSettings, answer

PATH = "/hooks/"
_RETRY_SECONDS = 5


class Receivers:
    """Finds whose secret it is. Only for one event loop; `close` when the server has stopped."""

    def __init__(self, doors: Doors, clock: Clock) -> None:
        self._doors = doors
        self._clock = clock
        self._receivers: dict[int, _Opened] = {}
        self._opening = asyncio.Lock()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """A secret that nobody has gets the answer that any other wrong request gets."""
        secret = str(scope["path"]).rpartition(PATH)[2]
        door = await self._door(secret)
        if door is None:
            await answer(send, 404, "Not Found")
            return
        try:
            opened = await self._opened(door)
        except HeadraceError:
            await answer(send, 503, "Service Unavailable", retry_after=_RETRY_SECONDS)
            return
        await opened.receiver(scope, receive, send)

    async def _door(self, secret: str) -> Door | None:
        if self._doors.fresh:
            return self._doors.find(secret)
        door = await asyncio.to_thread(self._doors.find, secret)
        for number in [one for one in self._receivers if not self._doors.has(one)]:
            gone = self._receivers.pop(number, None)
            if gone is not None:
                await asyncio.to_thread(gone.close)
        return door

    async def _opened(self, door: Door) -> _Opened:
        """The receiver of a door; another one once its secrets or inboxes are others."""
        known = self._receivers.get(door.connection_id)
        if known is not None and known.door == door:
            return known
        async with self._opening:
            known = self._receivers.get(door.connection_id)
            if known is None or known.door != door:
                if known is not None:
                    await asyncio.to_thread(known.close)
                slot = await asyncio.to_thread(Slot, door, self._clock)
                known = self._receivers[door.connection_id] = _Opened(
                    door, slot, self._doors, self._clock
                )
            return known

    def close(self) -> None:
        """Store what still waits."""
        for opened in self._receivers.values():
            opened.close()
        self._receivers.clear()


class _Opened:
    """A receiver at work for a door."""

    def __init__(self, door: Door, slot: Slot, doors: Doors, clock: Clock) -> None:
        self.door = door
        self._slot = slot
        self._doors = doors
        self.receiver = Receiver(slot, door.secrets, ReceiverSettings(), clock, self._told)

    def _told(self, secret: str, delivery: Delivery | None, reason: str) -> None:
        if delivery is None:
            self._doors.note_refused(self.door, reason)
            return
        self._doors.note(self.door, delivery)
        if delivery.event == PING:
            keep = partial(self._doors.note_ping, self.door, secret, delivery)
            asyncio.get_running_loop().run_in_executor(None, keep)

    def close(self) -> None:
        self.receiver.close()
        self._slot.close()
