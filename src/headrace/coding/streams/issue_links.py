"""What an issue is tied to: issues before it, defects, test cases, repositories, resources, work.

Of a tied issue only the number is kept, for the rest changes without the tie. Most ties change
without anything in the issue: the sweep finds these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.coding.streams.columns import integer, reference, text, word
from headrace.coding.streams.issue_parts import (
    ISSUE_CODE,
    ISSUE_SCOPES,
    OF_ISSUE,
    PROJECT_ID,
    each_row,
    named_by,
    only,
    renamed,
)
from headrace.core.record import Body
from headrace.core.schema import Schema
from headrace.core.stream import HookRule, Listing, Parent, Strategy, Stream, Title

_BY_ISSUE = ("ProjectName", "IssueCode")


def _is_requirement(issue: Body) -> bool:
    return issue.get("Type") == "REQUIREMENT"


def _work_item(row: Mapping[str, Any]) -> Body:
    """Enough to know a work item by: no other stream has these."""
    names = ("Code", "Type", "Name", "IssueStatusId", "IssueStatusName", "IssueStatusType")
    program = row.get("Project")
    held = program if isinstance(program, dict) else {}
    kept = {name: row[name] for name in names if name in row}
    return {**kept, "ProgramId": held.get("Id", 0), "ProgramName": held.get("Name", "")}


ISSUE_BLOCKS = Stream(
    name="issue_blocks",
    title=Title("前置事项", "Issues that come before an issue"),
    key=("ProjectId", "IssueCode", "Code"),
    schema=Schema(
        key=("project_id", "issue_code", "blocked_by_code"),
        columns=(
            PROJECT_ID,
            ISSUE_CODE,
            integer(
                "blocked_by_code", "Code", "前置事项编号", "number of the issue that comes before"
            ),
        ),
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(
        action="DescribeBlockedByIssueList", rows="Issues", sends=_BY_ISSUE, unfold=only("Code")
    ),
    parent=OF_ISSUE,
    hooks=(HookRule(("ISSUE_RELATIONSHIP_CHANGED",), named_by("issue")),),
    scopes=ISSUE_SCOPES,
)

REQUIREMENT_DEFECTS = Stream(
    name="requirement_defects",
    title=Title("需求关联缺陷", "Defects of requirements"),
    key=("ProjectId", "RequirementCode", "Code"),
    schema=Schema(
        key=("project_id", "requirement_code", "defect_code"),
        columns=(
            PROJECT_ID,
            integer("requirement_code", "RequirementCode", "需求编号", "number of the requirement"),
            integer("defect_code", "Code", "缺陷编号", "number of the defect"),
        ),
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(
        action="DescribeRequirementDefectRelation",
        rows="Issues",
        sends=("ProjectName", "RequirementCode"),
        unfold=only("Code"),
    ),
    parent=Parent(
        stream="issues",
        values={"RequirementCode": "Code"},
        key=("ProjectId", "RequirementCode"),
        only=_is_requirement,
    ),
    hooks=(HookRule(("ISSUE_RELATIONSHIP_CHANGED",), named_by("issue", "RequirementCode")),),
    scopes=ISSUE_SCOPES,
)

ISSUE_TEST_CASES = Stream(
    name="issue_test_cases",
    title=Title("事项关联用例", "Test cases of issues"),
    key=("ProjectId", "IssueCode", "Id"),
    schema=Schema(
        key=("project_id", "issue_code", "case_id"),
        columns=(
            PROJECT_ID,
            ISSUE_CODE,
            integer("case_id", "Id", "用例 ID", "id of the test case"),
            text("name", "Name", "用例名称", "name of the test case"),
            integer(
                "priority",
                "Priority",
                "优先级：0 紧急，1 高，2 中，3 低（与事项相反）",
                "0 urgent, 1 high, 2 middle, 3 low: the reverse of issues",
            ),
        ),
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(action="DescribeRelatedCaseList", rows="Cases", sends=_BY_ISSUE),
    parent=OF_ISSUE,
    scopes=ISSUE_SCOPES,
)

ISSUE_DEPOTS = Stream(
    name="issue_depots",
    title=Title("事项关联代码仓库", "Repositories of issues"),
    key=("ProjectId", "IssueCode", "DepotId"),
    schema=Schema(
        key=("project_id", "issue_code", "depot_id"),
        columns=(
            PROJECT_ID,
            ISSUE_CODE,
            integer("depot_id", "DepotId", "代码仓库 ID", "id of the repository"),
            text("name", "Name", "仓库名称", "name of the repository"),
            reference(
                "depot_project_id",
                "DepotProjectId",
                "仓库所在项目 ID",
                "id of the repository's project",
            ),
        ),
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(
        action="DescribeIssueRelatedRepos",
        rows="IssueRelatedDepot",
        sends=_BY_ISSUE,
        unfold=renamed(ProjectId="DepotProjectId"),
    ),
    parent=OF_ISSUE,
    scopes=ISSUE_SCOPES,
)

ISSUE_REFERENCES = Stream(
    name="issue_references",
    title=Title("事项引用资源", "Resources that issues refer to"),
    key=("ProjectId", "IssueCode", "ResourceType", "ResourceId"),
    schema=Schema(
        key=("project_id", "issue_code", "resource_type", "resource_id"),
        columns=(
            PROJECT_ID,
            ISSUE_CODE,
            text(
                "resource_type",
                "ResourceType",
                "资源类型：Defect，Requirement，Mission，Wiki，ProjectFile，ExternalLink 等",
                "Defect, Requirement, Mission, Wiki, ProjectFile, ExternalLink ...",
            ),
            integer("resource_id", "ResourceId", "资源 ID", "id of the resource"),
            reference("resource_code", "ResourceCode", "资源编号", "number in its project"),
            text("resource_name", "ResourceName", "资源名称", "name of the resource"),
            word("resource_status", "ResourceStatus", "资源状态", "status of the resource"),
            reference(
                "resource_project_id",
                "ResourceProjectId",
                "资源所在项目 ID",
                "id of the resource's project",
            ),
            word(
                "resource_project_name",
                "ResourceProjectName",
                "资源所在项目名称",
                "name of the resource's project",
            ),
        ),
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(
        action="DescribeIssueReferenceResources",
        rows="Data",
        sends=("ProjectId", *_BY_ISSUE),
        unfold=renamed(ProjectId="ResourceProjectId", ProjectName="ResourceProjectName"),
    ),
    parent=OF_ISSUE,
    scopes=("related-resource:resource:ro",),
)

ISSUE_WORK_ITEMS = Stream(
    name="issue_work_items",
    title=Title("事项关联工作项", "Program work items of issues"),
    key=("ProjectId", "IssueCode", "ProgramId", "Code"),
    schema=Schema(
        key=("project_id", "issue_code", "program_id", "work_item_code"),
        columns=(
            PROJECT_ID,
            ISSUE_CODE,
            integer("program_id", "ProgramId", "工作项所在项目集 ID", "id of its program"),
            integer("work_item_code", "Code", "工作项编号", "number in its program"),
            word("program_name", "ProgramName", "项目集名称", "name of its program"),
            text("type", "Type", "类型，WORK_ITEM 等", "kind, such as WORK_ITEM"),
            text("name", "Name", "标题", "title"),
            reference("issue_status_id", "IssueStatusId", "状态 ID", "id of the status"),
            word("issue_status_name", "IssueStatusName", "状态名称", "name of the status"),
            word(
                "issue_status_type",
                "IssueStatusType",
                "状态类型：TODO 未开始，PROCESSING 进行中，COMPLETED 已完成",
                "TODO, PROCESSING or COMPLETED",
            ),
        ),
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(
        action="DescribeIssueRelatedWorkItemList",
        rows="WorkItemList",
        sends=_BY_ISSUE,
        unfold=each_row(_work_item),
    ),
    parent=OF_ISSUE,
    scopes=ISSUE_SCOPES,
)
