"""Hooks of all sources at a glance, and how many deliveries came over time. Nothing here holds a
secret or calls CODING."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from headrace.app.serving.hooks import service_urls
from headrace.app.serving.hooks.deliveries import inbox_of
from headrace.app.serving.platform import Platform
from headrace.app.serving.watching.charts import SPANS
from headrace.control.connections import ConnectionRole
from headrace.control.refusals import Missing
from headrace.core.stream import Title
from headrace.errors import HeadraceError

View = dict[str, Any]
_BARS = 60
_STATES = (
    ("done", Title("完成", "Done")),
    ("waiting", Title("等待", "Waiting")),
    ("dead", Title("失败", "Dead")),
)


def all_hooks(platform: Platform) -> list[View]:
    """How the hooks of each source stand, by name: `state`, or the `problem` why that cannot be
    said now."""
    found = []
    for one in sorted(platform.connections.all(), key=lambda one: one.name):
        if one.role is ConnectionRole.SOURCE:
            told: View = {"connection_id": one.id, "name": one.name, "state": None, "problem": None}
            try:
                told["state"] = service_urls.status(platform, one.id)
            except HeadraceError as error:
                told["problem"] = {"message": error.message, "advice": error.advice}
            found.append(told)
    return found


def chart(platform: Platform, connection_id: int, span: str) -> View:
    """A chart like those of `charts.chart`: deliveries that came, by the state they are in now."""
    if span not in SPANS:
        raise Missing("There is no such chart.", advice=f"Known: {', '.join(SPANS)}.")
    step = SPANS[span] // _BARS
    now_ms = platform.clock.now_ms()
    since = (now_ms - SPANS[span]) // step * step
    with inbox_of(platform, connection_id) as inbox:
        came = inbox.came(since, step) if inbox is not None else ()
    counts: dict[str, dict[int, int]] = defaultdict(dict)
    for at, state, count in came:
        counts[state][at] = count
    moments = range(since, now_ms + 1, step)
    return {
        "kind": "deliveries", "unit": {"zh": "次", "en": "deliveries"},
        "series": [
            {
                "name": state, "title": {"zh": title.zh, "en": title.en},
                "points": [[at, counts[state].get(at, 0)] for at in moments],
            }
            for state, title in _STATES
        ],
    }  # fmt: skip
