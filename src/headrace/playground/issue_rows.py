"""Issues as the Open API serves them: the list row and the detail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from .conditions import place_of
from .defaults import DEFECT_TYPES, MODULES, REQUIREMENT_TYPES
from .records import Issue, Iteration, whole_seconds
from .rows import NO_ITERATION, NO_TYPE, NO_USER, Row, issue_type, project_inside_issue

if TYPE_CHECKING:
    from .project import Project
    from .team import Team


def _shared(issue: Issue, project: Project, team: Team) -> Row:
    """The fields a list row and a detail have in common."""
    status = project.statuses[issue.status_id]
    sprint = project.iterations.get(issue.iteration_code)
    parent = project.issues.get(issue.parent_code)
    return {
        "Code": issue.code,
        "Type": issue.kind,
        "Name": issue.name,
        "Description": issue.description,
        "ParentType": parent.kind if parent else issue.kind,
        "IterationId": sprint.id if sprint else 0,
        "Iteration": _iteration_inside(sprint),
        "IssueStatusId": status.id,
        "IssueStatusName": status.name,
        "IssueStatusType": status.type,
        "IssueTypeId": issue.type_id,
        "IssueTypeDetail": issue_type(project.type_of(issue)),
        "Priority": issue.priority,
        "StartDate": issue.start_date,
        "DueDate": issue.due_date,
        "WorkingHours": issue.working_hours,
        "StoryPoint": issue.story_point,
        "CreatedAt": whole_seconds(issue.created_ms),
        "UpdatedAt": issue.updated_at,
        "CompletedAt": whole_seconds(issue.completed_ms),
        "Labels": [
            {"Id": found.id, "Name": found.name, "Color": found.color}
            for label_id in issue.label_ids
            if (found := project.labels.get(label_id))
        ],
        "CustomFields": _custom(issue, project),
        "Assignees": [team.user(member_id) for member_id in issue.assignee_ids],
    }


def issue(issue: Issue, project: Project, team: Team) -> Row:
    """`IssueListData` of `DescribeIssueListWithPage`."""
    parent = project.issues.get(issue.parent_code)
    row = _shared(issue, project, team)
    row["AssigneeId"] = issue.assignee_ids[0] if issue.assignee_ids else 0
    row["CreatorId"] = issue.creator_id
    row["ParentId"] = parent.id if parent else 0
    row["ParentCode"] = parent.code if parent else 0
    return row


def issue_encoded(value: Issue, project: Project, team: Team) -> msgspec.Raw:
    """The same row as JSON, kept until the issue or its iteration changes."""
    if project.issues.get(value.code) is not value:
        return msgspec.Raw(msgspec.json.encode(issue(value, project, team)))
    found = project.rows.get(value.code)
    if found is None:
        found = project.rows[value.code] = msgspec.json.encode(issue(value, project, team))
    return msgspec.Raw(found)


def issue_detail(issue: Issue, project: Project, team: Team, now_ms: int) -> Row:
    """`IssueDetail` of `DescribeIssue`. File addresses are pre-signed: they change every call."""
    row = _shared(issue, project, team)
    parent = project.issues.get(issue.parent_code)
    first = issue.assignee_ids[0] if issue.assignee_ids else 0
    epic = parent if parent and parent.kind == "EPIC" else None
    return row | {
        "Assignee": team.user(first),
        "Creator": team.user(issue.creator_id),
        "Watchers": [team.user(member_id) for member_id in issue.watcher_ids],
        "DefectType": _named(DEFECT_TYPES, issue, "DEFECT") | {"IconUrl": ""},
        "RequirementType": _named(REQUIREMENT_TYPES, issue, "REQUIREMENT"),
        "ProjectModule": _named(MODULES, issue),
        "Parent": _relative(parent, project, team, "IssueStatusType", "IssueTypeDetail"),
        "Epic": _relative(epic, project, team),
        "SubTasks": [
            _relative(found, project, team)
            for found in project.issues.values()
            if found.parent_code == issue.code and found.kind == "SUB_TASK"
        ],
        "Files": team.files.rows_of(project.id, issue, now_ms),
        "ThirdLinks": _third_links(issue) if issue.code % 7 == 0 else [],
        "Project": project_inside_issue(project.info, team),
    }


def issue_simple(value: Issue, project: Project, team: Team) -> Row:
    """`IssueSimpleData`: an issue as those tied to it show it."""
    return _relative(value, project, team, "IssueStatusType", "IssueTypeDetail")


def _iteration_inside(value: Iteration | None) -> Row:
    if value is None:
        return dict(NO_ITERATION)
    return {"Code": value.code, "Name": value.name, "Status": value.status, "Id": value.id}


def _custom(issue: Issue, project: Project) -> list[Row]:
    if not issue.custom:
        return []
    names = {field.id: field.name for field in project.fields[issue.kind]}
    return [
        {"Id": field_id, "Name": names.get(field_id, ""), "ValueString": value}
        for field_id, value in issue.custom
    ]


def _named(names: tuple[str, ...], issue: Issue, kind: str = "") -> Row:
    place = place_of(names, issue, kind)
    return {"Id": place, "Name": names[place]}


def _relative(value: Issue | None, project: Project, team: Team, *extra: str) -> Row:
    """A parent, an epic or a sub task inside a detail."""
    if value is None:
        row: Row = dict.fromkeys(("Type", "Name", "IssueStatusName", "Priority"), "")
        row |= {"Code": 0, "IssueStatusId": 0, "Assignee": dict(NO_USER)}
        return row | {name: dict(NO_TYPE) if name.endswith("Detail") else "" for name in extra}
    shared = _shared(value, project, team)
    names = ("Code", "Type", "Name", "IssueStatusId", "IssueStatusName", "Priority", *extra)
    first = value.assignee_ids[0] if value.assignee_ids else 0
    return {name: shared[name] for name in names} | {"Assignee": team.user(first)}


def _third_links(issue: Issue) -> list[Row]:
    link = f"https://design.example.com/{issue.id}"
    return [{"Id": issue.id, "Title": "sketch 草图", "Link": link, "ThirdType": "MODAO"}]
