"""The stream of issues: requirements, missions, defects, epics and sub tasks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from headrace.coding.streams.issue_columns import CHILDREN, COLUMNS
from headrace.coding.streams.project import IN_PROJECT
from headrace.core.record import Body
from headrace.core.schema import Schema
from headrace.core.stream import HookRule, Listing, Lookup, Paging, Strategy, Stream, Title

_CODING_DAY = timezone(timedelta(hours=8))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# The fields that DescribeIssue and a row of DescribeIssueListWithPage show alike.
_SHARED = (
    *("Code", "Type", "Name", "Description", "ParentType", "Priority", "StoryPoint"),
    *("IssueTypeId", "IssueTypeDetail", "IssueStatusId", "IssueStatusName", "IssueStatusType"),
    *("IterationId", "Iteration", "StartDate", "DueDate", "WorkingHours"),
    *("CreatedAt", "UpdatedAt", "CompletedAt", "Assignees", "Labels", "CustomFields"),
)


def updated_between(start_ms: int, end_ms: int) -> Mapping[str, Any]:
    """Parameters of DescribeIssueListWithPage for issues updated between two moments (ms UTC).

    Widened to whole seconds, written in CODING's time (+08:00), oldest update first. `Conditions`
    is sent as an array, though the document's schema says object.
    """
    bounds = f"{_server_time(start_ms // 1000)}_{_server_time(-(-end_ms // 1000))}"
    return {
        "Conditions": [{"Key": "UPDATED_AT", "Value": bounds}],
        "SortKey": "UPDATED_AT",
        "SortValue": "ASC",
    }


def _server_time(seconds: int) -> str:
    moment = (_EPOCH + timedelta(seconds=seconds)).astimezone(_CODING_DAY)
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def list_row_of(detail: Body) -> Body:
    """What an answer of DescribeIssue can vouch for, in the shape of a list row.

    Left out: what only the detail has (watchers, files, sub tasks ...), and `ParentId` of an
    issue with a parent, because the detail names the parent by code only.
    """
    row = {name: detail[name] for name in _SHARED if name in detail}
    for person in ("Assignee", "Creator"):
        if isinstance(detail.get(person), dict) and "Id" in detail[person]:
            row[f"{person}Id"] = detail[person]["Id"]
    parent = detail.get("Parent")
    if isinstance(parent, dict) and "Code" in parent:
        row["ParentCode"] = parent["Code"]
        if parent["Code"] == 0:
            row["ParentId"] = 0
    return row


_EVENTS = (
    *("ISSUE_CREATED", "ISSUE_DELETED", "ISSUE_UPDATED", "ISSUE_STATUS_UPDATED"),
    *("ISSUE_ASSIGNEE_CHANGED", "ISSUE_ITERATION_CHANGED", "ISSUE_RELATIONSHIP_CHANGED"),
    "ISSUE_HOUR_RECORD_UPDATED",
)

ISSUES = Stream(
    name="issues",
    title=Title("事项", "Issues"),
    key=("ProjectId", "Code"),
    version=("UpdatedAt",),
    schema=Schema(key=("project_id", "code"), columns=COLUMNS, children=CHILDREN),
    strategy=Strategy.DELTA,
    listing=Listing(
        action="DescribeIssueListWithPage",
        rows="Data.List",
        total="Data.TotalCount",
        paging=Paging.NUMBER,
        size=500,
        sends=("ProjectName",),
        params={"IssueType": "ALL", "ShowSubIssues": True},
    ),
    window=updated_between,
    whole={"SortKey": "CODE", "SortValue": "ASC"},
    parent=IN_PROJECT,
    lookup=Lookup(
        action="DescribeIssue",
        row="Issue",
        key_params={"IssueCode": "Code"},
        sends=("ProjectName",),
        project=list_row_of,
    ),
    hooks=(
        HookRule(_EVENTS, {"ProjectId": "issue.project_id", "Code": "issue.code"}),
        HookRule(
            ("ISSUE_COMMENT_CREATED",),
            {"ProjectId": "issueComment.issue.project_id", "Code": "issueComment.issue.code"},
        ),
        HookRule(("ITERATION_PLANNED",)),  # moves issues without naming them
    ),
    scopes=("collaboration:issue:ro",),
    personal=("Assignees.Email", "Assignees.Phone"),
)
