"""Actions about what hangs on one issue: comments, logs, work, ties."""

from __future__ import annotations

from ...actions.action import PROJECT_ID, PROJECT_NAME, Action, Call, Parameter
from ...envelope import ApiError
from ...issue_rows import issue_simple
from ...project import Project
from ...rates import UNLIMITED
from ...records import Issue
from ...rows import Row
from . import links
from .history import ACTIONS as ACTION_TYPES
from .history import OTHER_TARGETS, TARGETS
from .state import Tracking

SCOPE = "collaboration:issue:ro"
ISSUE_CODE = Parameter("IssueCode", "integer", required=True)


def _issue(call: Call, name: str = "IssueCode") -> tuple[Project, Issue]:
    project = call.project()
    found = project.issues.get(call.parameters[name])
    if found is None:
        raise ApiError("ResourceNotFound", "Issue not found")
    return project, found


def _comments(call: Call) -> Row:
    project, issue = _issue(call)
    rows = [comment.row() for comment in call.module(Tracking).comments.of(project, issue.code)]
    if not call.parameters.get("ShowFileId", False):
        for row in rows:
            del row["FileId"]
    return {"CommentList": rows}


def _work_logs(call: Call) -> Row:
    project, issue = _issue(call)
    part = call.module(Tracking).work_logs
    logs = [log for log in part.of(project) if log.issue_code == issue.code]
    return {"WorkLogs": [part.row(project, log) for log in logs]}


def _statuses(call: Call) -> Row:
    project = call.project()
    history = call.module(Tracking).history
    found = [i for c in call.parameters["IssueCode"] if (i := project.issues.get(c))]
    return {"Logs": {"List": [row for i in found for row in history.statuses(project, i)]}}


def _activities(call: Call) -> Row:
    project, issue = _issue(call)
    action, target = call.parameters["ActionType"], call.parameters["Target"]
    rows = call.module(Tracking).history.activities(project, issue, action, target)
    return {"IssueLogList": rows}


def _field_changes(call: Call) -> Row:
    project, issue = _issue(call)
    history, name = call.module(Tracking).history, call.parameters["FieldName"]
    fields = [field for field in project.fields[issue.kind] if field.name == name]
    rows = [row for field in fields for row in history.values(project, issue, field)]
    return {"FieldChangeLogList": rows}


def _tied_issues(call: Call, table: str, name: str) -> Row:
    project, issue = _issue(call, name)
    tied = call.module(Tracking).links.of(table, project, issue.code).values()
    others = [project.issues[row["Code"]] for row in tied]
    return {"Issues": [issue_simple(other, project, call.team) for other in others]}


def _blocks(call: Call) -> Row:
    return _tied_issues(call, links.BLOCKS, "IssueCode")


def _defects(call: Call) -> Row:
    return _tied_issues(call, links.DEFECTS, "RequirementCode")


def _tied(call: Call, table: str) -> list[Row]:
    project, issue = _issue(call)
    return list(call.module(Tracking).links.of(table, project, issue.code).values())


def _cases(call: Call) -> Row:
    return {"Cases": _tied(call, links.CASES)}


def _depots(call: Call) -> Row:
    return {"IssueRelatedDepot": _tied(call, links.DEPOTS)}


def _references(call: Call) -> Row:
    if call.project().id != call.parameters["ProjectId"]:
        raise ApiError("InvalidParameterValue", "ProjectName and ProjectId are not of one project")
    return {"Data": _tied(call, links.REFERENCES)}


def _work_items(call: Call) -> Row:
    program = call.module(Tracking).links.program
    rows = _tied(call, links.WORK_ITEMS)
    return {"WorkItemList": [program.detail(row["Code"], call.now_ms) for row in rows]}


OF_ISSUES = (
    Action(
        name="DescribeIssueCommentList",
        handler=_comments,
        scope=SCOPE,
        parameters=(PROJECT_NAME, ISSUE_CODE, Parameter("ShowFileId", "boolean")),
    ),
    Action(
        name="DescribeIssueWorkLogList",
        handler=_work_logs,
        scope=SCOPE,
        parameters=(PROJECT_NAME, ISSUE_CODE),
    ),
    Action(
        name="DescribeIssueStatusChangeLogList",
        handler=_statuses,
        scope=SCOPE,
        parameters=(PROJECT_NAME, Parameter("IssueCode", "integers", required=True)),
        rate=UNLIMITED,
    ),
    Action(
        name="DescribeIssueLogList",
        handler=_activities,
        scope=SCOPE,
        parameters=(
            PROJECT_NAME,
            ISSUE_CODE,
            Parameter("ActionType", required=True, choices=ACTION_TYPES),
            Parameter("Target", required=True, choices=(*TARGETS, *OTHER_TARGETS)),
        ),
    ),
    Action(
        name="DescribeIssueCustomFieldLogList",
        handler=_field_changes,
        scope=SCOPE,
        parameters=(PROJECT_NAME, ISSUE_CODE, Parameter("FieldName", required=True)),
        rate=UNLIMITED,
    ),
    Action(
        name="DescribeBlockedByIssueList",
        handler=_blocks,
        scope=SCOPE,
        parameters=(PROJECT_NAME, ISSUE_CODE),
    ),
    Action(
        name="DescribeRequirementDefectRelation",
        handler=_defects,
        scope=SCOPE,
        parameters=(PROJECT_NAME, Parameter("RequirementCode", "integer", required=True)),
    ),
    Action(
        name="DescribeRelatedCaseList",
        handler=_cases,
        scope=SCOPE,
        parameters=(PROJECT_NAME, ISSUE_CODE),
        rate=UNLIMITED,
    ),
    Action(
        name="DescribeIssueRelatedRepos",
        handler=_depots,
        scope=SCOPE,
        parameters=(PROJECT_NAME, ISSUE_CODE),
        rate=UNLIMITED,
    ),
    Action(
        name="DescribeIssueReferenceResources",
        handler=_references,
        scope="related-resource:resource:ro",
        parameters=(PROJECT_NAME, PROJECT_ID, ISSUE_CODE),
        rate=UNLIMITED,
    ),
    Action(
        name="DescribeIssueRelatedWorkItemList",
        handler=_work_items,
        scope=SCOPE,
        parameters=(PROJECT_NAME, ISSUE_CODE, Parameter("ShowImageOutUrl")),
        rate=UNLIMITED,
    ),
)
