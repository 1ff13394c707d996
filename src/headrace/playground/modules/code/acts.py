"""One random act on code: people push, branch, merge, force, tag, comment, all day."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from ...words import EDITS
from . import guard_acts
from .depot import Check, Remark
from .graph import Commit
from .rows import STATE_WORDS

if TYPE_CHECKING:
    from ...project import Project
    from .depot import Depot
    from .state import Code

COMMITS_MAX, BRANCHES_MAX, TAGS_MAX, DEPOTS_MAX = 400, 8, 8, 4
REMARKS_MAX = 30
CLOCK_WRONG_MS = 3_600_000


class Scene(NamedTuple):
    """Where an act takes place."""

    code: Code
    project: Project
    depot: Depot
    now_ms: int

    @property
    def rng(self) -> Random:
        """The module's dice."""
        return self.code.rng

    @property
    def place(self) -> str:
        """For the one line that tells of the act."""
        return f"in {self.project.info.name}/{self.depot.name}"

    def branch(self) -> str:
        """Any branch."""
        return self.rng.choice(tuple(self.depot.branches))

    def side_branch(self) -> str:
        """A branch that is not the default one; "" for none."""
        names = [name for name in self.depot.branches if name != self.depot.default_branch]
        return self.rng.choice(names) if names else ""

    def commit(self) -> Commit:
        """A commit that a branch holds."""
        return self.rng.choice(self.depot.log(self.branch()))

    def person(self) -> int:
        """A member of the project."""
        return self.rng.choice(self.code.people(self.project))


def act(code: Code, now_ms: int) -> str:
    """One act in a depot of a project that is not archived, or now and then to a depot itself."""
    projects = [p for p in code.team.projects.values() if not p.info.archived]
    if not projects:
        return "nobody pushes"
    project = code.rng.choice(projects)
    if code.rng.random() < 0.08:
        return _change_depots(code, project, now_ms)
    if code.rng.random() < 0.04:
        return code.elsewhere.act(project)
    depots = [depot for depot in code.depots(project).values() if depot.is_git]
    if not depots:
        return _change_depots(code, project, now_ms)
    scene = Scene(code, project, code.rng.choice(depots), now_ms)
    if not scene.depot.branches:
        return _push(scene)
    return code.rng.choices(_ACTS, _WEIGHTS)[0](scene)


def _change_depots(code: Code, project: Project, now_ms: int) -> str:
    """No event tells of these."""
    depots, rng = list(code.depots(project).values()), code.rng
    if not depots or (len(depots) < DEPOTS_MAX and rng.random() < 0.4):
        made = code.create_depot(project, now_ms=now_ms, vcs=rng.choice(("git", "git", "svn")))
        return f"{made.name} created in {project.info.name}"
    depot, chance = rng.choice(depots), rng.random()
    if chance < 0.25 and len(depots) > 1:
        code.delete_depot(depot)
        return f"{depot.name} deleted from {project.info.name}"
    if chance < 0.5:
        code.rename_depot(depot)
        return f"a depot of {project.info.name} is now called {depot.name}"
    depot.description = rng.choice(EDITS)
    depot.is_shared = rng.random() < 0.3
    return f"{depot.name} of {project.info.name} described anew"


def _push(scene: Scene) -> str:
    depot = scene.depot
    name = scene.branch() if depot.branches else "master"
    if len(depot.commits) >= COMMITS_MAX:
        return _remark(scene)
    count = scene.rng.choice((1, 1, 2, 3))
    slow_ms = CLOCK_WRONG_MS if scene.rng.random() < 0.1 else 0
    scene.code.grow(scene.project, depot, name, now_ms=scene.now_ms, count=count, slow_ms=slow_ms)
    return f"{count} commits pushed to {name} {scene.place}"


def _branch_off(scene: Scene) -> str:
    if len(scene.depot.branches) >= BRANCHES_MAX:
        return _drop_branch(scene)
    name, sha = scene.depot.new_name("feature"), scene.commit().sha
    scene.code.push(scene.project, scene.depot, name, sha, now_ms=scene.now_ms)
    return f"branch {name} created {scene.place}"


def _drop_branch(scene: Scene) -> str:
    name = scene.side_branch()
    if not name:
        return _branch_off(scene)
    scene.code.delete_branch(scene.project, scene.depot, name, now_ms=scene.now_ms)
    return f"branch {name} deleted {scene.place}"


