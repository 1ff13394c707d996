"""Streams of commits: the commits, the branches that hold them, and what hangs on a commit."""

from __future__ import annotations

from headrace.coding.streams.code_depot import DEPOT_ID, OF_DEPOT, PUSHED, SCOPES
from headrace.coding.streams.columns import integer, moment, nested, reference, text, word
from headrace.core.schema import Schema
from headrace.core.stream import (
    Ancestry,
    HookRule,
    Listing,
    Paging,
    Parent,
    Strategy,
    Stream,
    Title,
)

_ANCESTRY = Ancestry(
    commits="commits",
    heads="branches",
    head="Sha",
    lane={"Ref": "BranchName"},
    node="Sha",
    parents="Parents",
)
_SHA = text("sha", "Sha", "提交的 SHA", "the commit's SHA")
_COMMIT_SHA = text("commit_sha", "CommitSha", "提交的 SHA", "the commit's SHA")
_PEOPLE = ("AuthorEmail", "Author.Email", "Committer.Email")

COMMITS = Stream(
    name="commits",
    title=Title("代码提交", "Commits"),
    key=("DepotId", "Sha"),
    schema=Schema(
        key=("depot_id", "sha"),
        columns=(
            DEPOT_ID,
            _SHA,
            nested("parents", "Parents", "父提交的 SHA 列表", "SHAs of its parents"),
            text("short_message", "ShortMessage", "提交说明（摘要）", "first line of its message"),
            text("full_message", "FullMessage", "提交说明（全文）", "its whole message"),
            text("author_name", "AuthorName", "作者姓名", "name of its author"),
            text("author_email", "AuthorEmail", "作者邮箱（个人信息）", "e-mail of its author"),
            word("author_user_name", "Author.Name", "作者对象中的姓名", "name in `Author`"),
            word(
                "author_user_email",
                "Author.Email",
                "作者对象中的邮箱（个人信息）",
                "e-mail in `Author`",
            ),
            text("committer_name", "Committer.Name", "提交者姓名", "name of its committer"),
            text(
                "committer_email",
                "Committer.Email",
                "提交者邮箱（个人信息）",
                "e-mail of its committer",
            ),
            moment("commit_date", "CommitDate", "提交时间", "committed"),
            moment("created_at", "CreatedAt", "创建时间", "created"),
        ),
    ),
    strategy=Strategy.HISTORY,
    listing=Listing(
        action="DescribeGitCommitsInPage",
        rows="Data.Commits",
        total="Data.Page.TotalRow",
        paging=Paging.NUMBER,
        sends=("DepotId", "Ref"),
    ),
    parent=OF_DEPOT,
    ancestry=_ANCESTRY,
    hooks=PUSHED,
    personal=_PEOPLE,
    scopes=SCOPES,
)

COMMIT_BRANCHES = Stream(
    name="commit_branches",
    title=Title("提交所在分支", "Branches that hold a commit"),
    key=("DepotId", "BranchName", "Sha"),
    schema=Schema(
        key=("depot_id", "branch_name", "sha"),
        columns=(
            DEPOT_ID,
            text("branch_name", "BranchName", "分支名称", "name of the branch"),
            _SHA,
        ),
    ),
    strategy=Strategy.CHILDREN,
    listing=COMMITS.listing,
    parent=Parent("branches", {"BranchName": "BranchName"}, ("DepotId", "BranchName")),
    ancestry=_ANCESTRY,
    scopes=SCOPES,
    optional=True,
)

_OF_COMMIT = Parent("commits", {"Sha": "Sha"}, ("DepotId", "Sha"))

