"""Minings: what is read from CODING now, for which tasks."""

from __future__ import annotations

from typing import Annotated, Any

from litestar.params import PathParameter

from headrace.app.serving import views
from headrace.control.refusals import Missing
from headrace.web.api.verbs import The, look


@look("/minings")
def minings(platform: The) -> list[dict[str, Any]]:
    """All that run, or should but failed."""
    return views.minings(platform)


@look("/minings/{key:str}")
def mining(key: Annotated[str, PathParameter(max_length=40)], platform: The) -> dict[str, Any]:
    """One, with its figures stream by stream."""
    found = views.mining(platform, key)
    if found is None:
        raise Missing("There is no such mining now.", advice="It runs while a task needs it.")
    return found


HANDLERS = (minings, mining)
