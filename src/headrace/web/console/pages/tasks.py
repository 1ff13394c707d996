"""Tasks: the list of them, and what people have one do by a button."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from litestar import Response
from litestar.response import Stream

from headrace.app.serving import views
from headrace.app.serving.tasks.phases import FILLING, OPENING, SNAPSHOT
from headrace.app.serving.tasks.progress import progress
from headrace.control.connections import ConnectionRole
from headrace.control.monitor import together
from headrace.control.refusals import Missing
from headrace.control.states import ACTIVE, State
from headrace.web.console.live import live
from headrace.web.console.verbs import TheView, shown
from headrace.web.console.view import View

ESTIMATES_MAX = 20  # tasks at their beginning whose progress is looked at, which opens mirrors
_BEGINNING = (OPENING, SNAPSHOT, FILLING)
_WHICH = ("running", "trouble", "resting")


@shown("/tasks", twin="/tasks")
def page(view: TheView) -> Response[str]:
    """All, or those that one asks for."""
    rows = _rows(view)
    which = _which(view)
    chosen = _chosen(rows, which)
    counts = Counter(name for row in rows for name in _WHICH if _is(row, name))
    return view.page(
        "tasks/list.html", rows=chosen, which=which, all=len(rows), counts=counts,
        known=_digest(chosen), sources=_sources(view) if not rows else 0,
    )  # fmt: skip


@shown("/live/tasks", part=True)
def now(view: TheView) -> Stream:
    """What changes on it: cells of rows; and, where other rows are to be shown, the word to load
    the list anew."""
    which, known = _which(view), view.request.query_params.get("known", "")

    def parts() -> dict[str, str]:
        rows = _chosen(_rows(view), which)
        if _digest(rows) != known:
            return {"tasks": view.render("tasks/again.html", which=which)}
        return {
            f"{part}-{row['id']}": view.render(f"tasks/row_{part}.html", row=row)
            for row in rows
            for part in ("state", "figures", "acts")
        }

    return live(view, parts)


def _rows(view: View) -> list[dict[str, Any]]:
    """The tasks with what they wrote today and, of those that begin, how far they are."""
    platform = view.platform
    today = platform.monitor.all_today()
    rows, estimated = [], 0
    for one in views.tasks(platform):
        estimate = None
        if one["phase"] in _BEGINNING and estimated < ESTIMATES_MAX:
            estimated += 1
            with suppress(Missing):  # deleted meanwhile
                estimate = progress(platform, one["id"])
        figures = together(today.get(f"task:{one['id']}", {}))
        rows.append({**one, "estimate": estimate, "today": figures.read + figures.changed,
                     "trouble": trouble_of(one)})  # fmt: skip
    return rows


def trouble_of(task: dict[str, Any]) -> dict[str, str] | None:
    """Why a task does not go on as it should, and what to do; None where it does."""
    if task["reason"] and task["state"] in (State.ERROR, State.RETRYING):
        return {"message": task["reason"], "advice": task["advice"]}
    found = task["mining_error"]
    return {"message": found["message"], "advice": found["advice"]} if found else None


def _which(view: View) -> str:
    asked = view.request.query_params.get("which", "")
    return asked if asked in _WHICH else ""


def _is(row: dict[str, Any], which: str) -> bool:
    if which == "trouble":
        return row["trouble"] is not None
    return (row["state"] in ACTIVE) == (which == "running")


def _chosen(rows: Sequence[dict[str, Any]], which: str) -> list[dict[str, Any]]:
    return [row for row in rows if not which or _is(row, which)]


def _digest(rows: Sequence[dict[str, Any]]) -> str:
    """Stands for which rows are shown, and what of them does not change by itself."""
    fixed = [(row["id"], row["name"], row["source"], row["destination"]) for row in rows]
    return hashlib.blake2b(repr(fixed).encode(), digest_size=8).hexdigest()


def _sources(view: View) -> int:
    return sum(one.role is ConnectionRole.SOURCE for one in view.platform.connections.all())


HANDLERS = (page, now)