def _merge(scene: Scene) -> str:
    """Into the default branch; sometimes the other way round, sometimes without a commit."""
    depot, side = scene.depot, scene.side_branch()
    if not side:
        return _branch_off(scene)
    into, other = depot.default_branch, side
    if scene.rng.random() < 0.3:
        into, other = other, into
    sha = depot.branches[other].sha
    if not depot.may_hold(into, sha) or sha in {c.sha for c in depot.log(into)}:
        return _push(scene)
    forward = depot.branches[into].sha in {c.sha for c in depot.log(other)}
    if forward and scene.rng.random() < 0.5:
        scene.code.push(scene.project, depot, into, sha, now_ms=scene.now_ms)
    else:
        scene.code.merge(scene.project, depot, into, sha, now_ms=scene.now_ms)
    return f"{other} merged into {into} {scene.place}"


def _force(scene: Scene) -> str:
    """Throw the newest commits of a branch away; mostly others come in their place."""
    depot, name = scene.depot, scene.branch()
    commits = depot.log(name)
    first = scene.rng.choice(commits[: min(4, len(commits))])
    if not first.parents:
        return _push(scene)
    base = scene.rng.choice(first.parents)
    if scene.rng.random() < 0.7 and len(depot.commits) < COMMITS_MAX:
        people = scene.code.people(scene.project)
        base = depot.commit((base,), scene.rng, people, scene.now_ms).sha
    scene.code.push(scene.project, depot, name, base, now_ms=scene.now_ms)
    return f"{name} pushed by force {scene.place}"


def _set_default(scene: Scene) -> str:
    depot, name = scene.depot, scene.branch()
    depot.default_branch = name
    return f"{name} is the default branch {scene.place}"


def _lock(scene: Scene) -> str:
    name = scene.branch()
    scene.depot.lock(name)
    return f"{name} locked or unlocked {scene.place}"


def _tag(scene: Scene) -> str:
    depot, rng = scene.depot, scene.rng
    known = tuple(depot.tags)
    if known and (len(known) >= TAGS_MAX or rng.random() < 0.3):
        name = rng.choice(known)
        scene.code.delete_tag(scene.project, depot, name, now_ms=scene.now_ms)
        return f"tag {name} deleted {scene.place}"
    name = rng.choice(known) if known and rng.random() < 0.2 else depot.new_name("v")
    scene.code.tag(scene.project, depot, name, scene.commit().sha, now_ms=scene.now_ms)
    return f"tag {name} set {scene.place}"


def _remark(scene: Scene) -> str:
    depot, rng = scene.depot, scene.rng
    if depot.remarks and (len(depot.remarks) >= REMARKS_MAX or rng.random() < 0.4):
        del depot.remarks[rng.choice(tuple(depot.remarks))]
        return f"a comment on a commit removed {scene.place}"
    number = depot.guards.number(depot.id)
    sha, at_ms = scene.commit().sha, scene.now_ms // 1000 * 1000
    depot.remarks[number] = Remark(number, sha, scene.person(), rng.choice(EDITS), at_ms)
    return f"a commit commented {scene.place}"


def _check(scene: Scene) -> str:
    """A build reports on a commit; nothing of the commit itself changes."""
    depot, sha = scene.depot, scene.commit().sha
    known = depot.checks.setdefault(sha, {})
    context = scene.rng.choice(tuple(known)) if len(known) > 1 else depot.new_name("build")
    at_ms = scene.now_ms // 1000 * 1000
    known[context] = Check(context, scene.rng.choice(tuple(STATE_WORDS)), at_ms)
    return f"{context} reported {scene.place}"


def _note(scene: Scene) -> str:
    depot, sha = scene.depot, scene.commit().sha
    if sha in depot.notes and scene.rng.random() < 0.3:
        del depot.notes[sha]
        depot.guards.use("note", sha)
    elif ("note", sha) not in depot.guards.used:
        depot.notes[sha] = f"{scene.rng.choice(EDITS)}, written {scene.now_ms}"
    return f"a commit noted {scene.place}"


FIRST: tuple[Callable[[Scene], str], ...] = (_branch_off, _push, _remark, _check, _note)
_WEIGHED: tuple[tuple[Callable[[Scene], str], int], ...] = (
    (_push, 34),
    (_branch_off, 10),
    (_drop_branch, 7),
    (_merge, 10),
    (_force, 8),
    (_set_default, 2),
    (_lock, 2),
    (_tag, 7),
    (_remark, 7),
    (_check, 7),
    (_note, 5),
    (guard_acts.act, 14),
)
_ACTS = tuple(act for act, _ in _WEIGHED)
_WEIGHTS = tuple(weight for _, weight in _WEIGHED)
