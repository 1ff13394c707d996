"""How fast we may ask: one budget per credential, shared by all streams that use it.

CODING states a rate per Action, but not per what it counts. So every Action has a token bucket
well under its stated rate, and all Actions together have one more.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from headrace.coding.rates import RATES_PER_SECOND
from headrace.core.clock import Clock
from headrace.errors import Throttled

UNSTATED_PER_SECOND = 10.0
OVERALL_PER_SECOND = 60.0

URGENT_SHARE = 0.2
LONGEST_WAIT_SECONDS = 120.0
_SLOWEST_PER_SECOND = 0.2
_SUCCESSES_A_STEP = 20
_STEP = 0.1
_CUT_PAUSE_MS = 1000


class Pacer:
    """Makes callers wait until they may send. Thread-safe; waits through the clock port.

    `throttled_ms`: the pauses that CODING asked for, added up over all Actions.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        rates: Mapping[str, float] | None = None,
        overall_per_second: float = OVERALL_PER_SECOND,
    ) -> None:
        self._clock = clock
        self._rates = {**RATES_PER_SECOND, **(rates or {})}
        self._lock = threading.Lock()
        self._buckets: dict[str, _Bucket] = {}
        self._overall = _Bucket(overall_per_second, clock.now_ms())
        self.throttled_ms = 0

    def acquire(self, action: str, *, urgent: bool = False) -> None:
        """Wait until `action` may be sent once. `urgent` calls may use the share kept for them.

        Raises `Throttled` instead of waiting more than 120 s for the end of a pause.
        """
        while (wait := self._try(action, urgent)) > 0:
            if wait > LONGEST_WAIT_SECONDS:
                raise Throttled(f"{action} has to pause.", retry_after_seconds=wait)
            self._clock.sleep(wait)

    def succeeded(self, action: str) -> None:
        """An answer came: after 20 of them the Action's rate rises by a tenth of its full rate."""
        with self._lock:
            self._bucket(action).recover()

    def throttled(self, action: str, wait_seconds: float) -> None:
        """CODING asked to slow down: halve the Action's rate and send nothing for a while."""
        with self._lock:
            self._bucket(action).cut(self._clock.now_ms(), wait_seconds)
            self.throttled_ms += int(wait_seconds * 1000)

    def rates(self) -> dict[str, tuple[float, float]]:
        """Of every Action called so far: requests a second allowed now, and at most."""
        with self._lock:
            return {name: (b.rate, b.full_rate) for name, b in self._buckets.items()}

    def _try(self, action: str, urgent: bool) -> float:
        """Take one from both buckets, or say how many seconds to wait."""
        with self._lock:
            now, bucket = self._clock.now_ms(), self._bucket(action)
            wait = max(bucket.wait(now, urgent), self._overall.wait(now, urgent))
            if wait <= 0:
                bucket.tokens -= 1
                self._overall.tokens -= 1
            return wait

    def _bucket(self, action: str) -> _Bucket:
        if action not in self._buckets:
            rate = self._rates.get(action, UNSTATED_PER_SECOND)
            self._buckets[action] = _Bucket(rate, self._clock.now_ms())
        return self._buckets[action]


class _Bucket:
    """A token bucket of a quarter of a second. The last fifth of it is for urgent calls."""

    def __init__(self, rate: float, now_ms: int) -> None:
        self.full_rate = self.rate = rate
        self.tokens = self._capacity
        self._filled_ms = now_ms
        self._paused_ms = 0
        self._paused_until_ms = now_ms
        self._cut_ms = now_ms - _CUT_PAUSE_MS
        self._successes = 0

    @property
    def _capacity(self) -> float:
        return max(2.0, self.rate / 4)

    def wait(self, now_ms: int, urgent: bool) -> float:
        """Seconds until one may be taken; 0 for now."""
        self._fill(now_ms)
        pause_ms = min(self._paused_until_ms - now_ms, self._paused_ms)  # the clock may step back
        needed = 1.0 if urgent else 1.0 + URGENT_SHARE * self._capacity
        lacking = needed - self.tokens
        refill = max(lacking / self.rate, 0.001) if lacking > 1e-9 else 0.0
        return max(pause_ms / 1000, refill, 0.0)

    def _fill(self, now_ms: int) -> None:
        seconds = max(0, now_ms - self._filled_ms) / 1000
        self.tokens = min(self._capacity, self.tokens + seconds * self.rate)
        self._filled_ms = now_ms

    def cut(self, now_ms: int, wait_seconds: float) -> None:
        """Halve the rate, once for a burst of refusals, and pause."""
        self._fill(now_ms)
        if not 0 <= now_ms - self._cut_ms < _CUT_PAUSE_MS:
            self.rate = max(min(_SLOWEST_PER_SECOND, self.full_rate), self.rate / 2)
            self._cut_ms, self._successes = now_ms, 0
        self._paused_ms = int(wait_seconds * 1000)
        self._paused_until_ms = max(self._paused_until_ms, now_ms + self._paused_ms)

    def recover(self) -> None:
        """Count a success; every 20th is a step back towards the full rate."""
        self._successes += 1
        if self._successes >= _SUCCESSES_A_STEP:
            self._successes = 0
            self.rate = min(self.full_rate, self.rate + _STEP * self.full_rate)
