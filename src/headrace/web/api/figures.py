"""Figures of tasks and of sources: totals, rates, and how it went."""

from __future__ import annotations

from typing import Annotated, Any

from litestar.params import QueryParameter

from headrace.app.serving import views
from headrace.web.api.verbs import Moment, The, look

_Subject = Annotated[str, QueryParameter(pattern=r"^(task|connection):[0-9]{1,9}$")]
_Stream = Annotated[str | None, QueryParameter(max_length=200, pattern="^[^\\x00]*$")]


@look("/figures")
def figures(platform: The, subject: _Subject) -> dict[str, Any]:
    """Of `task:ID` or `connection:ID`, by stream ("": of it as a whole): since ever, today, and
    records a second over the last minute."""
    return views.figures(platform, subject)


@look("/figures/series")
def series(
    platform: The,
    subject: _Subject,
    since: Moment = 0,
    until: Moment = 0,
    stream: _Stream = None,
) -> list[dict[str, Any]]:
    """Spans that began from `since` on and before `until` (ms UTC), oldest first: of one stream, or
    of all together."""
    return views.series(platform, subject, since=since, until=until, stream=stream)


HANDLERS = (figures, series)
