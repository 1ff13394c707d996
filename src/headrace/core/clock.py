"""The clock port: the only source of time for everything but the edges."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait. Raises `headrace.errors.Stopped` as soon as the user asks to stop."""
        ...
