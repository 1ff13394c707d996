"""Connections (连接管理): the list, the gallery to choose a new one from, copying, deleting."""

from __future__ import annotations

from typing import Any

from litestar import Response

from headrace.app.serving import views
from headrace.app.serving.connecting import carrying
from headrace.control.connections import Connection, ConnectionRole
from headrace.control.people import Role
from headrace.web.api.verbs import Id
from headrace.web.console.kinds import DESTINATIONS, SOURCES, shown_as
from headrace.web.console.verbs import TheForm, TheView, done, shown
from headrace.web.console.view import View


@shown("/connections", twin="/connections")
def connections(view: TheView) -> Response[str]:
    """All, sources first."""
    return view.page("connections/list.html", told=_told(view), **_listed(view))


@shown("/connections/new", needs=Role.OPERATOR, part=True)
def gallery(view: TheView) -> Response[str]:
    """What can be connected."""
    return view.page("connections/gallery.html", sources=SOURCES, destinations=DESTINATIONS)


@done("/connections/{connection_id:int}/copy")
def copy(connection_id: Id, view: TheView, form: TheForm) -> Response[str]:
    """The same under another name, then its page."""
    name = str(form.get("name", "")).strip()
    made = view.platform.connections.copy(view.by, connection_id, name)
    return view.go(f"/connections/{made.id}")


@done("/connections/{connection_id:int}/delete")
def delete(connection_id: Id, view: TheView) -> Response[str]:
    """Refused while tasks use it."""
    view.platform.delete_connection(view.by, connection_id)
    return view.go("/connections")


@done("/connections/import")
def take_in(view: TheView, form: TheForm) -> Response[str]:
    """A connection from a file, then its page: its secrets are to be entered there."""
    text, name = str(form.get("text", "")), str(form.get("name", "")).strip()
    secrets = {"token": str(form["token"])} if form.get("token") else {}
    made = carrying.take_in(view.platform, view.by, text, name=name, secrets=secrets)
    return view.go(f"/connections/{made.id}")


def _listed(view: View) -> dict[str, Any]:
    platform = view.platform
    saved = {one.id: one for one in platform.connections.all()}
    checks = platform.connections.last_checks()
    rows = [
        _row(view, one, saved[one["id"]], checks.get(one["id"]))
        for one in views.connections(platform)
        if one["id"] in saved
    ]
    rows.sort(key=lambda row: (row["role"] != "source", row["name"]))
    return {"rows": rows}


def _row(
    view: View, one: dict[str, Any], saved: Connection, check: dict[str, Any] | None
) -> dict[str, Any]:
    """A connection with what its last test found and, of a source, how its model stands."""
    platform = view.platform
    source = saved.role is ConnectionRole.SOURCE
    return {
        **one, "kind": shown_as(one["type"]), "check": check,
        "authorization": platform.authorizing.view(saved) if source else None,
        "model": platform.models.get(one["id"]) if source else None,
    }  # fmt: skip


def _told(view: View) -> str:
    """What came of an authorization whose connection is not known."""
    reason = view.request.query_params.get("reason", "")
    return why_not_authorized(view, reason) if reason else ""


def why_not_authorized(view: View, reason: str) -> str:
    """A reason of `app.serving.authorizing` in words."""
    return {
        "denied": view.text("CODING says that the consent was refused."),
        "expired": view.text("The answer came too late, or twice. Authorize again."),
        "other_person": view.text("Another person began this. Sign in as the one who did."),
        "slow": view.text("CODING is slow: it is still being authorized. Look again in a moment."),
        "unavailable": view.text("CODING did not answer. Authorize again later."),
    }.get(reason, view.text("CODING did not accept it. Check the app's ID and secret."))


HANDLERS = (connections, gallery, copy, delete, take_in)
