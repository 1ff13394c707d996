"""One random act of the team: what people do to their issues all day."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from . import beginning
from .defaults import ROLE_TYPES, STATUS_IDS_OF_KIND
from .records import DAY_MS, NO_ITERATION_DATE, UTC8_MS, Issue
from .words import EDITS, GOALS, HOURS, POINTS, title

if TYPE_CHECKING:
    from .project import Project
    from .team import Team

ISSUES_MIN = 5
ITERATIONS_MAX = 40
ITERATION_FLOW = {
    "WAIT_PROCESS": "PROCESSING",
    "PROCESSING": "COMPLETED",
    "COMPLETED": "WAIT_PROCESS",
}


class Scene(NamedTuple):
    """Where an act takes place."""

    team: Team
    project: Project
    rng: Random
    now_ms: int

    @property
    def place(self) -> str:
        return f"in {self.project.info.name}"

    def issue(self) -> Issue:
        codes = self.project.codes()
        return self.project.issues[codes[int(self.rng.random() * len(codes))]]

    def change(self, issue: Issue, *, touch: bool = True, **fields: Any) -> None:
        self.team.update_issue(
            self.project.id, issue.code, now_ms=self.now_ms, touch=touch, **fields
        )

    def person(self) -> int:
        return self.rng.choice(tuple(self.project.roles) or (beginning.OWNER,))


def act(team: Team, rng: Random, now_ms: int, *, issues_max: int) -> str:
    """Do one act in one project that is not archived; at `issues_max` issues none is created."""
    projects = [p for p in team.projects.values() if not p.info.archived]
    if not projects:
        return "nobody is at work"
    busiest = projects[0]
    scene = Scene(team, busiest if rng.random() < 0.5 else rng.choice(projects), rng, now_ms)
    chosen = rng.choices(ACTS, WEIGHTS)[0]
    count = len(scene.project.issues)
    if count < ISSUES_MIN:
        chosen = _create
    elif chosen is _create and count >= issues_max:
        chosen = _delete
    return chosen(scene)


def _edit(scene: Scene) -> str:
    issue, rng = scene.issue(), scene.rng
    changes: tuple[dict[str, Any], ...] = (
        {"name": title(issue.kind, issue.code, rng.randrange(60))},
        {"description": f"{issue.description[:500]}\n{rng.choice(EDITS)}"},
        {"priority": rng.choice(("", "0", "1", "2", "3"))},
        {"story_point": rng.choice(POINTS)},
        {"working_hours": rng.choice(HOURS)},
        {"due_date": _day(scene.now_ms) + rng.randrange(30) * DAY_MS if rng.random() < 0.8 else 0},
        {"start_date": _day(scene.now_ms) if rng.random() < 0.7 else 0},
    )
    change = rng.choice(changes)
    scene.change(issue, **change)
    return f"issue {issue.code} {scene.place} got a new {next(iter(change)).replace('_', ' ')}"


def _move(scene: Scene) -> str:
    issue = scene.issue()
    status_id = scene.rng.choice(STATUS_IDS_OF_KIND[issue.kind])
    scene.change(issue, status_id=status_id)
    status = scene.project.statuses[status_id]
    return f"issue {issue.code} {scene.place} moved to {status.name}"


def _assign(scene: Scene) -> str:
    issue = scene.issue()
    people = {scene.person() for _ in range(scene.rng.randrange(4))}
    scene.change(issue, assignee_ids=tuple(sorted(people)))
    names = ", ".join(scene.team.members[n].name for n in sorted(people)) or "nobody"
    return f"issue {issue.code} {scene.place} assigned to {names}"


def _label(scene: Scene) -> str:
    issue = scene.issue()
    labels = scene.project.labels
    ids = tuple(sorted(scene.rng.sample(sorted(labels), min(len(labels), scene.rng.randrange(4)))))
    scene.change(issue, label_ids=ids)
    return f"issue {issue.code} {scene.place} labelled {len(ids)} times"


def _customise(scene: Scene) -> str:
    issue, rng = scene.issue(), scene.rng
    fields = scene.project.custom_fields(issue.kind)
    if not fields:
        return _edit(scene)
    field = rng.choice(fields)
    values = dict(issue.custom)
    values[field.id] = rng.choice(beginning.values_of(field, scene.team))
    if rng.random() < 0.2:
        del values[field.id]
    scene.change(issue, custom=tuple(sorted(values.items())))
    return f"issue {issue.code} {scene.place} got another {field.name}"


def _plan(scene: Scene) -> str:
    issue = scene.issue()
    code = scene.rng.choice((0, *scene.project.iterations))
    scene.change(issue, iteration_code=code)
    where = scene.project.iterations[code].name if code else "no iteration"
    return f"issue {issue.code} {scene.place} planned for {where}"


def _adopt(scene: Scene) -> str:
    issue = scene.issue()
    parent = _parent(scene, issue.kind)
    if not parent or parent == issue.code:
        return _edit(scene)
    scene.change(issue, parent_code=parent)
    return f"issue {issue.code} {scene.place} moved under issue {parent}"


def _quietly(scene: Scene) -> str:
    """A change that leaves UpdatedAt alone, as some changes in CODING may do."""
    issue = scene.issue()
    scene.change(issue, touch=False, watcher_ids=(scene.person(),), story_point=_point(scene))
    return f"issue {issue.code} {scene.place} changed without a new time"


def _create(scene: Scene) -> str:
    team, project, rng, now_ms = scene
    kind = rng.choice(beginning.KIND_DRAW)
    parent = _parent(scene, kind)
    if kind == "SUB_TASK" and not parent:
        kind = "DEFECT"
    code, fields = project.last_code + 1, project.custom_fields(kind)
    issue = beginning.draw_issue(
        team, project, rng, code, kind, parent, now_ms, now_ms, fields=fields
    )
    team.add_issue(project, issue, now_ms)
    return f"issue {code} {scene.place} created"


def _delete(scene: Scene) -> str:
    issue = scene.issue()
    scene.team.delete_issue(scene.project.id, issue.code, now_ms=scene.now_ms)
    return f"issue {issue.code} {scene.place} deleted"


def _join(scene: Scene) -> str:
    team, project, rng, now_ms = scene
    absent = [n for n in team.members if n not in project.roles]
    if not absent:
        return _leave(scene)
    member_id = rng.choice(absent)
    team.add_member(project.id, member_id, now_ms=now_ms, role=rng.choice(ROLE_TYPES[1:]))
    return f"{team.members[member_id].name} joined {project.info.name}"


def _leave(scene: Scene) -> str:
    team, project, rng, now_ms = scene
    present = [n for n in project.roles if n != team.owner_id]
    if len(present) < 2:
        return _join(scene)
    member_id = rng.choice(present)
    team.remove_member(project.id, member_id, now_ms=now_ms)
    return f"{team.members[member_id].name} left {project.info.name}"


def _promote(scene: Scene) -> str:
    member_id, role = scene.person(), scene.rng.choice(ROLE_TYPES)
    scene.team.add_member(scene.project.id, member_id, now_ms=scene.now_ms, role=role)
    return f"{scene.team.members[member_id].name} is {role} {scene.place}"


def _begin_iteration(scene: Scene) -> str:
    team, project, rng, now_ms = scene
    if len(project.iterations) >= ITERATIONS_MAX:
        return _drop_iteration(scene)
    start_ms = _day(now_ms) if rng.random() < 0.7 else NO_ITERATION_DATE
    end_ms = start_ms + beginning.SPRINT_MS - 1000 if start_ms > 0 else NO_ITERATION_DATE
    code = team.create_iteration(
        project.id, now_ms=now_ms, start_ms=start_ms, end_ms=end_ms, creator_id=scene.person()
    )
    return f"iteration {code} {scene.place} created"


def _edit_iteration(scene: Scene) -> str:
    team, project, rng, now_ms = scene
    if not project.iterations:
        return _begin_iteration(scene)
    code = rng.choice(tuple(project.iterations))
    status = ITERATION_FLOW[project.iterations[code].status]
    changes: tuple[dict[str, Any], ...] = (
        {"status": status},
        {"goal": rng.choice(GOALS)},
        {"name": f"Sprint {code}.{rng.randrange(9)}"},
    )
    change = rng.choice(changes)
    team.update_iteration(project.id, code, now_ms=now_ms, **change)
    return f"iteration {code} {scene.place} got a new {next(iter(change))}"


def _drop_iteration(scene: Scene) -> str:
    team, project, rng, now_ms = scene
    if len(project.iterations) < 2:
        return _begin_iteration(scene)
    code = rng.choice(tuple(project.iterations))
    team.delete_iteration(project.id, code, now_ms=now_ms)
    return f"iteration {code} {scene.place} deleted"


def _parent(scene: Scene, kind: str) -> int:
    """A parent that a new issue of this type may have, found in a few draws, or 0."""
    wanted = beginning.PARENT_KINDS.get(kind, ())
    for _ in range(5 if wanted and scene.project.issues else 0):
        if (found := scene.issue()).kind in wanted:
            return found.code
    return 0


def _point(scene: Scene) -> str:
    return scene.rng.choice(POINTS)


def _day(now_ms: int) -> int:
    """Midnight at UTC+8, the day of the server."""
    return (now_ms + UTC8_MS) // DAY_MS * DAY_MS - UTC8_MS


WEIGHED: tuple[tuple[Callable[[Scene], str], int], ...] = (
    (_edit, 30),
    (_move, 24),
    (_assign, 10),
    (_label, 7),
    (_customise, 8),
    (_plan, 6),
    (_adopt, 2),
    (_quietly, 2),
    (_create, 12),
    (_delete, 6),
    (_join, 2),
    (_leave, 2),
    (_promote, 1),
    (_begin_iteration, 1),
    (_edit_iteration, 3),
    (_drop_iteration, 1),
)
ACTS = tuple(act for act, _ in WEIGHED)
WEIGHTS = tuple(weight for _, weight in WEIGHED)
