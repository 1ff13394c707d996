"""Streams of how projects are governed: labels, roles, members with their policies, notices."""

from __future__ import annotations

from headrace.coding.streams.columns import integer, moment, reference, text, word
from headrace.coding.streams.governance_access import ACCESS
from headrace.coding.streams.governance_hooks import HOOKS
from headrace.coding.streams.project import IN_PROJECT, PROJECT_ID, ROLE
from headrace.core.schema import Child, Column, Schema
from headrace.core.stream import HookRule, Listing, Paging, Parent, Stream, Title

PROJECT_LABELS = Stream(
    name="project_labels",
    title=Title("项目标签", "Labels"),
    key=("ProjectId", "Id"),
    schema=Schema(
        key=("project_id", "id"),
        columns=(
            PROJECT_ID,
            integer("id", "Id", "标签 ID", "id of the label"),
            text("name", "Name", "标签名", "name"),
            text("color", "Color", "颜色", "colour, #RRGGBB"),
            reference("creator_id", "CreatorId", "创建人 ID", "id of who made it"),
        ),
    ),
    listing=Listing(action="DescribeAllProjectLabels", rows="Labels", sends=("ProjectId",)),
    parent=IN_PROJECT,
    scopes=("project:label:ro",),
    slow=True,
)

PROJECT_ROLES = Stream(
    name="project_roles",
    title=Title("项目用户组", "Roles of a project"),
    key=("ProjectId", "RoleId"),
    schema=Schema(key=("project_id", "role_id"), columns=(PROJECT_ID, *ROLE)),
    listing=Listing(action="DescribeProjectRoles", rows="Roles", sends=("ProjectId",)),
    parent=IN_PROJECT,
    scopes=("project:member:ro",),
    slow=True,
)

PROJECT_PRINCIPALS = Stream(
    name="project_principals",
    title=Title("项目成员主体", "Principals of a project"),
    key=("ProjectId", "PrincipalType", "PrincipalId"),
    schema=Schema(
        key=("project_id", "principal_type", "principal_id"),
        columns=(
            PROJECT_ID,
            text(
                "principal_type",
                "PrincipalType",
                "主体类型：USER 成员，USER_GROUP 用户组，DEPARTMENT 部门",
                "USER, USER_GROUP or DEPARTMENT",
            ),
            text("principal_id", "PrincipalId", "主体 ID（文本）", "id of the principal, as text"),
            text("principal_name", "PrincipalName", "主体名称", "name"),
            moment("created_at", "CreatedAt", "添加时间", "added"),
        ),
        children=(
            Child(
                name="project_principal_policies",
                path="Policies",
                zh="项目成员主体的权限组",
                en="Policies of a principal",
                key=("policy_id",),
                columns=(
                    integer("policy_id", "PolicyId", "权限组 ID", "id of the policy"),
                    text("policy_name", "PolicyName", "权限组名称", "name, e.g. ProjectMember"),
                    text("policy_alias", "PolicyAlias", "权限组显示名称", "name shown to people"),
                ),
            ),
        ),
    ),
    listing=Listing(
        action="DescribeProjectMemberPrincipals",
        rows="Data.Principals",
        total="Data.TotalCount",
        paging=Paging.NUMBER,
        sends=("ProjectId",),
    ),
    parent=IN_PROJECT,
    hooks=(HookRule(("MEMBER_CREATED", "MEMBER_DELETED", "MEMBER_ROLE_UPDATED")),),
    scopes=("project:member:ro",),
    slow=True,
)

PROJECT_ANNOUNCEMENTS = Stream(
    name="project_announcements",
    title=Title("项目公告", "Announcements"),
    key=("ProjectId", "Id"),
    schema=Schema(
        key=("project_id", "id"),
        columns=(
            PROJECT_ID,
            integer("id", "Id", "公告 ID", "id of the announcement"),
            text("content_html", "ContentHtml", "公告内容（HTML）", "the text as HTML"),
            text("content_origin", "ContentOrigin", "公告内容（Markdown）", "the text as written"),
        ),
    ),
    listing=Listing(
        action="DescribeProjectAnnouncements",
        rows="List",
        total="TotalCount",
        paging=Paging.NUMBER,
        sends=("ProjectName",),
    ),
    parent=IN_PROJECT,
    scopes=("project:notice:ro",),
    slow=True,
)


def _named(what_zh: str, what_en: str) -> tuple[Column, ...]:
    """The columns that programs and the projects in them have alike."""
    return (
        integer("id", "Id", f"{what_zh} ID", f"id of the {what_en}"),
        text("name", "Name", "标识", "name in addresses and requests"),
        text("display_name", "DisplayName", "展示名称", "name shown to people"),
        text("name_pinyin", "NamePinyin", "名称拼音", "name in pinyin"),
        word("description", "Description", "描述", "description, if any"),
        text("icon", "Icon", "图标地址", "address of the icon"),
        moment("start_date", "StartDate", "计划开始时间", "planned start"),
        moment("end_date", "EndDate", "计划结束时间", "planned end"),
        moment("created_at", "CreatedAt", "创建时间", "created"),
        moment("updated_at", "UpdatedAt", "修改时间", "last updated"),
    )


PROGRAMS = Stream(
    name="programs",
    title=Title("项目集", "Programs"),
    key=("Id",),
    version=("UpdatedAt",),
    schema=Schema(key=("id",), columns=_named("项目集", "program")),
    listing=Listing(
        action="DescribePrograms",
        rows="Data.Programs",
        total="Data.TotalCount",
        paging=Paging.NUMBER,
    ),
    scopes=("program:profile:ro",),
    slow=True,
)

PROGRAM_PROJECTS = Stream(
    name="program_projects",
    title=Title("项目集下的项目", "Projects of a program"),
    key=("ProgramId", "Id"),
    version=("UpdatedAt",),
    schema=Schema(
        key=("program_id", "id"),
        columns=(
            integer("program_id", "ProgramId", "项目集 ID", "id of the program"),
            *_named("项目", "project"),
        ),
    ),
    listing=Listing(action="DescribeProgramProjects", rows="Data", sends=("ProgramId",)),
    parent=Parent(stream="programs", values={"ProgramId": "Id"}, key=("ProgramId",)),
    scopes=("program:project:ro",),
    slow=True,
)

GOVERNANCE: tuple[Stream, ...] = (
    PROJECT_LABELS,
    PROJECT_ROLES,
    PROJECT_PRINCIPALS,
    PROJECT_ANNOUNCEMENTS,
    PROGRAMS,
    PROGRAM_PROJECTS,
    *ACCESS,
    *HOOKS,
)
