"""Actions about a project's wiki."""

from __future__ import annotations

from ...actions.action import PROJECT_NAME, Action, Call, Parameter
from ...envelope import ApiError
from ...project import Project
from ...rows import Row
from .rows import list_row
from .state import Wiki

SCOPE = "document:knowledge:ro"
NEWEST = -1


def _list(call: Call) -> Row:
    return {"Data": _below(call, call.project(), 0)}


def _below(call: Call, project: Project, iid: int) -> list[Row]:
    return [
        list_row(call.team, page) | {"Children": _below(call, project, page.iid)}
        for page in call.module(Wiki).below(project, iid)
    ]


def _one(call: Call) -> Row:
    wiki, project = call.module(Wiki), call.project()
    page = wiki.pages(project).get(call.parameters["Iid"])
    version = call.parameters["VersionId"]
    if page is None or not (version == NEWEST or 1 <= version <= page.version):
        raise ApiError("ResourceNotFound", "Wiki not found")
    return {"Data": wiki.detail(project, page, page.version if version == NEWEST else version)}


ACTIONS = (
    Action(name="DescribeWikiList", handler=_list, scope=SCOPE, parameters=(PROJECT_NAME,)),
    Action(
        name="DescribeWiki",
        handler=_one,
        scope=SCOPE,
        parameters=(
            PROJECT_NAME,
            Parameter("Iid", "integer", required=True),
            Parameter("VersionId", "integer", required=True),
        ),
    ),
)
