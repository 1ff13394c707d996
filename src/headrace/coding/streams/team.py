"""Streams of the whole team: its projects."""

from __future__ import annotations

from headrace.coding.streams.columns import flag, integer, moment, nested, reference, text
from headrace.coding.streams.detail import in_whole_seconds
from headrace.core.schema import Schema
from headrace.core.stream import Listing, Lookup, Paging, Stream, Title

_COLUMNS = (
    integer("id", "Id", "项目 ID", "id of the project"),
    text("name", "Name", "项目标识，改名后会变", "name in addresses and requests; may be changed"),
    text("display_name", "DisplayName", "显示名称", "name shown to people"),
    text("description", "Description", "描述", "description"),
    integer("type", "Type", "项目类型：0 项目集，1 公开，2 私密", "0 program, 1 public, 2 private"),
    integer("status", "Status", "状态，默认为 1", "status, 1 by default"),
    flag("archived", "Archived", "是否已归档", "is archived"),
    flag("is_demo", "IsDemo", "是否为示例项目", "is a demo project"),
    integer(
        "max_member", "MaxMember", "成员上限，0 为不限", "most members allowed, 0 for no limit"
    ),
    reference("team_id", "TeamId", "团队 ID", "id of the team"),
    reference("team_owner_id", "TeamOwnerId", "团队所有者 ID", "id of the team's owner"),
    reference("user_owner_id", "UserOwnerId", "个人所有者 ID", "id of the personal owner"),
    nested("program_ids", "ProgramIds", "所属项目集 ID 列表", "ids of the programs it belongs to"),
    text("icon", "Icon", "图标地址", "address of the icon"),
    moment("start_date", "StartDate", "计划开始时间", "planned start"),
    moment("end_date", "EndDate", "计划结束时间", "planned end"),
    moment("created_at", "CreatedAt", "创建时间", "created"),
    moment("updated_at", "UpdatedAt", "更新时间", "last updated"),
)

PROJECTS = Stream(
    name="projects",
    title=Title("项目", "Projects"),
    key=("Id",),
    version=("UpdatedAt",),
    schema=Schema(key=("id",), columns=_COLUMNS),
    listing=Listing(
        action="DescribeCodingProjects",
        rows="Data.ProjectList",
        total="Data.TotalCount",
        paging=Paging.NUMBER,
    ),
    lookup=Lookup(
        action="DescribeOneProject",
        row="Project",
        key_params={"ProjectId": "Id"},
        project=in_whole_seconds,
    ),
    scopes=("project:profile:ro",),
)
