"""What a Service Hook tells of merge requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...events import sender
from ...rows import Row
from ..code.depot import Depot
from ..code.events import repository
from .records import MergeRequest

if TYPE_CHECKING:
    from ...project import Project
    from ...team import Team


def merge_request_body(
    team: Team, project: Project, depot: Depot, request: MergeRequest, *, comments: int
) -> Row:
    """What GIT_MR_* has beside the common head."""
    repo = repository(team, project, depot)
    page = f"{repo['html_url']}/merge/{request.merge_id}"
    author = sender(team, request.author_id)
    changes = [c for sha in request.commits for c in depot.commits[sha].changes]
    told: Row = {
        "id": request.id,
        "html_url": page,
        "patch_url": f"{page}.patch",
        "diff_url": f"{page}.diff",
        "number": request.merge_id,
        "state": request.status,
        "title": request.title,
        "body": request.describe,
        "user": author,
        "created_at": request.created_ms,
        "updated_at": request.updated_ms,
        "merge_commit_sha": request.merge_sha,
        "merged": request.status == "ACCEPTED",
        "comments": comments,
        "commits": len(request.commits),
        "additions": sum(change.insertions for change in changes),
        "deletions": sum(change.deletions for change in changes),
        "changed_files": len(changes),
    }
    for side, ref, sha in (
        ("head", request.source, request.source_sha),
        ("base", request.target, request.target_sha),
    ):
        told[side] = {"ref": ref, "sha": sha, "user": author, "repo": repo}
    return {"mergeRequest": told, "repository": repo}
