"""What testers do: write cases, plan, test, report defects, file away."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ...project import Project
from ...records import DAY_MS
from ...words import EDITS
from .rows import RESULTS, UNTESTED, Case, File, Report, Run, Section, Test

if TYPE_CHECKING:
    from .state import Quality

CASES_MAX, RUNS_MAX, SECTIONS_MAX, REPORTS_MAX = 14, 5, 6, 5
TITLES = ("pay with a coupon", "商品搜索", "log in twice", "empty cart")
STEPS = (("open the cart", "one article"), ("press pay", "已支付"))


def begin(quality: Quality, project: Project, now_ms: int) -> str:
    """A section, some cases, a plan with tests and a report, where there were none."""
    if not quality.sections_of(project):
        _found(quality, project, 0)
    for _ in range(4):
        _write(quality, project, now_ms)
    _plan(quality, project, now_ms)
    _report(quality, project, now_ms)
    return f"testing began in {project.info.name}"


def _person(quality: Quality, project: Project) -> int:
    return quality.rng.choice(tuple(project.roles) or (quality.team.owner_id,))


def _found(quality: Quality, project: Project, parent_id: int) -> Section:
    number = quality.new_id()
    section = quality.sections[number] = Section(number, project.id, f"section {number}", parent_id)
    return section


def _write(quality: Quality, project: Project, now_ms: int) -> str:
    sections = quality.sections_of(project)
    number, rng = quality.new_id(), quality.rng
    quality.cases[number] = Case(
        id=number, project_id=project.id, section_id=rng.choice(sections).id if sections else 0,
        title=f"{rng.choice(TITLES)} ({number})", priority=rng.randrange(4),
        creator_id=_person(quality, project), created_ms=now_ms, updated_ms=now_ms,
        steps=STEPS[: rng.randrange(3)],
    )  # fmt: skip
    return f"test case {number} was written in {project.info.name}"


def _change_section(quality: Quality, project: Project, _: int) -> str:
    """A section is made, gets another name, or goes when it is empty."""
    sections, dice = quality.sections_of(project), quality.rng.random()
    if not sections or (dice < 0.4 and len(sections) < SECTIONS_MAX):
        above = quality.rng.choice([0, *(one.id for one in sections if not one.parent_id)])
        return f"{_found(quality, project, above).name} was made in {project.info.name}"
    section = quality.rng.choice(sections)
    used = any(case.section_id == section.id for case in quality.cases_of(project))
    if dice < 0.7 or used or any(one.parent_id == section.id for one in sections):
        name = f"section {section.id}.{quality.rng.randrange(9)}"
        quality.sections[section.id] = replace(section, name=name)
        return f"{section.name} is called {name}"
    del quality.sections[section.id]
    return f"{section.name} was removed"


def _change_case(quality: Quality, project: Project, now_ms: int) -> str:
    """A case is written, edited, gets a file (without a new time), or is dropped."""
    cases, rng, dice = quality.cases_of(project), quality.rng, quality.rng.random()
    case = rng.choice(cases)
    if dice < 0.35 and len(cases) < CASES_MAX:
        return _write(quality, project, now_ms)
    if dice < 0.65:
        title = f"{case.title[:60]}, {rng.choice(EDITS)}"
        quality.cases[case.id] = replace(
            case, title=title, priority=rng.randrange(4), updated_ms=now_ms
        )
        return f"test case {case.id} was edited"
    if dice < 0.85:
        file = File(quality.new_id(), f"screen-{rng.randrange(99)}.png", now_ms)
        quality.cases[case.id] = replace(case, files=(*case.files, file)[-3:])
        return f"test case {case.id} got a file"
    del quality.cases[case.id]
    return f"test case {case.id} was dropped"


def _plan(quality: Quality, project: Project, now_ms: int) -> str:
    cases, rng = quality.cases_of(project), quality.rng
    run = Run(
        id=quality.new_id(), project_id=project.id, name=f"plan {len(quality.runs) + 1} 测试计划",
        creator_id=_person(quality, project), created_ms=now_ms,
        iteration_code=rng.choice((0, *project.iterations)),
    )  # fmt: skip
    quality.runs[run.id] = run
    for case in rng.sample(cases, min(3, len(cases))):
        number = quality.new_id()
        quality.tests[number] = Test(id=number, run_id=run.id, case=case)
    quality.team.tell(project, "TEST_PLAN_CREATED", dict)  # what these bodies hold is not known
    return f"{run.name} was made in {project.info.name}"


def _change_run(quality: Quality, project: Project, now_ms: int) -> str:
    """A plan is made, described, filed away, or dropped with its tests."""
    runs, rng, dice = quality.runs_of(project), quality.rng, quality.rng.random()
    if dice < 0.3 and len(runs) < RUNS_MAX:
        return _plan(quality, project, now_ms)
    run = rng.choice(runs)
    if dice < 0.6:
        person = _person(quality, project)
        quality.runs[run.id] = replace(run, description=rng.choice(EDITS), assignee_id=person)
        quality.team.tell(project, "TEST_PLAN_UPDATED", dict)
        return f"{run.name} was described"
    if dice < 0.85:
        quality.runs[run.id] = replace(run, completed_ms=0 if run.completed_ms else now_ms)
        quality.team.tell(project, "TEST_PLAN_FINISHED", dict)
        return f"{run.name} was filed away, or taken up again"
    for test in quality.tests_of(run):
        del quality.tests[test.id]
        quality.links.pop(test.id, None)
    del quality.runs[run.id]
    return f"{run.name} was dropped"


def _test(quality: Quality, project: Project, now_ms: int) -> str:
    """A test gets a result, or somebody is asked to run it."""
    rng = quality.rng
    tests = quality.tests_of(rng.choice(quality.runs_of(project)))
    if not tests:
        return _plan(quality, project, now_ms)
    test, person = rng.choice(tests), _person(quality, project)
    if rng.random() < 0.3:
        quality.tests[test.id] = replace(test, assignee_id=person)
        quality.team.tell(project, "TEST_TASK_ASSIGNED", dict)
        return f"test {test.id} was given to member-{person}"
    status = rng.choice((*RESULTS, UNTESTED))
    quality.tests[test.id] = replace(test, status=status, tester_id=person, tested_ms=now_ms)
    return f"test {test.id} is {status}"


def _link(quality: Quality, project: Project, now_ms: int) -> str:
    """A defect is linked to a test, or unlinked for good."""
    rng = quality.rng
    tests = quality.tests_of(rng.choice(quality.runs_of(project)))
    defects = [code for code, issue in project.issues.items() if issue.kind == "DEFECT"]
    if not tests or not defects:
        return _test(quality, project, now_ms)
    test = rng.choice(tests)
    links = quality.links.setdefault(test.id, {})
    code = rng.choice(list(links)) if links and rng.random() < 0.4 else rng.choice(defects)
    links[code] = code not in links
    return f"issue {code} is {'linked to' if links[code] else 'off'} test {test.id}"


def _report(quality: Quality, project: Project, now_ms: int) -> str:
    runs = quality.runs_of(project)[-2:]
    statuses = [test.status for run in runs for test in quality.tests_of(run)]
    tested = sum(status != UNTESTED for status in statuses)
    report = Report(
        id=quality.new_id(), project_id=project.id, name=f"report {len(quality.reports) + 1} 报告",
        creator_id=_person(quality, project), created_ms=now_ms, since_ms=now_ms - 7 * DAY_MS,
        runs=tuple((run.id, run.name) for run in runs),
        counts=(len(statuses), tested, statuses.count("PASSED")),
    )  # fmt: skip
    quality.reports[report.id] = report
    quality.team.tell(project, "TEST_REPORT_CREATED", dict)
    return f"{report.name} was asked for in {project.info.name}"


def _change_report(quality: Quality, project: Project, now_ms: int) -> str:
    """A report is asked for, comes to be, or is dropped."""
    reports, rng = quality.reports_of(project), quality.rng
    making = [report for report in reports if report.status == "CREATING"]
    if making:
        status = rng.choice(("AVAILABLE", "AVAILABLE", "UNAVAILABLE"))
        quality.reports[making[0].id] = replace(making[0], status=status)
        return f"{making[0].name} is {status}"
    if not reports or (rng.random() < 0.6 and len(reports) < REPORTS_MAX):
        return _report(quality, project, now_ms)
    report = rng.choice(reports)
    del quality.reports[report.id]
    return f"{report.name} was dropped"


ACTS: tuple[Callable[[Quality, Project, int], str], ...] = (
    _change_section,
    _change_case,
    _change_case,
    _change_run,
    _test,
    _test,
    _test,
    _link,
    _link,
    _change_report,
)
