"""What happened: runs of tasks, and the log."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Response
from litestar.params import QueryParameter

from headrace.app.serving import views
from headrace.control.history import LINES_MAX, Level
from headrace.web.api.verbs import BeforeId, Id, Limit, Moment, SearchText, The, look

_Level = Annotated[Level, QueryParameter()]


@look("/tasks/{task_id:int}/runs")
def runs(
    task_id: Id, platform: The, before_id: BeforeId = 0, limit: Limit = 50
) -> list[dict[str, Any]]:
    """Its runs, the newest first; `before_id`, the last number of a page, leads to the next."""
    platform.tasks.get(task_id)
    return [one.as_dict() for one in platform.runs.of(task_id, before_id=before_id, limit=limit)]


@look("/logs")
def lines(
    platform: The,
    subject: SearchText = "",
    text: SearchText = "",
    level: _Level = Level.INFO,
    since: Moment = 0,
    before_id: BeforeId = 0,
    limit: Limit = 100,
) -> list[dict[str, Any]]:
    """The newest first: those of `task:ID`, `connection:ID`, `agent:NAME` or `server` with this
    text in them, of this level and above."""
    found = platform.log.lines(
        subject=subject, text=text, level=level, since=since, before_id=before_id, limit=limit
    )
    return [one.as_dict() for one in found]


@look("/logs/text")
def download(
    platform: The,
    subject: SearchText = "",
    text: SearchText = "",
    level: _Level = Level.INFO,
    since: Moment = 0,
) -> Response[str]:
    """The newest 5,000 of them as a text file, the oldest first."""
    found = platform.log.lines(
        subject=subject, text=text, level=level, since=since, limit=LINES_MAX
    )
    headers = {"content-disposition": 'attachment; filename="headrace.log"'}
    return Response(views.log_text(found), media_type="text/plain", headers=headers)


HANDLERS = (runs, lines, download)
