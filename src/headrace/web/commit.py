"""Group commit: what waits at one moment is stored in one transaction, then all are answered.

There is no waiting for a batch to grow: it grows while the one before is flushed to the disk.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from headrace.core.ports import Delivery
from headrace.errors import HeadraceError, Unavailable


class Slot(Protocol):
    """What a receiver puts deliveries into: an inbox, or several at once."""

    def put(self, deliveries: Sequence[Delivery]) -> int:
        """See `core.ports.Inbox.put`."""
        ...


@dataclass(frozen=True, slots=True)
class CommitLimits:
    """`batch_max`: deliveries a transaction.

    `waiting_max` and `waiting_bytes_max`: what may wait for its turn; more is refused.
    """

    batch_max: int = 200
    waiting_max: int = 2_000
    waiting_bytes_max: int = 64 * 1_048_576


class _Waiting(NamedTuple):
    delivery: Delivery
    loop: asyncio.AbstractEventLoop
    stored: asyncio.Future[None]


class GroupCommit:
    """A writer thread before an inbox. `stored` and `repeated` count what it put there."""

    def __init__(self, inbox: Slot, limits: CommitLimits | None = None) -> None:
        self.stored = 0
        self.repeated = 0
        self.healthy = True
        self._inbox = inbox
        self._limits = limits or CommitLimits()
        self._waiting: deque[_Waiting] = deque()
        self._bytes = 0
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="headrace-inbox")
        self._thread.start()

    async def store(self, delivery: Delivery) -> None:
        """Returns once the delivery is durable (Invariant 1), a repeat too.

        Raises `Unavailable` when it could not be stored or too much waits already (Invariant 12).
        """
        loop = asyncio.get_running_loop()
        waiting = _Waiting(delivery, loop, loop.create_future())
        with self._changed:
            self._admit(len(delivery.body))
            self._waiting.append(waiting)
            self._changed.notify()
        await waiting.stored

    def close(self) -> None:
        """Store what waits, then end. Nothing is taken any more."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _admit(self, size: int) -> None:
        limits = self._limits
        full = len(self._waiting) >= limits.waiting_max
        if self._closed or full or self._bytes + size > limits.waiting_bytes_max:
            raise Unavailable("Too many deliveries wait to be stored.")
        self._bytes += size

    def _run(self) -> None:
        while batch := self._next_batch():
            _answer(batch, self._put([waiting.delivery for waiting in batch]))

    def _next_batch(self) -> list[_Waiting]:
        """What waits, as soon as something does; empty only once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            count = min(len(self._waiting), self._limits.batch_max)
            batch = [self._waiting.popleft() for _ in range(count)]
            self._bytes -= sum(len(waiting.delivery.body) for waiting in batch)
        return batch

    def _put(self, deliveries: Sequence[Delivery]) -> HeadraceError | None:
        """Store a batch. Whatever fails, its senders must be told, and the thread lives on."""
        try:
            new = self._inbox.put(deliveries)
        except HeadraceError as error:
            self.healthy = False
            return error
        except Exception as error:  # noqa: BLE001 - see above
            self.healthy = False
            return Unavailable(f"The delivery could not be stored: {type(error).__name__}.")
        self.healthy = True
        self.stored += new
        self.repeated += len(deliveries) - new
        return None


def _answer(batch: Sequence[_Waiting], error: HeadraceError | None) -> None:
    """Wake all that wait, by one call into each event loop."""
    for loop in {waiting.loop for waiting in batch}:
        mine = [waiting.stored for waiting in batch if waiting.loop is loop]
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, mine, error)


def _settle(futures: Sequence[asyncio.Future[None]], error: HeadraceError | None) -> None:
    for future in futures:
        if future.done():
            continue  # its sender has gone
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
