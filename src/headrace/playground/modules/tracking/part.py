"""What the parts of the tracking module have in common, and how they draw an issue to act on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import TYPE_CHECKING

from ...records import Issue
from ...rows import Row

if TYPE_CHECKING:
    from ...project import Project
    from ...team import Team

Key = tuple[int | str, ...]
Tables = Mapping[str, Callable[[], dict[Key, Row]]]
Place = tuple[int, int]  # a project's id and an issue's code in it


def busy_projects(team: Team) -> list[Project]:
    """The projects in which people work on issues."""
    return [p for p in team.projects.values() if p.issues and not p.info.archived]


def some_issue(team: Team, rng: Random) -> tuple[Project, Issue] | None:
    """An issue of a project in which people work, or None."""
    projects = busy_projects(team)
    if not projects:
        return None
    project = rng.choice(projects)
    return project, project.issues[rng.choice(project.codes())]


def person(team: Team, project: Project, rng: Random) -> int:
    """A member of the project; the owner of the team where it has none."""
    return rng.choice(tuple(project.roles) or (team.owner_id,))
