"""Deliveries of Service Hooks of one source: looked through, one by one in full, read again.

They are there whether a mining runs or not. No secret is shown: those of the source are masked when
a delivery is stored and once more here, and so is whatever is named like one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from headrace.app.serving.hooks import service_urls
from headrace.app.serving.hooks.doors import secrets_of
from headrace.app.serving.platform import Platform
from headrace.app.serving.views import source
from headrace.coding.hook_secrets import MASK, HookSecrets
from headrace.coding.hooks import document_of, hints_of
from headrace.coding.streams import CATALOGUE
from headrace.control.people import Person
from headrace.control.refusals import Missing
from headrace.core.ports import Delivery
from headrace.errors import Refused
from headrace.mirror.inbox import STATES, StoredInbox

View = dict[str, Any]
REPLAY_MAX = 1_000
_CHUNK = 200
_LOOKED_MAX = 5_000
_SECRET = re.compile(r"token|secret|password|passwd|authorization|signature|credential", re.I)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries; `text` is looked for in id, event, reason and body, whatever the case."""

    state: str = ""
    event: str = ""
    text: str = ""

    def has(self, one: Delivery) -> bool:
        """Whether the text is in it."""
        if not self.text:
            return True
        text = self.text.lower()
        told = f"{one.id}\n{one.event}\n{one.reason}\n{one.body.decode(errors='replace')}"
        return text in told.lower()


def page(
    platform: Platform, connection_id: int, wanted: Wanted, *, before: str, limit: int
) -> tuple[list[View], str | None]:
    """The newest first, before the delivery of that id, and the id to go on with. A search looks
    through 5,000 deliveries at a time: it may find less than `limit` and still go on."""
    if wanted.state and wanted.state not in STATES:
        raise Refused(
            f"There is no state {wanted.state!r}.", advice=f"Choose of {', '.join(STATES)}."
        )
    found: list[View] = []
    with inbox_of(platform, connection_id) as inbox:
        if inbox is None:
            return [], None
        for one in _walk(inbox, wanted, before):
            if len(found) == limit:
                return found, str(found[-1]["id"])
            before = one.id
            if wanted.has(one):
                found.append(_row(one))
        rest = inbox.list(state=wanted.state, event=wanted.event, limit=1, before=before)
    return found, before if before and rest else None


def events(platform: Platform, connection_id: int) -> list[str]:
    """The events there are among the newest."""
    with inbox_of(platform, connection_id) as inbox:
        newest = inbox.list(limit=_CHUNK) if inbox is not None else ()
    return sorted({one.event for one in newest})


def one(platform: Platform, connection_id: int, delivery_id: str) -> View:
    """One in full: its headers, its body as indented text, and what it has us read again."""
    secrets = _secrets(platform, connection_id)
    with inbox_of(platform, connection_id) as inbox:
        found = inbox.get(delivery_id) if inbox is not None else None
    if found is None:
        raise _missing(delivery_id)
    told = found.body if secrets is None else secrets.masked(found.body)
    document = document_of(told, found.headers.get("content-type", ""))
    text = told.decode(errors="replace") if document is None else _pretty(document)
    hints = [
        {"stream": hint.stream, "project_id": hint.project_id, "key": hint.key}
        for hint in hints_of(found, CATALOGUE)
    ]
    return {**_row(found), "headers": dict(found.headers), "body": text, "hints": hints}


def replay(platform: Platform, by: Person, connection_id: int, ids: Sequence[str]) -> View:
    """Have deliveries read again, as soon as a task has the source read. All or none."""
    name = source(platform, connection_id).name
    with inbox_of(platform, connection_id) as inbox:
        for known in ids:
            if inbox is None or inbox.get(known) is None:
                raise _missing(known)
        if inbox is not None:
            inbox.settle(ids, state="waiting")
    if ids:
        platform.service_urls.noted(by, "hooks.replay", name, {"deliveries": list(ids)})
    reading = service_urls.status(platform, connection_id)["reading"]
    return {"replayed": list(ids), "reading": reading}


def replay_dead(platform: Platform, by: Person, connection_id: int) -> View:
    """Have all that are dead read again, the newest first, up to 1,000 at a time."""
    with inbox_of(platform, connection_id) as inbox:
        found = inbox.list(state="dead", limit=REPLAY_MAX) if inbox is not None else ()
    return replay(platform, by, connection_id, [one.id for one in found])


@contextmanager
def inbox_of(platform: Platform, connection_id: int) -> Iterator[StoredInbox | None]:
    """A source's inbox; None before there is one. Where mining is not shared, the first task's:
    every one gets the same deliveries."""
    connection = source(platform, connection_id)
    whole = platform.connections.whole(connection_id)
    with platform.inboxes.at(platform.doors.places(connection, whole)[0]) as inbox:
        yield inbox


def _walk(inbox: StoredInbox, wanted: Wanted, before: str) -> Iterator[Delivery]:
    looked = 0
    while looked < _LOOKED_MAX:
        chunk = inbox.list(state=wanted.state, event=wanted.event, limit=_CHUNK, before=before)
        yield from chunk
        looked += len(chunk)
        if len(chunk) < _CHUNK:
            return
        before = chunk[-1].id


def _secrets(platform: Platform, connection_id: int) -> HookSecrets | None:
    connection = source(platform, connection_id)
    whole = platform.connections.whole(connection_id)
    settings = platform.kinds.settings_of(connection, whole)
    return secrets_of(settings) if settings.public_url else None


def _row(one: Delivery) -> View:
    return {
        "id": one.id, "event": one.event, "state": one.state, "reason": one.reason,
        "received_at": one.received_at, "bytes": len(one.body),
        "hook": one.headers.get("x-coding-service-hook-id", ""),
    }  # fmt: skip


def _pretty(document: Any) -> str:
    return json.dumps(_without_secrets(document), ensure_ascii=False, indent=2)


def _without_secrets(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _without_secrets(item, str(key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_secrets(item, name) for item in value]
    return MASK.decode() if value and isinstance(value, str) and _SECRET.search(name) else value


def _missing(delivery_id: str) -> Missing:
    return Missing(
        f"There is no delivery {delivery_id!r}.",
        advice="Load the list again: old ones are dropped.",
    )
