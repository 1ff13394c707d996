"""The audit trail: who changed what, from what to what."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from litestar import Response

from headrace.control.audit import Entry
from headrace.control.people import Role
from headrace.web.api.pages import newest
from headrace.web.console.verbs import TheView, shown
from headrace.web.console.view import View

_PAGE = 50
_SECTIONS = {
    "connection": ("plug-connected", "/connections"), "task": ("route", "/tasks"),
    "mining": ("pick", "/minings"), "channel": ("mail", "/alerts/channels"),
    "alerts": ("bell", "/alerts/thresholds"), "user": ("user", "/people"),
    "token": ("key", "/people"), "key": ("lock", "/settings"),
    "service_url": ("webhook", "/hooks"),
}  # fmt: skip


@shown("/audit", needs=Role.ADMIN, twin="/audit")
def page(view: TheView) -> Response[str]:
    """The newest first, filtered by what and who."""
    asked = view.request.query_params
    subject, who = asked.get("subject", "").strip(), asked.get("who", "").strip()
    listed = newest(
        lambda before_id, count: view.platform.audit.entries(
            subject=subject, who=who, before_id=before_id, limit=count
        ),
        after=asked.get("after", ""), limit=_PAGE,
    )  # fmt: skip
    chosen = {name: value for name, value in (("subject", subject), ("who", who)) if value}
    return view.page(
        "audit/page.html", section="audit", twin="/audit", subject=subject, who=who,
        people=[one.name for one in view.platform.people.users()], filtered=bool(chosen),
        entries=[_shown(view, one) for one in listed.items],
        older=f"/audit?{urlencode({**chosen, 'after': listed.next})}" if listed.next else "",
        newest=f"/audit?{urlencode(chosen)}" if asked.get("after") else "",
    )  # fmt: skip


def words(view: View) -> Mapping[str, str]:
    """What was done, as people say it, by action."""
    return {
        "alerts.thresholds": view.text("changed the thresholds of alerts"),
        "channel.save": view.text("made a channel"),
        "channel.change": view.text("changed a channel"),
        "channel.delete": view.text("deleted a channel"),
        "connection.save": view.text("made a connection"),
        "connection.change": view.text("changed a connection"),
        "connection.delete": view.text("deleted a connection"),
        "key.change": view.text("changed the key"),
        "mining.stop": view.text("stopped a mining"),
        "mining.resume": view.text("resumed a mining"),
        "mining.stop_stream": view.text("stopped the mining of a stream"),
        "mining.resume_stream": view.text("resumed the mining of a stream"),
        "service_url.retire": view.text("retired an address of a Service URL"),
        "task.save": view.text("made a task"),
        "task.change": view.text("changed a task"),
        "task.delete": view.text("deleted a task"),
        "task.start": view.text("started a task"),
        "task.stop": view.text("stopped a task"),
        "task.reset": view.text("reset a task"),
        "task.backfill": view.text("had tables of a task filled again"),
        "token.make": view.text("made a token"),
        "token.revoke": view.text("revoked a token"),
        "user.set_up": view.text("became the first admin"),
        "user.add": view.text("added a user"),
        "user.change": view.text("changed a user"),
        "user.remove": view.text("deleted a user"),
    }


def differences(before: Any, after: Any) -> Iterator[tuple[str, str | None, str | None]]:
    """What differs, as `(name, before, after)`; None where there was, or is, nothing."""
    if not isinstance(before or {}, Mapping) or not isinstance(after or {}, Mapping):
        yield "", _text(before), _text(after)
        return
    old, new = before or {}, after or {}
    for name in dict.fromkeys([*old, *new]):
        if old.get(name) != new.get(name):
            yield name, _text(old.get(name)), _text(new.get(name))


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _shown(view: View, one: Entry) -> dict[str, Any]:
    sign, at = _SECTIONS.get(one.action.partition(".")[0], ("edit", "/"))
    return {
        "id": one.id, "at": one.at, "who": one.who, "subject": one.subject, "action": one.action,
        "said": words(view).get(one.action, one.action), "sign": sign, "section": at,
        "changes": list(differences(one.before, one.after)),
    }  # fmt: skip


HANDLERS = (page,)
