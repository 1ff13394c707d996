"""Channels: where alerts are told, with a test message to see that they arrive."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from litestar import Response
from litestar.datastructures import FormMultiDict
from litestar.params import PathParameter

from headrace.app.serving.watching.notifying import MESSAGE_ID, SIGNATURE
from headrace.control.channels import EMAIL, KEYS, SECRETS, SECURITY, WEBHOOK
from headrace.control.connections import HIDDEN
from headrace.control.people import Role
from headrace.errors import HeadraceError, Missing, Refused
from headrace.web.api.verbs import ID_MAX
from headrace.web.console.verbs import TheForm, TheView, done, shown
from headrace.web.console.view import View, answer

_LIST = "/alerts/channels"
_Id = Annotated[int, PathParameter(ge=0, le=ID_MAX)]


@shown(_LIST, needs=Role.OPERATOR, twin="/channels")
def page(view: TheView) -> Response[str]:
    """All, each with what became of its last message."""
    found = [one.as_dict() for one in view.platform.channels.all()]
    return view.page("alerts/channels.html", section="alerts", twin="/channels", channels=found)


@shown(f"{_LIST}/new", needs=Role.OPERATOR)
def new(view: TheView) -> Response[str]:
    """Ask what a new one is."""
    kind = view.request.query_params.get("type", WEBHOOK)
    if kind not in KEYS:
        raise Missing("There is no such type of channel.", advice="webhook or email.")
    given: dict[str, Any] = {"language": view.language}
    if kind == WEBHOOK:
        given["secret"] = secrets.token_urlsafe(32)
    return _form(view, {"id": None, "name": "", "type": kind, "settings": given})


@done(f"{_LIST}/new")
def add(view: TheView, form: TheForm) -> Response[str]:
    """Save it."""
    assert view.person is not None
    kind = str(form.get("type", ""))
    given = {name: value for name, value in _settings(view, kind, form).items() if value}
    view.platform.channels.save(view.person, str(form.get("name", "")).strip(), kind, given)
    return view.go(_LIST)


@shown(_LIST + "/{channel_id:int}", needs=Role.OPERATOR, twin="/channels/{channel_id:int}")
def edit(view: TheView, channel_id: _Id) -> Response[str]:
    """What it is, to be changed."""
    return _form(view, view.platform.channels.get(channel_id).as_dict())


@done(_LIST + "/{channel_id:int}")
def change(view: TheView, form: TheForm, channel_id: _Id) -> Response[str]:
    """Save what was changed."""
    assert view.person is not None
    channels = view.platform.channels
    kind = channels.get(channel_id).type
    given = {name: value or None for name, value in _settings(view, kind, form).items()}
    given |= {name: HIDDEN for name in SECRETS[kind] if given[name] is None}  # left empty, it stays
    channels.change(view.person, channel_id, given)
    return view.go(_LIST)


@done(_LIST + "/{channel_id:int}/enabled")
def enable(view: TheView, form: TheForm, channel_id: _Id) -> Response[str]:
    """Tell alerts there, or no more."""
    assert view.person is not None
    view.platform.channels.change(view.person, channel_id, {}, enabled=form.get("enabled") == "1")
    return _row(view, channel_id)


@done(_LIST + "/{channel_id:int}/test")
def test(view: TheView, channel_id: _Id) -> Response[str]:
    """Send a test message, and show what came of it."""
    try:
        view.platform.notifier.test(channel_id)
    except Missing:
        raise
    except HeadraceError:  # it is noted with the channel, and shown there
        return _row(view, channel_id)
    return view.said(view.text("The test message arrived."), _row_text(view, channel_id))


@done(_LIST + "/{channel_id:int}/delete")
def delete(view: TheView, channel_id: _Id) -> Response[str]:
    """Nothing is told there any more."""
    assert view.person is not None
    view.platform.channels.delete(view.person, channel_id)
    return view.go(_LIST)


def _form(view: View, channel: dict[str, Any]) -> Response[str]:
    twin = f"/channels/{channel['id']}" if channel["id"] is not None else "/channels"
    return view.page(
        "alerts/channel.html", section="alerts", twin=twin, channel=channel,
        values=channel["settings"], security=SECURITY, hidden=HIDDEN, signature=SIGNATURE,
        message_id=MESSAGE_ID,
    )  # fmt: skip


def _row(view: View, channel_id: int) -> Response[str]:
    return answer(_row_text(view, channel_id))


def _row_text(view: View, channel_id: int) -> str:
    one = view.platform.channels.get(channel_id).as_dict()
    return view.render("alerts/channel_row.html", one=one)


def _settings(view: View, kind: str, form: FormMultiDict) -> dict[str, Any]:
    """What was filled in; "" where it was left empty. Raises `Refused` for a port that is none."""
    if kind not in KEYS:
        raise Refused("There is no such type of channel.", advice="webhook or email.")
    given: dict[str, Any] = {name: str(form.get(name, "")).strip() for name in KEYS[kind]}
    if kind == EMAIL:
        given["to"] = [one.strip() for one in str(form.get("to", "")).split(",") if one.strip()]
        if not given["port"].isdigit():
            raise Refused(view.text("The port is no number."), advice="587, 465 or 25.")
        given["port"] = int(given["port"])
    return given


HANDLERS = (page, new, add, edit, change, enable, test, delete)
