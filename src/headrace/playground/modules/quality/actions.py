"""Actions about test management."""

from __future__ import annotations

from ...actions.action import PROJECT_NAME, Action, Call, Parameter
from ...envelope import ApiError
from ...paging import Paging, Style
from ...rows import Row
from .rows import Case, Test
from .state import Quality

SCOPE = "testing:profile:ro"


def _runs(call: Call) -> Row:
    quality, asked = call.module(Quality), call.parameters
    rows = [quality.run_row(run) for run in quality.runs_of(call.project())]
    wanted = {
        name: asked[name] for name in ("IsCompleted", "State", "ExecuteType") if name in asked
    }
    words = asked.get("Keyword", "")
    found = [
        row
        for row in rows
        if words in row["Name"]
        and all(row[name] == value for name, value in wanted.items())
        and row["IterationId"] in asked.get("IterationId", [row["IterationId"]])
    ]
    return {"Data": {"Runs": found}}


def _run(call: Call) -> Row:
    quality = call.module(Quality)
    for run in quality.runs_of(call.project()):
        if run.id == call.parameters["RunId"]:
            return {"Data": {"Run": quality.run_row(run)}}
    raise ApiError("ResourceNotFound", "Test plan not found")


def _tests(call: Call) -> Row:
    quality, asked = call.module(Quality), call.parameters
    runs = [run for run in quality.runs_of(call.project()) if asked.get("RunId", run.id) == run.id]
    if not runs and "RunId" in asked:
        raise ApiError("ResourceNotFound", "Test plan not found")
    rows = [test.row(run) for run in runs for test in quality.tests_of(run)]
    wanted = {name: asked[name] for name in ("Status", "Priority") if name in asked}
    found = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    return {"Data": {"Tests": found}}


def _test_named(call: Call) -> Test:
    quality = call.module(Quality)
    for run in quality.runs_of(call.project()):
        for test in quality.tests_of(run):
            if test.id == call.parameters.get("TestId"):
                return test
    raise ApiError("ResourceNotFound", "Test not found")


def _test(call: Call) -> Row:
    return {"Data": {"Test": call.module(Quality).test_detail(_test_named(call), call.now_ms)}}


def _defects(call: Call) -> Row:
    return {"Data": {"Defects": call.module(Quality).defects(_test_named(call))}}


def _cases(call: Call) -> Row:
    asked = call.parameters
    wanted = {n: asked[n] for n in ("Priority", "SectionId", "TemplateType") if n in asked}
    rows = [case.row() for case in call.module(Quality).cases_of(call.project())]
    found = [
        row
        for row in rows
        if asked.get("Keyword", "") in row["Title"]
        and all(row[name] == value for name, value in wanted.items())
    ]
    answer = call.page(found, lambda row: row)
    answer["Data"]["Page"] = answer["Data"].pop("PageNumber")
    return answer


def _case(call: Call) -> Row:
    return {"Data": {"Case": _case_named(call).detail(call.now_ms)}}


def _case_named(call: Call) -> Case:
    for case in call.module(Quality).cases_of(call.project()):
        if case.id == call.parameters["CaseId"]:
            return case
    raise ApiError("ResourceNotFound", "Test case not found")


def _sections(call: Call) -> Row:
    """Those right below ParentId; without it all, at whatever depth."""
    sections, above = call.module(Quality).sections_of(call.project()), call.parameters
    found = [one for one in sections if above.get("ParentId", one.parent_id) == one.parent_id]
    return {"Data": {"Sections": [one.row() for one in found]}}


def _reports(call: Call) -> Row:
    asked = call.parameters
    found = [
        row
        for row in (one.row() for one in call.module(Quality).reports_of(call.project()))
        if asked.get("Keyword", "") in row["Name"]
        and asked.get("Status", row["Status"]) == row["Status"]
        and asked.get("StartAt", "") <= row["CreatedAt"] <= asked.get("EndAt", row["CreatedAt"])
    ]
    return {"Data": {"Reports": found}}


def _report(call: Call) -> Row:
    project = call.project()
    for report in call.module(Quality).reports_of(project):
        if report.id == call.parameters["ReportId"]:
            return {"Data": {"Report": report.detail(project)}}
    raise ApiError("ResourceNotFound", "Report not found")


TEST_ID = Parameter("TestId", "integer")
ACTIONS = (
    Action(
        name="DescribeTestRunList",
        handler=_runs,
        scope=SCOPE,
        parameters=(
            PROJECT_NAME,
            Parameter("ExecuteType", "integer"),
            Parameter("GitReleaseState", "integer"),
            Parameter("IsCompleted", "boolean"),
            Parameter("IterationId", "integers"),
            Parameter("IterationStatus", "strings"),
            Parameter("Keyword"),
            Parameter("SectionId", "integer"),
            Parameter("State", "integer"),
        ),
    ),
    Action(
        name="DescribeTestRun",
        handler=_run,
        scope=SCOPE,
        parameters=(PROJECT_NAME, Parameter("RunId", "integer", required=True)),
    ),
    Action(
        name="DescribeTestList",
        handler=_tests,
        scope=SCOPE,
        parameters=(
            PROJECT_NAME,
            Parameter("RunId", "integer"),
            Parameter("Priority", "integer"),
            Parameter("Status"),
        ),
    ),
    Action(name="DescribeTest", handler=_test, scope=SCOPE, parameters=(PROJECT_NAME, TEST_ID)),
    Action(
        name="DescribeTestDefectList",
        handler=_defects,
        scope=SCOPE,
        parameters=(PROJECT_NAME, TEST_ID),
    ),
    Action(
        name="DescribeTestCaseList",
        handler=_cases,
        scope=SCOPE,
        parameters=(
            PROJECT_NAME,
            Parameter("Keyword"),
            Parameter("Priority", "integer"),
            Parameter("SectionId", "integer"),
            Parameter("TemplateType"),
        ),
        paging=Paging(
            style=Style.NUMBERED,
            rows="Cases",
            total="Total",
            pages="TotalPage",
            number="Page",
            required=False,
        ),
    ),
    Action(
        name="DescribeTestCase",
        handler=_case,
        scope=SCOPE,
        parameters=(PROJECT_NAME, Parameter("CaseId", "integer", required=True)),
    ),
    Action(
        name="DescribeTestCaseSectionList",
        handler=_sections,
        scope=SCOPE,
        parameters=(PROJECT_NAME, Parameter("ParentId", "integer")),
    ),
    Action(
        name="DescribeReportList",
        handler=_reports,
        scope=SCOPE,
        parameters=(
            PROJECT_NAME,
            Parameter("StartAt"),
            Parameter("EndAt"),
            Parameter("Keyword"),
            Parameter("Status"),
        ),
    ),
    Action(
        name="DescribeReport",
        handler=_report,
        scope=SCOPE,
        parameters=(PROJECT_NAME, Parameter("ReportId", "integer", required=True)),
    ),
)
