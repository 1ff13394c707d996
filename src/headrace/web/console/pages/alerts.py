"""Alerts: those that stand, those that were, and from when on something is worth one."""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Response
from litestar.datastructures import FormMultiDict
from litestar.response import Stream

from headrace.control.alert_words import WORDS
from headrace.control.connections import ConnectionRole
from headrace.errors import Refused
from headrace.web.api.alerts import NewThresholds
from headrace.web.api.pages import newest
from headrace.web.console.live import live
from headrace.web.console.verbs import TheForm, TheView, done, shown
from headrace.web.console.view import View

_PAGE = 25
_SECTIONS = {"task": "tasks", "connection": "connections"}
_SCALES = {"lag_ms": 1_000, "lag_for_ms": 60_000, "tries": 1, "grant_days": 1,
           "disk_free_percent": 1}  # fmt: skip


@shown("/alerts", twin="/alerts")
def page(view: TheView) -> Response[str]:
    """What stands, and what was."""
    asked = view.request.query_params
    subject, kind = asked.get("subject", ""), asked.get("kind", "")
    listed = newest(
        lambda before_id, count: view.platform.alerts.all(
            subject=subject, kind=kind, before_id=before_id, limit=count
        ),
        after=asked.get("after", ""), limit=_PAGE,
    )  # fmt: skip
    chosen = {name: value for name, value in (("kind", kind), ("subject", subject)) if value}
    older = f"/alerts?{urlencode({**chosen, 'after': listed.next})}" if listed.next else ""
    return view.page(
        "alerts/page.html", section="alerts", twin="/alerts", open=_standing(view),
        history=[_shown(one.as_dict()) for one in listed.items], kind=kind, subject=subject,
        kinds=kinds(view), subjects=_subjects(view), older=older,
        newest=f"/alerts?{urlencode(chosen)}" if asked.get("after") else "", filtered=bool(chosen),
    )  # fmt: skip


@shown("/live/alerts")
def now(view: TheView) -> Stream:
    """Those that stand."""
    return live(view, lambda: {"alerts": view.render("alerts/open.html", open=_standing(view))})


@shown("/alerts/thresholds", twin="/alerts/thresholds")
def thresholds(view: TheView) -> Response[str]:
    """From when on something is worth an alert."""
    found = view.platform.alerts.thresholds()
    values = {name: _unscaled(getattr(found, name), by) for name, by in _SCALES.items()}
    return view.page(
        "alerts/thresholds.html", section="alerts", twin="/alerts/thresholds", values=values,
        muted=found.muted, kinds=kinds(view),
    )  # fmt: skip


@done("/alerts/thresholds")
def set_thresholds(view: TheView, form: TheForm) -> Response[str]:
    """Use these from the next look on. A kind that is not ticked is muted."""
    assert view.person is not None
    values: dict[str, Any] = {name: _scaled(view, form, name, by) for name, by in _SCALES.items()}
    told = {str(one) for one in form.getall("told", [])}
    try:
        wanted = msgspec.convert({**values, "muted": [k for k in WORDS if k not in told]},
                                 NewThresholds)  # fmt: skip
    except msgspec.ValidationError as error:
        raise Refused(str(error), advice=view.text("Mend it and send it again.")) from None
    view.platform.alerts.set_thresholds(view.person, wanted.checked())
    return view.said(view.text("The thresholds are saved."))


def kinds(view: View) -> dict[str, str]:
    """All kinds of alerts, as people call them."""
    return {
        "task_error": view.text("Task stopped with an error"),
        "task_retrying": view.text("Task fails again and again"),
        "lag": view.text("Task is behind"),
        "rejects": view.text("Destination refuses records"),
        "stream_stopped": view.text("Stream of a task stopped"),
        "mining_failed": view.text("Mining fails"),
        "hooks_quiet": view.text("Hooks have gone quiet"),
        "mass_vanish": view.text("Many records vanished at once"),
        "source_rejects": view.text("Rows of a source cannot be used"),
        "grant_ends": view.text("Authorization ends soon"),
        "agent_away": view.text("Agent is away"),
        "disk_full": view.text("Disk is nearly full"),
        "snapshot_done": view.text("Snapshot finished"),
    }


def about(subject: str) -> str:
    """The page of what an alert is about."""
    kind, _, number = subject.partition(":")
    if kind in _SECTIONS and number.isdigit():
        return f"/{_SECTIONS[kind]}/{number}"
    return "/agents" if kind == "agent" else "/settings"


def _standing(view: View) -> list[dict[str, Any]]:
    return [_shown(one.as_dict()) for one in view.platform.alerts.open()]


def _shown(one: dict[str, Any]) -> dict[str, Any]:
    told = [times for times in one["told"].values() if times.get("raised")]
    return {**one, "about": about(one["subject"]), "told_times": len(told)}


def _subjects(view: View) -> list[tuple[str, str]]:
    """What alerts may be about, for a choice."""
    platform = view.platform
    tasks = [(f"task:{one.id}", one.name) for one in platform.tasks.all()]
    sources = [
        (f"connection:{one.id}", one.name)
        for one in platform.connections.all()
        if one.role is ConnectionRole.SOURCE
    ]
    agents = [(f"agent:{one.name}", one.name) for one in platform.agents.all()]
    return [*tasks, *sources, *agents, ("server", view.text("This server"))]


def _unscaled(value: int, by: int) -> str:
    return f"{value / by:.3f}".rstrip("0").rstrip(".")


def _scaled(view: View, form: FormMultiDict, name: str, by: int) -> int:
    try:
        value = float(str(form.get(name, "")))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise Refused(
            view.text("%(name)s is no number.", name=name),
            advice=view.text("Mend it and send it again."),
        )
    return round(value * by)


HANDLERS = (page, now, thresholds, set_thresholds)
