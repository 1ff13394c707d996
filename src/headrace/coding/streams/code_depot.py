"""Streams of a project's code depots: the depots, their branches and their tags."""

from __future__ import annotations

from urllib.parse import urlsplit

from headrace.coding.streams.columns import flag, integer, moment, nested, reference, text, word
from headrace.coding.streams.project import IN_PROJECT
from headrace.core.record import Body
from headrace.core.schema import Column, Schema
from headrace.core.stream import HookRule, Listing, Paging, Parent, Stream, Title

SCOPES = ("vcs:repository:ro",)
DEPOT_ID = integer("depot_id", "DepotId", "仓库 ID", "id of the depot")
PUSHED = (HookRule(("GIT_PUSHED",)),)  # every depot of the project is looked at: all are cheap


def path_of(depot: Body) -> str | None:
    """The `DepotPath` (team/project/depot) that some Actions want; no list shows it but here."""
    address = depot.get("HttpsUrl")
    if not isinstance(address, str):
        return None
    path = urlsplit(address).path.removesuffix(".git")
    return "/".join(path.strip("/").split("/")[-3:])


def is_git(depot: Body) -> bool:
    """Depots of the other kind, svn, have no branches, tags and commits."""
    return "svn" not in (depot.get("VcsType"), depot.get("RepoType"))


OF_DEPOT = Parent(
    stream="depots",
    values={"DepotId": "Id", "DepotPath": path_of},
    key=("DepotId",),
    only=is_git,
)

DEPOTS = Stream(
    name="depots",
    title=Title("代码仓库", "Depots"),
    key=("Id",),
    schema=Schema(
        key=("id",),
        columns=(
            integer("id", "Id", "仓库 ID", "id of the depot"),
            integer("project_id", "ProjectId", "项目 ID", "id of the project"),
            text("project_name", "ProjectName", "项目标识", "name of the project"),
            text("name", "Name", "仓库名称", "name of the depot"),
            text("description", "Description", "描述", "description"),
            text("vcs_type", "VcsType", "版本管理方式：git，svn", "git or svn"),
            text("repo_type", "RepoType", "仓库类型：git，svn", "git or svn, said once more"),
            word("default_branch", "DefaultBranch", "默认分支", "name of the default branch"),
            flag("is_shared", "IsShared", "是否开源", "is open to everybody"),
            reference("group_id", "GroupId", "所属项目组 ID", "id of its group"),
            word("group_name", "GroupName", "所属项目组名称", "name of its group"),
            word("group_type", "GroupType", "所属项目组类型", "kind of group: PROJECT_GROUP"),
            text("https_url", "HttpsUrl", "HTTPS 克隆地址", "address to clone by HTTPS"),
            text("ssh_url", "SshUrl", "SSH 克隆地址", "address to clone by SSH"),
            text("web_url", "WebUrl", "网页地址", "address of its page"),
            moment("created_at", "CreatedAt", "创建时间", "created"),
            moment("last_push_at", "LastPushAt", "最近推送时间", "last push"),
        ),
    ),
    listing=Listing(
        action="DescribeProjectDepotInfoList",
        rows="DepotData.Depots",
        total="DepotData.Page.TotalRow",
        paging=Paging.NUMBER,
        sends=("ProjectId",),
        as_text=True,
    ),
    parent=IN_PROJECT,
    hooks=PUSHED,
    scopes=SCOPES,
)

BRANCHES = Stream(
    name="branches",
    title=Title("分支", "Branches"),
    key=("DepotId", "BranchName"),
    schema=Schema(
        key=("depot_id", "branch_name"),
        columns=(
            DEPOT_ID,
            text("branch_name", "BranchName", "分支名称", "name of the branch"),
            text("sha", "Sha", "最新提交的 SHA", "its newest commit"),
            flag("is_default_branch", "IsDefaultBranch", "是否默认分支", "is the default branch"),
            flag("is_protected", "IsProtected", "是否保护分支", "is protected"),
            flag("is_read_only", "IsReadOnly", "是否只读", "is read only"),
            flag("deny_force_push", "DenyForcePush", "是否禁止强制推送", "refuses forced pushes"),
            flag("force_squash", "ForceSquash", "是否强制 squash 合并", "merges by squash only"),
            word(
                "spec_branch_type", "SpecBranchType", "所属规范分支类型", "kind in the depot spec"
            ),
            moment("last_commit_date", "LastCommitDate", "最后提交时间", "date of its last commit"),
        ),
    ),
    listing=Listing(
        action="DescribeGitBranches",
        rows="Branches",
        total="TotalCount",
        paging=Paging.NUMBER,
        sends=("DepotId",),
    ),
    parent=OF_DEPOT,
    hooks=PUSHED,
    scopes=SCOPES,
)


def tag_columns() -> tuple[Column, ...]:
    """The columns of `GitTag`: a tag and the commit it names."""
    return (
        DEPOT_ID,
        text("tag_name", "TagName", "标签名称", "name of the tag"),
        text("message", "Message", "标签说明", "its message"),
        text("commit_sha", "Commit.Sha", "所指提交的 SHA", "the commit it names"),
        text("commit_short_message", "Commit.ShortMessage", "提交说明", "message of the commit"),
        nested("commit_parents", "Commit.Parents", "父提交的 SHA", "parents of the commit"),
        text("author_name", "Commit.AuthorName", "作者姓名", "name of its author"),
        text("author_email", "Commit.AuthorEmail", "作者邮箱（个人信息）", "e-mail of its author"),
        text("committer_name", "Commit.CommitterName", "提交者姓名", "name of its committer"),
        text(
            "committer_email",
            "Commit.CommitterEmail",
            "提交者邮箱（个人信息）",
            "e-mail of its committer",
        ),
        moment("commit_date", "Commit.CommitDate", "提交时间", "date of the commit"),
        moment("created_at", "Commit.CreatedAt", "创建时间", "created"),
    )


TAG_PERSONAL = ("Commit.AuthorEmail", "Commit.CommitterEmail")

TAGS = Stream(
    name="tags",
    title=Title("标签", "Tags"),
    key=("DepotId", "TagName"),
    schema=Schema(key=("depot_id", "tag_name"), columns=tag_columns()),
    listing=Listing(
        action="DescribeGitTags",
        rows="GitTags",
        paging=Paging.BARE,
        sends=("DepotId",),
        number="Page",
    ),
    parent=OF_DEPOT,
    hooks=PUSHED,
    personal=TAG_PERSONAL,
    every=10,
    scopes=SCOPES,
)
