"""Rows as the Open API serves them: every field of the schema, unset ones in CODING's own way.

Unset objects are served with zeros and empty strings, unset dates as 0 (issues) or -28800000
(iterations); numbers of seconds never carry milliseconds.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from .defaults import DEFECT_TYPES, MODULES, REQUIREMENT_TYPES, ROLES
from .records import (
    Field,
    Issue,
    IssueType,
    Iteration,
    Member,
    ProjectInfo,
    Status,
    whole_seconds,
)

if TYPE_CHECKING:
    from .project import Project
    from .team import Team

Row = dict[str, Any]

AVATAR = "https://static.example.com/avatar/{}.png"
ICON = "/static/project_icon/scenery-version-2-{}.svg"
NO_USER: Row = {
    "Id": 0, "Status": 0, "Avatar": "", "Name": "", "Email": "",
    "TeamId": 0, "Phone": "", "GlobalKey": "", "TeamGlobalKey": "",
}  # fmt: skip
NO_ITERATION: Row = {"Code": 0, "Name": "", "Status": "", "Id": 0}
NO_TYPE: Row = {"Id": 0, "Name": "", "IssueType": "", "Description": "", "IsSystem": False}


def user(member: Member | None, team_id: int) -> Row:
    """A person inside an issue (`User`)."""
    if member is None:
        return dict(NO_USER)
    return {
        "Id": member.id,
        "Status": member.status,
        "Avatar": AVATAR.format(member.id),
        "Name": member.name,
        "Email": f"{member.name}@example.com",
        "TeamId": team_id,
        "Phone": "",
        "GlobalKey": member.global_key,
        "TeamGlobalKey": "demo-team",
    }


def user_json(member: Member, team_id: int) -> str:
    """A person inside a custom field: JSON within JSON."""
    return json.dumps(user(member, team_id), ensure_ascii=False)


def team_member(member: Member, team_id: int, roles: list[Row]) -> Row:
    """A person of the team or of a project (`UserData`, `ProjectMemberUserData`)."""
    return {
        "Id": member.id,
        "TeamId": team_id,
        "Name": member.name,
        "NamePinYin": member.name,
        "Avatar": AVATAR.format(member.id),
        "Email": f"{member.name}@example.com",
        "Phone": "",
        "EmailValidation": 1,
        "PhoneValidation": 0,
        "GlobalKey": member.global_key,
        "Status": member.status,
        "Roles": roles,
        "UniqueExtField": "",
        "DepartmentMember": {
            "RefId": 0,
            "Refs": [],
            "ThirdPartyAvatar": "",
            "ThirdPartyName": "",
            "ThirdPartyId": "",
        },
    }


def role(role_type: str) -> Row:
    role_id, name = ROLES[role_type]
    return {"RoleId": role_id, "RoleType": role_type, "RoleTypeName": name}


def project(info: ProjectInfo, team: Team) -> Row:
    """`Project` of `DescribeCodingProjects`."""
    return {
        "Id": info.id,
        "CreatedAt": whole_seconds(info.created_ms),
        "UpdatedAt": whole_seconds(info.updated_ms),
        "Status": 1,
        "Type": 2,
        "MaxMember": 0,
        "Name": info.name,
        "DisplayName": info.display_name,
        "Description": info.description,
        "Icon": ICON.format(info.id % 12),
        "TeamOwnerId": team.owner_id,
        "UserOwnerId": 0,
        "StartDate": 0,
        "EndDate": 0,
        "TeamId": team.id,
        "IsDemo": False,
        "Archived": info.archived,
        "ProgramIds": [],
    }


def project_inside_issue(info: ProjectInfo, team: Team) -> Row:
    """`Project` of `DescribeIssue`: the documented example fills only id, names and icon."""
    row = dict.fromkeys(project(info, team), 0)
    texts = {"Name": info.name, "DisplayName": info.display_name, "Description": ""}
    rest = {"Icon": ICON.format(info.id % 12), "IsDemo": False, "Archived": False}
    return row | {"Id": info.id, "ProgramIds": []} | texts | rest


def iteration(value: Iteration, project: Project) -> Row:
    """`Iteration` of `DescribeIterationList`: no id; the counters move without UpdatedAt."""
    counts = project.counts(value.code)
    total = counts.total()
    return {
        "Code": value.code,
        "Name": value.name,
        "Goal": value.goal,
        "Status": value.status,
        "StartAt": value.start_ms,
        "EndAt": value.end_ms,
        "Assignee": value.assignee_id,
        "Creator": value.creator_id,
        "Starter": value.starter_id,
        "Completer": value.completer_id,
        "WaitProcessCount": counts["TODO"],
        "ProcessingCount": counts["PROCESSING"],
        "CompletedCount": counts["COMPLETED"],
        "CompletedPercent": round(100 * counts["COMPLETED"] / total, 2) if total else 0.0,
        "CreatedAt": whole_seconds(value.created_ms),
        "UpdatedAt": whole_seconds(value.updated_ms),
    }


def issue_type(value: IssueType) -> Row:
    """`IssueTypeDetail`."""
    return {
        "Id": value.id,
        "Name": value.name,
        "IssueType": value.kind,
        "Description": value.description,
        "IsSystem": value.is_system,
    }


def project_issue_type(value: IssueType, project: Project) -> Row:
    """`IssueTypeDetailWithSplit`."""
    parts = [part.id for part in project.types if part.kind == "SUB_TASK"]
    splits = value.kind == "REQUIREMENT"
    split = {"SplitType": "SPECIFIC_TYPE" if splits else "UNSPLITTABLE"}
    return issue_type(value) | split | {"SplitTargetIssueTypeId": parts if splits else []}


def issue_field(value: Field, kind: str, project: Project) -> Row:
    """`ProjectIssueField` of `DescribeProjectIssueFieldList`."""
    created = whole_seconds(max(value.created_ms, project.info.created_ms))
    watching = value.type == "WATCHER"
    return {
        "IssueFieldId": value.id,
        "IssueType": kind,
        "NeedDefault": watching,
        "Required": value.type == "NAME",
        "ValueString": '{"type":"VARIABLE","value":"CREATOR"}' if watching else "",
        "CreatedAt": created,
        "UpdatedAt": created,
        "IssueField": _field(value),
    }


def _field(value: Field) -> Row:
    created = whole_seconds(value.created_ms)
    options = [
        {"Icon": "", "Sort": sort, "Title": option.title, "Value": option.value}
        for sort, option in enumerate(value.options)
    ]
    return {
        "Id": value.id,
        "Name": value.name,
        "IconUrl": "",
        "Type": value.type,
        "ComponentType": value.component,
        "Description": "",
        "Options": options,
        "Unit": value.unit,
        "Selectable": value.is_custom,
        "Required": value.type == "NAME",
        "Editable": value.is_custom,
        "Deletable": value.is_custom,
        "Sortable": True,
        "CreatedBy": 1 if value.is_custom else 0,
        "CreatedAt": created,
        "UpdatedAt": created,
    }


def issue_status(value: Status, kind: str, sort: int, project: Project) -> Row:
    """`ProjectIssueStatus` of `DescribeProjectIssueStatusList`."""
    created = whole_seconds(project.info.created_ms)
    return {
        "IssueType": kind,
        "IssueStatusId": value.id,
        "IsDefault": sort == 0,
        "Sort": sort,
        "CreatedAt": created,
        "UpdatedAt": created,
        "IssueStatus": {
            "Id": value.id,
            "Index": value.index,
            "Name": value.name,
            "Type": value.type,
            "Description": "",
            "IsSystem": True,
            "CreatedAt": created,
            "UpdatedAt": created,
        },
    }


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
    is_defect, is_requirement = issue.kind == "DEFECT", issue.kind == "REQUIREMENT"
    epic = parent if parent and parent.kind == "EPIC" else None
    return row | {
        "Assignee": team.user(first),
        "Creator": team.user(issue.creator_id),
        "Watchers": [team.user(member_id) for member_id in issue.watcher_ids],
        "DefectType": _named(DEFECT_TYPES, issue.code if is_defect else 0) | {"IconUrl": ""},
        "RequirementType": _named(REQUIREMENT_TYPES, issue.code if is_requirement else 0),
        "ProjectModule": _named(MODULES, issue.code),
        "Parent": _relative(parent, project, team, "IssueStatusType", "IssueTypeDetail"),
        "Epic": _relative(epic, project, team),
        "SubTasks": [
            _relative(found, project, team)
            for found in project.issues.values()
            if found.parent_code == issue.code and found.kind == "SUB_TASK"
        ],
        "Files": _files(issue, now_ms) if issue.code % 10 == 0 else [],
        "ThirdLinks": [],
        "Project": project_inside_issue(project.info, team),
    }


def _iteration_inside(value: Iteration | None) -> Row:
    if value is None:
        return dict(NO_ITERATION)
    return {"Code": value.code, "Name": value.name, "Status": value.status, "Id": value.id}


def _custom(issue: Issue, project: Project) -> list[Row]:
    names = {field.id: field.name for field in project.fields[issue.kind]} if issue.custom else {}
    return [
        {"Id": field_id, "Name": names.get(field_id, ""), "ValueString": value}
        for field_id, value in issue.custom
    ]


def _named(names: tuple[str, ...], pick: int) -> Row:
    place = pick % len(names)
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


def _files(issue: Issue, now_ms: int) -> list[Row]:
    url = f"https://files.example.com/{issue.id}.png?expires={now_ms // 1000 + 3600}"
    name = f"screenshot 截图 {issue.code}.png"
    return [{"FileId": issue.id, "Name": name, "Size": 1024, "Type": 2, "Url": url}]
