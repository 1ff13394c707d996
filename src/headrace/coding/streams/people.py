"""Streams of the team's people: members and their keys, administrators, departments."""

from __future__ import annotations

from typing import Any

from headrace.coding.streams.columns import flag, integer, moment, nested, reference, text, word
from headrace.coding.streams.project import PERSON, PERSONAL, roles_of
from headrace.core.record import Body
from headrace.core.schema import Schema
from headrace.core.stream import Listing, Paging, Parent, Stream, Title, at_path

_TEAM_MEMBER = ("team:member:ro",)
_DEPARTMENT_ID = integer("department_id", "DepartmentId", "部门 ID", "id of the department")
_STATUS = "0 inactive, 1 active, -1 locked, -2 login locked, -3 left the team"


def alone(row: Any) -> list[Any]:
    """An object that stands alone, as the only row."""
    return [row]


def tree(nodes: Any) -> list[Any]:
    """Every node of a tree (or of several), parents first, without its `Children`.

    A node names its parent itself. What is no list of children stays where it is.
    """
    rows: list[Any] = []
    waiting = list(nodes) if isinstance(nodes, list) else [nodes]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, dict) and isinstance(node.get("Children"), list):
            waiting += node["Children"]
            node = {name: value for name, value in node.items() if name != "Children"}
        rows.append(node)
    return rows


def root_department(member: Body) -> int | None:
    """The department at the top, as far as a member's departments tell; None without any.

    Nobody lists the departments' ids; but a member names its departments and (in the official
    examples) those above, up to the team's own, and DescribeIds end in the order of their making:
    `4004930:2:0:0` is the root.
    """
    refs = at_path(member, "DepartmentMember.Refs")
    known = [
        (order, ref["DepartmentId"])
        for ref in (refs if isinstance(refs, list) else ())
        if isinstance(ref, dict) and (order := _order(ref)) is not None
    ]
    return min(known)[1] if known else None


def _order(ref: Body) -> int | None:
    last = str(ref.get("DescribeId")).rpartition(":")[2]
    known = isinstance(ref.get("DepartmentId"), int) and last.isascii() and last.isdigit()
    return int(last) if known else None


TEAM_MEMBERS = Stream(
    name="team_members",
    title=Title("团队成员", "Team members"),
    key=("Id",),
    schema=Schema(
        key=("id",),
        columns=PERSON,
        children=(roles_of("team_member_roles", "团队成员的用户组", "Roles of a team member"),),
    ),
    listing=Listing(
        action="DescribeTeamMembers",
        rows="Data.TeamMembers",
        total="Data.TotalCount",
        paging=Paging.NUMBER,
        params={"ShowDepartment": True},
    ),
    every=10,
    scopes=_TEAM_MEMBER,
    personal=PERSONAL,
)

TEAMS = Stream(
    name="teams",
    title=Title("团队", "The team"),
    key=("Id",),
    schema=Schema(
        key=("id",),
        columns=(
            integer("id", "Id", "团队 ID", "id of the team"),
            text("name", "Name", "团队名称", "name"),
            text("name_pin_yin", "NamePinYin", "名称拼音", "name in pinyin"),
            text("team_host", "TeamHost", "团队域名", "address of the team"),
            text("avatar", "Avatar", "图标地址", "address of the picture"),
            flag("is_verification", "IsVerification", "是否实名认证", "identity was verified"),
            integer("owner_id", "TeamOwner.Id", "所有者 ID", "id of the owner"),
            text("owner_name", "TeamOwner.Name", "所有者姓名", "name of the owner"),
            text("owner_name_pin_yin", "TeamOwner.NamePinYin", "所有者姓名拼音", "in pinyin"),
            text("owner_global_key", "TeamOwner.GlobalKey", "所有者唯一标识", "the owner's login"),
            integer("owner_status", "TeamOwner.Status", "所有者状态，取值同团队成员", _STATUS),
            word("owner_email", "TeamOwner.Email", "所有者邮箱（个人信息）", "owner's e-mail"),
            word("owner_phone", "TeamOwner.Phone", "所有者手机号（个人信息）", "owner's phone"),
            integer("owner_email_validation", "TeamOwner.EmailValidation", "邮箱是否已验证", "0/1"),
            integer("owner_phone_validation", "TeamOwner.PhoneValidation", "手机是否已验证", "0/1"),
            text("owner_avatar", "TeamOwner.Avatar", "所有者头像地址", "owner's picture"),
            reference("owner_team_id", "TeamOwner.TeamId", "所有者的团队 ID", "owner's team"),
            word("owner_unique_ext_field", "TeamOwner.UniqueExtField", "扩展字段", "extra id"),
            nested("owner_roles", "TeamOwner.Roles", "所有者的用户组", "roles of the owner"),
            nested(
                "owner_department_member",
                "TeamOwner.DepartmentMember",
                "所有者所在部门",
                "departments of the owner",
            ),
        ),
    ),
    listing=Listing(action="DescribeTeam", rows="Data", unfold=alone),
    scopes=("team:profile:ro",),
    personal=("TeamOwner.Email", "TeamOwner.Phone"),
    slow=True,
)

