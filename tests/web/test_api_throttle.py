"""How failures are counted."""

from __future__ import annotations

import pytest

from headrace.testing.clock import VirtualClock
from headrace.web.api.errors import TooOften
from headrace.web.api.throttle import FAILURES_MAX, KEYS_MAX, SPAN_MS, Throttle


def test_a_minute_without_failures_is_enough() -> None:
    clock = VirtualClock(1_000)
    throttle = Throttle(clock)
    for _ in range(FAILURES_MAX):
        throttle.check("member-1", "10.0.0.1")
        throttle.failed("member-1", "10.0.0.1")
    with pytest.raises(TooOften) as told:
        throttle.check("member-1", "10.0.0.1")
    assert told.value.retry_after_seconds == SPAN_MS / 1000
    throttle.check("member-1", "10.0.0.2")
    throttle.check("member-2", "10.0.0.1")
    clock.advance(SPAN_MS)
    throttle.check("member-1", "10.0.0.1")


def test_it_forgets_the_oldest() -> None:
    throttle = Throttle(VirtualClock(1_000))
    for number in range(KEYS_MAX + 10):
        throttle.failed(f"member-{number}", "10.0.0.1")
    assert len(throttle._failures) == KEYS_MAX
    for _ in range(FAILURES_MAX - 1):
        throttle.failed(f"member-{KEYS_MAX}", "10.0.0.1")
    with pytest.raises(TooOften):
        throttle.check(f"member-{KEYS_MAX}", "10.0.0.1")
