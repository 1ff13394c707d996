"""Streams of what hangs on a merge request: commits, files, comments, log, participants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from headrace.coding.streams.code_depot import OF_DEPOT
from headrace.coding.streams.columns import integer, moment, nested, reference, text, word
from headrace.coding.streams.merge_request import DAY_SECONDS, EVENTS, NAMED, SCOPES, days, person
from headrace.core.schema import Schema
from headrace.core.stream import HookRule, Listing, Paging, Parent, Strategy, Stream, Title

_OF_MERGE_REQUEST = Parent(
    stream="merge_requests",
    values={"DepotId": "DepotId", "MergeId": "MergeId"},
    key=("DepotId", "MergeId"),
)
_SENDS = ("DepotId", "MergeId")
_HOOKS = (HookRule(EVENTS, NAMED),)
_DEPOT_ID = integer("depot_id", "DepotId", "仓库 ID", "id of the depot")
_MERGE_ID = integer("merge_id", "MergeId", "合并请求编号", "number of the merge request")

MERGE_REQUEST_COMMITS = Stream(
    name="merge_request_commits",
    title=Title("合并请求的提交", "Commits of a merge request"),
    key=("DepotId", "MergeId", "Sha"),
    schema=Schema(
        key=("depot_id", "merge_id", "sha"),
        columns=(
            _DEPOT_ID,
            _MERGE_ID,
            text("sha", "Sha", "提交的 SHA", "the commit's SHA"),
            text("short_message", "ShortMessage", "提交说明（摘要）", "first line of its message"),
            word("author_name", "AuthorName", "作者姓名", "name of its author"),
            word("author_email", "AuthorEmail", "作者邮箱（个人信息）", "e-mail of its author"),
            text("committer_name", "Committer.Name", "提交者姓名", "name of its committer"),
            text(
                "committer_email",
                "Committer.Email",
                "提交者邮箱（个人信息）",
                "e-mail of its committer",
            ),
            nested("parents", "Parents", "父提交的 SHA 列表", "SHAs of its parents"),
            moment("commit_date", "CommitDate", "提交时间", "committed"),
            moment("created_at", "CreatedAt", "创建时间", "created"),
        ),
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(action="DescribeMergeReqCommits", rows="Commits", sends=_SENDS),
    parent=_OF_MERGE_REQUEST,
    hooks=_HOOKS,
    personal=("AuthorEmail", "Committer.Email"),
    scopes=SCOPES,
)

MERGE_REQUEST_FILES = Stream(
    name="merge_request_files",
    title=Title("合并请求改动文件", "Files of a merge request"),
    key=("DepotId", "MergeId", "Path"),
    schema=Schema(
        key=("depot_id", "merge_id", "path"),
        columns=(
            _DEPOT_ID,
            _MERGE_ID,
            text("path", "Path", "文件路径", "path of the file"),
            text("change_type", "ChangeType", "改动类型，例如 ADD", "kind of change: ADD ..."),
            integer("insertions", "Insertions", "新增行数", "lines added"),
            integer("deletions", "Deletions", "删除行数", "lines removed"),
            integer("size", "Size", "文件大小（字节）", "bytes"),
            text("blob_sha", "BlobSha", "文件内容的 SHA", "SHA of its content"),
        ),
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(action="DescribeGitMergeRequestDiffs", rows="Diff.Paths", sends=_SENDS),
    parent=_OF_MERGE_REQUEST,
    hooks=_HOOKS,
    scopes=SCOPES,
)


def written_between(start_ms: int, end_ms: int) -> Mapping[str, Any]:
    """Parameters of DescribeAllMergeRequestNotes for those written between two moments."""
    first, last = days(start_ms, end_ms)
    return {"CreatedAtStartDate": first, "CreatedAtEndDate": last}


def in_threads(threads: Any) -> Iterator[Any]:
    """The comments of all threads: each is an object that holds a list."""
    for thread in threads if isinstance(threads, list) else ():
        notes = thread.get("Note") if isinstance(thread, dict) else None
        yield from notes if isinstance(notes, list) else (thread,)


MERGE_REQUEST_NOTES = Stream(
    name="merge_request_notes",
    title=Title("合并请求评论", "Comments on merge requests"),
    key=("DepotId", "Id"),
    version=("UpdatedAt",),
    schema=Schema(
        key=("depot_id", "id"),
        columns=(
            _DEPOT_ID,
            integer("id", "Id", "评论 ID", "id of the comment"),
            _MERGE_ID,
            reference("parent_id", "ParentId", "父评论 ID", "id of the comment it answers"),
            text("content", "Content", "评论内容", "the comment"),
            word("commit_sha", "CommitSha", "所评提交的 SHA", "commit it is about"),
            word("path", "Path", "所评文件路径", "path of the file it is about"),
            integer("index", "Index", "所评 diff 行号", "line of the diff it is about"),
            *person("author", "Author", "评论人", "author"),
            moment("created_at", "CreatedAt", "评论时间", "written"),
            moment("updated_at", "UpdatedAt", "更新时间", "last edited"),
        ),
    ),
    strategy=Strategy.DELTA,
    listing=Listing(
        action="DescribeAllMergeRequestNotes",
        rows="Notes",
        paging=Paging.BARE,
        sends=("DepotPath",),
        unfold=in_threads,
    ),
    window=written_between,
    trailing_seconds=7 * DAY_SECONDS,  # edits of older comments are found by the census
    parent=OF_DEPOT,
    hooks=(HookRule(("GIT_MR_NOTE",)),),
    personal=("Author.Email",),
    every=10,
    scopes=SCOPES,
)

MERGE_REQUEST_LOGS = Stream(
    name="merge_request_logs",
    title=Title("合并请求操作记录", "Log of a merge request"),
    key=("DepotId", "MergeId", "Id"),
    schema=Schema(
        key=("depot_id", "merge_id", "id"),
        columns=(
            _DEPOT_ID,
            _MERGE_ID,
            integer("id", "Id", "记录 ID", "id of the entry"),
            text("action", "Action", "操作，例如 create", "what was done: create ..."),
            text("name", "Name", "操作人姓名", "name of who did it"),
        ),
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(action="DescribeMergeRequestLog", rows="Logs", sends=_SENDS),
    parent=_OF_MERGE_REQUEST,
    hooks=_HOOKS,
    scopes=SCOPES,
)

MERGE_REQUEST_PARTICIPANTS = Stream(
    name="merge_request_participants",
    title=Title("合并请求参与者", "Participants of a merge request"),
    key=("DepotId", "MergeId", "Id"),
    schema=Schema(
        key=("depot_id", "merge_id", "id"),
        columns=(
            _DEPOT_ID,
            _MERGE_ID,
            integer("id", "Id", "用户 ID", "id of the user"),
            text("name", "Name", "姓名", "name"),
            word("global_key", "GlobalKey", "用户唯一标识", "unique login name"),
            word("email", "Email", "邮箱（个人信息）", "e-mail (personal data)"),
            word("avatar", "Avatar", "头像地址", "address of the picture"),
            word("status", "Status", "用户状态", "status of the user"),
            reference("team_id", "TeamId", "团队 ID", "id of the team"),
        ),
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(
        action="DescribeGitMergeRequestParticipants", rows="Participants", sends=_SENDS
    ),
    parent=_OF_MERGE_REQUEST,
    hooks=_HOOKS,
    personal=("Email",),
    scopes=SCOPES,
)

MERGE_REQUEST_PARTS: tuple[Stream, ...] = (
    MERGE_REQUEST_COMMITS,
    MERGE_REQUEST_FILES,
    MERGE_REQUEST_NOTES,
    MERGE_REQUEST_LOGS,
    MERGE_REQUEST_PARTICIPANTS,
)
