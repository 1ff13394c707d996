"""The stream of iterations (sprints)."""

from __future__ import annotations

from headrace.coding.streams.columns import decimal, integer, moment, reference, text
from headrace.coding.streams.detail import in_whole_seconds
from headrace.coding.streams.project import IN_PROJECT
from headrace.core.schema import Schema
from headrace.core.stream import HookRule, Listing, Lookup, Paging, Stream, Title

_COLUMNS = (
    integer("project_id", "ProjectId", "项目 ID", "id of the project"),
    integer("code", "Code", "迭代编号，项目内唯一", "number, unique in the project"),
    text("name", "Name", "标题", "title"),
    text("goal", "Goal", "迭代目标", "goal"),
    text(
        "status",
        "Status",
        "状态：WAIT_PROCESS 未开始，PROCESSING 进行中，COMPLETED 已完成",
        "WAIT_PROCESS, PROCESSING or COMPLETED",
    ),
    reference("assignee_id", "Assignee", "负责人 ID", "id of the person in charge"),
    reference("creator_id", "Creator", "创建人 ID", "id of the person who created it"),
    reference("starter_id", "Starter", "开始人 ID", "id of the person who started it"),
    reference("completer_id", "Completer", "完成人 ID", "id of the person who completed it"),
    moment("start_at", "StartAt", "计划开始时间", "planned start"),
    moment("end_at", "EndAt", "计划结束时间", "planned end"),
    integer("wait_process_count", "WaitProcessCount", "待处理事项数", "issues to do"),
    integer("processing_count", "ProcessingCount", "进行中事项数", "issues in progress"),
    integer("completed_count", "CompletedCount", "已完成事项数", "issues completed"),
    decimal("completed_percent", "CompletedPercent", "完成比率", "share completed"),
    moment("created_at", "CreatedAt", "创建时间", "created"),
    moment("updated_at", "UpdatedAt", "修改时间", "last updated; the counters change without it"),
)


ITERATIONS = Stream(
    name="iterations",
    title=Title("迭代", "Iterations"),
    key=("ProjectId", "Code"),
    version=("UpdatedAt",),
    schema=Schema(key=("project_id", "code"), columns=_COLUMNS),
    listing=Listing(
        action="DescribeIterationList",
        rows="Data.List",
        total="Data.TotalRow",
        paging=Paging.OFFSET,
        sends=("ProjectName",),
    ),
    parent=IN_PROJECT,
    lookup=Lookup(
        action="DescribeIteration",
        row="Iteration",
        key_params={"IterationCode": "Code"},
        sends=("ProjectName",),
        project=in_whole_seconds,
    ),
    hooks=(
        HookRule(
            ("ITERATION_CREATED", "ITERATION_UPDATED", "ITERATION_PLANNED", "ITERATION_DELETED"),
            {"ProjectId": "project.id", "Code": "iteration.code"},
        ),
    ),
    scopes=("collaboration:issue:ro",),
)
