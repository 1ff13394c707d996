"""What a Service Hook tells of code: pushes, and the repository that other events carry along."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...events import sender
from ...records import Member
from ...rows import Row
from .depot import NOWHERE, Depot
from .graph import Commit
from .rows import path

if TYPE_CHECKING:
    from ...project import Project
    from ...team import Team

COMMITS_MAX = 20


def push_body(
    team: Team,
    project: Project,
    depot: Depot,
    ref: str,
    *,
    before: str,
    after: str,
    commits: Sequence[Commit],
) -> Row:
    """What GIT_PUSHED has beside the common head; 40 zeros stand for "there is none"."""
    site = _site(team, project, depot)
    told = [_commit(team, site, commit) for commit in commits[:COMMITS_MAX]]
    return {
        "ref": ref,
        "before": before,
        "after": after,
        "created": before == NOWHERE,
        "deleted": after == NOWHERE,
        "compare": f"{site}/compare/{before[:13]}...{after[:13]}",
        "commits": told,
        "head_commit": told[0] if told else None,
        "pusher": _signature(team.members[team.owner_id]),
        "repository": repository(team, project, depot),
    }


def repository(team: Team, project: Project, depot: Depot) -> Row:
    """The depot as all events about code show it."""
    place = path(team, project, depot)
    return {
        "id": depot.id,
        "name": depot.name,
        "full_name": place,
        "owner": sender(team, team.owner_id),
        "private": not depot.is_shared,
        "html_url": _site(team, project, depot),
        "description": depot.description,
        "fork": False,
        "created_at": depot.created_ms,
        "updated_at": max(depot.created_ms, depot.pushed_ms),
        "clone_url": f"https://e.coding.net/{place}.git",
        "ssh_url": f"git@e.coding.net:{place}.git",
        "default_branch": depot.default_branch,
        "vcs_type": depot.vcs,
    }


def _commit(team: Team, site: str, commit: Commit) -> Row:
    files: dict[str, list[str]] = {"add": [], "delete": [], "modify": []}
    for change in commit.changes:
        files[change.kind].append(change.path)
    return {
        "id": commit.sha,
        "message": f"{commit.message}\n",
        "timestamp": commit.at_ms,
        "url": f"{site}/commit/{commit.sha}",
        "author": _signature(team.members[commit.author_id]),
        "committer": _signature(team.members[commit.committer_id]),
        "added": files["add"],
        "removed": files["delete"],
        "modified": files["modify"],
    }


def _site(team: Team, project: Project, depot: Depot) -> str:
    return f"{team.site}/p/{project.info.name}/d/{depot.name}/git"


def _signature(member: Member) -> Row:
    return {
        "name": member.name,
        "email": f"{member.name}@example.com",
        "username": member.global_key,
    }
