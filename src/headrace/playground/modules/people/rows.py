"""The people of a team as the API's lists show them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from ...records import Member, whole_seconds
from ...rows import AVATAR, Row, team_member

if TYPE_CHECKING:
    from ...team import Team

ROLES = {
    "EnterpriseOwner": (1, "团队所有者"),
    "EnterpriseAdmin": (2, "团队管理员"),
    "EnterpriseMember": (3, "团队成员"),
}
ROOT = 9001


class Department(Struct, frozen=True):
    """A department; the team's own, at the top, has the number `ROOT` and stands below 0."""

    id: int
    name: str
    parent_id: int
    creator_id: int

    def describe_id(self, team: Team) -> str:
        """Its other id, which counts from 0 in the order of making."""
        return f"{team.id}:2:0:{self.id - ROOT}"

    def row(self, team: Team) -> Row:
        """A node of `DescribeDepartment`, without the nodes below."""
        return {
            "Id": self.id,
            "Name": self.name,
            "ParentId": self.parent_id,
            "DescribeId": self.describe_id(team),
            "Sort": 100_000_000 - 1000 * (self.id - ROOT),
            "CreatorId": self.creator_id,
            "TeamId": team.id,
        }


class SshKey(Struct, frozen=True):
    """A public key; only its fingerprint is ever shown."""

    id: int
    owner_id: int
    title: str
    created_ms: int
    expires: str
    expired: bool = False

    def row(self) -> Row:
        """A row of `DescribeMemberSshKey`."""
        return {
            "Id": self.id,
            "OwnerId": self.owner_id,
            "Title": self.title,
            "FingerPrint": ":".join(f"{(self.id * 37 + n * 11) % 256:02x}" for n in range(16)),
            "CreatedAt": whole_seconds(self.created_ms),
            "ExpirationDate": self.expires,
            "HasExpired": self.expired,
        }


class Place(Struct, frozen=True):
    """A department that a person belongs to: `direct`ly or through one below it."""

    department: Department
    direct: bool
    in_charge: bool = False


def ref_id(member: Member) -> int:
    """The id of a person in departments."""
    return 5000 + member.id


def _ref(team: Team, member: Member, place: Place) -> Row:
    department = place.department
    return {
        "Assignee": place.in_charge,
        "DepartmentId": department.id,
        "DepartmentMemberId": department.id * 1000 + member.id,
        "DepartmentName": department.name,
        "DescribeId": department.describe_id(team),
        "Pointer": place.direct,
    }


def role(role_type: str) -> Row:
    """A role in the team."""
    role_id, name = ROLES[role_type]
    return {"RoleId": role_id, "RoleType": role_type, "RoleTypeName": name}


def member_row(
    team: Team, member: Member, role_type: str, ext: str, places: Iterable[Place]
) -> Row:
    """A row of `DescribeTeamMembers`."""
    row = team_member(member, team.id, [role(role_type)]) | {"UniqueExtField": ext}
    refs = [_ref(team, member, place) for place in places]
    if refs:
        row["DepartmentMember"] |= {"RefId": ref_id(member), "Refs": refs}
    return row


def admin_row(team: Team, member: Member) -> Row:
    """A row of `DescribeTeamAdminMembers`."""
    return {
        "Id": member.id,
        "TeamId": team.id,
        "Name": member.name,
        "NamePinYin": member.name,
        "Avatar": AVATAR.format(member.id),
        "GlobalKey": member.global_key,
    }


def department_member_row(team: Team, member: Member, places: Iterable[Place]) -> Row:
    """A row of `DescribeDepartmentMembers`."""
    known = {"RefId": ref_id(member)}
    return known | {
        "UserId": member.id,
        "Name": member.name,
        "Avatar": AVATAR.format(member.id),
        "UserGlobalKey": member.global_key,
        "UserStatus": member.status,
        "Allowed": True,
        "Locked": member.status in (-1, -2),
        "Owner": member.id == team.owner_id,
        "Refs": [known | _ref(team, member, place) for place in places],
        "ThirdPartyName": "",
        "ThirdPartyAvatar": "",
    }
