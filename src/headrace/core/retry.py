"""The one retry policy. It only computes waits; callers sleep through the clock port."""

from __future__ import annotations

from dataclasses import dataclass

_DOUBLINGS_MAX = 60  # a float overflows after a thousand failures, which three days of outage bring


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with a cap. `attempts` counts the first try too."""

    attempts: int = 6
    first_seconds: float = 0.5
    factor: float = 2.0
    cap_seconds: float = 60.0

    def wait_seconds(self, attempt: int, *, asked: float | None, spread: float) -> float | None:
        """How long to wait after failed attempt number `attempt` (from 1); None: give up.

        `asked` is what the other side told us to wait (honoured, never shortened); `spread` in
        [0, 1) is the caller's dice, so that many clients do not return at the same moment.
        """
        if attempt >= self.attempts:
            return None
        grown = self.first_seconds * self.factor ** min(attempt - 1, _DOUBLINGS_MAX)
        backoff = min(self.cap_seconds, grown)
        backoff *= 0.5 + spread / 2
        return max(backoff, asked) if asked is not None else backoff
