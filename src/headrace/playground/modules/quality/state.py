"""What is known of tests, and the acts that change it, drawn by chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import TYPE_CHECKING

from ...project import Project
from ...rows import Row
from .acts import ACTS, begin
from .rows import Case, Report, Run, Section, Test, defect_row

if TYPE_CHECKING:
    from ...team import Team

Key = tuple[int | str, ...]


class Quality:
    """The module. Ids are counted over the team; what hangs on a deleted project is not shown."""

    def __init__(self, team: Team, rng: Random) -> None:
        self.team = team
        self.rng = rng
        self.sections: dict[int, Section] = {}
        self.cases: dict[int, Case] = {}
        self.runs: dict[int, Run] = {}
        self.tests: dict[int, Test] = {}
        self.reports: dict[int, Report] = {}
        self.links: dict[int, dict[int, bool]] = {}
        self._last_id = 700
        for project in team.projects.values():
            begin(self, project, team.began_ms)

    def new_id(self) -> int:
        """The next id, for whatever is made."""
        self._last_id += 1
        return self._last_id

    # Reading

    def sections_of(self, project: Project) -> list[Section]:
        """The sections of a project."""
        return [one for one in self.sections.values() if one.project_id == project.id]

    def cases_of(self, project: Project) -> list[Case]:
        """The test cases of a project."""
        return [one for one in self.cases.values() if one.project_id == project.id]

    def runs_of(self, project: Project) -> list[Run]:
        """The test plans of a project."""
        return [one for one in self.runs.values() if one.project_id == project.id]

    def reports_of(self, project: Project) -> list[Report]:
        """The reports of a project."""
        return [one for one in self.reports.values() if one.project_id == project.id]

    def tests_of(self, run: Run) -> list[Test]:
        """The tests of a plan."""
        return [one for one in self.tests.values() if one.run_id == run.id]

    def run_row(self, run: Run) -> Row:
        """As `DescribeTestRunList` serves it."""
        sprint = self.team.projects[run.project_id].iterations.get(run.iteration_code)
        return run.row(self.tests_of(run), sprint)

    def test_detail(self, test: Test, now_ms: int) -> Row:
        """As `DescribeTest` serves it."""
        path: list[str] = []
        section = self.sections.get(test.case.section_id)
        while section:
            path.insert(0, section.name)
            section = self.sections.get(section.parent_id)
        return test.detail(self.runs[test.run_id], path, now_ms)

    def defects(self, test: Test) -> list[Row]:
        """As `DescribeTestDefectList` serves them: linked issues that still are there."""
        project = self.team.projects[self.runs[test.run_id].project_id]
        linked = [code for code, is_on in self.links.get(test.id, {}).items() if is_on]
        rows = []
        for issue in (project.issues[code] for code in linked if code in project.issues):
            people = [self.team.members[n].name for n in issue.assignee_ids]
            author = self.team.members[issue.creator_id].name
            rows.append(defect_row(issue, project, people[0] if people else "", author))
        return rows

    def tables(self) -> Mapping[str, Callable[[], dict[Key, Row]]]:
        """See `modules.Module`. Addresses of files are left out, as readers have to."""
        return {
            "test_runs": lambda: {
                (p.id, run.id): self.run_row(run)
                for p in self._projects()
                for run in self.runs_of(p)
            },
            "tests": lambda: {
                (run.project_id, run.id, test.id): test.row(run) for run, test in self._tests()
            },
            "test_details": lambda: {
                (run.project_id, test.id): _without_addresses(self.test_detail(test, 0))
                for run, test in self._tests()
            },
            "test_cases": self._case_rows,
            "test_case_attachments": lambda: {
                (p.id, case.id, file.id): _without(file.row(0), "Url")
                for p in self._projects()
                for case in self.cases_of(p)
                for file in case.files
            },
            "test_case_sections": lambda: {
                (p.id, one.id): one.row() for p in self._projects() for one in self.sections_of(p)
            },
            "test_defects": lambda: {
                (run.project_id, test.id, row["Id"]): row
                for run, test in self._tests()
                for row in self.defects(test)
            },
            "test_reports": lambda: {
                (p.id, one.id): one.row() for p in self._projects() for one in self.reports_of(p)
            },
            "test_report_details": lambda: {
                (p.id, one.id): one.detail(p)
                for p in self._projects()
                for one in self.reports_of(p)
            },
        }

    def _projects(self) -> list[Project]:
        return list(self.team.projects.values())

    def _tests(self) -> list[tuple[Run, Test]]:
        runs = [run for project in self._projects() for run in self.runs_of(project)]
        return [(run, test) for run in runs for test in self.tests_of(run)]

    def _case_rows(self) -> dict[Key, Row]:
        return {
            (project.id, case.id): _without(case.row(), "Attachments")
            for project in self._projects()
            for case in self.cases_of(project)
        }

    # Living

    def step(self, now_ms: int) -> str:
        """One act in any project; what a project needs before, it gets first."""
        projects = self._projects()
        if not projects:
            return "there is nothing to test"
        project = self.rng.choice(projects)
        if not self.cases_of(project) or not self.runs_of(project):
            return begin(self, project, now_ms)
        return self.rng.choice(ACTS)(self, project, now_ms)


def _without(row: Row, name: str) -> Row:
    return {field: value for field, value in row.items() if field != name}


def _without_addresses(detail: Row) -> Row:
    files = [_without(file, "Url") for file in detail["Case"]["Attachments"]]
    return detail | {"Case": detail["Case"] | {"Attachments": files}}
