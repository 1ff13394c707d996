"""The stream of merge requests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from headrace.coding.streams.columns import flag, integer, moment, nested, reference, text, word
from headrace.coding.streams.project import IN_PROJECT
from headrace.core.record import Body
from headrace.core.schema import Child, Column, Schema
from headrace.core.stream import HookRule, Listing, Lookup, Paging, Strategy, Stream, Title

SCOPES = ("vcs:merge:ro",)
DAY_SECONDS = 86_400  # the filters know days only, and in whose time zone is not said
EVENTS = ("GIT_MR_CREATED", "GIT_MR_UPDATED", "GIT_MR_MERGED", "GIT_MR_CLOSED")
NAMED = {"DepotId": "repository.id", "MergeId": "mergeRequest.number"}

_CODING_DAY = timezone(timedelta(hours=8))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)


def days(start_ms: int, end_ms: int) -> tuple[str, str]:
    """The days (+08:00) on which two moments lie, the second one rounded up to the day after."""
    start, end = (_EPOCH + timedelta(milliseconds=at_ms) for at_ms in (start_ms, end_ms))
    first, last = start.astimezone(_CODING_DAY), end.astimezone(_CODING_DAY) + _DAY
    return first.strftime("%Y-%m-%d"), last.strftime("%Y-%m-%d")


def updated_between(start_ms: int, end_ms: int) -> Mapping[str, Any]:
    """Parameters of DescribeProjectMergeRequests for those updated between two moments (ms UTC)."""
    first, last = days(start_ms, end_ms)
    return {
        "UpdatedAtStartDate": first,
        "UpdatedAtEndDate": last,
        "Sort": "action_at",
        "IsSortDirectionAsc": True,
    }


def list_row_of(detail: Body) -> Body:
    """An answer of DescribeMergeRequest as a list row: UpdatedAt goes by the name UpdateAt there.

    Left out: the files in conflict and the linked issue, which only the detail has.
    """
    row = {n: v for n, v in detail.items() if n not in ("UpdatedAt", "Conflicts", "Mission")}
    if "UpdatedAt" in detail:
        row["UpdateAt"] = detail["UpdatedAt"]
    return row


def person(name: str, path: str, zh: str, en: str) -> tuple[Column, ...]:
    """The columns of a `CodingUser`."""
    return (
        reference(f"{name}_id", f"{path}.Id", f"{zh} ID", f"id of the {en}"),
        word(f"{name}_name", f"{path}.Name", f"{zh}姓名", f"name of the {en}"),
        word(f"{name}_global_key", f"{path}.GlobalKey", f"{zh}唯一标识", f"login of the {en}"),
        word(f"{name}_email", f"{path}.Email", f"{zh}邮箱（个人信息）", f"e-mail of the {en}"),
        word(f"{name}_avatar", f"{path}.Avatar", f"{zh}头像地址", f"picture of the {en}"),
        word(f"{name}_status", f"{path}.Status", f"{zh}状态", f"status of the {en}"),
        reference(f"{name}_team_id", f"{path}.TeamId", f"{zh}团队 ID", f"team of the {en}"),
    )


_COLUMNS = (
    integer("depot_id", "DepotId", "仓库 ID", "id of the depot"),
    integer("merge_id", "MergeId", "合并请求编号，仓库内唯一", "number, unique in the depot"),
    integer("id", "Id", "合并请求 ID", "id, unique everywhere"),
    integer("project_id", "ProjectId", "项目 ID", "id of the project"),
    text("title", "Title", "标题", "title"),
    text("describe", "Describe", "描述（Markdown）", "description, Markdown"),
    text(
        "status",
        "Status",
        "状态：CANMERGE 可合并，CANNOTMERGE 不可自动合并，ACCEPTED 已合并，REFUSED 已拒绝，"
        "CANCEL 已取消，MERGING 合并中，ABNORMAL 异常",
        "CANMERGE, CANNOTMERGE, ACCEPTED, REFUSED, CANCEL, MERGING or ABNORMAL",
    ),
    word("sticking_point", "StickingPoint", "阻塞点，例如 PASS", "what holds it up: PASS ..."),
    text("source_branch", "SourceBranch", "源分支", "branch to be merged"),
    text("source_branch_sha", "SourceBranchSha", "源分支的提交", "newest commit of that"),
    text("target_branch", "TargetBranch", "目标分支", "branch to merge into"),
    text("target_branch_sha", "TargetBranchSha", "目标分支的提交", "newest commit of that"),
    flag(
        "target_branch_protected",
        "TargetBranchProtected",
        "目标分支是否受保护",
        "target branch is protected",
    ),
    word("base_sha", "BaseSha", "基础提交", "commit that both have"),
    word("merge_commit_sha", "MergeCommitSha", "合并产生的提交", "commit that the merge made"),
    *person("author", "Author", "创建者", "author"),
    *person("action_author", "ActionAuthor", "合并者或操作者", "person who merged or closed it"),
    moment("action_at", "ActionAt", "合并或操作时间", "merged or closed"),
    integer("comment_count", "CommentCount", "评论数", "comments; counted without an update"),
    integer("granted", "Granted", "授权数", "approvals; counted without an update"),
    flag("reminded", "Reminded", "是否提醒", "somebody was reminded"),
    nested("labels", "Labels", "标签列表", "labels"),
    text("path", "Path", "网页路径", "path of its page"),
    moment("created_at", "CreatedAt", "创建时间", "created"),
    moment("updated_at", "UpdateAt", "更新时间", "last updated"),
)

_REVIEWERS = Child(
    name="merge_request_reviewers",
    path="Reviewers",
    zh="合并请求评审者",
    en="Reviewers of a merge request",
    key=("user_id",),
    columns=(
        integer("user_id", "Id", "用户 ID", "id of the user"),
        text("user_name", "Name", "姓名", "name"),
        word("global_key", "GlobalKey", "用户唯一标识", "unique login name"),
        word("email", "Email", "邮箱（个人信息）", "e-mail (personal data)"),
        word("avatar", "Avatar", "头像地址", "address of the picture"),
        word("user_status", "Status", "用户状态", "status of the user"),
        reference("team_id", "TeamId", "团队 ID", "id of the team"),
    ),
)

MERGE_REQUESTS = Stream(
    name="merge_requests",
    title=Title("合并请求", "Merge requests"),
    key=("DepotId", "MergeId"),
    version=("UpdateAt",),
    schema=Schema(key=("depot_id", "merge_id"), columns=_COLUMNS, children=(_REVIEWERS,)),
    strategy=Strategy.DELTA,
    listing=Listing(
        action="DescribeProjectMergeRequests",
        rows="Data.List",
        total="Data.TotalRow",
        paging=Paging.NUMBER,
        sends=("ProjectId",),
        params={"Status": "all"},
    ),
    window=updated_between,
    whole={"Sort": "created_at", "IsSortDirectionAsc": True},
    trailing_seconds=DAY_SECONDS,
    parent=IN_PROJECT,
    lookup=Lookup(
        action="DescribeMergeRequest",
        row="MergeRequestInfo",
        key_params={"DepotId": "DepotId", "MergeId": "MergeId"},
        project=list_row_of,
    ),
    hooks=(HookRule(EVENTS, NAMED), HookRule(("GIT_MR_NOTE",))),
    personal=("Author.Email", "ActionAuthor.Email", "Reviewers.Email"),
    scopes=SCOPES,
)
