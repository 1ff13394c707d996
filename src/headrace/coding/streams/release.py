"""The streams of releases (versions of the product) and of the issues in each."""

from __future__ import annotations

from headrace.coding.streams.columns import decimal, integer, moment, nested, reference, text
from headrace.coding.streams.issue_parts import ISSUE_SCOPES, PROJECT_ID, only
from headrace.coding.streams.project import IN_PROJECT
from headrace.core.record import Body
from headrace.core.schema import Schema
from headrace.core.stream import Listing, Lookup, Paging, Parent, Strategy, Stream, Title


def _without_creator(detail: Body) -> Body:
    """In the official examples the list shows 0 where the detail has the creator."""
    return {name: value for name, value in detail.items() if name != "Creator"}


RELEASES = Stream(
    name="releases",
    title=Title("版本", "Releases"),
    key=("ProjectId", "Code"),
    version=("UpdatedAt",),
    schema=Schema(
        key=("project_id", "code"),
        columns=(
            PROJECT_ID,
            integer("code", "Code", "版本编号，项目内唯一", "number, unique in the project"),
            integer("id", "Id", "版本 ID", "id of the release"),
            text("name", "Name", "版本名称", "name"),
            text("description", "Description", "描述", "description"),
            text("status", "Status", "状态名称，如 未开始", "name of the status"),
            reference("assignee_id", "Assignee", "负责人 ID", "id of the person in charge"),
            reference("creator_id", "Creator", "创建人 ID", "id of the person who created it"),
            moment("start_date", "StartDate", "开始日期", "start date"),
            moment("release_date", "ReleaseDate", "发布日期", "date of the release"),
            nested(
                "iterations", "Iterations", "关联迭代（编号、名称、状态）", "iterations that go in"
            ),
            integer("wait_process_count", "WaitProcessCount", "待处理事项数", "issues to do"),
            integer("processing_count", "ProcessingCount", "进行中事项数", "issues in progress"),
            integer("completed_count", "CompletedCount", "已完成事项数", "issues completed"),
            decimal("completed_percent", "CompletedPercent", "完成比率", "share completed"),
            moment("created_at", "CreatedAt", "创建时间", "created"),
            moment(
                "updated_at", "UpdatedAt", "修改时间", "last updated; counters change without it"
            ),
        ),
    ),
    listing=Listing(
        action="DescribeReleaseList",
        rows="Data.List",
        total="Data.TotalCount",
        paging=Paging.NUMBER,
        number="Page",
        sends=("ProjectName",),
    ),
    parent=IN_PROJECT,
    lookup=Lookup(
        action="DescribeRelease",
        row="Release",
        key_params={"ReleaseCode": "Code"},
        sends=("ProjectName",),
        project=_without_creator,
    ),
    every=10,
    scopes=ISSUE_SCOPES,
)

RELEASE_ISSUES = Stream(
    name="release_issues",
    title=Title("版本事项范围", "Issues of releases"),
    key=("ProjectId", "ReleaseCode", "Code"),
    schema=Schema(
        key=("project_id", "release_code", "issue_code"),
        columns=(
            PROJECT_ID,
            integer("release_code", "ReleaseCode", "版本编号", "number of the release"),
            integer("issue_code", "Code", "事项编号", "number of the issue"),
        ),
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(
        action="DescribeReleaseIssueList",
        rows="Data.List",
        total="Data.TotalCount",
        paging=Paging.NUMBER,
        number="Page",
        sends=("ProjectName", "ReleaseCode"),
        params={"ShowSubIssues": True},
        unfold=only("Code"),
    ),
    parent=Parent(
        stream="releases",
        values={"ReleaseCode": "Code"},
        key=("ProjectId", "ReleaseCode"),
    ),
    # A release's counters move with its issues; the sweep finds one put in another's place.
    scopes=ISSUE_SCOPES,
)
