"""SIGINT and SIGTERM: stop in good order; a second one stops at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stopped_by_signals(stop: Callable[[], None]) -> Iterator[list[int]]:
    """Call `stop` on the first signal. Yields the list of signals received.

    Outside the main thread signals cannot be taken, and nothing happens.
    """
    received: list[int] = []

    def take(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        for one in _SIGNALS:
            signal.signal(one, signal.SIG_DFL)
        stop()

    if threading.current_thread() is not threading.main_thread():
        yield received
        return
    before = {one: signal.signal(one, take) for one in _SIGNALS}
    try:
        yield received
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
