"""What people have a task do: start, stop, fill anew, be verified, be copied; and its rejects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from litestar import Response

from headrace.app.serving.tasks import rejecting, verifying
from headrace.coding.streams import find
from headrace.control.people import Role
from headrace.errors import HeadraceError
from headrace.web.api.answers import all_shown
from headrace.web.api.pages import listed
from headrace.web.api.verbs import Id
from headrace.web.console.pages.task import heading
from headrace.web.console.task_form import number
from headrace.web.console.trials import show_trial
from headrace.web.console.verbs import TheForm, TheTrials, TheView, done, shown
from headrace.web.console.view import View
from headrace.wire.page import Page
from headrace.wire.progress import Reject

_AT = "/tasks/{task_id:int}"
_REJECTS = 50


@done(f"{_AT}/start")
def start(task_id: Id, view: TheView) -> Response[str]:
    """Let it run."""
    row = view.platform.tasks.start(view.by, task_id)
    return view.said(view.text("%(name)s starts.", name=row.name))


@done(f"{_AT}/stop")
def stop(task_id: Id, view: TheView) -> Response[str]:
    """Let it drain and end."""
    row = view.platform.tasks.stop(view.by, task_id)
    return view.said(view.text("%(name)s stops.", name=row.name))


@done(f"{_AT}/reset")
def reset(task_id: Id, view: TheView) -> Response[str]:
    """At its next start all its tables are filled anew."""
    row = view.platform.tasks.reset(view.by, task_id)
    return view.said(view.text("%(name)s begins anew when it is started.", name=row.name))


@done(f"{_AT}/backfill")
def backfill(task_id: Id, view: TheView, form: TheForm) -> Response[str]:
    """Fill one table, or all, again from what is on file."""
    chosen = [stream.name for stream in find(str(one) for one in form.getall("streams", []))]
    view.platform.tasks.backfill(view.by, task_id, chosen)
    named = ", ".join(chosen) or view.text("All tables")
    return view.said(view.text("%(tables)s: filled again from what is on file.", tables=named))


@done(f"{_AT}/verify")
def verify(task_id: Id, view: TheView, trials: TheTrials) -> Response[str]:
    """Hold its copy against what is on file, table by table."""
    verifying.at_work(view.platform, task_id)
    return show_trial(view, trials.start(view.by, "verify", _verdicts(view, task_id)))


def _verdicts(view: View, task_id: int) -> Iterator[dict[str, Any]]:
    return (one.as_dict() for one in verifying.verify(view.platform, task_id))


@done(f"{_AT}/copy")
def copy(task_id: Id, view: TheView, form: TheForm) -> Response[str]:
    """The same under another name, then its settings."""
    name = str(form.get("name", "")).strip()
    made = view.platform.tasks.copy(view.by, task_id, name)
    return view.go(f"/tasks/{made.id}/settings")


@done(f"{_AT}/delete")
def delete(task_id: Id, view: TheView) -> Response[str]:
    """The tables at the destination stay."""
    view.platform.tasks.delete(view.by, task_id)
    return view.go("/tasks")


@shown(f"{_AT}/rejects", needs=Role.OPERATOR, twin=f"{_AT}/rejects")
def rejects(task_id: Id, view: TheView) -> Response[str]:
    """What its destination refused and lies aside there."""
    after = view.request.query_params.get("after", "")
    found: Page[Reject] = Page(items=[])
    error: HeadraceError | None = None
    try:
        rows = all_shown(Reject, rejecting.rejects(view.platform, task_id))
        found = listed(rows, lambda one: f"{one.stream} {one.key}", after=after, limit=_REJECTS)
    except HeadraceError as refused:
        view.platform.tasks.get(task_id)
        error = refused
    return view.page(
        "tasks/rejects.html", rows=found.items, error=error, newest="?" if after else "",
        older=f"?{urlencode({'after': found.next})}" if found.next else "", told=_told(view),
        **heading(view, task_id),
    )  # fmt: skip


@done(f"{_AT}/rejects/replay")
def replay(task_id: Id, view: TheView) -> Response[str]:
    """Have them written once more, then show what is left."""
    told = rejecting.replay(view.platform, task_id)
    return view.go(f"/tasks/{task_id}/rejects?{urlencode(told)}")


def _told(view: View) -> dict[str, int] | None:
    """What came of a replay."""
    asked = view.request.query_params
    names = ("written", "left")
    return {name: number(asked, name) for name in names} if "written" in asked else None


HANDLERS = (start, stop, reset, backfill, verify, copy, delete, rejects, replay)
