"""Iterations."""

from __future__ import annotations

from datetime import UTC, datetime

from ..envelope import ApiError
from ..paging import Paging, Style
from ..records import UTC8_MS, Iteration
from ..rows import Row
from ..rows import iteration as iteration_row
from .action import PROJECT_NAME, Action, Call, Parameter

STATUSES = ("WAIT_PROCESS", "PROCESSING", "COMPLETED")


def _list(call: Call) -> Row:
    project = call.project()
    chosen = [value for value in project.iterations.values() if _wanted(call, value)]
    chosen.sort(key=lambda value: -value.code)
    return call.page(chosen, lambda value: iteration_row(value, project))


def _wanted(call: Call, value: Iteration) -> bool:
    """StartDate and EndDate bound the planned dates, in days of UTC+8."""
    asked = call.parameters
    return (
        asked.get("Keywords", "") in value.name
        and value.status in asked.get("Status", STATUSES)
        and ("Assignee" not in asked or value.assignee_id in asked["Assignee"])
        and _day(value.start_ms) >= asked.get("StartDate", "")
        and ("EndDate" not in asked or _day(value.end_ms) <= asked["EndDate"])
    )


def _day(at_ms: int) -> str:
    return datetime.fromtimestamp((at_ms + UTC8_MS) / 1000, UTC).strftime("%Y-%m-%d")


def _one(call: Call) -> Row:
    project = call.project()
    found = project.iterations.get(call.parameters["IterationCode"])
    if found is None:
        raise ApiError("ResourceNotFound", "Iteration not found")
    return {"Iteration": iteration_row(found, project)}


ACTIONS = (
    Action(
        name="DescribeIterationList",
        handler=_list,
        scope="collaboration:issue:ro",
        parameters=(
            PROJECT_NAME,
            Parameter("Status", "strings", choices=STATUSES),
            Parameter("Assignee", "integers"),
            Parameter("StartDate", "date"),
            Parameter("EndDate", "date"),
            Parameter("Keywords"),
        ),
        paging=Paging(style=Style.OFFSET, rows="List", total="TotalRow"),
    ),
    Action(
        name="DescribeIteration",
        handler=_one,
        scope="collaboration:issue:ro",
        parameters=(PROJECT_NAME, Parameter("IterationCode", "integer", required=True)),
    ),
)
