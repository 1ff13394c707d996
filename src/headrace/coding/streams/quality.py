"""Streams of test management: plans, tasks, reports. All its times are texts in +08:00."""

from __future__ import annotations

from headrace.coding.streams.columns import flag, integer, nested, reference, text, word
from headrace.coding.streams.people import alone
from headrace.coding.streams.project import IN_PROJECT, PROJECT_ID
from headrace.coding.streams.quality_cases import CASES, PRIORITY_EN, PRIORITY_ZH, SCOPES
from headrace.core.record import Body
from headrace.core.schema import Schema
from headrace.core.stream import HookRule, Listing, Lookup, Parent, Strategy, Stream, Title

_RUN_ID = integer("run_id", "RunId", "测试计划 ID", "id of the test plan")
_TEST_ID = integer("test_id", "TestId", "测试任务 ID", "id of the test")
_OF_TEST = Parent(stream="tests", values={"TestId": "Id"}, key=("ProjectId", "TestId"))


def _same(detail: Body) -> Body:
    """The detail of a test plan has the fields of its list row, no more and no less."""
    return detail


TEST_RUNS = Stream(
    name="test_runs",
    title=Title("测试计划", "Test plans"),
    key=("ProjectId", "Id"),
    schema=Schema(
        key=("project_id", "id"),
        columns=(
            PROJECT_ID,
            integer("id", "Id", "测试计划 ID", "id of the test plan"),
            text("name", "Name", "名称", "name"),
            word("description", "Description", "描述", "description, if any"),
            integer("state", "State", "状态：0 未开始，1 进行中，2 已测完", "0 to do, 1, 2 done"),
            flag("is_completed", "IsCompleted", "是否已归档", "is filed away"),
            word("completed_at", "CompletedAt", "归档时间（文本）", "filed away, as text"),
            integer("execute_type", "ExecuteType", "1 手动，2 自动化流水线", "1 by hand, 2 build"),
            flag("include_all", "IncludeAll", "是否包含全部用例", "has all test cases"),
            integer("passed_count", "PassedCount", "通过数", "tests passed"),
            integer("failed_count", "FailedCount", "失败数", "tests failed"),
            integer("blocked_count", "BlockedCount", "阻塞数", "tests blocked"),
            integer("retest_count", "RetestCount", "待重测数", "tests to be repeated"),
            integer("untested_count", "UntestedCount", "未测试数", "tests not run yet"),
            integer("days", "Days", "持续天数", "days it takes"),
            reference("assigned_to_id", "AssignedToId", "处理人 ID", "id of who runs it"),
            reference("iteration_id", "IterationId", "所属迭代 ID", "id of the iteration"),
            word("iteration_name", "IterationName", "迭代名称", "name of the iteration"),
            integer("section_id", "SectionId", "分组 ID，-1 为未分组", "id of the group, -1: none"),
            word("section_name", "SectionName", "分组名", "name of the group"),
            reference("config_environment_id", "ConfigEnvironmentId", "环境 ID", "environment"),
            reference("git_depot_id", "GitDepotId", "代码仓库 ID", "id of the repository"),
            word("git_depot_name", "GitDepotName", "代码仓库名称", "name of the repository"),
            reference("git_release_id", "GitReleaseId", "发布版本资源 ID", "id of the release"),
            word("git_release_name", "GitReleaseName", "发布版本名称", "name of the release"),
            integer("git_release_state", "GitReleaseState", "0 未发布，1 已发布", "1: released"),
            reference("created_by", "CreatedBy", "创建人 ID", "id of who made it"),
            word("created_at", "CreatedAt", "创建时间（文本）", "created, as text"),
        ),
    ),
    listing=Listing(action="DescribeTestRunList", rows="Data.Runs", sends=("ProjectName",)),
    parent=IN_PROJECT,
    lookup=Lookup(
        action="DescribeTestRun",
        row="Data.Run",
        key_params={"RunId": "Id"},
        sends=("ProjectName",),
        project=_same,
    ),
    # What these bodies hold is not known.
    hooks=(HookRule(("TEST_PLAN_CREATED", "TEST_PLAN_UPDATED", "TEST_PLAN_FINISHED")),),
    every=10,
    scopes=SCOPES,
)

TESTS = Stream(
    name="tests",
    title=Title("测试任务", "Tests of a plan"),
    key=("ProjectId", "RunId", "Id"),
    schema=Schema(
        key=("project_id", "run_id", "id"),
        columns=(
            PROJECT_ID,
            _RUN_ID,
            integer("id", "Id", "测试任务 ID", "id of the test"),
            reference("case_id", "CaseId", "用例 ID", "id of the test case"),
            reference("section_id", "SectionId", "分组 ID", "id of the section"),
            text("title", "Title", "标题", "title"),
            text(
                "status",
                "Status",
                "状态：UNTESTED，PASSED，BLOCKED，RETEST，FAILED",
                "UNTESTED, PASSED, BLOCKED, RETEST or FAILED",
            ),
            integer("priority", "Priority", PRIORITY_ZH, PRIORITY_EN),
            flag("is_completed", "IsCompleted", "是否已归档", "is filed away"),
            reference("assigned_to_id", "AssignedToId", "处理人 ID", "id of who runs it"),
            word("tested_at", "TestedAt", "测试时间（文本）", "run, as text"),
            integer("sort", "Sort", "排序", "place in the order"),
        ),
    ),
    strategy=Strategy.CHILDREN,  # a result changes the counters of its plan
    listing=Listing(action="DescribeTestList", rows="Data.Tests", sends=("ProjectName", "RunId")),
    parent=Parent(stream="test_runs", values={"RunId": "Id"}, key=("ProjectId", "RunId")),
    scopes=SCOPES,
)

