"""What a team and its projects offer for issues: types, modules, defect types, filters, templates.

All are short, seldom change and tell of no time: they are read at the census interval.
"""

from __future__ import annotations

from itertools import chain
from typing import Any

from headrace.coding.streams.columns import flag, integer, moment, reference, text, word
from headrace.coding.streams.issue_parts import ISSUE_SCOPES, PROJECT_ID, each_row
from headrace.coding.streams.project import IN_PROJECT
from headrace.core.schema import Schema
from headrace.core.stream import Listing, Paging, Parent, Stream, Title
from headrace.errors import Unavailable

TEAM_ISSUE_TYPES = Stream(
    name="team_issue_types",
    title=Title("企业事项类型", "Issue types of the team"),
    key=("Id",),
    schema=Schema(
        key=("id",),
        columns=(
            integer("id", "Id", "事项类型 ID", "id of the issue type"),
            text("name", "Name", "类型名称", "name of the type"),
            text("issue_type", "IssueType", "类型所属大类", "kind of the type"),
            text("description", "Description", "描述", "description"),
            flag("is_system", "IsSystem", "是否系统类型", "is built in"),
        ),
    ),
    listing=Listing(action="DescribeTeamIssueTypeList", rows="IssueTypes"),
    scopes=ISSUE_SCOPES,
    slow=True,
)

ISSUE_MODULES = Stream(
    name="issue_modules",
    title=Title("事项模块", "Issue modules"),
    key=("ProjectId", "Id"),
    schema=Schema(
        key=("project_id", "id"),
        columns=(
            PROJECT_ID,
            integer("id", "Id", "模块 ID", "id of the module"),
            text("name", "Name", "模块名称", "name of the module"),
        ),
    ),
    listing=Listing(action="DescribeIssueModuleList", rows="IssueModules", sends=("ProjectName",)),
    parent=IN_PROJECT,
    scopes=ISSUE_SCOPES,
    slow=True,
)

DEFECT_TYPES = Stream(
    name="defect_types",
    title=Title("缺陷类型", "Defect types"),
    key=("ProjectId", "Id"),
    schema=Schema(
        key=("project_id", "id"),
        columns=(
            PROJECT_ID,
            integer("id", "Id", "缺陷类型 ID", "id of the defect type"),
            text("name", "Name", "缺陷类型名称", "name of the defect type"),
            text("icon_url", "IconUrl", "图标地址", "address of the icon"),
        ),
    ),
    listing=Listing(action="DescribeDefectTypes", rows="DefectTypes", sends=("ProjectName",)),
    parent=IN_PROJECT,
    scopes=ISSUE_SCOPES,
    slow=True,
)


def _with_content(row: Any) -> dict[str, Any]:
    known = dict(row)
    if "Content" in known:
        known.setdefault("ContentString", known.pop("Content"))
    return known


def filters_of(lists: Any) -> list[Any]:
    """The filters of both lists; the official example says Content where its schema does not."""
    if not isinstance(lists, dict):
        raise Unavailable("CODING answered something else where the filters belong.")
    rows = chain.from_iterable(
        each_row(_with_content)(lists.get(name))
        for name in ("SystemFilterList", "CustomFilterList")
    )
    return list(rows)


ISSUE_FILTERS = Stream(
    name="issue_filters",
    title=Title("事项筛选器", "Issue filters"),
    key=("ProjectId", "IssueType", "Id"),
    version=("UpdatedAt",),
    schema=Schema(
        key=("project_id", "issue_type", "id"),
        columns=(
            PROJECT_ID,
            text(
                "issue_type",
                "IssueType",
                "所在的事项列表：ALL，EPIC，REQUIREMENT，MISSION，DEFECT",
                "the list it is for: ALL, EPIC, REQUIREMENT, MISSION or DEFECT",
            ),
            integer("id", "Id", "筛选器 ID", "id of the filter"),
            text("name", "Name", "名称", "name"),
            text("content", "ContentString", "筛选条件，JSON 文本", "its conditions, JSON text"),
            flag("is_default", "IsDefault", "是否默认筛选器", "is the default"),
            flag("is_system", "IsSystem", "是否系统自带", "is built in"),
            flag("shared_team", "SharedTeam", "是否团队筛选器", "is shared with the team"),
            reference("creator_id", "CreatorId", "创建人 ID", "id of its creator"),
            moment("created_at", "CreatedAt", "创建时间", "created"),
            moment("updated_at", "UpdatedAt", "修改时间", "last updated"),
        ),
    ),
    listing=Listing(
        action="DescribeIssueFilterList",
        rows="Data",
        sends=("ProjectName", "IssueType"),
        unfold=filters_of,
    ),
    parent=Parent(
        stream="projects",
        values=IN_PROJECT.values,
        key=("ProjectId", "IssueType"),
        fan={"IssueType": ("ALL", "EPIC", "REQUIREMENT", "MISSION", "DEFECT")},
    ),
    scopes=ISSUE_SCOPES,
    slow=True,
)

CONFIG_TEMPLATES = Stream(
    name="config_templates",
    title=Title("协同配置方案", "Configuration templates"),
    key=("ProjectId", "TemplateType", "Id"),
    version=("UpdatedAt",),
    schema=Schema(
        key=("project_id", "template_type", "id"),
        columns=(
            PROJECT_ID,
            text(
                "template_type",
                "TemplateType",
                "方案类型：GLOBAL 全局，PROJECT 项目",
                "GLOBAL, seen by all projects, or PROJECT",
            ),
            integer("id", "Id", "配置方案 ID", "id of the template"),
            reference("code", "Code", "配置方案编号", "number of the template"),
            text("name", "Name", "名称", "name"),
            text("description", "Description", "描述", "description"),
            text(
                "cooperate_mode",
                "CooperateMode",
                "协作模式：SCRUM 敏捷，CLASSIC 经典",
                "SCRUM or CLASSIC",
            ),
            word("name_type", "NameType", "名称类型", "kind of the name"),
            flag("is_draft", "IsDraft", "是否草稿", "is a draft"),
            flag("is_system", "IsSystem", "是否系统方案", "is built in"),
            reference("related_projects", "RelatedProjects", "关联项目", "related projects"),
            word("scope", "Scope", "方案范围，同类型", "the same as the type"),
            reference("team_id", "TeamId", "团队 ID", "id of the team"),
            moment("created_at", "CreatedAt", "创建时间", "created"),
            moment("updated_at", "UpdatedAt", "修改时间", "last updated"),
        ),
    ),
    listing=Listing(
        action="DescribeConfigTemplateList",
        rows="ConfigTemplateList",
        paging=Paging.BARE,
        sends=("ProjectName", "TemplateType"),
    ),
    parent=Parent(
        stream="projects",
        values=IN_PROJECT.values,
        key=("ProjectId", "TemplateType"),
        fan={"TemplateType": ("GLOBAL", "PROJECT")},
    ),
    scopes=ISSUE_SCOPES,
    slow=True,
)
