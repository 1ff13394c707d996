"""Actions about what projects have beside issues: work logs, releases, options for issues."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...actions.action import PROJECT_NAME, Action, Call, Parameter
from ...conditions import KINDS_LISTED
from ...envelope import ApiError
from ...issue_rows import issue_detail
from ...paging import Paging, Style
from ...project import Project
from ...rates import UNLIMITED
from ...records import Issue
from ...rows import Row
from .options import TEMPLATE_TYPES
from .releases import STATUSES, Release
from .state import Tracking

SCOPE = "collaboration:issue:ro"
FOREVER = 1 << 62
OF_PROJECT = 1  # ScopeType; 2 is the team
TYPE_NUMBERS = {1: "TODO", 2: "PROCESSING", 3: "COMPLETED"}


def _work_logs(call: Call) -> Row:
    asked, part = call.parameters, call.module(Tracking).work_logs
    projects = [call.project()] if "ProjectName" in asked else call.visible_projects()
    first, last = asked.get("StartAt", 0), asked.get("EndAt", FOREVER)
    found = [
        (log.id, log, project)
        for project in projects
        for log in part.of(project)
        if first <= part.chosen_at(log) <= last and asked.get("UserId", log.user_id) == log.user_id
    ]
    found.sort(key=lambda entry: -entry[0])
    return call.page(found, lambda entry: part.row(entry[2], entry[1]))


RELEASE_SORTS: Mapping[str, Callable[[Release], Any]] = {
    "CODE": lambda release: release.code,
    "CREATED_AT": lambda release: release.created_ms,
    "UPDATED_AT": lambda release: release.updated_ms,
    "NAME": lambda release: release.name,
}


def _releases(call: Call) -> Row:
    project, asked = call.project(), call.parameters
    part = call.module(Tracking).releases
    conditions = asked.get("Conditions", ())
    chosen = [r for r in part.of(project) if all(_fits(r, wish) for wish in conditions)]
    sort = RELEASE_SORTS[asked.get("SortKey", "CODE")]
    chosen.sort(key=sort, reverse=asked.get("SortValue", "DESC") == "DESC")
    return call.page(chosen, lambda release: part.row(project, release))


def _fits(release: Release, wish: Mapping[str, Any]) -> bool:
    values = str(wish.get("Value", "")).split(",")
    if wish.get("Key") == "STATUS_TYPE":
        return STATUSES[release.status] in values
    if wish.get("Key") == "ASSIGNEE":
        return str(release.assignee_id) in values
    if wish.get("Key") == "KEYWORD":
        return values[0] in release.name
    raise ApiError("InvalidParameterValue", "Releases are not selected by this Key")


def _release(call: Call) -> tuple[Project, Release]:
    project = call.project()
    found = call.module(Tracking).releases.one(project, call.parameters["ReleaseCode"])
    if found is None:
        raise ApiError("ResourceNotFound", "Release not found")
    return project, found


def _one_release(call: Call) -> Row:
    project, release = _release(call)
    return {"Release": call.module(Tracking).releases.row(project, release)}


def _release_issues(call: Call) -> Row:
    project, release = _release(call)
    codes = call.module(Tracking).releases.codes_in(project, release)
    issues = [project.issues[code] for code in codes]
    chosen = [issue for issue in issues if _wanted(call, project, issue)]
    return call.page(chosen, lambda i: issue_detail(i, project, call.team, call.now_ms))


def _wanted(call: Call, project: Project, issue: Issue) -> bool:
    """A filter that is not given, or empty, lets all through."""
    asked = call.parameters
    kinds, types = asked.get("IssueTypes"), asked.get("IssueTypeIds")
    people, watchers = asked.get("Assignees"), asked.get("Watchers")
    stages = {TYPE_NUMBERS.get(number) for number in asked.get("StatusTypes", ())}
    return (
        (asked.get("ShowSubIssues", False) or issue.kind != "SUB_TASK")
        and asked.get("Keywords", "") in issue.name
        and (not kinds or issue.kind in kinds)
        and (not types or issue.type_id in types)
        and (not people or not set(people).isdisjoint(issue.assignee_ids))
        and (not watchers or not set(watchers).isdisjoint(issue.watcher_ids))
        and (not stages or project.statuses[issue.status_id].type in stages)
    )


def _modules(call: Call) -> Row:
    return {"IssueModules": call.module(Tracking).options.modules(call.project())}


def _defect_types(call: Call) -> Row:
    return {"DefectTypes": call.module(Tracking).options.defect_types(call.project())}


def _filters(call: Call) -> Row:
    project, kind = call.project(), call.parameters["IssueType"]
    built_in, own = call.module(Tracking).options.filters(project, kind)
    return {"Data": {"SystemFilterList": built_in, "CustomFilterList": own}}


def _templates(call: Call) -> Row:
    project, asked = call.project(), call.parameters
    scope = asked.get("TemplateType", "GLOBAL")
    chosen = [
        row
        for row in call.module(Tracking).options.templates(project, scope)
        if asked.get("Keyword", "") in row["Name"]
        and asked.get("CooperateMode", row["CooperateMode"]) == row["CooperateMode"]
    ]
    return call.page(chosen, lambda row: row)


def _citing(call: Call) -> Row:
    asked = call.parameters
    if asked["ScopeType"] != OF_PROJECT:
        return {"Resource": []}
    project = call.team.projects.get(asked["ScopeId"])
    if project is None or not asked["ResourceCode"].isdecimal():
        raise ApiError("ResourceNotFound", "Resource not found")
    if not call.sees(project):
        raise ApiError("UnauthorizedOperation", "No permission for this project")
    number = int(asked["ResourceCode"])
    return {"Resource": call.module(Tracking).references.citing(project, number)}


RELEASE_CODE = Parameter("ReleaseCode", "integer", required=True)
BY_PAGE = Paging(
    style=Style.NUMBERED, rows="List", pages="TotalPage", number="Page", required=False
)
OF_PROJECTS = (
    Action(
        name="DescribeAllProjectsIssueWorkLogList",
        handler=_work_logs,
        scope=SCOPE,
        parameters=(
            Parameter("ProjectName"),
            Parameter("StartAt", "integer"),
            Parameter("EndAt", "integer"),
            Parameter("UserId", "integer"),
        ),
        paging=Paging(style=Style.OFFSET, rows="WorkLogs", under="", total="", maximum=1000),
    ),
    Action(
        name="DescribeReleaseList",
        handler=_releases,
        scope=SCOPE,
        parameters=(
            PROJECT_NAME,
            Parameter("Conditions", "objects"),
            Parameter("SortKey", choices=tuple(RELEASE_SORTS)),
            Parameter("SortValue", choices=("ASC", "DESC")),
        ),
        paging=BY_PAGE,
        rate=UNLIMITED,
    ),
    Action(
        name="DescribeRelease",
        handler=_one_release,
        scope=SCOPE,
        parameters=(PROJECT_NAME, RELEASE_CODE),
        rate=UNLIMITED,
    ),
    Action(
        name="DescribeReleaseIssueList",
        handler=_release_issues,
        scope=SCOPE,
        parameters=(
            PROJECT_NAME,
            RELEASE_CODE,
            Parameter("Assignees", "integers"),
            Parameter("IssueTypeIds", "integers"),
            Parameter("IssueTypes", "strings"),
            Parameter("Keywords"),
            Parameter("ShowImageOutUrl", "boolean"),
            Parameter("ShowSubIssues", "boolean"),
            Parameter("SortBy"),
            Parameter("StatusTypes", "integers"),
            Parameter("Watchers", "integers"),
        ),
        paging=BY_PAGE,
        rate=UNLIMITED,
    ),
    Action(
        name="DescribeIssueModuleList",
        handler=_modules,
        scope=SCOPE,
        parameters=(PROJECT_NAME,),
        rate=UNLIMITED,
    ),
    Action(
        name="DescribeDefectTypes",
        handler=_defect_types,
        scope=SCOPE,
        parameters=(PROJECT_NAME,),
    ),
    Action(
        name="DescribeIssueFilterList",
        handler=_filters,
        scope=SCOPE,
        parameters=(PROJECT_NAME, Parameter("IssueType", required=True, choices=KINDS_LISTED)),
    ),
    Action(
        name="DescribeConfigTemplateList",
        handler=_templates,
        scope=SCOPE,
        parameters=(
            PROJECT_NAME,
            Parameter("CooperateMode", choices=("SCRUM", "CLASSIC")),
            Parameter("Keyword"),
            Parameter("TemplateType", choices=TEMPLATE_TYPES),
        ),
        paging=Paging(style=Style.BARE, rows="ConfigTemplateList", under=""),
        rate=UNLIMITED,
    ),
    Action(
        name="DescribeResourceReferencesCiting",
        handler=_citing,
        scope="related-resource:resource:ro",
        parameters=(
            Parameter("ScopeType", "integer", required=True),
            Parameter("ScopeId", "integer", required=True),
            Parameter("ResourceCode", required=True),
        ),
    ),
)
