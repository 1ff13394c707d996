"""Hooks (钩子事件): how those of each source stand, what was delivered, and what is read again.

Below `/hooks/` CODING itself knocks, so deliveries have their pages below their connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Response
from litestar.params import PathParameter
from litestar.response import Stream

from headrace.app.serving import catalogue
from headrace.app.serving.hooks import deliveries, hook_views, service_urls
from headrace.app.serving.hooks.deliveries import Wanted
from headrace.app.serving.views import source
from headrace.errors import Refused
from headrace.web.api.verbs import Id
from headrace.web.console.live import live
from headrace.web.console.verbs import TheView, done, shown
from headrace.web.console.view import View

DeliveryId = Annotated[str, PathParameter(max_length=128)]
COLOURS = {"waiting": "azure", "done": "green", "dead": "red"}
_AT = "/connections/{connection_id:int}/deliveries"
_PAGE = 50
_TEXT_MAX, _ID_MAX = 200, 128


# --- what is shown -------------------------------------------------------------------------------


@shown("/hooks", twin="/hooks")
def hooks(view: TheView) -> Response[str]:
    """Those of every source."""
    return view.page("hooks/list.html", sources=hook_views.all_hooks(view.platform))


@shown("/live/hooks")
def hooks_now(view: TheView) -> Stream:
    """What changes on it."""

    def parts() -> dict[str, str]:
        return {
            "hooks": view.render("hooks/rows.html", sources=hook_views.all_hooks(view.platform))
        }

    return live(view, parts)


@shown(_AT, twin=_AT)
def found(connection_id: Id, view: TheView) -> Response[str]:
    """What was delivered, the newest first: all, or what is asked for."""
    name = source(view.platform, connection_id).name
    listed = {**_standing(view, connection_id), **_listed(view, connection_id)}
    query = urlencode(listed["chosen"])
    return view.page(
        "hooks/deliveries.html", name=name, filtered=bool(query), **listed,
        events=deliveries.events(view.platform, connection_id),
        first=not view.request.query_params.get("after"),
        live_at=f"/live/connections/{connection_id}/deliveries{'?' if query else ''}{query}",
    )  # fmt: skip


@shown(f"/live{_AT}")
def found_now(connection_id: Id, view: TheView) -> Stream:
    """What changes on it, while one looks at the newest."""
    source(view.platform, connection_id)

    def parts() -> dict[str, str]:
        standing, listed = _standing(view, connection_id), _listed(view, connection_id)
        return {
            "standing": view.render("hooks/standing.html", **standing),
            "deliveries": view.render("hooks/delivery_rows.html", **{**standing, **listed}),
        }

    return live(view, parts)


@shown(f"{_AT}/{{delivery_id:str}}", twin=f"{_AT}/{{delivery_id:str}}")
def delivery(connection_id: Id, delivery_id: DeliveryId, view: TheView) -> Response[str]:
    """One in full, its secrets masked, and what it has us read again."""
    name = source(view.platform, connection_id).name
    one = deliveries.one(view.platform, connection_id, delivery_id)
    return view.page(
        "hooks/delivery.html", name=name, connection_id=connection_id, one=one,
        states=words(view), colours=COLOURS, hints=_hints(view, one["hints"]),
    )  # fmt: skip


# --- what is done --------------------------------------------------------------------------------


@done(f"{_AT}/replay-dead")
def replay_dead(connection_id: Id, view: TheView) -> Response[str]:
    """Have the dead ones read again."""
    told = deliveries.replay_dead(view.platform, view.by, connection_id)
    return view.said(_replayed(view, told))


@done(f"{_AT}/{{delivery_id:str}}/replay")
def replay(connection_id: Id, delivery_id: DeliveryId, view: TheView) -> Response[str]:
    """Have one read again; the page then shows that it waits."""
    deliveries.replay(view.platform, view.by, connection_id, [delivery_id])
    return view.go(f"/connections/{connection_id}/deliveries/{delivery_id}")


# --- how it looks --------------------------------------------------------------------------------


def words(view: View) -> Mapping[str, str]:
    """The states of deliveries, as people say them."""
    return {
        "waiting": view.text("waiting"), "done": view.text("done"), "dead": view.text("dead"),
    }  # fmt: skip


def _replayed(view: View, told: Mapping[str, Any]) -> str:
    count = len(told["replayed"])
    if told["reading"]:
        return view.text("%(count)s deliveries are read again now.", count=count)
    return view.text("%(count)s deliveries are read again once a task runs.", count=count)


def _standing(view: View, connection_id: int) -> dict[str, Any]:
    """How the hooks stand, for the head of the page of deliveries."""
    status = service_urls.status(view.platform, connection_id)
    used = status["increments"] != "polling"
    return {
        "connection_id": connection_id, "hooks": status, "used": used, "states": words(view),
    }  # fmt: skip


def _listed(view: View, connection_id: int) -> dict[str, Any]:
    """The deliveries that the address asks for, and the addresses of those before and after."""
    asked = view.request.query_params
    given = {name: asked.get(name, "").strip() for name in ("state", "event", "text")}
    chosen = {name: value for name, value in given.items() if value}
    after = asked.get("after", "")
    if any(len(value) > _TEXT_MAX for value in given.values()) or len(after) > _ID_MAX:
        raise Refused("That is too long to look for.", advice="Look for less.")
    items, following = deliveries.page(
        view.platform, connection_id, Wanted(**given), before=after, limit=_PAGE
    )
    here = f"/connections/{connection_id}/deliveries"
    return {
        "items": items, "chosen": chosen, "given": given, "colours": COLOURS,
        "older": f"{here}?{urlencode({**chosen, 'after': following})}" if following else "",
        "newest": f"{here}?{urlencode(chosen)}" if after else "",
        "connection_id": connection_id, "states": words(view),
    }  # fmt: skip


def _hints(view: View, hints: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**hint, "title": catalogue.named(hint["stream"])["title"][view.language]} for hint in hints
    ]


HANDLERS = (
    hooks, hooks_now, found, found_now, delivery, replay_dead, replay,
)  # fmt: skip