COMMIT_FILES = Stream(
    name="commit_files",
    title=Title("提交改动文件", "Files of a commit"),
    key=("DepotId", "Sha", "Path"),
    schema=Schema(
        key=("depot_id", "sha", "path"),
        columns=(
            DEPOT_ID,
            _SHA,
            text("path", "Path", "文件路径", "path of the file"),
            text(
                "change_type", "ChangeType", "改动类型，例如 modify", "kind of change: modify ..."
            ),
            integer("insertions", "Insertions", "新增行数", "lines added"),
            integer("deletions", "Deletions", "删除行数", "lines removed"),
            text("old_mode", "OldMode", "改动前的文件权限", "file mode before"),
            text("new_mode", "NewMode", "改动后的文件权限", "file mode after"),
        ),
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(action="DescribeGitCommitDiff", rows="Diffs", sends=("DepotId", "Sha")),
    parent=_OF_COMMIT,
    volatile=("Content", "Lines"),  # source text
    scopes=SCOPES,
    optional=True,
)

COMMIT_STATUSES = Stream(
    name="commit_statuses",
    title=Title("提交检查状态", "Status checks of a commit"),
    key=("DepotId", "CommitSha", "Context"),
    schema=Schema(
        key=("depot_id", "commit_sha", "context"),
        columns=(
            DEPOT_ID,
            _COMMIT_SHA,
            text("context", "Context", "检查名称，例如构建任务", "what was checked: a build ..."),
            text(
                "state",
                "State",
                "状态：COMMIT_STATE_PENDING 等待，_SUCCESS 成功，_FAILURE 失败，_ERROR 出错",
                "COMMIT_STATE_PENDING, _SUCCESS, _FAILURE or _ERROR",
            ),
            text("description", "Description", "状态描述", "the state in words"),
            text("target_url", "TargetURL", "详情地址", "address of the details"),
            moment("create_date", "CreateDate", "记录时间", "reported"),
        ),
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(
        action="DescribeGitCommitStatus",
        rows="StatusCheckResults",
        sends=("DepotId", "CommitSha"),
    ),
    parent=Parent("commits", {"CommitSha": "Sha"}, ("DepotId", "CommitSha")),
    hooks=(
        HookRule(
            ("CI_JOB_FINISHED",),
            {"DepotId": "ci.depot_id", "CommitSha": "ci.build.commit_id"},
        ),
    ),
    scopes=SCOPES,
    optional=True,
)

COMMIT_COMMENTS = Stream(
    name="commit_comments",
    title=Title("提交评论", "Comments on a commit"),
    key=("DepotId", "CommitSha", "Id"),
    schema=Schema(
        key=("depot_id", "commit_sha", "id"),
        columns=(
            DEPOT_ID,
            _COMMIT_SHA,
            integer("id", "Id", "评论 ID", "id of the comment"),
            text("content", "Content", "评论内容", "the comment"),
            word("path", "Path", "所评文件路径", "path of the file it is about"),
            integer("index", "Index", "所评 diff 行号", "line of the diff it is about"),
            reference("author_id", "Author.Id", "评论人 ID", "id of its author"),
            text("author_name", "Author.Name", "评论人姓名", "name of its author"),
            text("author_global_key", "Author.GlobalKey", "评论人唯一标识", "unique login name"),
            text("author_email", "Author.Email", "评论人邮箱（个人信息）", "e-mail of its author"),
            text("author_avatar", "Author.Avatar", "评论人头像", "picture of its author"),
            text("author_status", "Author.Status", "评论人状态", "status of its author"),
            reference("author_team_id", "Author.TeamId", "评论人团队 ID", "team of its author"),
            moment("created_at", "CreatedAt", "评论时间", "written"),
        ),
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(
        action="DescribeGitCommitComments",
        rows="GitCommitComments.CommitComments",
        total="GitCommitComments.Page.TotalRow",
        paging=Paging.NUMBER,
        sends={"DepotPath": "DepotPath", "Sha": "CommitSha"},
    ),
    parent=Parent("commits", {"CommitSha": "Sha"}, ("DepotId", "CommitSha")),
    personal=("Author.Email",),
    scopes=SCOPES,
    optional=True,
)

COMMIT_NOTES = Stream(
    name="commit_notes",
    title=Title("提交注释", "Notes on a commit"),
    key=("DepotId", "CommitSha"),
    schema=Schema(
        key=("depot_id", "commit_sha"),
        columns=(
            DEPOT_ID,
            _COMMIT_SHA,
            text("note_content", "NoteContent", "注释内容（git notes）", "the git note"),
        ),
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(
        action="DescribeNotesByCommits",
        rows="Notes",
        sends=("DepotId", "Commits"),
        params={"NoteRef": "refs/notes/commits"},
    ),
    parent=Parent(
        "commits",
        {"CommitSha": "Sha", "Commits": lambda commit: [commit["Sha"]]},
        ("DepotId", "CommitSha"),
    ),
    scopes=SCOPES,
    optional=True,
)
