"""What CODING writes down about the life of an issue: statuses, activities, custom fields.

The entries have no id. Of a status change the moment is enough to tell it from the others, of the
rest only the whole entry is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.coding.streams.columns import integer, moment, reference, text, word
from headrace.coding.streams.issue_parts import (
    DIGEST,
    ISSUE_CODE,
    ISSUE_SCOPES,
    PROJECT_ID,
    log_of,
    named_by,
    with_digest,
)
from headrace.core.record import Body
from headrace.core.schema import Schema
from headrace.core.stream import HookRule, Listing, Paging, Parent, Strategy, Stream, Title

# One call for each, issue by issue: what teams ask of the past, beside the statuses.
_TARGETS = ("ASSIGNEE", "ITERATION", "PRIORITY", "DUE_DATE")


def _code_alone(issue: Body) -> list[Any]:
    return [issue["Code"]]


def _status_change(row: Mapping[str, Any]) -> Body:
    """The change with the type of its status: the rest of the status is in issue_statuses."""
    kept = {name: value for name, value in row.items() if name != "IssueStatus"}
    status = row.get("IssueStatus")
    return {**kept, "StatusType": status.get("Type") if isinstance(status, dict) else None}


def custom_field_names(issue: Body) -> list[str] | None:
    """The custom fields that an issue has a value of: only these are known by name.

    The changes of a field that was emptied leave the table. None where the issue does not say.
    """
    fields = issue.get("CustomFields")
    if not isinstance(fields, list):
        return None
    names = [field.get("Name") for field in fields if isinstance(field, dict)]
    return [name for name in names if isinstance(name, str) and name]


ISSUE_STATUS_CHANGES = Stream(
    name="issue_status_changes",
    title=Title("事项状态变更记录", "Issue status changes"),
    key=("ProjectId", "IssueCode", "StatusId", "CreatedAt"),
    schema=Schema(
        key=("project_id", "issue_code", "status_id", "created_at"),
        columns=(
            PROJECT_ID,
            ISSUE_CODE,
            integer("status_id", "StatusId", "变更后的状态 ID", "id of the status from then on"),
            moment("created_at", "CreatedAt", "变更时间", "when it changed"),
            word("status_name", "StatusName", "状态名称", "name of the status"),
            word(
                "status_type",
                "StatusType",
                "状态类型：TODO 未开始，PROCESSING 进行中，COMPLETED 已完成",
                "TODO, PROCESSING or COMPLETED",
            ),
        ),
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(
        action="DescribeIssueStatusChangeLogList",
        rows="Logs.List",
        sends={"ProjectName": "ProjectName", "IssueCode": "IssueCodes"},
        unfold=log_of(_status_change),
    ),
    parent=Parent(
        stream="issues",
        values={"IssueCode": "Code", "IssueCodes": _code_alone},  # the Action takes a list
        key=("ProjectId", "IssueCode"),
    ),
    hooks=(HookRule(("ISSUE_CREATED", "ISSUE_STATUS_UPDATED"), named_by("issue")),),
    scopes=ISSUE_SCOPES,
)

ISSUE_ACTIVITY_LOGS = Stream(
    name="issue_activity_logs",
    title=Title("事项活动日志", "Issue activity logs"),
    key=("ProjectId", "IssueCode", "ActionType", "Target", "Digest"),
    schema=Schema(
        key=("project_id", "issue_code", "action_type", "target", "digest"),
        columns=(
            PROJECT_ID,
            ISSUE_CODE,
            text("action_type", "ActionType", "动作类型，此处为 UPDATE", "action; here UPDATE"),
            text(
                "target",
                "Target",
                "操作对象：ASSIGNEE 处理人，ITERATION 迭代，PRIORITY 优先级，DUE_DATE 截止日期",
                "what changed: ASSIGNEE, ITERATION, PRIORITY or DUE_DATE",
            ),
            DIGEST,
            reference("issue_id", "IssueId", "事项 ID（数据库 ID）", "database id of the issue"),
            word("target_name", "TargetName", "操作对象名", "name of what changed"),
            text("content", "Content", "内容，JSON 文本", "what happened, JSON text"),
            reference("creator_id", "Creator", "操作人 ID", "id of the person who did it"),
            moment("created_at", "CreateAt", "创建时间", "when it happened"),
            moment("updated_at", "UpdatedAt", "更新时间", "entry last updated"),
        ),
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(
        action="DescribeIssueLogList",
        rows="IssueLogList",
        sends=("ProjectName", "IssueCode", "ActionType", "Target"),
        unfold=log_of(with_digest),
    ),
    parent=Parent(
        stream="issues",
        values={"IssueCode": "Code"},
        key=("ProjectId", "IssueCode", "ActionType", "Target"),
        fan={"ActionType": ("UPDATE",), "Target": _TARGETS},
    ),
    # What is logged shows in the issue itself, whose change has its logs read again.
    scopes=ISSUE_SCOPES,
    optional=True,
)

ISSUE_CUSTOM_FIELD_CHANGES = Stream(
    name="issue_custom_field_changes",
    title=Title("事项自定义属性变更", "Issue custom field changes"),
    key=("ProjectId", "IssueCode", "Digest"),
    schema=Schema(
        key=("project_id", "issue_code", "digest"),
        columns=(
            PROJECT_ID,
            ISSUE_CODE,
            DIGEST,
            reference("issue_id", "IssueId", "事项 ID（数据库 ID）", "database id of the issue"),
            reference("field_id", "FieldId", "属性 ID", "id of the field, see issue_fields"),
            text("field_name", "FieldName", "属性名称", "name of the field"),
            text("field_type", "FieldType", "控件类型", "kind of input, SELECT_*, TEXT_*"),
            text("field_value", "FieldValue", "变更后的值", "value from then on"),
            text("action_type", "ActionType", "动作类型", "action, such as UPDATE"),
            reference("creator_id", "Creator", "操作人 ID", "id of the person who did it"),
            moment("updated_at", "UpdatedAt", "变更时间", "when it changed"),
        ),
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(
        action="DescribeIssueCustomFieldLogList",
        rows="FieldChangeLogList",
        paging=Paging.EACH,
        number="FieldName",
        sends={
            "ProjectName": "ProjectName",
            "IssueCode": "IssueCode",
            "FieldName": "FieldNames",
        },
        unfold=log_of(with_digest),
    ),
    parent=Parent(
        stream="issues",
        values={"IssueCode": "Code", "FieldNames": custom_field_names},
        key=("ProjectId", "IssueCode"),
    ),
    hooks=(HookRule(("ISSUE_UPDATED",), named_by("issue")),),
    scopes=ISSUE_SCOPES,
    optional=True,
)
