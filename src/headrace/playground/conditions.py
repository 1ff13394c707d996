"""The type and the Conditions of `DescribeIssueListWithPage`, as tests on an issue.

Dates are read at UTC+8; ranges are closed at both ends; several values are joined by commas.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any, NamedTuple

from .defaults import DEFECT_TYPES, KINDS, MODULES, REQUIREMENT_TYPES
from .envelope import ApiError
from .project import Project
from .records import DAY_MS, Issue, whole_seconds

UTC8 = timezone(timedelta(hours=8))
KINDS_LISTED = ("ALL", *(kind for kind in KINDS if kind != "SUB_TASK"))
UNSPECIFIC = "UNSPECIFIC"
FOREVER = 1 << 62

Test = Callable[[Issue], bool]


class Range(NamedTuple):
    """Milliseconds, closed at both ends."""

    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """`day_only`: date conditions ignore the time of day."""

    kind: str
    sub_issues: bool
    sort_key: str
    descending: bool
    conditions: Sequence[Mapping[str, Any]]
    day_only: bool


def tests(project: Project, query: Query) -> list[Test]:
    """One test per wish. ApiError InvalidParameterValue: a condition that cannot be read."""
    found: list[Test] = []
    if query.kind != "ALL":
        found.append(lambda issue: issue.kind == query.kind)
    elif not query.sub_issues:
        found.append(lambda issue: issue.kind != "SUB_TASK")
    return found + [_test(project, query, condition) for condition in query.conditions]


def update_window(query: Query) -> Range:
    """The range all UPDATED_AT conditions have in common."""
    first, last = 0, FOREVER
    for condition in query.conditions:
        if condition.get("Key") == "UPDATED_AT" and not condition.get("ConstValue"):
            asked = date_range(condition.get("Value"), day_only=query.day_only)
            first, last = max(first, asked.first), min(last, asked.last)
    return Range(first, last)


def _test(project: Project, query: Query, condition: Mapping[str, Any]) -> Test:
    key, value = condition.get("Key"), condition.get("Value", "")
    unset = condition.get("ConstValue") == UNSPECIFIC
    if not isinstance(key, str) or not isinstance(value, str):
        raise ApiError("InvalidParameterValue", "A condition needs a Key and a Value of text")
    if key in RANGES:
        return _range_test(key, value, unset=unset, day_only=query.day_only)
    if key == "KEYWORD":
        return lambda issue: value in issue.name or value in str(issue.code)
    if key == "CUSTOM":
        return _custom_test(condition, value, unset=unset)
    return _value_test(project, key, set(value.split(",")), unset=unset)


RANGES: dict[str, Callable[[Issue], float]] = {
    "UPDATED_AT": lambda issue: issue.updated_at,
    "CREATED_AT": lambda issue: whole_seconds(issue.created_ms),
    "DUE_DATE": lambda issue: issue.due_date,
    "START_DATE": lambda issue: issue.start_date,
    "WORKING_HOURS": lambda issue: issue.working_hours,
}


def _range_test(key: str, value: str, *, unset: bool, day_only: bool) -> Test:
    value_of = RANGES[key]
    if unset:
        return lambda issue: not value_of(issue)
    if key == "WORKING_HOURS":
        low, high = (_number(part) for part in _halves(value))
        return lambda issue: low <= value_of(issue) <= high
    first, last = date_range(value, day_only=day_only)
    return lambda issue: first <= value_of(issue) <= last


def _custom_test(condition: Mapping[str, Any], value: str, *, unset: bool) -> Test:
    field_id = condition.get("CustomFieldId")
    if not isinstance(field_id, int):
        raise ApiError("InvalidParameterValue", "A CUSTOM condition needs a CustomFieldId")
    if unset:
        return lambda issue: field_id not in dict(issue.custom)
    wanted = set(value.split(","))
    return lambda issue: dict(issue.custom).get(field_id) in wanted


def _value_test(project: Project, key: str, wanted: set[str], *, unset: bool) -> Test:
    """Things may be named by id or by name."""
    if key == "STATUS_TYPE":
        return lambda issue: project.statuses[issue.status_id].type in wanted
    if key in NAMED:
        ids_of, names = NAMED[key](project)
        wanted_ids = {n for n, name in names.items() if wanted & {str(n), name}}
    elif key in IDS:
        ids_of = IDS[key]
        wanted_ids = {int(text) for text in wanted if text.isdecimal()}
    elif key in TEXTS:
        text_of = TEXTS[key]
        return lambda issue: not text_of(issue) if unset else text_of(issue) in wanted
    else:
        raise ApiError("InvalidParameterValue", f"Conditions.Key {key} is not known")
    if unset:
        return lambda issue: not any(ids_of(issue))
    return lambda issue: not wanted_ids.isdisjoint(ids_of(issue))


Ids = Callable[[Issue], Sequence[int]]

TEXTS: dict[str, Callable[[Issue], str]] = {
    "PRIORITY": lambda issue: issue.priority,
    "ISSUE_TYPE": lambda issue: issue.kind,
}
IDS: dict[str, Ids] = {
    "ASSIGNEE": lambda issue: issue.assignee_ids,
    "CREATOR": lambda issue: (issue.creator_id,),
    "WATCHER": lambda issue: issue.watcher_ids,
    "ISSUE_SUB_TYPE": lambda issue: (issue.type_id,),
    "ITERATION": lambda issue: (issue.iteration_code,),
    "PARENT": lambda issue: (issue.parent_code,),
    "MISSION_TYPE": lambda _: (),
}


def place_of(names: tuple[str, ...], issue: Issue, kind: str = "") -> int:
    """Defect type, requirement type and module follow from the code; 0 is unset."""
    return issue.code % len(names) if kind in ("", issue.kind) else 0


def _derived(names: tuple[str, ...], kind: str = "") -> tuple[Ids, dict[int, str]]:
    return (lambda issue: (place_of(names, issue, kind),)), dict(enumerate(names))


def _labels(project: Project) -> tuple[Ids, dict[int, str]]:
    return (lambda issue: issue.label_ids), {n: label.name for n, label in project.labels.items()}


def _statuses(project: Project) -> tuple[Ids, dict[int, str]]:
    names = {n: status.name for n, status in project.statuses.items()}
    return (lambda issue: (issue.status_id,)), names


NAMED: dict[str, Callable[[Project], tuple[Ids, dict[int, str]]]] = {
    "LABEL": _labels,
    "STATUS": _statuses,
    "MODULE": lambda _: _derived(MODULES),
    "DEFECT_TYPE": lambda _: _derived(DEFECT_TYPES, "DEFECT"),
    "REQUIREMENT_TYPE": lambda _: _derived(REQUIREMENT_TYPES, "REQUIREMENT"),
}


def date_range(value: Any, *, day_only: bool = False) -> Range:
    """`2020-08-01_2020-08-31` or with times: both ends belong to it, a day lasts to its end."""
    first, last = _halves(value)
    begin_ms, _ = _moment(first, day_only=day_only)
    end_ms, span_ms = _moment(last, day_only=day_only)
    return Range(begin_ms, end_ms + span_ms - 1)


@lru_cache(maxsize=1024)  # each page of a walk names the same range again
def _moment(text: str, *, day_only: bool) -> tuple[int, int]:
    """When `text` begins and how long it lasts: a day, or a second."""
    for form, length, span_ms in (("%Y-%m-%d", 10, DAY_MS), ("%Y-%m-%d %H:%M:%S", 19, 1000)):
        try:
            moment = datetime.strptime(text[:10] if day_only else text, form)
        except ValueError:
            continue
        if len(text) >= length:
            return int(moment.replace(tzinfo=UTC8).timestamp()) * 1000, span_ms
    raise ApiError("InvalidParameterValue", f"{text!r} is neither a date nor a date with time")


def _halves(value: Any) -> tuple[str, str]:
    first, separator, last = value.partition("_") if isinstance(value, str) else ("", "", "")
    if not separator:
        raise ApiError("InvalidParameterValue", f"{value!r} is not a range: from_to")
    return first, last


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ApiError("InvalidParameterValue", f"{text!r} is not a number") from error