TEST_DETAILS = Stream(
    name="test_details",
    title=Title("测试任务详情", "Details of tests"),
    key=("ProjectId", "TestId"),
    schema=Schema(
        key=("project_id", "test_id"),
        columns=(
            PROJECT_ID,
            _TEST_ID,
            reference("tested_by", "TestedBy", "测试人 ID", "id of who ran it"),
            nested("section_path", "SectionPath", "所属分组，由上到下", "sections, from above"),
            reference("case_id", "CaseId", "用例 ID", "id of the test case"),
            nested("case", "Case", "测试时的用例", "the test case as it was run"),
        ),
        ignored=frozenset(
            (
                *("Id", "SectionId", "Title", "Status", "Priority", "IsCompleted", "AssignedToId"),
                *("TestedAt", "Sort"),  # as in `tests`
            )
        ),
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(
        action="DescribeTest", rows="Data.Test", sends=("ProjectName", "TestId"), unfold=alone
    ),
    parent=_OF_TEST,
    scopes=SCOPES,
    volatile=("Case.Attachments.Url",),
    optional=True,
)

TEST_DEFECTS = Stream(
    name="test_defects",
    title=Title("测试任务关联的缺陷", "Defects of tests"),
    key=("ProjectId", "TestId", "Id"),
    schema=Schema(
        key=("project_id", "test_id", "id"),
        columns=(
            PROJECT_ID,
            _TEST_ID,
            integer("id", "Id", "缺陷 ID", "id of the defect"),
            text("name", "Name", "标题", "title"),
            text("status", "Status", "状态类型：TODO，PROCESSING，COMPLETED", "kind of status"),
            text("status_name", "StatusName", "状态名称", "name of the status"),
            word("description", "Description", "描述", "description, if any"),
            word("assigned_to", "AssignedTo", "处理人", "name of who works on it"),
            word("author", "Author", "创建人", "name of who reported it"),
            word("created_at", "CreatedAt", "创建时间（文本）", "created, as text"),
        ),
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(
        action="DescribeTestDefectList", rows="Data.Defects", sends=("ProjectName", "TestId")
    ),
    parent=_OF_TEST,
    scopes=SCOPES,
)

# One call gives all of them, with a filter by date or without.
TEST_REPORTS = Stream(
    name="test_reports",
    title=Title("测试报告", "Test reports"),
    key=("ProjectId", "Id"),
    schema=Schema(
        key=("project_id", "id"),
        columns=(
            PROJECT_ID,
            integer("id", "Id", "测试报告 ID", "id of the report"),
            text("name", "Name", "报告名称", "name"),
            text(
                "status",
                "Status",
                "CREATING 创建中，AVAILABLE 可用，UNAVAILABLE 不可用",
                "CREATING, AVAILABLE or UNAVAILABLE",
            ),
            word("summary", "Summary", "报告总结", "summary"),
            word("statistics_start_time", "StatisticsStartTime", "统计开始（文本）", "from, text"),
            word("statistics_end_time", "StatisticsEndTime", "统计结束（文本）", "to, text"),
            word("created_at", "CreatedAt", "创建时间（文本）", "created, as text"),
        ),
    ),
    listing=Listing(action="DescribeReportList", rows="Data.Reports", sends=("ProjectName",)),
    parent=IN_PROJECT,
    hooks=(HookRule(("TEST_REPORT_CREATED", "FLEXIBLE_TESTX_REPORT_CREATED")),),
    every=10,
    scopes=SCOPES,
)

TEST_REPORT_DETAILS = Stream(
    name="test_report_details",
    title=Title("测试报告详情", "Details of test reports"),
    key=("ProjectId", "ReportId"),
    schema=Schema(
        key=("project_id", "report_id"),
        columns=(
            PROJECT_ID,
            integer("report_id", "ReportId", "测试报告 ID", "id of the report"),
            nested("run_ids", "RunIds", "测试计划 ID 列表", "ids of the test plans in it"),
            nested("run_names", "RunNames", "测试计划名称列表", "names of the test plans in it"),
            word("iteration_id", "IterationId", "迭代 ID（文本）", "id of the iteration, as text"),
            word("iteration_name", "IterationName", "迭代名称", "name of the iteration"),
            reference("template_id", "TemplateId", "模板 ID", "id of the template"),
            reference("created_by", "CreatedBy", "创建人 ID", "id of who made it"),
            nested("overview", "ReportOverview", "报告概览（全部指标）", "all figures"),
            integer("case_sum", "ReportOverview.CaseSum", "用例总数", "test cases"),
            integer("exec_percent", "ReportOverview.ExecPercent", "执行率（%）", "% run"),
            integer("pass_percent", "ReportOverview.PassPercent", "通过率（%）", "% passed"),
            integer("defect_sum", "ReportOverview.DefectSum", "缺陷总数", "defects"),
            nested("attachments", "Attachments", "附件列表", "attachments, without addresses"),
        ),
        ignored=frozenset(
            (
                *("Id", "Name", "ProjectName", "Status", "Summary", "CreatedAt"),
                *("StatisticsStartTime", "StatisticsEndTime"),  # as in `test_reports`
            )
        ),
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(
        action="DescribeReport",
        rows="Data.Report",
        sends=("ProjectName", "ReportId"),
        unfold=alone,
    ),
    parent=Parent(stream="test_reports", values={"ReportId": "Id"}, key=("ProjectId", "ReportId")),
    scopes=SCOPES,
    volatile=("Attachments.Url",),
)

QUALITY: tuple[Stream, ...] = (
    TEST_RUNS,
    TESTS,
    TEST_DETAILS,
    *CASES,
    TEST_DEFECTS,
    TEST_REPORTS,
    TEST_REPORT_DETAILS,
)
