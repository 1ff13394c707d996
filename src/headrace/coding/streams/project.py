"""Streams of a project: its members."""

from __future__ import annotations

from headrace.coding.streams.columns import integer, nested, reference, text, word
from headrace.core.schema import Child, Schema
from headrace.core.stream import HookRule, Listing, Paging, Parent, Stream, Title

IN_PROJECT = Parent(
    stream="projects",
    values={"ProjectId": "Id", "ProjectName": "Name"},
    key=("ProjectId",),
)

PROJECT_ID = integer("project_id", "ProjectId", "项目 ID", "id of the project")

# A person as lists of members show one.
PERSON = (
    integer("id", "Id", "用户 ID", "id of the user"),
    text("name", "Name", "姓名", "name"),
    text("name_pin_yin", "NamePinYin", "姓名拼音", "name in pinyin"),
    text("global_key", "GlobalKey", "用户唯一标识", "unique login name"),
    integer(
        "status",
        "Status",
        "状态：0 未激活，1 已激活，-1 锁定，-2 禁止登录，-3 已退出团队",
        "0 inactive, 1 active, -1 locked, -2 login locked, -3 left the team",
    ),
    word("email", "Email", "邮箱（个人信息）", "e-mail (personal data)"),
    word("phone", "Phone", "手机号（个人信息）", "phone (personal data)"),
    integer(
        "email_validation", "EmailValidation", "邮箱是否已验证：0 否，1 是", "e-mail checked, 0/1"
    ),
    integer(
        "phone_validation", "PhoneValidation", "手机是否已验证：0 否，1 是", "phone checked, 0/1"
    ),
    text("avatar", "Avatar", "头像地址", "address of the picture"),
    reference("team_id", "TeamId", "团队 ID", "id of the team"),
    word(
        "unique_ext_field", "UniqueExtField", "团队自定义的唯一扩展字段", "the team's own extra id"
    ),
    reference(
        "department_member_ref_id",
        "DepartmentMember.RefId",
        "部门成员引用 ID",
        "department member ref",
    ),
    nested("department_member_refs", "DepartmentMember.Refs", "所在部门列表", "departments"),
    word(
        "department_member_third_party_id",
        "DepartmentMember.ThirdPartyId",
        "第三方目录（如 LDAP）用户 ID",
        "id in a third-party directory such as LDAP",
    ),
    word(
        "department_member_third_party_name",
        "DepartmentMember.ThirdPartyName",
        "第三方目录中的名称",
        "name in the third-party directory",
    ),
    word(
        "department_member_third_party_avatar",
        "DepartmentMember.ThirdPartyAvatar",
        "第三方目录中的头像",
        "picture in the third-party directory",
    ),
)

PERSONAL = ("Email", "Phone")

ROLE = (
    integer("role_id", "RoleId", "用户组 ID", "id of the role"),
    text("role_type", "RoleType", "用户组类型", "kind of role, e.g. ProjectMember, UserDefined"),
    text("role_type_name", "RoleTypeName", "用户组名称", "name of the role"),
)


def roles_of(name: str, zh: str, en: str) -> Child:
    """The child table of the roles that a person in a list has."""
    return Child(name=name, path="Roles", zh=zh, en=en, key=("role_id",), columns=ROLE)


PROJECT_MEMBERS = Stream(
    name="project_members",
    title=Title("项目成员", "Project members"),
    key=("ProjectId", "Id"),
    schema=Schema(
        key=("project_id", "id"),
        columns=(PROJECT_ID, *PERSON),
        children=(
            roles_of("project_member_roles", "项目成员的用户组", "Roles of a project member"),
        ),
    ),
    listing=Listing(
        action="DescribeProjectMembers",
        rows="Data.ProjectMembers",
        total="Data.TotalCount",
        paging=Paging.NUMBER,
        sends=("ProjectId",),
    ),
    parent=IN_PROJECT,
    # No Action shows one member: an event has the project's members read again.
    hooks=(HookRule(("MEMBER_CREATED", "MEMBER_DELETED", "MEMBER_ROLE_UPDATED")),),
    scopes=("project:member:ro",),
    personal=PERSONAL,
)
