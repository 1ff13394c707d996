"""Rows as the Open API serves them: every field of the schema, unset ones in CODING's own way.

Unset objects are served with zeros and empty strings, unset dates as 0 (issues) or -28800000
(iterations); numbers of seconds never carry milliseconds.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .defaults import ROLES
from .records import (
    Field,
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


def team(team: Team) -> Row:
    """`Data` of `DescribeTeam`."""
    return {
        "Id": team.id,
        "Name": team.name,
        "NamePinYin": team.name,
        "Avatar": f"https://static.example.com/team/{team.id}.png",
        "TeamHost": team.site,
        "IsVerification": True,
        "TeamOwner": team_member(team.members[team.owner_id], team.id, []),
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
