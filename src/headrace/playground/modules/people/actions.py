"""Actions about the team's people."""

from __future__ import annotations

from ...actions.action import Action, Call, Parameter
from ...envelope import ApiError
from ...paging import Paging, Style
from ...rows import Row
from .rows import Department, admin_row
from .state import People

MEMBER_SCOPE = "team:member:ro"


def _members(call: Call) -> Row:
    people, shown = call.module(People), call.parameters.get("ShowDepartment", False)
    members = list(call.team.members.values())
    return call.page(members, lambda member: people.member_row(member, departments=shown))


def _admins(call: Call) -> Row:
    admins = call.module(People).admins()
    return call.page(admins, lambda member: admin_row(call.team, member))


def _department(call: Call) -> Row:
    people = call.module(People)
    return {"DepartmentTree": _tree(call, people, _named(call, people))}


def _named(call: Call, people: People) -> Department:
    found = people.departments.get(call.parameters["DepartmentId"])
    if found is None:
        raise ApiError("ResourceNotFound", "Department not found")
    return found


def _tree(call: Call, people: People, department: Department) -> Row:
    deep = call.parameters.get("GetTree", False)
    below = people.below(department.id) if deep else []
    children = [_tree(call, people, found) for found in below]
    return department.row(call.team) | {"Children": children}


def _department_members(call: Call) -> Row:
    people, asked = call.module(People), call.parameters
    members = people.members_of(_named(call, people).id, direct=asked.get("Pointer", False))
    words = asked.get("KeyWords", "")
    return call.page([m for m in members if words in m.name], people.department_member_row)


def _keys(call: Call) -> Row:
    asked = call.parameters
    if asked["MemberUserId"] not in call.team.members:
        raise ApiError("ResourceNotFound", "Member not found")
    rows = [
        key.row()
        for key in call.module(People).keys.values()
        if key.owner_id == asked["MemberUserId"] and asked.get("SshKeyId", key.id) == key.id
    ]
    return {"SshKeyInfos": rows}


ACTIONS = (
    Action(
        name="DescribeTeamMembers",
        handler=_members,
        scope=MEMBER_SCOPE,
        parameters=(Parameter("ShowDepartment", "boolean"),),
        paging=Paging(style=Style.NUMBERED, rows="TeamMembers"),
        team_wide=True,
    ),
    Action(
        name="DescribeTeamAdminMembers",
        handler=_admins,
        scope=MEMBER_SCOPE,
        paging=Paging(style=Style.NUMBERED, rows="Members"),
        team_wide=True,
    ),
    Action(
        name="DescribeDepartment",
        handler=_department,
        scope=MEMBER_SCOPE,
        parameters=(
            Parameter("DepartmentId", "integer", required=True),
            Parameter("GetTree", "boolean"),
        ),
        team_wide=True,
    ),
    Action(
        name="DescribeDepartmentMembers",
        handler=_department_members,
        scope=MEMBER_SCOPE,
        parameters=(
            Parameter("DepartmentId", "integer", required=True),
            Parameter("KeyWords"),
            Parameter("Pointer", "boolean"),
        ),
        paging=Paging(style=Style.NUMBERED, rows="DepartmentMembers"),
        team_wide=True,
    ),
    Action(
        name="DescribeMemberSshKey",
        handler=_keys,
        scope="user:public-key:ro",
        parameters=(
            Parameter("MemberUserId", "integer", required=True),
            Parameter("SshKeyId", "integer"),
        ),
        team_wide=True,
    ),
)
