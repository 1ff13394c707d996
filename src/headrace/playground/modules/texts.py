"""Times as some modules of CODING write them: texts of the server's day, +08:00."""

from __future__ import annotations

from datetime import UTC, datetime

from ..records import UTC8_MS


def time_text(at_ms: int) -> str:
    """`2026-03-01 12:30:00`."""
    return datetime.fromtimestamp((at_ms + UTC8_MS) // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def day_text(at_ms: int) -> str:
    """`2026-03-01`."""
    return time_text(at_ms)[:10]
