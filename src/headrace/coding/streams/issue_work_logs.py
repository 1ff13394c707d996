"""The stream of work logs: who spent how many hours on which issue.

Read project by project, though one call could list the whole team's: so a project that leaves the
token's sight is told from logs that were removed, and each row knows its project's id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.coding.streams.columns import decimal, integer, moment, reference, text
from headrace.coding.streams.issue_parts import ISSUE_CODE, ISSUE_SCOPES, PROJECT_ID
from headrace.coding.streams.project import IN_PROJECT
from headrace.core.schema import Schema
from headrace.core.stream import HookRule, Listing, Paging, Strategy, Stream, Title

# Whether the filter goes by the day worked or by the day written down is unknown, and both are
# corrected later: a month is read again each time.
_TRAILING_SECONDS = 31 * 86_400


def logged_between(start_ms: int, end_ms: int) -> Mapping[str, Any]:
    """Parameters of DescribeAllProjectsIssueWorkLogList for a stretch of time (ms UTC)."""
    return {"StartAt": start_ms, "EndAt": end_ms}


ISSUE_WORK_LOGS = Stream(
    name="issue_work_logs",
    title=Title("工时日志", "Issue work logs"),
    key=("ProjectId", "Id"),
    version=("UpdatedAt", "CreatedAt"),
    schema=Schema(
        key=("project_id", "id"),
        columns=(
            PROJECT_ID,
            integer("id", "Id", "工时日志 ID", "id of the work log"),
            ISSUE_CODE,
            reference("issue_id", "IssueId", "事项 ID（数据库 ID）", "database id of the issue"),
            text("project_name", "ProjectName", "项目名称", "name of the project"),
            reference("user_id", "UserId", "登记人 ID", "id of the person who worked"),
            decimal("record_hours", "RecordHours", "使用工时（小时）", "hours spent"),
            decimal("remaining_hours", "RemainingHours", "剩余工时（小时）", "hours left"),
            text("working_desc", "WorkingDesc", "工作描述", "what was done"),
            moment("start_at", "StartAt", "工作开始时间", "when the work began"),
            moment("created_at", "CreatedAt", "登记时间", "written down"),
            moment("updated_at", "UpdatedAt", "更新时间", "last updated"),
        ),
    ),
    strategy=Strategy.DELTA,
    listing=Listing(
        action="DescribeAllProjectsIssueWorkLogList",
        rows="WorkLogs",
        paging=Paging.BARE_OFFSET,
        size=1000,
        sends=("ProjectName",),
    ),
    window=logged_between,
    trailing_seconds=_TRAILING_SECONDS,
    parent=IN_PROJECT,
    # The event names the issue and not the log: the last month of its project is read again.
    hooks=(HookRule(("ISSUE_HOUR_RECORD_UPDATED",)),),
    scopes=ISSUE_SCOPES,
)
