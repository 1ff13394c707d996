"""Requests to a server and their answers as types; what goes wrong, as Headrace's errors.

Only what changes nothing is asked again: after anything else that broke off, nobody knows whether
it was done.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

import msgspec
import urllib3
from urllib3.exceptions import HTTPError, LocationValueError

from headrace.core.retry import RetryPolicy
from headrace.errors import Bug, HeadraceError, Refused, Unavailable
from headrace.wire.page import Page
from headrace.wire.problem import error_of

PREFIX = "/api/v1"
RETRY = RetryPolicy(attempts=5, first_seconds=0.2, cap_seconds=10.0)
LINE_BYTES_MAX = 1024 * 1024
_ASKED_SECONDS_MAX = 60.0
_WHERE = "Is this the address of `headrace serve`?"

One = TypeVar("One")
Query = Mapping[str, str | int | None]


class Speaker:
    """Speaks to one server over pooled connections; usable from any thread."""

    def __init__(self, url: str, token: str, *, sleep: Callable[[float], None] = time.sleep):
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            raise Refused(
                "The server's URL cannot be used.", advice="Write it as https://headrace.example."
            )
        if not token.isascii() or not token.isprintable() or " " in token:
            raise Refused("The token has characters that none has.", advice="Copy it again.")
        self._at = url.rstrip("/") + PREFIX
        self._host = parts.hostname
        self._headers = {"accept": "application/json"}
        if token:
            self._headers["authorization"] = f"Bearer {token}"
        self._sleep = sleep
        self._pool = urllib3.PoolManager(
            retries=False, timeout=urllib3.Timeout(connect=5, read=60), maxsize=8
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._pool.clear()

    def get(self, path: str, kind: type[One], query: Query | None = None) -> One:
        """A document. Asked again while the server is unavailable, at most five times."""
        return self._decoded(self._again("GET", path, query), kind)

    def text(self, path: str) -> str:
        """A document that is text."""
        return self._again("GET", path, None).data.decode()

    def items(self, path: str, kind: type[One], query: Query | None = None) -> Iterator[One]:
        """A list, page by page as it is used."""
        after: str | None = None
        while True:
            page = self.get(path, Page[kind], {**(query or {}), "after": after})  # type: ignore[valid-type]
            yield from page.items
            if page.next is None:
                return
            after = page.next

    def do(
        self, method: str, path: str, kind: type[One], body: Any = None, *, tag: str = ""
    ) -> One:
        """Have something changed. Sent once. `tag`: what `If-Match` says."""
        headers = {"if-match": tag} if tag else {}
        return self._decoded(self._send(method, path, None, body, headers), kind)

    def done(self, method: str, path: str, *, tag: str = "") -> None:
        """The same, with nothing to say for it."""
        self._send(method, path, None, None, {"if-match": tag} if tag else {})

    def lines(self, method: str, path: str, kind: type[One]) -> Iterator[One]:
        """An answer that comes line by line."""
        answer = self._send(method, path, None, None, {}, whole=False)
        try:
            rest = b""
            for chunk in answer.stream(65_536):
                *whole, rest = (rest + chunk).split(b"\n")
                yield from (self._read(line, kind) for line in whole if line)
                if len(rest) > LINE_BYTES_MAX:
                    raise Unavailable("The server's answer has a line without an end.")
        except HTTPError as error:
            raise self._away(error) from None
        finally:
            answer.release_conn()

    def _again(self, method: str, path: str, query: Query | None) -> urllib3.BaseHTTPResponse:
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._send(method, path, query, None, {})
            except Unavailable as error:
                asked = error.retry_after_seconds
                wait = RETRY.wait_seconds(attempt, asked=asked, spread=random.random())
                if wait is None or wait > _ASKED_SECONDS_MAX:
                    raise
                self._sleep(wait)

    def _send(
        self, method: str, path: str, query: Query | None, body: Any, headers: Mapping[str, str],
        *, whole: bool = True,
    ) -> urllib3.BaseHTTPResponse:  # fmt: skip
        asked = {name: value for name, value in (query or {}).items() if value not in (None, "")}
        where = f"{self._at}{path}" + (f"?{urlencode(asked)}" if asked else "")
        sent = {**self._headers, **headers}
        encoded = None
        if body is not None:
            encoded = msgspec.json.encode(body)
            sent["content-type"] = "application/json"
        try:
            answer = self._pool.request(
                method, where, body=encoded, headers=sent, redirect=False, preload_content=whole
            )
            if answer.status < 300:
                return answer
            raise self._error(answer)
        except LocationValueError:
            raise Refused("The server's URL cannot be used.", advice="Look at it.") from None
        except HTTPError as error:
            raise self._away(error) from None

    def _error(self, answer: urllib3.BaseHTTPResponse) -> HeadraceError:
        if answer.status < 400:
            return Refused(
                f"{self._host} leads elsewhere (status {answer.status}).",
                advice="Give the server's own URL, with https where it has that.",
            )
        waits = answer.headers.get("retry-after", "")
        seconds = float(waits) if waits.isdigit() else None
        return error_of(answer.data, status=answer.status, retry_after_seconds=seconds)

    def _away(self, error: HTTPError) -> Unavailable:
        return Unavailable(
            f"{self._host} does not answer ({type(error).__name__}).",
            advice="Look whether `headrace serve` runs there.",
        )

    def _decoded(self, answer: urllib3.BaseHTTPResponse, kind: type[One]) -> One:
        return self._read(answer.data, kind)

    def _read(self, data: bytes, kind: type[One]) -> One:
        try:
            return msgspec.json.decode(data, type=kind)
        except msgspec.MsgspecError as error:
            raise Bug(f"{self._host} answered something else: {error}.", advice=_WHERE) from None
