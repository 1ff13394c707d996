"""Stamps: the order of requests, as strictly rising integers close to the clock.

A stamp is microseconds since 1970 UTC, pushed forward where the clock stands still or steps back,
so that "sent later" is always a larger stamp, across restarts too.
"""

from __future__ import annotations

import threading

from headrace.core.clock import Clock


class Stamps:
    """Hands out strictly rising stamps. `last` is the highest one on file from earlier runs."""

    def __init__(self, clock: Clock, *, last: int = 0) -> None:
        self._clock = clock
        self._last = last
        self._lock = threading.Lock()

    def next(self) -> int:
        """A stamp above every earlier one. Thread-safe."""
        with self._lock:
            self._last = max(self._clock.now_ms() * 1000, self._last + 1)
            return self._last