TEAM_ADMINS = Stream(
    name="team_admins",
    title=Title("团队管理员", "Team administrators"),
    key=("Id",),
    schema=Schema(
        key=("id",),
        columns=(
            integer("id", "Id", "用户 ID", "id of the user"),
            text("name", "Name", "姓名", "name"),
            text("name_pin_yin", "NamePinYin", "姓名拼音", "name in pinyin"),
            text("global_key", "GlobalKey", "用户唯一标识", "unique login name"),
            text("avatar", "Avatar", "头像地址", "address of the picture"),
            reference("team_id", "TeamId", "团队 ID", "id of the team"),
        ),
    ),
    listing=Listing(
        action="DescribeTeamAdminMembers",
        rows="Data.Members",
        total="Data.TotalCount",
        paging=Paging.NUMBER,
    ),
    scopes=_TEAM_MEMBER,
    slow=True,
)

DEPARTMENTS = Stream(
    name="departments",
    title=Title("部门", "Departments"),
    key=("Id",),
    schema=Schema(
        key=("id",),
        columns=(
            integer("id", "Id", "部门 ID", "id of the department"),
            text("name", "Name", "部门名称", "name"),
            reference("parent_id", "ParentId", "上级部门 ID", "id of the department above"),
            text("describe_id", "DescribeId", "部门描述 ID", "its other id: team:2:0:number"),
            integer("sort", "Sort", "排序值", "place in the order"),
            reference("creator_id", "CreatorId", "创建人 ID", "id of who made it"),
            reference("team_id", "TeamId", "团队 ID", "id of the team"),
            integer("root_id", "RootId", "顶级部门 ID", "id of the department at the top"),
        ),
    ),
    listing=Listing(
        action="DescribeDepartment",
        rows="DepartmentTree",
        sends={"DepartmentId": "RootId"},
        params={"GetTree": True},
        unfold=tree,
    ),
    parent=Parent(
        stream="team_members",
        values={"RootId": root_department},
        key=("RootId",),
        only=lambda member: root_department(member) is not None,
    ),
    scopes=_TEAM_MEMBER,
    slow=True,
)

# The key is RefId: who is in a connected directory but has not joined the team has no user id.
DEPARTMENT_MEMBERS = Stream(
    name="department_members",
    title=Title("部门成员", "Department members"),
    key=("DepartmentId", "RefId"),
    schema=Schema(
        key=("department_id", "ref_id"),
        columns=(
            _DEPARTMENT_ID,
            integer("ref_id", "RefId", "部门成员引用 ID", "id of the person in departments"),
            reference("user_id", "UserId", "用户 ID", "id of the user"),
            text("name", "Name", "成员名", "name"),
            text("user_global_key", "UserGlobalKey", "用户唯一标识", "unique login name"),
            integer("user_status", "UserStatus", "用户状态，取值同团队成员", _STATUS),
            flag("allowed", "Allowed", "是否已授权", "may use the team"),
            flag("locked", "Locked", "是否被锁定", "is locked"),
            flag("owner", "Owner", "是否部门所有者", "owns the department"),
            nested("refs", "Refs", "所在部门列表", "all departments of the person"),
            text("avatar", "Avatar", "头像地址", "address of the picture"),
            word("third_party_name", "ThirdPartyName", "第三方目录名称", "name in LDAP or such"),
            word("third_party_avatar", "ThirdPartyAvatar", "第三方头像", "picture in LDAP or such"),
        ),
    ),
    listing=Listing(
        action="DescribeDepartmentMembers",
        rows="Data.DepartmentMembers",
        total="Data.TotalCount",
        paging=Paging.NUMBER,
        sends=("DepartmentId",),
        params={"Pointer": True},  # its own members, not those of the departments below
    ),
    parent=Parent(stream="departments", values={"DepartmentId": "Id"}, key=("DepartmentId",)),
    scopes=_TEAM_MEMBER,
    slow=True,
)

MEMBER_SSH_KEYS = Stream(
    name="member_ssh_keys",
    title=Title("成员 SSH 公钥", "SSH keys of members"),
    key=("Id",),
    schema=Schema(
        key=("id",),
        columns=(
            integer("id", "Id", "公钥 ID", "id of the key"),
            integer("owner_id", "OwnerId", "所属成员 ID", "id of the member it belongs to"),
            text("title", "Title", "公钥标题", "title"),
            text("finger_print", "FingerPrint", "指纹", "fingerprint"),
            moment("created_at", "CreatedAt", "创建时间", "created"),
            word("expiration_date", "ExpirationDate", "过期日期（文本）", "last day, as text"),
            flag("has_expired", "HasExpired", "是否已过期", "is over"),
        ),
    ),
    listing=Listing(
        action="DescribeMemberSshKey", rows="SshKeyInfos", sends={"MemberUserId": "OwnerId"}
    ),
    parent=Parent(stream="team_members", values={"OwnerId": "Id"}, key=("OwnerId",)),
    scopes=("user:public-key:ro",),
    slow=True,
    optional=True,
)

PEOPLE: tuple[Stream, ...] = (
    TEAM_MEMBERS,
    TEAMS,
    TEAM_ADMINS,
    DEPARTMENTS,
    DEPARTMENT_MEMBERS,
    MEMBER_SSH_KEYS,
)
