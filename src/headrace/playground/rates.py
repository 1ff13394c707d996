"""Requests per second, counted per token and Action in whole seconds of the clock."""

from __future__ import annotations

from math import ceil

from .envelope import ApiError

UNLIMITED = 10_000  # as the document writes "no limit"


class Rates:
    """`throttled`: refused requests. `while_throttled`: those that came within the told wait."""

    def __init__(self) -> None:
        self.throttled = 0
        self.while_throttled = 0
        self._counts: dict[tuple[str, str], tuple[int, int]] = {}
        self._shut_until_ms: dict[tuple[str, str], int] = {}

    def spend(
        self, secret: str, action: str, rate: int, *, now_ms: int, wait_ms: int, tell: bool
    ) -> None:
        """Count one request. ApiError RequestLimitExceeded over `rate` a second, or too early."""
        if rate >= UNLIMITED:
            return
        key = (secret, action)
        if now_ms < self._shut_until_ms.get(key, 0):
            self.while_throttled += 1
            self._refuse(action, self._shut_until_ms[key] - now_ms, tell=tell)
        second, count = self._counts.get(key, (0, 0))
        count = count + 1 if second == now_ms // 1000 else 1
        self._counts[key] = (now_ms // 1000, count)
        if count > rate:
            self._shut_until_ms[key] = now_ms + wait_ms
            self._refuse(action, wait_ms, tell=tell)

    def _refuse(self, action: str, wait_ms: int, *, tell: bool) -> None:
        self.throttled += 1
        headers = {"retry-after": str(ceil(wait_ms / 1000))} if tell else {}
        raise ApiError("RequestLimitExceeded", f"Too many requests for {action}", headers=headers)
