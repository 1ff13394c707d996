"""The module: the depots of all projects, what happens to them, and the rows of its tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import TYPE_CHECKING

from ...records import whole_seconds
from ...rows import Row
from . import acts, beginning, events, tables
from .depot import NOWHERE, Depot, Tag
from .elsewhere import Elsewhere
from .rows import path

if TYPE_CHECKING:
    from ...project import Project
    from ...team import Team

Key = tuple[int | str, ...]
Place = tuple["Project", Depot]
Watcher = Callable[["Project", Depot, str, int], None]
FIRST_ID = 3001


class Code:
    """The module. A project's depots come to be when somebody first asks for them.

    `watchers` are told of each branch that moved: project, depot, name of the branch, when.
    """

    def __init__(self, team: Team, rng: Random) -> None:
        self.team = team
        self.rng = rng
        self.watchers: list[Watcher] = []
        self.elsewhere = Elsewhere(team, rng)
        self._depots: dict[int, dict[int, Depot]] = {}
        self._made = 0
        self._telling = True
        for project in team.projects.values():
            self.depots(project)

    # --- reading -----------------------------------------------------------------------------

    def depots(self, project: Project) -> dict[int, Depot]:
        """A project's depots by id."""
        if project.id not in self._depots:
            self._depots[project.id] = {}
            self._telling = False  # nobody hears of what was before
            beginning.fill(self, project, max(self.team.began_ms, project.info.created_ms))
            self._telling = True
        return self._depots[project.id]

    def places(self) -> Iterator[Place]:
        """Every depot of every living project."""
        for project in self.team.projects.values():
            for depot in self.depots(project).values():
                yield project, depot

    def git_places(self) -> Iterator[Place]:
        """Those that have branches."""
        return (place for place in self.places() if place[1].is_git)

    def find(self, depot_id: int, depot_path: str) -> Place | None:
        """The depot of this id, or where that is 0 of this path."""
        for project, depot in self.places():
            if depot.id == depot_id or (
                not depot_id and path(self.team, project, depot) == depot_path
            ):
                return project, depot
        return None

    def people(self, project: Project) -> tuple[int, ...]:
        """Who may work in a project."""
        return tuple(project.roles) or (self.team.owner_id,)

    def step(self, now_ms: int) -> str:
        """See `modules.Module`."""
        return acts.act(self, now_ms)

    def tables(self) -> Mapping[str, Callable[[], dict[Key, Row]]]:
        """See `modules.Module`."""
        return tables.of(self)

    # --- depots ------------------------------------------------------------------------------

    def create_depot(self, project: Project, *, now_ms: int, vcs: str = "git") -> Depot:
        """A new, empty depot; no event tells of it."""
        self._made += 1
        number, name = FIRST_ID + self._made, f"depot-{self._made}"
        depot = Depot(number, project.id, name, vcs=vcs, created_ms=now_ms)
        self.depots(project)[number] = depot
        return depot

    def rename_depot(self, depot: Depot) -> None:
        """Give it a name that no depot ever had."""
        self._made += 1
        depot.name = f"depot-{self._made}"

    def delete_depot(self, depot: Depot) -> None:
        """Delete it with all it holds; no event tells of it."""
        del self._depots[depot.project_id][depot.id]

    # --- branches and tags -------------------------------------------------------------------

    def grow(
        self,
        project: Project,
        depot: Depot,
        name: str,
        *,
        now_ms: int,
        count: int = 1,
        slow_ms: int = 0,
    ) -> None:
        """Push commits to a branch; the first branch of a depot begins from nothing.

        `slow_ms`: how much the clock of the committer's machine is slow.
        """
        known = depot.branches.get(name)
        tip = known.sha if known else ""
        people, at_ms = self.people(project), now_ms - slow_ms
        for _ in range(count):
            tip = depot.commit((tip,) if tip else (), self.rng, people, at_ms).sha
        self.push(project, depot, name, tip, now_ms=now_ms)

    def merge(self, project: Project, depot: Depot, name: str, other: str, *, now_ms: int) -> str:
        """Merge a commit into a branch by a commit with two parents. Returns that commit."""
        parents = (depot.branches[name].sha, other)
        sha = depot.commit(parents, self.rng, self.people(project), now_ms).sha
        self.push(project, depot, name, sha, now_ms=now_ms)
        return sha

    def push(self, project: Project, depot: Depot, name: str, sha: str, *, now_ms: int) -> None:
        """Let a branch name this commit, by force if need be, and tell of it."""
        old = depot.branches.get(name)
        before = old.sha if old else NOWHERE
        depot.move(name, sha, now_ms=now_ms)
        self._tell(project, depot, f"refs/heads/{name}", before, sha)
        for watcher in self.watchers:
            watcher(project, depot, name, now_ms)

    def delete_branch(self, project: Project, depot: Depot, name: str, *, now_ms: int) -> None:
        """Delete a branch and tell of it."""
        before = depot.branches[name].sha
        depot.remove(name, now_ms=now_ms)
        self._tell(project, depot, f"refs/heads/{name}", before, NOWHERE)
        for watcher in self.watchers:
            watcher(project, depot, name, now_ms)

    def tag(self, project: Project, depot: Depot, name: str, sha: str, *, now_ms: int) -> None:
        """Set or move a tag and tell of it."""
        old = depot.tags.get(name)
        depot.tags[name] = Tag(name, sha, f"Demo release {name}")
        depot.pushed_ms = whole_seconds(now_ms)
        self._tell(project, depot, f"refs/tags/{name}", old.sha if old else NOWHERE, sha)

    def delete_tag(self, project: Project, depot: Depot, name: str, *, now_ms: int) -> None:
        """Delete a tag and tell of it."""
        before = depot.tags.pop(name).sha
        depot.guards.tags.discard(name)
        depot.pushed_ms = whole_seconds(now_ms)
        self._tell(project, depot, f"refs/tags/{name}", before, NOWHERE)

    def _tell(self, project: Project, depot: Depot, ref: str, before: str, after: str) -> None:
        def told() -> Row:
            old = {commit.sha for commit in depot.log(before)}
            commits = [commit for commit in depot.log(after) if commit.sha not in old]
            return events.push_body(
                self.team, project, depot, ref, before=before, after=after, commits=commits
            )

        if self._telling:
            self.team.tell(project, "GIT_PUSHED", told)
