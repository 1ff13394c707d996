"""Releases and the issues in each, which come and go often without a new update time."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from ...records import DAY_MS, NO_DATE, whole_seconds
from ...rows import Row
from ...words import GOALS
from .part import Key, Tables, busy_projects, person

if TYPE_CHECKING:
    from ...project import Project
    from ...team import Team

FIRST_ISSUES = 8
RELEASES_MAX = 12
STATUSES = {"未开始": "TODO", "进行中": "PROCESSING", "已发布": "COMPLETED"}


class Release(Struct, frozen=True):
    """`code` is unique in its project, `id` in the team. `issues`: codes, gone ones included."""

    id: int
    code: int
    name: str
    creator_id: int
    created_ms: int
    updated_ms: int
    assignee_id: int = 0
    status: str = "未开始"
    start_ms: int = NO_DATE
    release_ms: int = NO_DATE
    description: str = ""
    iterations: tuple[int, ...] = ()
    issues: tuple[int, ...] = ()


class Releases:
    """By project and code. An issue taken out of a release never comes back into it."""

    def __init__(self, team: Team, rng: Random) -> None:
        self._team = team
        self._rng = rng
        self._of: dict[int, dict[int, Release]] = {}
        self._last_code: dict[int, int] = {}
        self._been: dict[tuple[int, int], set[int]] = {}
        for project in team.projects.values():
            for _ in range(2 if project.issues else 0):
                self.create(project, now_ms=team.began_ms)

    def of(self, project: Project) -> list[Release]:
        """The project's releases, oldest first."""
        return list(self._of.get(project.id, {}).values())

    def one(self, project: Project, code: int) -> Release | None:
        return self._of.get(project.id, {}).get(code)

    def create(self, project: Project, *, now_ms: int) -> int:
        """Returns the new release's code."""
        rng = self._rng
        code = self._last_code[project.id] = self._last_code.get(project.id, 0) + 1
        codes = project.codes()
        iterations = tuple(project.iterations)
        release = Release(
            id=project.id * 1000 + code,
            code=code,
            name=f"v1.{code}",
            creator_id=person(self._team, project, rng),
            created_ms=now_ms,
            updated_ms=now_ms,
            release_ms=now_ms + rng.randrange(90) * DAY_MS,
            iterations=tuple(rng.sample(iterations, min(len(iterations), rng.randrange(3)))),
        )
        issues = sorted(rng.sample(codes, min(len(codes), rng.randrange(1, FIRST_ISSUES))))
        self._of.setdefault(project.id, {})[code] = release
        self.put_issues(project, code, issues, now_ms=now_ms)
        return code

    def change(self, project: Project, code: int, *, now_ms: int, **fields: Any) -> None:
        """Change fields of a release."""
        old = self._of[project.id][code]
        updated_ms = max(old.updated_ms, now_ms)
        self._of[project.id][code] = replace(old, updated_ms=updated_ms, **fields)

    def put_issues(
        self, project: Project, code: int, issues: list[int], *, now_ms: int, touch: bool = True
    ) -> None:
        """Let a release hold these issues, but for those that were taken out before."""
        old = self._of[project.id][code]
        been = self._been.setdefault((project.id, code), set())
        kept = tuple(c for c in issues if c in old.issues or c not in been)
        been.update(kept)
        updated_ms = max(old.updated_ms, now_ms) if touch else old.updated_ms
        self._of[project.id][code] = replace(old, issues=kept, updated_ms=updated_ms)

    def drop(self, project: Project, code: int) -> None:
        """Delete a release; its issues live on."""
        del self._of[project.id][code]

    def codes_in(self, project: Project, release: Release) -> list[int]:
        """The living issues of a release."""
        return [code for code in release.issues if code in project.issues]

    def row(self, project: Project, release: Release) -> Row:
        """`OpenApiRelease`: the counters move without UpdatedAt."""
        codes = self.codes_in(project, release)
        types = [project.statuses[project.issues[code].status_id].type for code in codes]
        done = types.count("COMPLETED")
        sprints = [found for c in release.iterations if (found := project.iterations.get(c))]
        return {
            "Id": release.id,
            "Code": release.code,
            "Name": release.name,
            "ProjectId": project.id,
            "Assignee": release.assignee_id,
            "Creator": release.creator_id,
            "Status": release.status,
            "Description": release.description,
            "CreatedAt": whole_seconds(release.created_ms),
            "UpdatedAt": whole_seconds(release.updated_ms),
            "StartDate": release.start_ms,
            "ReleaseDate": whole_seconds(release.release_ms),
            "Iterations": [
                {"Id": s.id, "Code": s.code, "Name": s.name, "Status": s.status} for s in sprints
            ],
            "WaitProcessCount": types.count("TODO"),
            "ProcessingCount": types.count("PROCESSING"),
            "CompletedCount": done,
            "CompletedPercent": round(100 * done / len(codes), 2) if codes else 0.0,
        }

    def step(self, now_ms: int) -> str:
        """Make, edit or drop a release, or change what goes into it."""
        projects, rng = busy_projects(self._team), self._rng
        if not projects:
            return "nothing to release"
        project = rng.choice(projects)
        known = self.of(project)
        if not known or (len(known) < RELEASES_MAX and rng.random() < 0.2):
            code = self.create(project, now_ms=now_ms)
            return f"release {code} in {project.info.name} planned"
        release, draw = rng.choice(known), rng.random()
        place = f"release {release.code} in {project.info.name}"
        if draw < 0.15:
            self.drop(project, release.code)
            return f"{place} dropped"
        if draw < 0.4:
            changes: tuple[dict[str, Any], ...] = (
                {"status": rng.choice(tuple(STATUSES))},
                {"assignee_id": person(self._team, project, rng)},
                {"description": rng.choice(GOALS)},
            )
            self.change(project, release.code, now_ms=now_ms, **rng.choice(changes))
            return f"{place} edited"
        self._shuffle(project, release, now_ms)
        return f"{place} got other issues"

    def _shuffle(self, project: Project, release: Release, now_ms: int) -> None:
        rng, issues = self._rng, list(release.issues)
        if issues and rng.random() < 0.6:
            issues.remove(rng.choice(issues))
        if rng.random() < 0.7:
            added = rng.choice(project.codes())
            issues += [added] if added not in issues else []
        touch = rng.random() < 0.5
        self.put_issues(project, release.code, issues, now_ms=now_ms, touch=touch)

    def tables(self) -> Tables:
        """See `modules.Module`."""
        return {
            "releases": lambda: dict(self._release_rows()),
            "release_issues": lambda: dict(self._issue_rows()),
        }

    def _release_rows(self) -> Iterator[tuple[Key, Row]]:
        for project in self._team.projects.values():
            for release in self.of(project):
                yield (project.id, release.code), self.row(project, release)

    def _issue_rows(self) -> Iterator[tuple[Key, Row]]:
        for project in self._team.projects.values():
            for release in self.of(project):
                for code in self.codes_in(project, release):
                    yield (project.id, release.code, code), {"Code": code}
