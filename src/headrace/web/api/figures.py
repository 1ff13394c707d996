"""Figures of tasks and of sources: totals, rates, and how it went."""

from __future__ import annotations

from typing import Annotated

from litestar.params import QueryParameter

from headrace.app.serving import views
from headrace.web.api.answers import all_shown, shown
from headrace.web.api.pages import After, Limit, listed
from headrace.web.api.verbs import Moment, The, look
from headrace.wire.page import Page
from headrace.wire.watching import FiguresOf, Point

_Subject = Annotated[str, QueryParameter(pattern=r"^(task|connection):[0-9]{1,9}$")]
_Stream = Annotated[str | None, QueryParameter(max_length=200, pattern="^[^\\x00]*$")]


@look("/figures")
def figures(platform: The, subject: _Subject) -> FiguresOf:
    """Of `task:ID` or `connection:ID`, by stream ("": of it as a whole): since ever, today, and
    records a second over the last minute."""
    return shown(FiguresOf, views.figures(platform, subject))


@look("/figures/series")
def series(
    platform: The,
    subject: _Subject,
    since: Moment = 0,
    until: Moment = 0,
    stream: _Stream = None,
    after: After = "",
    limit: Limit = 1000,
) -> Page[Point]:
    """Spans that began from `since` on and before `until` (ms UTC), oldest first: of one stream, or
    of all together."""
    found = views.series(platform, subject, since=since, until=until, stream=stream)
    return listed(all_shown(Point, found), _place, after=after, limit=limit)


def _place(point: Point) -> str:
    return f"{point.at:016} {point.span_ms:016}"


HANDLERS = (figures, series)
