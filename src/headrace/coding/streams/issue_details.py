"""What only the detail of an issue shows: who watches it, its files, its module and its kind.

The detail is the lookup of issues too; here it is listed, one row an issue, without what the issues
table has already, so that an edit of the issue alone changes nothing here.
"""

from __future__ import annotations

from typing import Any

from headrace.coding.streams.columns import integer, reference, text, word
from headrace.coding.streams.issue_columns import CHILDREN
from headrace.coding.streams.issue_parts import (
    ISSUE_CODE,
    ISSUE_SCOPES,
    OF_ISSUE,
    PROJECT_ID,
    named_by,
)
from headrace.core.schema import Child, Schema
from headrace.core.stream import HookRule, Listing, Strategy, Stream, Title

_WHOLE = ("DefectType", "RequirementType", "ProjectModule", "Watchers", "Files", "ThirdLinks")
_PERSON = next(child.columns for child in CHILDREN if child.name == "issue_assignees")


def details_of(issue: Any) -> list[Any]:
    """The one row of a detail: of other issues (epic, sub tasks) only their number is kept."""
    if not isinstance(issue, dict):
        return [issue]
    row = {name: issue[name] for name in _WHOLE if name in issue}
    epic, parts = issue.get("Epic"), issue.get("SubTasks")
    if isinstance(epic, dict) and "Code" in epic:
        row["Epic"] = {"Code": epic["Code"]}
    if isinstance(parts, list):
        row["SubTasks"] = [
            {"Code": p["Code"]} for p in parts if isinstance(p, dict) and "Code" in p
        ]
    return [row]


_CHILDREN = (
    Child(
        name="issue_watchers",
        path="Watchers",
        zh="事项关注人",
        en="Watchers of an issue",
        key=("user_id",),
        columns=_PERSON,
    ),
    Child(
        name="issue_files",
        path="Files",
        zh="事项附件",
        en="Files of an issue",
        key=("file_id",),
        columns=(
            integer("file_id", "FileId", "文件 ID", "id of the file"),
            text("file_name", "Name", "文件名称", "name of the file"),
            integer("size", "Size", "文件大小（字节）", "size in bytes"),
            integer(
                "type",
                "Type",
                "类型：1 文本，2 图片，3 二进制文件，4 SVG",
                "1 text, 2 picture, 3 binary file, 4 SVG",
            ),
        ),
    ),
    Child(
        name="issue_sub_tasks",
        path="SubTasks",
        zh="事项的子工作项",
        en="Sub tasks of an issue",
        key=("sub_task_code",),
        columns=(
            integer("sub_task_code", "Code", "子工作项编号", "number of the sub task, an issue"),
        ),
    ),
    Child(
        name="issue_third_links",
        path="ThirdLinks",
        zh="事项的第三方链接",
        en="Third-party links of an issue",
        key=("link_id",),
        columns=(
            integer("link_id", "Id", "第三方链接 ID", "id of the link"),
            text("third_type", "ThirdType", "链接类型，MODAO 为墨刀", "kind; MODAO for MockingBot"),
            text("link_title", "Title", "名称", "title"),
            text("link", "Link", "链接地址", "address"),
        ),
    ),
)

ISSUE_DETAILS = Stream(
    name="issue_details",
    title=Title("事项详情", "Issue details"),
    key=("ProjectId", "IssueCode"),
    schema=Schema(
        key=("project_id", "issue_code"),
        columns=(
            PROJECT_ID,
            ISSUE_CODE,
            reference("epic_code", "Epic.Code", "所属史诗编号", "number of its epic"),
            reference("project_module_id", "ProjectModule.Id", "所属模块 ID", "id of its module"),
            word("project_module_name", "ProjectModule.Name", "模块名称", "name of the module"),
            reference("defect_type_id", "DefectType.Id", "缺陷类型 ID", "id of the defect type"),
            word("defect_type_name", "DefectType.Name", "缺陷类型名称", "name of the defect type"),
            word(
                "defect_type_icon_url",
                "DefectType.IconUrl",
                "缺陷类型图标地址",
                "address of the defect type's icon",
            ),
            reference(
                "requirement_type_id", "RequirementType.Id", "需求类型 ID", "requirement type's id"
            ),
            word(
                "requirement_type_name",
                "RequirementType.Name",
                "需求类型名称",
                "name of the requirement type",
            ),
        ),
        children=_CHILDREN,
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(
        action="DescribeIssue",
        rows="Issue",
        sends=("ProjectName", "IssueCode"),
        unfold=details_of,
    ),
    parent=OF_ISSUE,
    # Watchers and files may change without anything in the issue's own row.
    hooks=(HookRule(("ISSUE_UPDATED", "ISSUE_RELATIONSHIP_CHANGED"), named_by("issue")),),
    scopes=ISSUE_SCOPES,
    volatile=("Files.Url",),
    personal=("Watchers.Email", "Watchers.Phone"),
)
