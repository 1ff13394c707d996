"""What happened: runs of tasks, and the log."""

from __future__ import annotations

from typing import Annotated

from litestar import MediaType, Response
from litestar.params import QueryParameter

from headrace.app.serving import views
from headrace.control.history import LINES_MAX, Level
from headrace.web.api.answers import all_shown
from headrace.web.api.pages import After, Limit, newest
from headrace.web.api.verbs import Id, Moment, SearchText, The, look
from headrace.wire.page import Page
from headrace.wire.tasks import Run
from headrace.wire.watching import Line

_Level = Annotated[Level, QueryParameter()]


@look("/tasks/{task_id:int}/runs")
def runs(task_id: Id, platform: The, after: After = "", limit: Limit = 50) -> Page[Run]:
    """Its runs, the newest first."""
    platform.tasks.get(task_id)

    def found(before_id: int, count: int) -> list[Run]:
        rows = platform.runs.of(task_id, before_id=before_id, limit=count)
        return all_shown(Run, rows)

    return newest(found, after=after, limit=limit)


@look("/logs")
def lines(
    platform: The,
    subject: SearchText = "",
    text: SearchText = "",
    level: _Level = Level.INFO,
    since: Moment = 0,
    after: After = "",
    limit: Limit = 100,
) -> Page[Line]:
    """The newest first: those of `task:ID`, `connection:ID`, `agent:NAME` or `server` with this
    text in them, of this level and above."""

    def found(before_id: int, count: int) -> list[Line]:
        rows = platform.log.lines(
            subject=subject, text=text, level=level, since=since, before_id=before_id, limit=count
        )
        return all_shown(Line, rows)

    return newest(found, after=after, limit=limit)


@look("/logs/text", media_type=MediaType.TEXT)
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
