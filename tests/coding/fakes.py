"""A network of canned answers, and a client on top of it in virtual time."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterable
from typing import Any

from headrace.coding.auth import Authorizer, PersonalToken
from headrace.coding.client import Client
from headrace.coding.pacing import Pacer
from headrace.coding.streams import find
from headrace.core.retry import RetryPolicy
from headrace.core.transport import Request, Response
from headrace.testing.clock import VirtualClock

# The streams that the answers of these tests are written for.
FIRST = find(
    (
        *("projects", "project_members", "iterations"),
        *("issue_types", "issue_fields", "issue_statuses", "issues"),
    )
)
NOW_MS = 1_790_000_000_000
SECRET = "0123456789abcdef-secret"
BASE = "https://demo-team.coding.net"

Reply = Response | Exception | Callable[[Request], Response]


def ok(*, status: int = 200, headers: dict[str, str] | None = None, **fields: Any) -> Response:
    """An envelope with these fields below `Response`."""
    body = {"Response": {"RequestId": "req-1", **fields}}
    return Response(status, headers or {}, json.dumps(body).encode())


def failed(code: str, message: str = "it says no", **more: Any) -> Response:
    return ok(Error={"Code": code, "Message": message}, **more)


class Wire:
    """A Transport that gives the canned answers in turn; the last one is repeated."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.requests: list[Request] = []
        self._lock = threading.Lock()

    def send(self, request: Request) -> Response:
        with self._lock:
            self.requests.append(request)
            reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, Exception):
            raise reply
        return reply(request) if callable(reply) else reply

    @property
    def headers(self) -> list[str]:
        """The Authorization headers sent."""
        return [request.headers["Authorization"] for request in self.requests]

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(request.body) for request in self.requests]


def make_client(
    replies: Iterable[Reply],
    *,
    clock: VirtualClock | None = None,
    authorizer: Authorizer | None = None,
    retry: RetryPolicy | None = None,
) -> tuple[Client, Wire, VirtualClock]:
    clock = clock or VirtualClock(NOW_MS)
    wire = Wire(*replies)
    client = Client(
        wire,
        BASE,
        authorizer or PersonalToken(SECRET),
        Pacer(clock),
        clock,
        retry=retry,
        dice=random.Random(1),
    )
    return client, wire, clock
