"""Test management as the API shows it. All its times are texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct

from ...project import Project
from ...records import Issue, Iteration
from ...rows import Row
from ..texts import day_text, time_text

RESULTS = ("PASSED", "FAILED", "BLOCKED", "RETEST")
UNTESTED = "UNTESTED"


class Section(Struct, frozen=True):
    """A section of test cases; `parent_id` 0: at the top."""

    id: int
    project_id: int
    name: str
    parent_id: int = 0

    def row(self) -> Row:
        """A row of `DescribeTestCaseSectionList`."""
        return {"Id": self.id, "ParentId": self.parent_id, "Name": self.name, "Sort": self.id}


class File(Struct, frozen=True):
    """A file attached to a test case."""

    id: int
    name: str
    created_ms: int

    def row(self, now_ms: int) -> Row:
        """With an address that is another one at every look."""
        url = f"https://files.example.com/{self.id}?until={now_ms + 600_000}"
        created = time_text(self.created_ms)
        return {"Id": self.id, "Name": self.name, "Url": url, "CreatedAt": created}


class Case(Struct, frozen=True, kw_only=True):
    """A test case: with `steps` (what to do, what to see) or with one text."""

    id: int
    project_id: int
    section_id: int
    title: str
    priority: int
    creator_id: int
    created_ms: int
    updated_ms: int
    steps: tuple[tuple[str, str], ...] = ()
    files: tuple[File, ...] = ()

    def row(self) -> Row:
        """A row of `DescribeTestCaseList`: without attachments."""
        in_steps = bool(self.steps)
        return {
            "Id": self.id,
            "SectionId": self.section_id,
            "Title": self.title,
            "Priority": self.priority,
            "TemplateType": "STEPS" if in_steps else "TEXT",
            "Preconds": "a cart with one article",
            "Steps": None if in_steps else "press **pay**",
            "Expected": None if in_steps else "it is paid",
            "CustomSteps": [{"Content": done, "Expected": seen} for done, seen in self.steps],
            "Sort": self.id,
            "CreatedBy": self.creator_id,
            "CreatedAt": time_text(self.created_ms),
            "UpdatedAt": time_text(self.updated_ms),
            "Attachments": None,
        }

    def detail(self, now_ms: int) -> Row:
        """`Case` of `DescribeTestCase`."""
        return self.row() | {"Attachments": [file.row(now_ms) for file in self.files]}


class Test(Struct, frozen=True, kw_only=True):
    """A case to be tested in a plan, as the case was when it was taken in."""

    id: int
    run_id: int
    case: Case
    assignee_id: int = 0
    status: str = UNTESTED
    tester_id: int = 0
    tested_ms: int = 0

    def row(self, run: Run) -> Row:
        """A row of `DescribeTestList`."""
        return {
            "Id": self.id,
            "CaseId": self.case.id,
            "SectionId": self.case.section_id,
            "Title": self.case.title,
            "Status": self.status,
            "Priority": self.case.priority,
            "IsCompleted": bool(run.completed_ms),
            "AssignedToId": self.assignee_id,
            "TestedAt": time_text(self.tested_ms) if self.tested_ms else None,
            "Sort": self.id,
        }

    def detail(self, run: Run, path: Sequence[str], now_ms: int) -> Row:
        """`Test` of `DescribeTest`."""
        more = {"TestedBy": self.tester_id or None, "SectionPath": list(path)}
        return self.row(run) | more | {"Case": self.case.detail(now_ms)}


class Run(Struct, frozen=True, kw_only=True):
    """A test plan. `completed_ms`: filed away, 0 for not yet."""

    id: int
    project_id: int
    name: str
    creator_id: int
    created_ms: int
    description: str = ""
    assignee_id: int = 0
    iteration_code: int = 0
    completed_ms: int = 0

    def row(self, tests: Iterable[Test], sprint: Iteration | None) -> Row:
        """A row of `DescribeTestRunList`: the counters move with the tests."""
        counts = Counter(test.status for test in tests)
        todo, total = counts[UNTESTED], counts.total()
        return {
            "Id": self.id,
            "Name": self.name,
            "Description": self.description,
            "ExecuteType": 1,
            "IncludeAll": False,
            "IsCompleted": bool(self.completed_ms),
            "CompletedAt": time_text(self.completed_ms) if self.completed_ms else None,
            "State": 0 if todo == total else 1 if todo else 2,
            "Days": 9,
            "PassedCount": counts["PASSED"],
            "FailedCount": counts["FAILED"],
            "BlockedCount": counts["BLOCKED"],
            "RetestCount": counts["RETEST"],
            "UntestedCount": todo,
            "AssignedToId": self.assignee_id,
            "ConfigEnvironmentId": 1,
            "SectionId": -1,
            "SectionName": None,
            "IterationId": sprint.id if sprint else None,
            "IterationName": sprint.name if sprint else None,
            "GitDepotId": None,
            "GitDepotName": None,
            "GitReleaseId": None,
            "GitReleaseName": None,
            "GitReleaseState": None,
            "CreatedBy": self.creator_id,
            "CreatedAt": time_text(self.created_ms),
        }


class Report(Struct, frozen=True, kw_only=True):
    """A test report: what its plans showed when it was made."""

    id: int
    project_id: int
    name: str
    creator_id: int
    created_ms: int
    since_ms: int
    runs: tuple[tuple[int, str], ...]
    counts: tuple[int, int, int]
    status: str = "CREATING"

    def row(self) -> Row:
        """A row of `DescribeReportList`."""
        return {
            "Id": self.id,
            "Name": self.name,
            "Status": self.status,
            "Summary": None,
            "StatisticsStartTime": time_text(self.since_ms),
            "StatisticsEndTime": time_text(self.created_ms),
            "CreatedAt": time_text(self.created_ms),
        }

    def detail(self, project: Project) -> Row:
        """`Report` of `DescribeReport`: the days of its statistics are told without times."""
        cases, tested, passed = self.counts
        overview = {
            "CaseSum": cases,
            "AutomationPercent": 0,
            "ExecPercent": 100 * tested // max(1, cases),
            "PassPercent": 100 * passed // max(1, cases),
            "RequirementCoverPercent": 50,
            "IssuesSum": 4,
            "CompletedSum": 1,
            "ProcessingSum": 1,
            "TodoSum": 2,
            "DefectSum": tested - passed,
            "DefectFixPercent": 0,
            "DefectReopenPercent": 0,
            "AvgClosedSeconds": -1,
            "DurationFixed": -1,
        }
        days = {
            "StatisticsStartTime": day_text(self.since_ms),
            "StatisticsEndTime": day_text(self.created_ms),
        }
        return (
            self.row()
            | days
            | {
                "ProjectName": project.info.display_name,
                "TemplateId": None,
                "IterationId": "",
                "IterationName": "",
                "RunIds": [str(number) for number, _ in self.runs],
                "RunNames": [name for _, name in self.runs],
                "CreatedBy": self.creator_id,
                "Attachments": [],
                "ReportOverview": overview,
            }
        )


def defect_row(issue: Issue, project: Project, assignee: str, author: str) -> Row:
    """A row of `DescribeTestDefectList`: an issue, as it is now."""
    status = project.statuses[issue.status_id]
    return {
        "Id": issue.id,
        "Name": issue.name,
        "Status": status.type,
        "StatusName": status.name,
        "Description": issue.description,
        "AssignedTo": assignee,
        "Author": author,
        "CreatedAt": time_text(issue.created_ms),
    }
