"""Rows of depots, branches, tags and commits, as the Open API serves them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...records import Member
from ...rows import AVATAR, Row
from .depot import Branch, Check, Depot, Remark, Tag
from .graph import Change, Commit

if TYPE_CHECKING:
    from ...project import Project
    from ...team import Team

STATE_WORDS = {
    "COMMIT_STATE_PENDING": "等待构建",
    "COMMIT_STATE_SUCCESS": "构建成功",
    "COMMIT_STATE_FAILURE": "构建失败",
    "COMMIT_STATE_ERROR": "构建出错",
}


def path(team: Team, project: Project, depot: Depot) -> str:
    """The `DepotPath`."""
    return f"{team.domain}/{project.info.name}/{depot.name}"


def depot_row(team: Team, project: Project, depot: Depot) -> Row:
    """`DepotInfo`."""
    place = path(team, project, depot)
    return {
        "CreatedAt": depot.created_ms // 1000 * 1000,
        "DefaultBranch": depot.default_branch,
        "Description": depot.description,
        "GroupId": project.id,
        "GroupName": project.info.name,
        "GroupType": "PROJECT_GROUP",
        "HttpsUrl": f"{team.served_at}/{place}.git",
        "Id": depot.id,
        "LastPushAt": depot.pushed_ms,
        "Name": depot.name,
        "ProjectId": project.id,
        "ProjectName": project.info.name,
        "RepoType": depot.vcs,
        "SshUrl": f"git@e.coding.net:{place}.git",
        "VcsType": depot.vcs,
        "WebUrl": f"{team.site}/p/{project.info.name}/d/{depot.name}/git",
        "IsShared": depot.is_shared,
    }


def branch_row(depot: Depot, branch: Branch) -> Row:
    """`GitBranchInfo`."""
    guards = depot.guards
    own = guards.branches.get(branch.name, {})
    return {
        "BranchName": branch.name,
        "DenyForcePush": own.get("DenyForcePush", False),
        "ForceSquash": own.get("ForceSquash", False),
        "IsDefaultBranch": branch.name == depot.default_branch,
        "IsProtected": guards.is_protected(branch.name),
        "IsReadOnly": branch.is_read_only,
        "LastCommitDate": depot.commits[branch.sha].at_ms,
        "Sha": branch.sha,
        "SpecBranchType": "",
    }


def tag_row(team: Team, depot: Depot, tag: Tag) -> Row:
    """`GitTag`."""
    commit = depot.commits[tag.sha]
    author, committer = team.members[commit.author_id], team.members[commit.committer_id]
    return {
        "Commit": {
            "AuthorEmail": _email(author),
            "AuthorName": author.name,
            "CommitDate": commit.at_ms,
            "CommitterEmail": _email(committer),
            "CommitterName": committer.name,
            "CreatedAt": commit.at_ms,
            "Parents": list(commit.parents),
            "Sha": commit.sha,
            "ShortMessage": f"{commit.message}\n",
        },
        "Message": tag.message,
        "TagName": tag.name,
    }


def commit_row(team: Team, commit: Commit) -> Row:
    """`Commit` of `DescribeGitCommitsInPage`."""
    author = _signature(team.members[commit.author_id])
    return {
        "Author": author,
        "AuthorEmail": author["Email"],
        "AuthorName": author["Name"],
        "CommitDate": commit.at_ms,
        "Committer": _signature(team.members[commit.committer_id]),
        "CreatedAt": commit.at_ms,
        "FullMessage": f"{commit.message}\n\nDemo data.\n",
        "Parents": list(commit.parents),
        "Sha": commit.sha,
        "ShortMessage": f"{commit.message}\n",
    }


def short_commit_row(team: Team, commit: Commit) -> Row:
    """`GitCommit`: a commit of a merge request."""
    row = commit_row(team, commit)
    del row["Author"], row["FullMessage"]
    return row


def change_row(change: Change) -> Row:
    """`GitDiff`, with the source text that nobody should keep."""
    lines = [{"Index": 0, "LeftNo": 1, "Prefix": "+", "RightNo": 1, "Text": "print('demo')"}]
    return {
        "ChangeType": change.kind,
        "Content": f"diff --git a/{change.path} b/{change.path}\n+print('demo')",
        "Deletions": change.deletions,
        "Insertions": change.insertions,
        "Lines": lines,
        "NewMode": "100644",
        "OldMode": "000000" if change.kind == "add" else "100644",
        "Path": change.path,
    }


def check_row(team: Team, project: Project, depot: Depot, sha: str, check: Check) -> Row:
    """`StatusCheckResult`."""
    return {
        "CommitSha": sha,
        "Context": check.context,
        "CreateDate": check.at_ms,
        "DepotId": depot.id,
        "Description": STATE_WORDS[check.state],
        "State": check.state,
        "TargetURL": f"{team.site}/p/{project.info.name}/ci/job/1",
    }


def remark_row(team: Team, depot: Depot, remark: Remark) -> Row:
    """`CommitComment`."""
    return {
        "Author": coding_user(team, remark.member_id),
        "CommitSha": remark.sha,
        "Content": remark.text,
        "CreatedAt": remark.at_ms,
        "DepotId": depot.id,
        "Id": remark.id,
        "Index": 0,
        "Path": "",
    }


def coding_user(team: Team, member_id: int) -> Row:
    """`CodingUser`: a person where code is the matter; the status is a text here."""
    member = team.members.get(member_id)
    if member is None:
        return {
            "Avatar": "", "Email": "", "GlobalKey": "", "Id": 0, "Name": "", "Status": "",
            "TeamId": 0,
        }  # fmt: skip
    return {
        "Avatar": AVATAR.format(member.id),
        "Email": _email(member),
        "GlobalKey": member.global_key,
        "Id": member.id,
        "Name": member.name,
        "Status": "ACTIVE" if member.status == 1 else "INACTIVE",
        "TeamId": team.id,
    }


def _signature(member: Member) -> Row:
    return {"Email": _email(member), "Name": member.name}


def _email(member: Member) -> str:
    return f"{member.name}@example.com"
