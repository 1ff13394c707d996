"""Service Hooks: who wants which events, the outbox of signed deliveries, and their log.

Nothing is sent here. The caller takes the deliveries that are due, sends each one and reports back.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hmac import digest
from typing import TYPE_CHECKING, Any

import msgspec

from headrace.core.transport import Request, Response

from . import events
from .envelope import ApiError
from .records import Event

if TYPE_CHECKING:
    from .team import Team

OUTBOX_MAX = 10_000
LOGS_MAX = 1_000
BODY_LOGGED_MAX = 2_000
SENT, FAILED = 1, 2
POST = "webhook_http_post"
GET = "webhook_http_get"


@dataclass(frozen=True, slots=True)
class Hook:
    """`properties` and `filters` are the decoded ActionProperty and FilterProperty."""

    id: str
    project_id: int
    name: str
    service: str
    action: str
    events: tuple[str, ...]
    properties: dict[str, Any]
    filters: dict[str, Any]
    enabled: bool
    creator_id: int
    created_ms: int
    updated_ms: int
    status: int = 0
    succeeded_ms: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request to send. Report back with `delivered(delivery.id, response)`."""

    id: str
    hook_id: str
    event: str
    request: Request
    created_ms: int


@dataclass(frozen=True, slots=True)
class Log:
    """A delivery that was tried; `response` None: no answer came."""

    delivery: Delivery
    response: Response | None
    sent_ms: int

    @property
    def ok(self) -> bool:
        return self.response is not None and 200 <= self.response.status < 300


class Hooks:
    """`dropped` counts deliveries lost because the outbox was full."""

    def __init__(self, team: Team) -> None:
        self.hooks: dict[str, Hook] = {}
        self.dropped = 0
        self._team = team
        team.hooks = self
        self._made = 0
        self._outbox: deque[Delivery] = deque()
        self._in_flight: dict[str, Delivery] = {}
        self._logs: deque[Log] = deque(maxlen=LOGS_MAX)

    # Managing

    def create(self, hook: Hook, now_ms: int) -> Hook:
        """Register a hook; it hears only what happens from now on. Its id is given here."""
        self.collect(now_ms)
        made = replace(hook, id=self._new_id(8), created_ms=now_ms, updated_ms=now_ms)
        self.hooks[made.id] = made
        self._team.listening = True
        return made

    def change(self, hook: Hook, now_ms: int) -> Hook:
        self.collect(now_ms)
        self.hooks[hook.id] = replace(hook, updated_ms=now_ms)
        return self.hooks[hook.id]

    def delete(self, hook_id: str, now_ms: int) -> None:
        self.collect(now_ms)
        del self.hooks[hook_id]

    def ping(self, hook_id: str, now_ms: int) -> None:
        """Put a test event into the outbox, whatever the hook listens to."""
        hook = self.hooks[hook_id]
        self._post(hook, events.ping(self._team, self._team.projects[hook.project_id]), now_ms)

    # Delivering

    def collect(self, now_ms: int) -> None:
        """Turn what happened in the team into deliveries."""
        for event in self._team.take_events():
            for hook in self.hooks.values():
                if hook.enabled and hook.project_id == event.project_id and _wants(hook, event):
                    self._post(hook, event, now_ms)

    def deliver_due(self, now_ms: int) -> list[Delivery]:
        """Everything to be sent now, oldest first; each delivery is handed out once."""
        self.collect(now_ms)
        due = list(self._outbox)
        self._outbox.clear()
        for delivery in due:
            self._in_flight[delivery.id] = delivery
        while len(self._in_flight) > OUTBOX_MAX:
            del self._in_flight[next(iter(self._in_flight))]
        return due

    def delivered(self, delivery_id: str, response: Response | None, now_ms: int) -> None:
        """Log the outcome; any 2xx is a success. An unknown or reported id is ignored."""
        delivery = self._in_flight.pop(delivery_id, None)
        if delivery is None:
            return
        log = Log(delivery, response, now_ms)
        self._logs.append(log)
        hook = self.hooks.get(delivery.hook_id)
        if hook is not None:
            succeeded_ms = now_ms if log.ok else hook.succeeded_ms
            changed = replace(hook, status=SENT if log.ok else FAILED, succeeded_ms=succeeded_ms)
            self.hooks[hook.id] = changed

    def logs(self, hook_id: str) -> Sequence[Log]:
        """The last deliveries of a hook, newest first."""
        return [log for log in reversed(self._logs) if log.delivery.hook_id == hook_id]

    def log(self, log_id: str) -> Log | None:
        return next((log for log in self._logs if log.delivery.id == log_id), None)

    def resend(self, log: Log, now_ms: int) -> None:
        """Deliver the same body once more, under a new delivery id."""
        old = log.delivery
        delivery_id = self._new_id(9)
        headers = dict(old.request.headers) | {"X-Coding-Delivery": delivery_id}
        request = replace(old.request, headers=headers)
        self._push(Delivery(delivery_id, old.hook_id, old.event, request, now_ms))

    def _post(self, hook: Hook, event: Event, now_ms: int) -> None:
        if hook.action in (POST, GET):
            delivery_id = self._new_id(9)
            request = _request(hook, event, delivery_id)
            self._push(Delivery(delivery_id, hook.id, event.code, request, now_ms))

    def _push(self, delivery: Delivery) -> None:
        if len(self._outbox) >= OUTBOX_MAX:
            self._outbox.popleft()
            self.dropped += 1
        self._outbox.append(delivery)

    def _new_id(self, family: int) -> str:
        self._made += 1
        return f"00000000-0000-4000-{family}000-{self._made:012d}"


