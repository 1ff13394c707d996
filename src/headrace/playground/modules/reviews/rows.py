"""Rows of merge requests, their parts and releases, as the Open API serves them."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from ...records import whole_seconds
from ...rows import Row
from ..code.depot import Depot
from ..code.graph import Change, Commit
from ..code.rows import coding_user, short_commit_row
from .records import MergeRequest, Note, Release

if TYPE_CHECKING:
    from ...project import Project
    from ...team import Team

STICKING = {"ACCEPTED": "MERGED", "REFUSED": "CLOSED", "CANNOTMERGE": "CONFLICT"}
NO_MISSION: Row = {
    "Code": 0, "Link": "", "TargetId": 0, "TargetProjectName": "", "TargetType": "", "Title": "",
}  # fmt: skip


def merge_request_row(
    team: Team, project: Project, depot: Depot, request: MergeRequest, *, comments: int
) -> Row:
    """`MergeRequestData`: a row of the list."""
    site = f"/p/{project.info.name}/d/{depot.name}/git"
    return {
        "ActionAt": whole_seconds(request.action_ms),
        "ActionAuthor": coding_user(team, request.action_id),
        "Author": coding_user(team, request.author_id),
        "BaseSha": "",
        "CommentCount": comments,
        "CreatedAt": whole_seconds(request.created_ms),
        "DepotId": depot.id,
        "Describe": request.describe,
        "Granted": request.granted,
        "Id": request.id,
        "Labels": list(request.labels),
        "MergeCommitSha": request.merge_sha,
        "MergeId": request.merge_id,
        "Path": f"{site}/merge/{request.merge_id}",
        "ProjectId": project.id,
        "Reminded": False,
        "Reviewers": [coding_user(team, member_id) for member_id in request.reviewers],
        "SourceBranch": request.source,
        "SourceBranchSha": request.source_sha,
        "Status": request.status,
        "StickingPoint": STICKING.get(request.status, "PASS"),
        "TargetBranch": request.target,
        "TargetBranchProtected": depot.guards.is_protected(request.target),
        "TargetBranchSha": request.target_sha,
        "Title": request.title,
        "UpdateAt": whole_seconds(request.updated_ms),
    }


def merge_request_detail(row: Row) -> Row:
    """`MergeRequestInfo`, made of the list's row: another name for the update time, and more."""
    detail = {name: value for name, value in row.items() if name != "UpdateAt"}
    conflicts = ["README.md"] if row["Status"] == "CANNOTMERGE" else []
    return detail | {
        "UpdatedAt": row["UpdateAt"],
        "Conflicts": conflicts,
        "Mission": dict(NO_MISSION),
    }


def commit_rows(team: Team, depot: Depot, request: MergeRequest) -> list[Row]:
    """`GitCommit`."""
    return [short_commit_row(team, commit) for commit in _commits(depot, request)]


def file_rows(depot: Depot, request: MergeRequest) -> list[Row]:
    """`MergeRequestDiffFile`. Here no two commits touch the same file."""
    commits = _commits(depot, request)
    return [_file_row(commit, change) for commit in commits for change in commit.changes]


def _commits(depot: Depot, request: MergeRequest) -> list[Commit]:
    return [depot.commits[sha] for sha in request.commits]


def _file_row(commit: Commit, change: Change) -> Row:
    return {
        "BlobSha": blake2b(f"{commit.sha} {change.path}".encode(), digest_size=20).hexdigest(),
        "ChangeType": change.kind.upper(),
        "Deletions": change.deletions,
        "Insertions": change.insertions,
        "Path": change.path,
        "Size": 40 * change.insertions,
    }


def log_rows(team: Team, request: MergeRequest) -> list[Row]:
    """`MergeRequestLog`."""
    return [
        {"Action": action, "Id": number, "Name": team.members[member_id].name}
        for number, action, member_id in request.log
    ]


def participant_rows(team: Team, request: MergeRequest) -> list[Row]:
    """`DepotUser`."""
    return [coding_user(team, member_id) for member_id in request.participants]


def note_row(team: Team, note: Note) -> Row:
    """`MergeRequestNote`."""
    return {
        "Author": coding_user(team, note.author_id),
        "CommitSha": note.sha,
        "Content": note.text,
        "CreatedAt": whole_seconds(note.created_ms),
        "Id": note.id,
        "Index": 1 if note.path else 0,
        "MergeId": note.merge_id,
        "ParentId": note.parent_id,
        "Path": note.path,
        "UpdatedAt": whole_seconds(note.updated_ms),
    }


def release_row(project: Project, depot: Depot, release: Release) -> Row:
    """`Release`; the address of the attachment changes with each look at it."""
    return {
        "Body": release.body,
        "CommitSha": release.sha,
        "CreatedAt": whole_seconds(release.created_ms),
        "CreatorId": release.creator_id,
        "DepotId": depot.id,
        "Html": f"<p>{release.body}</p>",
        "Id": release.id,
        "Pre": release.pre,
        "ProjectId": project.id,
        "ReleaseId": release.number,
        "TagName": release.tag,
        "TargetCommitBranch": release.sha,
        "Title": release.title,
        "UpdatedAt": whole_seconds(release.updated_ms),
        "ReleaseAttachment": {
            "AttachmentDownloadUrl": "",
            "AttachmentName": f"{release.tag}.zip",
            "AttachmentSize": "12KB",
        },
    }
