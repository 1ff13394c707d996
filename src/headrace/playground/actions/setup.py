"""How issues are set up: types, fields, statuses."""

from __future__ import annotations

from ..defaults import KINDS, TYPES
from ..rows import Row, issue_field, issue_type, project_issue_type
from ..truth import status_rows
from .action import PROJECT_NAME, Action, Call, Parameter

ISSUE_TYPE = Parameter("IssueType", required=True, choices=KINDS)
SCOPE = "collaboration:issue:ro"


def _types(call: Call) -> Row:
    project = call.project()
    return {"IssueTypes": [project_issue_type(value, project) for value in project.types]}


def _team_types(_: Call) -> Row:
    return {"IssueTypes": [issue_type(value) for value in TYPES]}


def _fields(call: Call) -> Row:
    project, kind = call.project(), call.parameters["IssueType"]
    rows = [issue_field(value, kind, project) for value in project.fields[kind]]
    return {"ProjectIssueFieldList": rows}


def _statuses(call: Call) -> Row:
    rows = status_rows(call.project(), call.parameters["IssueType"])
    return {"ProjectIssueStatusList": rows}


ACTIONS = (
    Action(
        name="DescribeProjectIssueTypeList",
        handler=_types,
        scope=SCOPE,
        parameters=(PROJECT_NAME,),
    ),
    Action(name="DescribeTeamIssueTypeList", handler=_team_types, scope=SCOPE, team_wide=True),
    Action(
        name="DescribeProjectIssueFieldList",
        handler=_fields,
        scope=SCOPE,
        parameters=(PROJECT_NAME, ISSUE_TYPE),
    ),
    Action(
        name="DescribeProjectIssueStatusList",
        handler=_statuses,
        scope=SCOPE,
        parameters=(PROJECT_NAME, ISSUE_TYPE),
    ),
)
