"""Calling one Action: pace, send, read, wait and try again.

All Actions go by POST to `{base}/open-api` with the Action's name in the JSON body.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from headrace.coding.auth import Authorizer, masked
from headrace.coding.envelope import Answer, Expected, read_answer
from headrace.coding.pacing import LONGEST_WAIT_SECONDS, Pacer
from headrace.core.clock import Clock
from headrace.core.retry import RetryPolicy
from headrace.core.transport import Request, Transport
from headrace.errors import BadToken, HeadraceError, Throttled, Unavailable

_THROTTLE_SECONDS_MAX = 30.0


class _Outrun(Exception):
    """A token was refused although it is new: another process may have renewed it since."""

    def __init__(self, error: BadToken) -> None:
        self.error = error


class Client:
    """Calls Actions with one credential. Thread-safe; waits and retries happen inside."""

    def __init__(
        self,
        transport: Transport,
        base_url: str,
        authorizer: Authorizer,
        pacer: Pacer,
        clock: Clock,
        *,
        retry: RetryPolicy | None = None,
        dice: random.Random | None = None,
    ) -> None:
        self._transport = transport
        self._url = f"{base_url}/open-api"
        self.authorizer = authorizer
        self._clock = clock
        self._retry = retry or RetryPolicy()
        self._dice = dice or random.Random()
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()
        self._sent = 0
        self.pacer = pacer

    @property
    def calls(self) -> int:
        """Requests sent so far, retries included."""
        return self._sent

    @property
    def calls_by_action(self) -> dict[str, int]:
        """Requests sent so far, retries included, by Action."""
        with self._lock:
            return dict(self._calls)

    def call(
        self,
        action: str,
        params: Mapping[str, Any],
        *,
        expects: str,
        many: bool | None = False,
        total: str = "",
        urgent: bool = False,
    ) -> Answer:
        """Call an Action. `expects` is the path below `Response` that must hold an object, or,
        for `many`, a list (null where it is empty, told by the count at `total` if there is one);
        `many` None: anything.

        Raises `BadToken`, `NotPermitted`, `NotFound`, `BadRequest` at once, `Throttled` and
        `Unavailable` after the last retry, and then also `BadToken` where at every attempt each new
        token was refused. No message holds the token.
        """
        body = msgspec.json.encode({"Action": action, **params})
        expected = Expected(expects, many, total)
        attempt = refused = 0
        while True:
            attempt += 1
            try:
                return self._call_once(action, body, expected, urgent)
            except Unavailable as error:
                self._wait(action, attempt, error)
            except _Outrun as outrun:
                refused += 1
                is_bad = refused == attempt  # else it is no worse than what was in the way before
                self._wait(
                    action, attempt, outrun.error if is_bad else Unavailable(outrun.error.message)
                )

    def _call_once(self, action: str, body: bytes, expected: Expected, urgent: bool) -> Answer:
        """One attempt. A refused token is renewed and the request sent again at once."""
        header = self.authorizer.header()
        try:
            return self._send(action, body, expected, urgent, header)
        except BadToken:
            if not self.authorizer.renew(header):
                raise
        try:
            return self._send(action, body, expected, urgent, self.authorizer.header())
        except BadToken as error:
            raise _Outrun(error) from None

    def _send(
        self, action: str, body: bytes, expected: Expected, urgent: bool, header: str
    ) -> Answer:
        self.pacer.acquire(action, urgent=urgent)
        with self._lock:
            self._calls[action] += 1
            self._sent += 1
        headers = {"Authorization": header, "Content-Type": "application/json"}
        try:
            response = self._transport.send(Request("POST", self._url, headers, body))
            answer = read_answer(action, response, expected, self._clock.now_ms())
        except HeadraceError as error:
            _mask(error, header)
            raise
        self.pacer.succeeded(action)
        return answer

    def _wait(self, action: str, attempt: int, error: Unavailable | BadToken) -> None:
        """Sleep before the next attempt, or raise the error when there is to be none."""
        asked = error.retry_after_seconds if isinstance(error, Unavailable) else None
        if isinstance(error, Throttled):
            growing = min(_THROTTLE_SECONDS_MAX, 2.0 ** (attempt - 1))
            asked = growing if asked is None else asked
            self.pacer.throttled(action, asked)
        wait = self._retry.wait_seconds(attempt, asked=asked, spread=self._dice.random())
        if wait is None or wait > LONGEST_WAIT_SECONDS:
            raise error
        self._clock.sleep(wait)


def _mask(error: HeadraceError, header: str) -> None:
    """CODING might repeat the token in its message: take it out (Invariant 11)."""
    error.message = masked(error.message, header)
    error.args = (error.message,)
