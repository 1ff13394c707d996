"""What hangs on an issue: the scope all such streams share, how they read it, and the comments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from headrace.coding.streams.columns import integer, moment, nested, reference, text
from headrace.core.record import digest_of, encode_body
from headrace.core.schema import Schema
from headrace.core.stream import HookRule, Listing, Parent, Strategy, Stream, Title
from headrace.errors import Unavailable

ISSUE_SCOPES = ("collaboration:issue:ro",)
OF_ISSUE = Parent(
    stream="issues",
    values={"IssueCode": "Code"},
    key=("ProjectId", "IssueCode"),
)
PROJECT_ID = integer("project_id", "ProjectId", "项目 ID", "id of the project")
ISSUE_CODE = integer("issue_code", "IssueCode", "事项编号", "number of the issue in the project")


def named_by(path: str, code: str = "IssueCode") -> dict[str, str]:
    """The key of an issue, where the body of an event has it below `path`."""
    return {"ProjectId": f"{path}.project_id", code: f"{path}.code"}


def each_row(change: Callable[[Mapping[str, Any]], Any]) -> Callable[[Any], list[Any]]:
    """An `unfold` that changes every row of a list; what is no object is left to be rejected.

    It raises `Unavailable` for anything but a list: only a list can show that something is gone.
    """

    def unfold(rows: Any) -> list[Any]:
        if not isinstance(rows, list):
            raise Unavailable("CODING answered something else where a list belongs.")
        return [change(row) if isinstance(row, dict) else row for row in rows]

    return unfold


def only(*names: str) -> Callable[[Any], list[Any]]:
    """An `unfold` that keeps these fields: the rest of an issue is the issues table's to tell."""
    return each_row(lambda row: {name: row[name] for name in names if name in row})


def renamed(**names: str) -> Callable[[Any], list[Any]]:
    """An `unfold` that gives fields other names, where a row's project is not the issue's."""
    return each_row(lambda row: {names.get(name, name): value for name, value in row.items()})


def log_of(change: Callable[[Mapping[str, Any]], Any]) -> Callable[[Any], list[Any]]:
    """As `each_row`, for a log whose entries have no id: those alike in everything are one."""
    unfold = each_row(change)
    return lambda rows: list({encode_body({"": row}): row for row in unfold(rows)}.values())


def with_digest(row: Mapping[str, Any]) -> dict[str, Any]:
    """An entry of a log with what tells it from the others: its whole content."""
    return {**row, "Digest": digest_of(encode_body(dict(row))).hex()}


DIGEST = text("digest", "Digest", "内容摘要（记录没有 ID）", "digest of the entry, which has no id")

ISSUE_COMMENTS = Stream(
    name="issue_comments",
    title=Title("事项评论", "Issue comments"),
    key=("ProjectId", "IssueCode", "CommentId"),
    version=("UpdatedAt",),
    schema=Schema(
        key=("project_id", "issue_code", "comment_id"),
        columns=(
            PROJECT_ID,
            ISSUE_CODE,
            integer("comment_id", "CommentId", "评论 ID", "id of the comment"),
            reference("parent_id", "ParentId", "父评论 ID", "id of the comment it answers"),
            text("content", "Content", "评论内容（HTML）", "the comment as HTML"),
            text("raw_content", "RawContent", "评论内容（原文）", "the comment as written"),
            nested("file_ids", "FileId", "评论中图片的文件 ID", "ids of the pictures in it"),
            reference("creator_id", "CreatorId", "创建人 ID", "id of its author"),
            moment("created_at", "CreatedAt", "创建时间", "written"),
            moment("updated_at", "UpdatedAt", "更新时间", "last edited"),
        ),
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(
        action="DescribeIssueCommentList",
        rows="CommentList",
        sends=("ProjectName", "IssueCode"),
        params={"ShowFileId": True},
    ),
    parent=OF_ISSUE,
    # No event tells of an edited or removed comment: the sweep finds these.
    hooks=(HookRule(("ISSUE_COMMENT_CREATED",), named_by("issueComment.issue")),),
    scopes=ISSUE_SCOPES,
)
