"""SIGINT and SIGTERM: stop in good order; a second one stops at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stopped_by_signals(stop: Callable[[], None]) -> Iterator[list[int]]:
    """Call `stop` on the first signal. Yields the list of signals received.

    It is called from a thread of its own: a handler interrupts the main thread anywhere, also where
    that holds the very lock that `stop` wants, so it does no more than write to a pipe.
    Outside the main thread signals cannot be taken, and nothing happens.
    """
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield received
        return
    heard, told = os.pipe()

    def take(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        for one in _SIGNALS:
            signal.signal(one, signal.SIG_DFL)
        os.write(told, b"!")

    def heed() -> None:
        if os.read(heard, 1):  # nothing is read once the other end is closed
            stop()

    thread = threading.Thread(target=heed, name="headrace-signals")
    thread.start()
    before = {one: signal.signal(one, take) for one in _SIGNALS}
    try:
        yield received
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
        os.close(told)
        thread.join()
        os.close(heard)
