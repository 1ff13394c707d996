"""What each table really holds now: the rows a perfect reader would have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from . import rows
from .defaults import KINDS, STATUS_IDS_OF_KIND
from .issue_rows import issue as issue_row
from .rows import Row

if TYPE_CHECKING:
    from .project import Project
    from .team import Team

Key = tuple[int | str, ...]
Pairs = Iterator[tuple[Key, Row]]


def table_rows(team: Team, table: str) -> dict[Key, Row]:
    """Rows of one table over all projects, hidden ones included. KeyError: unknown table."""
    of_project = TABLES[table]
    return {key: row for p in team.projects.values() for key, row in of_project(team, p)}


def _projects(team: Team, project: Project) -> Pairs:
    yield (project.id,), rows.project(project.info, team)


def _members(team: Team, project: Project) -> Pairs:
    for member_id in project.roles:
        yield (project.id, member_id), member_row(team, project, member_id)


def member_row(team: Team, project: Project, member_id: int) -> Row:
    roles = [rows.role(project.roles[member_id])]
    return rows.team_member(team.members[member_id], team.id, roles)


def _iterations(_: Team, project: Project) -> Pairs:
    for code, value in project.iterations.items():
        yield (project.id, code), rows.iteration(value, project)


def _types(_: Team, project: Project) -> Pairs:
    for value in project.types:
        yield (project.id, value.id), rows.project_issue_type(value, project)


def _fields(_: Team, project: Project) -> Pairs:
    for kind in KINDS:
        for value in project.fields[kind]:
            yield (project.id, kind, value.id), rows.issue_field(value, kind, project)


def status_rows(project: Project, kind: str) -> list[Row]:
    ids = STATUS_IDS_OF_KIND[kind]
    return [rows.issue_status(project.statuses[n], kind, i, project) for i, n in enumerate(ids)]


def _statuses(_: Team, project: Project) -> Pairs:
    for kind in KINDS:
        for row in status_rows(project, kind):
            yield (project.id, kind, row["IssueStatusId"]), row


def _issues(team: Team, project: Project) -> Pairs:
    for code, value in project.issues.items():
        yield (project.id, code), issue_row(value, project, team)


TABLES: dict[str, Callable[[Team, Project], Pairs]] = {
    "projects": _projects,  # (Id,)
    "project_members": _members,  # (project id, Id)
    "iterations": _iterations,  # (project id, Code)
    "issue_types": _types,  # (project id, Id)
    "issue_fields": _fields,  # (project id, IssueType, IssueFieldId)
    "issue_statuses": _statuses,  # (project id, IssueType, IssueStatusId)
    "issues": _issues,  # (project id, Code)
}
