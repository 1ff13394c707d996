"""A clock that stands still until somebody waits."""

from __future__ import annotations

from collections.abc import Callable


class VirtualClock:
    """`core.clock.Clock` in virtual time. `on_wait` is told the new time after each wait."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms
        self.on_wait: Callable[[int], None] = lambda _now_ms: None

    def now_ms(self) -> int:
        """Virtual milliseconds since 1970 UTC."""
        return self._now_ms

    def sleep(self, seconds: float) -> None:
        """Let time pass at once."""
        self.advance(int(seconds * 1000) + 1)

    def advance(self, ms: int) -> None:
        """Move the clock forward."""
        self._now_ms += ms
        self.on_wait(self._now_ms)
