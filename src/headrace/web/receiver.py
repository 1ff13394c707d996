"""The receiver of Service Hooks: `POST /hooks/{secret}`, as a bare ASGI application.

It checks who speaks, stores the body durably and answers 200 `{"ok":true}`; nothing more. Every
request that is not a POST to the one right URL gets the same 404, whatever it is and whether the
hook is switched off: nobody learns that there is a receiver. A POST to the right URL may be told:

    401  the signature (or user and password) is wrong: counted, not stored
    400  its JSON is nested too deeply         408  its body took too long
    413  its body is too large                 503  not stored now, with Retry-After: send it again
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from headrace.coding.hook_secrets import HookSecrets, kept_headers
from headrace.coding.hooks import (
    DELIVERY_HEADER,
    PING,
    SIGNATURE_HEADER,
    document_of,
    event_of,
)
from headrace.core.clock import Clock
from headrace.core.ports import Delivery
from headrace.errors import HeadraceError
from headrace.web.commit import CommitLimits, GroupCommit, Slot
from headrace.web.listener import Message, Receive, Send

_DELIVERY_ID = re.compile(r"[!-~]{1,128}")
_BRACKETS = re.compile(rb"[\[\]{}]")


@dataclass(frozen=True, slots=True)
class ReceiverSettings:
    """`enabled` False: every request gets the answer of an unknown URL. Sizes in bytes."""

    enabled: bool = True
    body_max: int = 1_048_576
    depth_max: int = 64
    read_seconds: float = 10.0
    retry_after_seconds: int = 5
    commit: CommitLimits = field(default_factory=CommitLimits)


@dataclass(slots=True)
class Counters:
    """What came since the start. `refused` by reason. `last_ping_ms`: ms UTC, 0 for never."""

    received: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    last_received_ms: int = 0
    last_ping_ms: int = 0


class _Refusal(Exception):
    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        self.reason = reason


class _Gone(Exception):
    """The client left in the middle of its request."""


# What became of a request to the right URL: its secret, and the delivery or why there is none.
Told = Callable[[str, Delivery | None, str], None]


class Receiver:
    """Takes deliveries for one connection into its inbox. `close` when the server has stopped.

    `told` hears of each request to the right URL, within the event loop.
    """

    def __init__(
        self, inbox: Slot, secrets: HookSecrets, settings: ReceiverSettings, clock: Clock,
        told: Told = lambda _secret, _delivery, _reason: None,
    ) -> None:  # fmt: skip
        self.counters = Counters()
        self._told = told
        self._secrets = secrets
        self._settings = settings
        self._clock = clock
        self._commit = GroupCommit(inbox, settings.commit)

    @property
    def stored(self) -> int:
        """Deliveries that were new."""
        return self._commit.stored

    @property
    def repeated(self) -> int:
        """Deliveries whose id was known."""
        return self._commit.repeated

    @property
    def healthy(self) -> bool:
        """Whether the last attempt to store succeeded."""
        return self._commit.healthy

    def close(self) -> None:
        """Store what still waits and let the inbox go. The inbox itself stays open."""
        self._commit.close()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """See the module. Raises nothing that a sender can cause."""
        secret = str(scope["path"]).rpartition("/hooks/")[2]
        try:
            self._told(secret, await self._take(secret, scope, receive), "")
        except _Gone:
            self.counters.refused["disconnected"] += 1
            return
        except _Refusal as refusal:
            self.counters.refused[refusal.reason] += 1
            if refusal.status != 404:
                self._told(secret, None, refusal.reason)
            status, text = refusal.status, _TEXTS[refusal.status]
        else:
            status, text = 200, '{"ok":true}'
        await answer(send, status, text, retry_after=self._retry_after(status))

    def _retry_after(self, status: int) -> int | None:
        return self._settings.retry_after_seconds if status == 503 else None

    async def _take(self, secret: str, scope: Message, receive: Receive) -> Delivery:
        ours = self._secrets.owns_url(secret)
        if not ours or scope["method"] != "POST" or not self._settings.enabled:
            raise _Refusal(404, "unknown url" if not ours else "not a post")
        headers = {n.decode("latin-1").lower(): v.decode("latin-1") for n, v in scope["headers"]}
        if not self._secrets.admits(headers.get("authorization", "")):
            raise _Refusal(401, "wrong user")
        body = await self._read(headers, receive)
        delivery = self._checked(headers, body)
        self.counters.received += 1
        try:
            await self._commit.store(delivery)
        except HeadraceError:
            raise _Refusal(503, "not stored") from None
        self._note(delivery)
        return delivery

    async def _read(self, headers: dict[str, str], receive: Receive) -> bytes:
        """The whole body, bounded in size and time whatever its Content-Length says."""
        told = headers.get("content-length", "")
        if told.isdecimal() and int(told[:20]) > self._settings.body_max:
            raise _Refusal(413, "too large")
        body = bytearray()
        try:
            async with asyncio.timeout(self._settings.read_seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise _Gone
                    body += message.get("body", b"")
                    if len(body) > self._settings.body_max:
                        raise _Refusal(413, "too large")
                    if not message.get("more_body", False):
                        return bytes(body)
        except TimeoutError:
            raise _Refusal(408, "too slow") from None

    def _checked(self, headers: dict[str, str], body: bytes) -> Delivery:
        """The delivery to store. The signature is checked before anything is masked."""
        signature = headers.get(SIGNATURE_HEADER)
        if signature is not None and not self._secrets.signed(body, signature):
            raise _Refusal(401, "wrong signature")
        document = document_of(body, headers.get("content-type", ""))
        if signature is None and not self._secrets.holds_token(document):
            raise _Refusal(401, "no signature")
        if _deeper_than(self._settings.depth_max, body, document):
            raise _Refusal(400, "too deep")
        kept, event = kept_headers(headers), event_of(headers, document)
        return Delivery(
            id=_delivery_id(headers, kept, body),
            event=event,
            received_at=self._clock.now_ms(),
            headers=kept,
            body=self._secrets.masked(body),
            state="done" if event == PING else "waiting",  # there is nothing to do about a test
            reason="a test event" if event == PING else "",
        )

    def _note(self, delivery: Delivery) -> None:
        self.counters.last_received_ms = delivery.received_at
        if delivery.event == PING:
            self.counters.last_ping_ms = delivery.received_at


_TEXTS = {
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    408: "Request Timeout",
    413: "Content Too Large",
    503: "Service Unavailable",
}


async def answer(send: Send, status: int, text: str, *, retry_after: int | None = None) -> None:
    """One whole answer."""
    content = b"application/json" if text.startswith("{") else b"text/plain; charset=utf-8"
    headers = [(b"content-type", content), (b"content-length", str(len(text)).encode())]
    if retry_after is not None:
        headers.append((b"retry-after", str(retry_after).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


def _delivery_id(headers: dict[str, str], kept: dict[str, str], body: bytes) -> str:
    """CODING's delivery id; where it is missing or odd, a digest of headers and body."""
    given = headers.get(DELIVERY_HEADER, "").strip()
    if _DELIVERY_ID.fullmatch(given):
        return given
    digest = hashlib.blake2b(repr(sorted(kept.items())).encode() + b"\n" + body, digest_size=16)
    return f"digest-{digest.hexdigest()}"


def _deeper_than(limit: int, body: bytes, document: Any) -> bool:
    """Whether JSON is nested deeper. What cannot be decoded is judged by its brackets."""
    if body.count(b"{") + body.count(b"[") <= limit and b"%" not in body:
        return False  # true of nearly every body; a form writes its brackets with %
    if document is None:
        steps = (1 if bracket in b"[{" else -1 for bracket in _BRACKETS.findall(body))
        return max(accumulate(steps), default=0) > limit
    level = _containers([document])
    for _ in range(limit):
        level = _containers(child for one in level for child in _children(one))
    return bool(level)


def _containers(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if isinstance(value, dict | list)]


def _children(container: Any) -> Iterable[Any]:
    return container.values() if isinstance(container, dict) else container