def properties(text: str, name: str) -> dict[str, Any]:
    """ActionProperty and FilterProperty are JSON objects written as strings; "" is an empty one."""
    try:
        decoded = json.loads(text or "{}")
    except ValueError as error:
        raise ApiError("InvalidParameterValue", f"{name} is not JSON") from error
    if not isinstance(decoded, dict):
        raise ApiError("InvalidParameterValue", f"{name} is not a JSON object")
    return decoded


def _wants(hook: Hook, event: Event) -> bool:
    """FilterProperty narrows issues by type and priority."""
    issue = event.body.get("issue", {})
    narrowed = all(
        name not in hook.filters or str(hook.filters[name]) == str(issue.get(name))
        for name in ("type", "priority")
        if issue
    )
    return event.code in hook.events and narrowed


def _request(hook: Hook, event: Event, delivery_id: str) -> Request:
    asked = hook.properties
    headers = {
        "User-Agent": "Coding.net Hook",
        "X-Coding-Service-Hook-Event": event.code,
        "X-Coding-Service-Hook-Id": hook.id,
        "X-Coding-Service-Hook-Action": hook.action,
        "X-Coding-Delivery": delivery_id,
    }
    for line in str(asked.get("headers", "")).splitlines():
        name, _, value = line.partition(":")
        headers |= {name.strip(): value.strip()} if value else {}
    if asked.get("username"):
        pair = f"{asked['username']}:{asked.get('password', '')}"
        headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    url = str(asked.get("service_url", ""))
    if hook.action == GET:
        return Request("GET", url, headers)
    body = _body(hook, event)
    headers["Content-Type"] = "application/json"
    if token := asked.get("token"):
        headers["X-Coding-Signature"] = signature(str(token), body)
    return Request("POST", url, headers, body)


def signature(token: str, body: bytes) -> str:
    """`sha1=` and the hex HMAC-SHA1 of the raw body under the signing token."""
    return f"sha1={digest(token.encode(), body, 'sha1').hex()}"


def _body(hook: Hook, event: Event) -> bytes:
    told = {
        "id": hook.id,
        "name": "web",
        "type": "Repository",
        "active": False,
        "events": list(hook.events),
        "config": {
            "content_type": "application/json",
            "url": hook.properties.get("service_url", ""),
        },
        "created_at": hook.created_ms,
        "updated_at": hook.updated_ms,
    }
    body = event.body | {"hook": told, "hook_id": hook.id}
    if template := hook.properties.get("template"):
        return re.sub(r"\$\{([\w.]+)\}", lambda m: _pick(body, m[1]), str(template)).encode()
    return msgspec.json.encode(body)


def _pick(body: Any, path: str) -> str:
    for name in path.split("."):
        body = body.get(name, "") if isinstance(body, dict) else ""
    return str(body)
