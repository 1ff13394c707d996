"""Issues: the filtered list and one issue's detail."""

from __future__ import annotations

from ..conditions import KINDS_LISTED, Query
from ..envelope import ApiError
from ..issue_rows import issue_detail, issue_encoded
from ..paging import Paging, Style
from ..rates import UNLIMITED
from ..rows import Row
from ..selection import SORT_KEYS, select
from .action import PROJECT_NAME, Action, Call, Parameter


def _list(call: Call) -> Row:
    project, asked = call.project(), call.parameters
    query = Query(
        kind=asked["IssueType"],
        sub_issues=asked.get("ShowSubIssues", False) and not asked.get("ExcludeSubTask", False),
        sort_key=asked.get("SortKey", "CODE"),
        descending=asked.get("SortValue", "DESC") == "DESC",
        conditions=asked.get("Conditions", ()),
        day_only=call.settings.day_only_filter,
    )
    issues = None if not call.settings.visibility_lag_ms else call.issues(project)
    chosen = select(project, query, issues)
    seen = project.issues if issues is None else issues
    return call.page(chosen, lambda code: issue_encoded(seen[code], project, call.team))


def _one(call: Call) -> Row:
    project = call.project()
    found = call.issues(project).get(call.parameters["IssueCode"])
    if found is None:
        raise ApiError("ResourceNotFound", "Issue not found")
    return {"Issue": issue_detail(found, project, call.team, call.now_ms)}


ACTIONS = (
    Action(
        name="DescribeIssueListWithPage",
        handler=_list,
        scope="collaboration:issue:ro",
        parameters=(
            PROJECT_NAME,
            Parameter("IssueType", required=True, choices=KINDS_LISTED),
            Parameter("Conditions", "objects"),
            Parameter("SortKey", choices=SORT_KEYS),
            Parameter("SortValue", choices=("ASC", "DESC")),
            Parameter("ShowSubIssues", "boolean"),
            Parameter("ExcludeSubTask", "boolean"),
        ),
        paging=Paging(style=Style.NUMBERED, rows="List", pages="TotalPage", maximum=500),
        rate=UNLIMITED,
    ),
    Action(
        name="DescribeIssue",
        handler=_one,
        scope="collaboration:issue:ro",
        parameters=(PROJECT_NAME, Parameter("IssueCode", "integer", required=True)),
    ),
)
