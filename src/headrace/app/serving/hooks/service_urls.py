"""Service URLs (服务 URL): generated, rotated, shown with the steps for a person, and whether they
work. Secrets are shown once, to the person who has them made; CODING itself is asked nothing here.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from headrace.app.hook_identity import HookIdentity, identity_of, make_secrets
from headrace.app.hooks import wanted_hook
from headrace.app.serving.platform import Platform
from headrace.app.serving.views import source
from headrace.coding.hook_setup import SCOPE, by_hand
from headrace.config import ConnectionSettings
from headrace.control.connections import Connection, Values
from headrace.control.people import Person
from headrace.core.ports import Delivery
from headrace.errors import Refused

View = dict[str, Any]
SHOWN_ONCE = {"zh": "（仅在生成时显示一次）", "en": "(shown once, when it was generated)"}


def status(platform: Platform, connection_id: int) -> View:
    """How a source's hooks stand, without secrets: for anybody who may look.

    `light`: `none` (no URL yet), `waiting` (no test event has come to it), `refused` (the last
    request had a wrong signature) or `green`.
    """
    connection = source(platform, connection_id)
    whole = platform.connections.whole(connection_id)
    settings = platform.kinds.settings_of(connection, whole)
    url, heard = platform.service_urls.get(connection_id), platform.doors.heard(connection_id)
    last, counts = _inbox_of(platform, connection, whole)
    received_at = max(heard.received_at, last.received_at if last else 0)
    pinged_at = url.pinged_at
    refused = heard.refused_at > max(received_at, pinged_at)
    light = "refused" if refused else "green" if pinged_at else "waiting"
    return {
        "increments": settings.increments.value, "used": settings.hooks,
        "generated": _is_generated(whole), "made_at": url.made_at or None,
        "old_until": _old_until(platform, url.old_until, whole), "version": connection.version,
        "called_at": platform.kinds.called_at(whole), "light": light if settings.public_url
        else "none", "pinged_at": pinged_at or None, "received_at": received_at or None,
        "refused": dict(heard.refused), "refused_at": heard.refused_at or None,
        "refused_why": heard.refused_why, "deliveries": counts,
        "quiet": _quiet(platform, connection_id), "reading": _is_reading(platform, connection_id),
    }  # fmt: skip


def show(platform: Platform, connection_id: int, *, token: str = "") -> View:
    """With the URL to copy and the steps in CODING, for an operator; without `token`, the signing
    token is not told."""
    connection = source(platform, connection_id)
    whole = platform.connections.whole(connection_id)
    found = {**status(platform, connection_id), "scope": SCOPE}
    if not _is_generated(whole) or not platform.kinds.called_at(whole):
        return {**found, "url": None, "steps": {"zh": [], "en": []}, "signing_token": None}
    identity = identity_for(platform, connection, whole)
    steps = {language: _steps(identity, language, token) for language in ("zh", "en")}
    return {**found, "url": identity.service_url, "steps": steps, "signing_token": token or None}


def generate(platform: Platform, by: Person, connection_id: int) -> View:
    """Make a URL, if there is none. The signing token is told if it was made now.

    Raises `Refused` where nobody said at which address CODING reaches this server.
    """
    connection = source(platform, connection_id)
    whole = platform.connections.whole(connection_id)
    _check_called(platform, connection, whole)
    if _is_generated(whole):
        return show(platform, connection_id)
    made = make_secrets()
    given = {
        "hook_secret": whole.get("hook_secret") or made["url_secret"],
        "signing_token": whole.get("signing_token") or made["signing_token"],
    }
    _keep(platform, by, connection, given, again=False)
    told = "" if whole.get("signing_token") else given["signing_token"]
    return show(platform, connection_id, token=told)


def rotate(platform: Platform, by: Person, connection_id: int) -> View:
    """Make another URL and signing token. Those of before go on for a day, or until `retire`."""
    connection = source(platform, connection_id)
    whole = platform.connections.whole(connection_id)
    _check_called(platform, connection, whole)
    if not _is_generated(whole):
        return generate(platform, by, connection_id)
    made = make_secrets()
    given = {
        "hook_secret": made["url_secret"], "hook_secret_old": whole["hook_secret"],
        "signing_token": made["signing_token"], "signing_token_old": whole["signing_token"],
    }  # fmt: skip
    _keep(platform, by, connection, given, again=True)
    return show(platform, connection_id, token=made["signing_token"])


def retire(platform: Platform, by: Person, connection_id: int) -> View:
    """End the URL and token of before now."""
    connection = source(platform, connection_id)
    old = ("hook_secret_old", "signing_token_old")
    gone: dict[str, None] = dict.fromkeys(name for name in old if name in connection.secrets)
    if not gone:
        return show(platform, connection_id)
    platform.connections.change(by, connection_id, connection.version, gone)
    platform.service_urls.retired(by, connection_id, connection.name)
    platform.doors.stale()
    return show(platform, connection_id)


def hook_settings(platform: Platform, connection: Connection, whole: Values) -> ConnectionSettings:
    """A source's settings with the address that CODING calls, whatever its mode."""
    _check_called(platform, connection, whole)
    settings = platform.kinds.settings_of(connection, whole)
    return replace(settings, public_url=platform.kinds.called_at(whole))


