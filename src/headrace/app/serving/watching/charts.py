"""Figures over time as charts want them: named series of `[ms UTC, value]`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from headrace.app.serving.platform import Platform
from headrace.control.monitor import DAY_MS, HOUR_MS, Figures, Point
from headrace.control.refusals import Missing
from headrace.core.stream import Title

_BEFORE_MS = 60_000
SPANS = {"hour": HOUR_MS, "day": DAY_MS, "week": 7 * DAY_MS, "month": 30 * DAY_MS}


class Kind(NamedTuple):
    """A chart: the unit of its values and, of each series, the name, title and value of a point."""

    unit: Title
    series: Sequence[tuple[str, Title, Callable[[Point], float]]]


def _figure(name: str) -> Callable[[Point], float]:
    def value(point: Point) -> float:
        return float(getattr(point.figures, name))

    return value


KINDS: Mapping[str, Kind] = {
    "speed": Kind(Title("行/秒", "rows/s"), [
        ("read", Title("读取", "Read"), lambda point: point.rate.read),
        ("changed", Title("变更", "Changed"), lambda point: point.rate.changed),
    ]),
    "changes": Kind(Title("行", "rows"), [
        ("inserted", Title("新增", "Inserted"), _figure("inserted")),
        ("updated", Title("更新", "Updated"), _figure("updated")),
        ("deleted", Title("删除", "Deleted"), _figure("deleted")),
    ]),
    "lag": Kind(Title("秒", "s"), [
        ("lag", Title("延迟", "Lag"), lambda point: point.figures.lag_ms / 1000),
    ]),
    "calls": Kind(Title("次", "calls"), [
        ("calls", Title("API 调用", "API calls"), _figure("calls")),
    ]),
}  # fmt: skip


def chart(platform: Platform, subject: str, kind: str, span: str = "hour") -> dict[str, Any]:
    """A chart of `task:ID`, `connection:ID` or, with no number, of all of them.

    `{"kind", "unit", "series": [{"name", "title", "points"}]}`. Raises `Missing` for a chart that
    there is not.
    """
    if kind not in KINDS or span not in SPANS:
        known = f"{', '.join(KINDS)}; of an {', '.join(SPANS)}"
        raise Missing("There is no such chart.", advice=f"Known: {known}.")
    now_ms = platform.clock.now_ms()
    points = platform.monitor.series(subject, since=now_ms - SPANS[span])
    shown = _with_gaps(points, now_ms - SPANS[span], now_ms)
    drawn = KINDS[kind]
    return {
        "kind": kind, "unit": {"zh": drawn.unit.zh, "en": drawn.unit.en},
        "series": [
            {
                "name": name, "title": {"zh": title.zh, "en": title.en},
                "points": [[point.at, round(value(point), 3)] for point in shown],
            }
            for name, title, value in drawn.series
        ],
    }  # fmt: skip


def _with_gaps(points: Sequence[Point], since_ms: int, until_ms: int) -> list[Point]:
    """Spans in which nothing happened are not kept: a line falls to nought in them, and stays. It
    begins a little before the first there is."""
    found: list[Point] = []
    ends = max(since_ms, points[0].at - _BEFORE_MS) if points else since_ms
    for point in points:
        if point.at - ends > point.span_ms // 2:
            found += [Point(ends, point.span_ms, Figures()),
                      Point(point.at - 1, point.span_ms, Figures())]  # fmt: skip
        found.append(point)
        ends = point.at + point.span_ms
    if until_ms > ends:
        found += [Point(at, until_ms - ends, Figures()) for at in (ends, until_ms)]
    return found
