"""Guessing passwords is slow: a few failures a minute for each name and address."""

from __future__ import annotations

import threading
from collections import OrderedDict

from headrace.core.clock import Clock
from headrace.web.api.errors import TooOften

FAILURES_MAX = 5
SPAN_MS = 60_000
KEYS_MAX = 10_000


class Throttle:
    """Counts failures. Remembers the newest 10,000 keys; usable from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: OrderedDict[tuple[str, str], list[int]] = OrderedDict()
        self._lock = threading.Lock()

    def check(self, name: str, address: str) -> None:
        """Raises `TooOften` where there were too many failures within a minute."""
        now_ms = self._clock.now_ms()
        with self._lock:
            recent = self._recent((name, address), now_ms)
        if len(recent) >= FAILURES_MAX:
            raise TooOften(
                "Too many failed attempts.", advice="Wait a minute.",
                retry_after_seconds=max(1.0, (recent[0] + SPAN_MS - now_ms) / 1000),
            )  # fmt: skip

    def failed(self, name: str, address: str) -> None:
        """Note a failure."""
        key, now_ms = (name, address), self._clock.now_ms()
        with self._lock:
            self._failures[key] = [*self._recent(key, now_ms), now_ms][-FAILURES_MAX:]
            self._failures.move_to_end(key)
            if len(self._failures) > KEYS_MAX:
                self._failures.popitem(last=False)

    def _recent(self, key: tuple[str, str], now_ms: int) -> list[int]:
        return [at for at in self._failures.get(key, ()) if at > now_ms - SPAN_MS]
