"""Everything at a glance, and charts."""

from __future__ import annotations

from typing import Annotated, Any

from litestar.params import PathParameter, QueryParameter

from headrace.app.serving.hooks import hook_views
from headrace.app.serving.overview import overview
from headrace.app.serving.watching.charts import chart
from headrace.web.api.verbs import Id, The, look

KindOf = Annotated[str, PathParameter(max_length=20)]
Span = Annotated[str, QueryParameter(max_length=20)]


@look("/overview")
def glance(platform: The) -> dict[str, Any]:
    """What runs, what needs somebody, what came in today."""
    return overview(platform)


@look("/charts/{kind:str}")
def chart_of_all(kind: KindOf, platform: The, span: Span = "hour") -> dict[str, Any]:
    """A chart of all tasks together: `speed`, `changes`, `lag` or `calls`, over a `span`: `hour`,
    `day`, `week` or `month`."""
    return chart(platform, "task:", kind, span)


@look("/tasks/{task_id:int}/charts/{kind:str}")
def chart_of_task(task_id: Id, kind: KindOf, platform: The, span: Span = "hour") -> dict[str, Any]:
    """A chart of one task."""
    platform.tasks.get(task_id)
    return chart(platform, f"task:{task_id}", kind, span)


@look("/connections/{connection_id:int}/charts/{kind:str}")
def chart_of_connection(
    connection_id: Id, kind: KindOf, platform: The, span: Span = "hour"
) -> dict[str, Any]:
    """A chart of what is read from a source, or of its `deliveries`."""
    platform.connections.get(connection_id)
    if kind == "deliveries":
        return hook_views.chart(platform, connection_id, span)
    return chart(platform, f"connection:{connection_id}", kind, span)


HANDLERS = (glance, chart_of_all, chart_of_task, chart_of_connection)
