"""Streams of test cases: the cases, the sections they stand in, the files attached to them."""

from __future__ import annotations

from headrace.coding.streams.columns import integer, nested, reference, text, word
from headrace.coding.streams.project import IN_PROJECT, PROJECT_ID
from headrace.core.schema import Schema
from headrace.core.stream import Listing, Paging, Parent, Strategy, Stream, Title

SCOPES = ("testing:profile:ro",)
PRIORITY_ZH = "优先级：0 紧急，1 高，2 中，3 低（与事项相反）"
PRIORITY_EN = "0 urgent, 1 high, 2 middle, 3 low; the other way round than issues"

TEST_CASES = Stream(
    name="test_cases",
    title=Title("测试用例", "Test cases"),
    key=("ProjectId", "Id"),
    schema=Schema(
        key=("project_id", "id"),
        columns=(
            PROJECT_ID,
            integer("id", "Id", "用例 ID", "id of the test case"),
            reference("section_id", "SectionId", "分组 ID", "id of the section"),
            text("title", "Title", "标题", "title"),
            integer("priority", "Priority", PRIORITY_ZH, PRIORITY_EN),
            text("template_type", "TemplateType", "类型：STEPS 步骤，TEXT 文本", "STEPS or TEXT"),
            word("preconds", "Preconds", "前置条件", "what has to be so before"),
            word("steps", "Steps", "文本用例的步骤", "steps of a case in plain text"),
            word("expected", "Expected", "文本用例的预期结果", "what a case in plain text expects"),
            nested("custom_steps", "CustomSteps", "步骤用例：Content 与 Expected", "the steps"),
            integer("sort", "Sort", "排序值", "place in the order"),
            reference("created_by", "CreatedBy", "创建人 ID", "id of who made it"),
            word("created_at", "CreatedAt", "创建时间（文本）", "created, as text"),
            word("updated_at", "UpdatedAt", "更新时间（文本）", "last updated, as text"),
        ),
    ),
    listing=Listing(
        action="DescribeTestCaseList",
        rows="Data.Cases",
        total="Data.Total",
        paging=Paging.NUMBER,
        sends=("ProjectName",),
        number="Page",
    ),
    parent=IN_PROJECT,
    every=10,
    scopes=SCOPES,
    volatile=("Attachments",),  # always null in a list
)

TEST_CASE_ATTACHMENTS = Stream(
    name="test_case_attachments",
    title=Title("测试用例附件", "Attachments of test cases"),
    key=("ProjectId", "CaseId", "Id"),
    schema=Schema(
        key=("project_id", "case_id", "id"),
        columns=(
            PROJECT_ID,
            integer("case_id", "CaseId", "用例 ID", "id of the test case"),
            integer("id", "Id", "附件 ID", "id of the attachment"),
            text("name", "Name", "文件名", "name of the file"),
            word("created_at", "CreatedAt", "创建时间（文本）", "created, as text"),
        ),
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(
        action="DescribeTestCase", rows="Data.Case.Attachments", sends=("ProjectName", "CaseId")
    ),
    parent=Parent(stream="test_cases", values={"CaseId": "Id"}, key=("ProjectId", "CaseId")),
    scopes=SCOPES,
    volatile=("Url",),  # ends after ten minutes
    optional=True,
)

# Without a ParentId; whether that leaves out sections below others is not documented.
TEST_CASE_SECTIONS = Stream(
    name="test_case_sections",
    title=Title("测试用例分组", "Sections of test cases"),
    key=("ProjectId", "Id"),
    schema=Schema(
        key=("project_id", "id"),
        columns=(
            PROJECT_ID,
            integer("id", "Id", "分组 ID", "id of the section"),
            reference("parent_id", "ParentId", "上级分组 ID", "id of the section above"),
            text("name", "Name", "名称", "name"),
            integer("sort", "Sort", "排序值", "place in the order"),
        ),
    ),
    listing=Listing(
        action="DescribeTestCaseSectionList", rows="Data.Sections", sends=("ProjectName",)
    ),
    parent=IN_PROJECT,
    scopes=SCOPES,
    slow=True,
)

CASES: tuple[Stream, ...] = (TEST_CASES, TEST_CASE_ATTACHMENTS, TEST_CASE_SECTIONS)
