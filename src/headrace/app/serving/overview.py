"""The platform at a glance: what runs, what needs somebody, what came in today."""

from __future__ import annotations

from collections import Counter
from typing import Any

from headrace.app.serving.platform import Platform
from headrace.control.alerts import INFORMATIVE
from headrace.control.connections import ConnectionRole
from headrace.control.monitor import Figures, together
from headrace.control.states import State
from headrace.speech import translate

_RATE_MS = 60_000


def overview(platform: Platform) -> dict[str, Any]:
    """As JSON: counts of things and states, open alerts, today's figures, rows a second, lag."""
    rows = platform.tasks.all()
    connections = platform.connections.all()
    lags = {row.id: _lag(platform, row.id) for row in rows}
    return {
        "connections": Counter(str(one.role) for one in connections),
        "sources": sum(1 for one in connections if one.role is ConnectionRole.SOURCE),
        "tasks": {"all": len(rows), **Counter(str(row.state) for row in rows)},
        "needs": needs(platform),
        "today": _today(platform).as_dict(),
        "rate": _rate(platform),
        "lag": max(lags.values(), default=0),
        "behind": [
            {"id": row.id, "name": row.name, "lag": lags[row.id]} for row in rows if lags[row.id]
        ],
    }


def needs(platform: Platform) -> list[dict[str, Any]]:
    """What waits for a person: open alerts, and tasks that an error has ended without one yet."""
    alerts = [one.as_dict() for one in platform.alerts.open() if one.kind not in INFORMATIVE]
    told = {one["subject"] for one in alerts}
    failed = [
        {
            "id": None, "kind": "task_failed", "subject": f"task:{row.id}",
            "text": {
                "zh": f"{row.name}：{translate(row.reason, 'zh')}",
                "en": f"{row.name}: {row.reason}",
            },
            "advice": {"zh": translate(row.advice, "zh"), "en": row.advice},
            "raised_at": row.updated_at,
        }
        for row in platform.tasks.all()
        if row.state is State.ERROR and f"task:{row.id}" not in told
    ]  # fmt: skip
    return [*failed, *alerts]


def _today(platform: Platform) -> Figures:
    """What was written today, by all tasks together."""
    made = Figures()
    for subject, by_stream in platform.monitor.all_today().items():
        if subject.startswith("task:"):
            made = made.plus(together(by_stream))
    return made


def _rate(platform: Platform) -> float:
    """Rows that all tasks wrote a second, over the last minute."""
    now_ms = platform.clock.now_ms()
    points = platform.monitor.series("task:", since=now_ms - _RATE_MS)
    rows = sum(point.figures.read + point.figures.changed for point in points)
    return round(rows * 1000 / _RATE_MS, 1)


def _lag(platform: Platform, task_id: int) -> int:
    runner = platform.agent.runners.get(task_id)
    return runner.lag if runner is not None else 0
