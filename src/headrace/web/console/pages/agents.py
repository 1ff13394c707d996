"""Agents: who runs tasks, how they are, and what waits for those that are away."""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.response import Stream

from headrace.app.serving.agent_views import agents
from headrace.web.console.live import live
from headrace.web.console.verbs import TheView, shown
from headrace.web.console.view import View


@shown("/agents", twin="/agents")
def page(view: TheView) -> Response[str]:
    """All of them."""
    return view.page("agents/page.html", section="agents", twin="/agents", **_now(view))


@shown("/live/agents")
def now(view: TheView) -> Stream:
    """What changes on it."""
    return live(view, lambda: {"agents": view.render("agents/now.html", **_now(view))})


def busy(one: dict[str, Any]) -> int:
    """How much of its cores an agent uses, in percent."""
    percent = float(one["cpu"]) / (10 * max(1, int(one["cores"])))
    return min(100, round(percent))


def _now(view: View) -> dict[str, Any]:
    return {"agents": [{**one, "busy": busy(one)} for one in agents(view.platform)]}


HANDLERS = (page, now)
