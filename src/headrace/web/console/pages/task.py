"""One task: how it goes, table by table, its log and its runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from litestar import Response
from litestar.response import Stream

from headrace.app.serving import views
from headrace.app.serving.agent import mining_key
from headrace.app.serving.mining import mining_views
from headrace.app.serving.tasks.progress import progress
from headrace.app.serving.watching.charts import SPANS
from headrace.coding.streams import CATALOGUE
from headrace.control.history import Level
from headrace.web.api.pages import newest
from headrace.web.api.verbs import Id
from headrace.web.console.kinds import shown_as
from headrace.web.console.live import live
from headrace.web.console.pages.tasks import trouble_of
from headrace.web.console.verbs import TheView, shown
from headrace.web.console.view import View

TITLES = {stream.name: stream.title for stream in CATALOGUE}
_AT = "/tasks/{task_id:int}"
_LINES, _RUNS, _ALERTS = 100, 25, 5


@shown(_AT, twin=_AT)
def page(task_id: Id, view: TheView) -> Response[str]:
    """How it goes."""
    span = view.request.query_params.get("span", "")
    return view.page("tasks/page.html", span=span if span in SPANS else "hour",
                     **heading(view, task_id), **_now(view, task_id))  # fmt: skip


@shown("/live/tasks/{task_id:int}", part=True)
def now(task_id: Id, view: TheView) -> Stream:
    """What changes on it."""

    def parts() -> Mapping[str, str]:
        context = {**heading(view, task_id), **_now(view, task_id)}
        return {
            name: view.render(f"tasks/{name}.html", **context) for name in ("head", "flow", "notes")
        }

    return live(view, parts)


@shown(f"{_AT}/tables", twin=f"{_AT}/progress")
def tables(task_id: Id, view: TheView) -> Response[str]:
    """Table by table."""
    return view.page("tasks/tables.html", rows=_tables(view, task_id), **heading(view, task_id))


@shown("/live/tasks/{task_id:int}/tables", part=True)
def tables_now(task_id: Id, view: TheView) -> Stream:
    """A row each, when something in it is otherwise."""

    def parts() -> Mapping[str, str]:
        rows = _tables(view, task_id)
        cells = {f"table-{one['name']}": view.render("tasks/table.html", one=one) for one in rows}
        return cells | head(view, task_id)

    return live(view, parts)


@shown(f"{_AT}/log", twin="/logs")
def log(task_id: Id, view: TheView) -> Response[str]:
    """What happened to it, in words."""
    view.platform.tasks.get(task_id)
    after = view.request.query_params.get("after", "")
    asked = _asked(view, task_id)
    listed = newest(
        lambda before_id, count: view.platform.log.lines(**asked, before_id=before_id, limit=count),
        after=after, limit=_LINES,
    )  # fmt: skip
    chosen = {"text": asked["text"], "level": str(asked["level"])}
    return view.page(
        "tasks/log.html", lines=listed.items, chosen=chosen, query=urlencode(chosen), after=after,
        download=urlencode({**chosen, "subject": asked["subject"]}),
        older=f"?{urlencode({**chosen, 'after': listed.next})}" if listed.next else "",
        newest=f"?{urlencode(chosen)}" if after else "", **heading(view, task_id),
    )  # fmt: skip


@shown("/live/tasks/{task_id:int}/log", part=True)
def log_now(task_id: Id, view: TheView) -> Stream:
    """Its newest lines."""
    asked = _asked(view, task_id)

    def parts() -> Mapping[str, str]:
        lines = view.platform.log.lines(**asked, limit=_LINES)
        shown_lines = view.render("tasks/lines.html", lines=lines, chosen=asked)
        return {"lines": shown_lines, **head(view, task_id)}

    return live(view, parts)


@shown(f"{_AT}/runs", twin=f"{_AT}/runs")
def runs(task_id: Id, view: TheView) -> Response[str]:
    """Each time that it ran."""
    view.platform.tasks.get(task_id)
    after = view.request.query_params.get("after", "")
    listed = newest(
        lambda before_id, count: view.platform.runs.of(task_id, before_id=before_id, limit=count),
        after=after,
        limit=_RUNS,
    )
    return view.page(
        "tasks/runs.html", runs=listed.items, newest="?" if after else "",
        older=f"?{urlencode({'after': listed.next})}" if listed.next else "",
        **heading(view, task_id),
    )  # fmt: skip


@shown("/live/tasks/{task_id:int}/head", part=True)
def head_now(task_id: Id, view: TheView) -> Stream:
    """What stands above every tab."""
    view.platform.tasks.get(task_id)
    return live(view, lambda: head(view, task_id))


def heading(view: View, task_id: int) -> dict[str, Any]:
    """What every tab of a task shows above its own."""
    task = views.task(view.platform, task_id)
    return {
        "task": task, "trouble": trouble_of(task), "titles": TITLES,
        "aside": sum(note["rows"] for note in task["notes"] if note["kind"] == "aside"),
    }  # fmt: skip


def head(view: View, task_id: int) -> dict[str, str]:
    """The part with it."""
    return {"head": view.render("tasks/head.html", **heading(view, task_id))}


def _now(view: View, task_id: int) -> dict[str, Any]:
    """The flow, its figures, and what stands in its way."""
    platform = view.platform
    row = platform.tasks.get(task_id)
    source, destination = (platform.connections.get(n) for n in (row.source_id, row.destination_id))
    key, subject = mining_key(row, source), f"task:{task_id}"
    found = platform.alerts.all(subject=subject, limit=_ALERTS)
    return {
        "progress": progress(platform, task_id), "mining_key": key,
        "mining": mining_views.mining(platform, key), "kind": shown_as(destination.type),
        "alerts": [one.as_dict() for one in found if one.cleared_at is None],
    }  # fmt: skip


def _tables(view: View, task_id: int) -> list[dict[str, Any]]:
    found = progress(view.platform, task_id)["streams"]
    return [{"task_id": task_id, "name": name, "title": TITLES[name], **one}
            for name, one in found.items()]  # fmt: skip


def _asked(view: View, task_id: int) -> dict[str, Any]:
    """Which lines of its log are asked for."""
    given = view.request.query_params
    level = given.get("level", "")
    text = given.get("text", "").replace("\0", "")[:200]
    return {
        "subject": f"task:{task_id}", "text": text,
        "level": Level(level) if level in list(Level) else Level.INFO,
    }  # fmt: skip


HANDLERS = (page, now, tables, tables_now, log, log_now, runs, head_now)
