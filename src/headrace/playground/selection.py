"""Which issues a list answers with, and in which order (`DescribeIssueListWithPage`)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .conditions import FOREVER, Query, tests, update_window
from .project import Project
from .records import Issue, Status, whole_seconds

SELECTIONS_MAX = 16

OF_ISSUE: dict[str, Callable[[Issue], Any]] = {
    "CODE": lambda issue: issue.code,
    "UPDATED_AT": lambda issue: issue.updated_at,
    "CREATED_AT": lambda issue: whole_seconds(issue.created_ms),
    "ISSUE_STATUS_ID": lambda issue: issue.status_id,
    "PRIORITY": lambda issue: issue.priority,
    "DUE_DATE": lambda issue: issue.due_date,
    "ASSIGNEE": lambda issue: issue.assignee_ids,
    "PROJECT_ID": lambda issue: issue.id // 1_000_000,
    "PARENT_ID": lambda issue: issue.parent_code,
    "COMPLETED_AT": lambda issue: whole_seconds(issue.completed_ms),
    "JOIN_ITERATION_AT": lambda issue: issue.iteration_code,
    "ISSUE_ITERATION_SORT": lambda issue: issue.iteration_code,
    "ISSUE_ROADMAP_SORT": lambda issue: issue.start_date,
}
OF_STATUS: dict[str, Callable[[Status], Any]] = {
    "STATUS": lambda status: status.index,
    "STATUS_TYPE": lambda status: status.type,
}
SORT_KEYS = (*OF_ISSUE, *OF_STATUS)


def select(project: Project, query: Query, issues: Mapping[int, Issue] | None) -> Sequence[int]:
    """The codes of the issues wanted, in order.

    `issues` None: those of the project now, by its indexes, remembered until the project changes.
    ApiError InvalidParameterValue: a condition that cannot be read.
    """
    if issues is not None:
        return _filtered(project, query, issues, _sorted(project, query, issues))
    key = (query.kind, query.sub_issues, query.sort_key, query.descending, query.day_only,
           repr(query.conditions))  # fmt: skip
    found = project.selections.get(key)
    if found is None or found[0] != project.version:
        codes = _filtered(project, query, project.issues, _indexed(project, query))
        found = project.selections[key] = (project.version, codes)
        if len(project.selections) > SELECTIONS_MAX:
            del project.selections[next(iter(project.selections))]
    return found[1]


def _filtered(
    project: Project, query: Query, issues: Mapping[int, Issue], codes: Sequence[int]
) -> Sequence[int]:
    """A loop per test, not per issue: this runs over every issue of a large project."""
    for test in tests(project, query):
        codes = [code for code in codes if test(issues[code])]
    return codes


def _indexed(project: Project, query: Query) -> Sequence[int]:
    """All codes in order; by update time only those of the asked window."""
    if query.sort_key == "UPDATED_AT":
        first, last = update_window(query)
        rows = project.by_update()
        begin = bisect_left(rows, (first, 0))
        codes = [code for _, code in rows[begin : bisect_right(rows, (last, FOREVER))]]
    elif query.sort_key == "CODE":
        codes = project.codes()
    else:
        return _sorted(project, query, project.issues)
    return codes[::-1] if query.descending else codes


def _sorted(project: Project, query: Query, issues: Mapping[int, Issue]) -> list[int]:
    """Equal values stand in the order of their codes."""
    value_of = OF_ISSUE.get(query.sort_key)
    if value_of is None:
        of_status = OF_STATUS[query.sort_key]
        values = {n: of_status(status) for n, status in project.statuses.items()}
        pairs = [(values[issue.status_id], code) for code, issue in issues.items()]
    else:
        pairs = [(value_of(issue), code) for code, issue in issues.items()]
    return [code for _, code in sorted(pairs, reverse=query.descending)]