def identity_for(platform: Platform, connection: Connection, whole: Values) -> HookIdentity:
    """Who this source is to Service Hooks, once its URL was generated."""
    return identity_of(hook_settings(platform, connection, whole), Path())


def _keep(
    platform: Platform, by: Person, connection: Connection, given: Values, *, again: bool
) -> None:
    platform.connections.change(by, connection.id, connection.version, given)
    platform.service_urls.made(by, connection.id, connection.name, again=again)
    platform.doors.stale()


def _steps(identity: HookIdentity, language: str, token: str) -> list[str]:
    secrets = identity.secrets
    hidden = [secrets.password] if token else [secrets.tokens[0], secrets.password]
    lines = by_hand(wanted_hook(identity), language)
    for secret in filter(None, hidden):
        lines = [line.replace(secret, SHOWN_ONCE[language]) for line in lines]
    return lines


def _is_generated(whole: Values) -> bool:
    return bool(whole.get("hook_secret") and whole.get("signing_token"))


def _old_until(platform: Platform, until: int, whole: Values) -> int | None:
    """Until when the secrets of before are taken, if there are any that end by themselves."""
    return until if until > platform.clock.now_ms() and whole.get("hook_secret_old") else None


def _check_called(platform: Platform, connection: Connection, whole: Values) -> None:
    if not platform.kinds.called_at(whole):
        raise Refused(
            f"Nobody said at which address CODING reaches {connection.name}.",
            advice="Start the server with --public-url https://..., or give the connection a"
            " public_url.",
        )


def _inbox_of(
    platform: Platform, connection: Connection, whole: Values
) -> tuple[Delivery | None, dict[str, int]]:
    """The newest delivery, and how many there are in each state."""
    with platform.inboxes.at(platform.doors.places(connection, whole)[0]) as inbox:
        if inbox is None:
            return None, {"waiting": 0, "done": 0, "dead": 0}
        newest = inbox.list(limit=1)
        return (newest[0] if newest else None), dict(inbox.counts())


def _quiet(platform: Platform, connection_id: int) -> View | None:
    """The alert that no hook tells of changes which polls see, while it is open."""
    subject = f"connection:{connection_id}"
    opened = [a for a in platform.alerts.open() if (a.kind, a.subject) == ("hooks_quiet", subject)]
    return opened[0].as_dict() if opened else None


def _is_reading(platform: Platform, connection_id: int) -> bool:
    """Whether a mining works its deliveries off now."""
    tasks = [f"task-{r.id}" for r in platform.tasks.all() if r.source_id == connection_id]
    living = dict(platform.agent.minings)
    keys = (f"connection-{connection_id}", *tasks)
    return any(key in living and living[key].hooks is not None for key in keys)
