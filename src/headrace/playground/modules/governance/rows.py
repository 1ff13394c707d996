"""What governs a team, as the API's lists show it."""

from __future__ import annotations

from msgspec import Struct

from ...records import Label, ProjectInfo, whole_seconds
from ...rows import ICON, Row


class Program(Struct, frozen=True):
    """A program: projects that belong together."""

    id: int
    name: str
    description: str
    start_ms: int
    created_ms: int
    updated_ms: int

    def row(self) -> Row:
        """A row of `DescribePrograms`."""
        return {
            "Id": self.id,
            "Name": f"program-{self.id}",
            "DisplayName": self.name,
            "NamePinyin": self.name,
            "Description": self.description,
            "Icon": ICON.format(self.id % 12),
            "StartDate": self.start_ms,
            "EndDate": 0,
            "CreatedAt": whole_seconds(self.created_ms),
            "UpdatedAt": whole_seconds(self.updated_ms),
        }


class Group(Struct, frozen=True):
    """A user group of the team."""

    id: int
    name: str
    description: str
    created_ms: int

    def row(self) -> Row:
        """A row of `DescribeUserGroups`."""
        return {
            "Id": self.id,
            "Name": self.name,
            "Description": self.description,
            "CreatedAt": whole_seconds(self.created_ms),
        }


class Policy(Struct, frozen=True):
    """A policy. `types`: the kinds of resources it may be used for, and is listed under."""

    id: int
    name: str
    alias: str
    types: tuple[str, ...]
    actions: tuple[str, ...]
    custom: bool = False
    version: int = 1
    description: str | None = None

    def row(self) -> Row:
        """A row of `DescribePoliciesOnResourceType`."""
        return {
            "PolicyId": self.id,
            "Name": self.name,
            "Alias": self.alias,
            "Scope": "CUSTOM" if self.custom else "SYSTEM",
            "CurrentVersion": f"V{self.version}",
            "CurrentVersionId": self.id * 100 + self.version,
            "Description": self.description,
            "PolicyType": "IDENTITY",
        }

    def detail(self) -> Row:
        """`PolicyInfo` of `DescribePolicy`."""
        statement = {"Effect": "ALLOW", "Resource": ["*"], "Action": list(self.actions)}
        return self.row() | {"PolicyDocument": {"Statement": [statement]}}


class Principal(Struct, frozen=True):
    """Who takes part in a project: a USER, a USER_GROUP or a DEPARTMENT."""

    kind: str
    id: int
    name: str
    since_ms: int
    policy: Policy

    def row(self) -> Row:
        """A row of `DescribeProjectMemberPrincipals`."""
        policy = {
            "PolicyId": self.policy.id,
            "PolicyName": self.policy.name,
            "PolicyAlias": self.policy.alias,
        }
        return {
            "PrincipalId": str(self.id),
            "PrincipalName": self.name,
            "PrincipalType": self.kind,
            "CreatedAt": whole_seconds(self.since_ms),
            "Policies": [policy],
        }

    def grant(self) -> Row:
        """A row of `DescribeGrantObjectsOnResource`."""
        return {
            "GrantScope": self.kind,
            "GrantObjectId": str(self.id),
            "GrantObjectName": self.name,
            "CreatedAt": whole_seconds(self.since_ms),
        }


def label_row(label: Label, project_id: int, creator_id: int) -> Row:
    """A row of `DescribeAllProjectLabels`."""
    return {
        "Id": label.id,
        "ProjectId": project_id,
        "Name": label.name,
        "Color": label.color,
        "CreatorId": creator_id,
    }


def role_row(role_id: int, role_type: str, name: str) -> Row:
    """A row of `DescribeProjectRoles`."""
    return {"RoleId": role_id, "RoleType": role_type, "RoleTypeName": name}


def notice_row(notice_id: int, words: str) -> Row:
    """A row of `DescribeProjectAnnouncements`."""
    return {"Id": notice_id, "ContentHtml": f"<p>{words}</p>", "ContentOrigin": words}


def program_project_row(info: ProjectInfo) -> Row:
    """A row of `DescribeProgramProjects`."""
    return {
        "Id": info.id,
        "Name": info.name,
        "DisplayName": info.display_name,
        "NamePinyin": info.display_name,
        "Description": info.description,
        "Icon": ICON.format(info.id % 12),
        "StartDate": 0,
        "EndDate": 0,
        "CreatedAt": whole_seconds(info.created_ms),
        "UpdatedAt": whole_seconds(info.updated_ms),
    }
