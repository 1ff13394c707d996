"""How a team comes to be: projects, sprints and a year of issues, drawn from one seed, in bulk."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING

from msgspec.structs import replace

from .defaults import FIELDS, KINDS, LABEL_COLORS, LABELS, ROLE_TYPES, STATUS_IDS_OF_KIND, TYPES
from .defaults import STATUSES as ALL_STATUSES
from .project import Project
from .records import DAY_MS, UTC8_MS, Field, Issue, Iteration, Label, ProjectInfo
from .words import DESCRIPTIONS, GOALS, HOURS, ITERATION_NAMES, POINTS, title

if TYPE_CHECKING:
    from .team import Team

YEAR_MS = 365 * DAY_MS
SPRINT_MS = 14 * DAY_MS
MEMBERS = 24
OWNER = 1
ISSUES_PER_SPRINT = 40
SPRINTS_MAX = 26
KIND_DRAW = (
    *("DEFECT",) * 5,
    *("MISSION",) * 5,
    *("REQUIREMENT",) * 5,
    *("SUB_TASK",) * 4,
    "EPIC",
)
TYPE_OF_KIND = {kind: next(t.id for t in TYPES if t.kind == kind) for kind in KINDS}
TEAM_MADE_TYPE = next(t.id for t in TYPES if not t.is_system)
PARENT_KINDS = {"SUB_TASK": ("REQUIREMENT", "MISSION", "DEFECT"), "REQUIREMENT": ("EPIC",)}


def new_project(info: ProjectInfo) -> Project:
    """An empty project with the default types, statuses, fields and labels."""
    return Project(
        info,
        types=TYPES,
        statuses={status.id: status for status in ALL_STATUSES},
        fields=dict.fromkeys(KINDS, FIELDS),
        labels={
            info.id * 100 + n: Label(info.id * 100 + n, name, LABEL_COLORS[n % len(LABEL_COLORS)])
            for n, name in enumerate(LABELS, 1)
        },
    )


def fill(team: Team, rng: Random, projects: int, issues: int, now_ms: int) -> None:
    """Make the first projects; the first one gets the odd issues."""
    begin_ms = now_ms - YEAR_MS
    for n in range(projects):
        name, display = (
            ("shop", "Shop 商城") if n == 0 else (f"project-{n + 1}", f"Project {n + 1}")
        )
        info = ProjectInfo(101 + n, name, display, "Demo data", begin_ms, begin_ms)
        project = new_project(info)
        team.projects[info.id] = project
        share = issues // projects + (1 if n < issues % projects else 0)
        _fill_members(project, n)
        _fill_iterations(project, rng, share, begin_ms)
        _fill_issues(team, project, rng, share, begin_ms, now_ms)


def _fill_members(project: Project, n: int) -> None:
    for place in range(MEMBERS // 2 + 4):
        member_id = (n * 5 + place) % MEMBERS + 1
        project.roles[member_id] = ROLE_TYPES[0 if place == 0 else 1 + place % 3]


def _fill_iterations(project: Project, rng: Random, issues: int, begin_ms: int) -> None:
    count = min(SPRINTS_MAX, 3 + issues // ISSUES_PER_SPRINT)
    people = tuple(project.roles)
    day_ms = (begin_ms + UTC8_MS) // DAY_MS * DAY_MS - UTC8_MS
    for n in range(count):
        start_ms = day_ms + YEAR_MS - (count - 1 - n) * SPRINT_MS
        done, running = n < count - 2, n == count - 2
        starter = people[0] if done or running else 0
        project.iterations[n + 1] = Iteration(
            id=project.id * 1000 + n + 1,
            code=n + 1,
            name=f"{ITERATION_NAMES[n % 3]} {n + 1}",
            creator_id=people[0],
            created_ms=begin_ms + n * 60_000,
            updated_ms=begin_ms + n * 60_000,
            goal=GOALS[int(rng.random() * len(GOALS))],
            status="COMPLETED" if done else "PROCESSING" if running else "WAIT_PROCESS",
            assignee_id=people[n % len(people)] if n % 3 else 0,
            starter_id=starter,
            completer_id=starter if done else 0,
        )
        if n != count - 1:
            project.iterations[n + 1] = _dated(project.iterations[n + 1], start_ms)
    project.last_iteration_code = count


def _dated(iteration: Iteration, start_ms: int) -> Iteration:
    return replace(iteration, start_ms=start_ms, end_ms=start_ms + SPRINT_MS - 1000)


def _fill_issues(
    team: Team, project: Project, rng: Random, count: int, begin_ms: int, now_ms: int
) -> None:
    """Codes rise with the time of creation; a third of the issues never changed since."""
    if not count:
        return
    times = [begin_ms + int((now_ms - begin_ms) * n / count) for n in range(count)] + [now_ms]
    fields = {kind: project.custom_fields(kind) for kind in KINDS}
    parents: dict[str, list[int]] = {kind: [] for kind in KINDS}
    issues = project.issues
    for code, (created_ms, next_ms) in enumerate(pairwise(times), 1):
        created_ms += int(rng.random() * (next_ms - created_ms))
        kind = KIND_DRAW[int(rng.random() * len(KIND_DRAW))]
        options = [c for wanted in PARENT_KINDS.get(kind, ()) for c in parents[wanted][-3:]]
        if kind == "SUB_TASK" and not options:
            kind = "MISSION"
        parent = options[int(rng.random() * len(options))] if options else 0
        issues[code] = draw_issue(
            team, project, rng, code, kind, parent, created_ms, now_ms, fields=fields[kind]
        )
        parents[kind].append(code)
    project.last_code = count


def draw_issue(
    team: Team,
    project: Project,
    rng: Random,
    code: int,
    kind: str,
    parent: int,
    created_ms: int,
    now_ms: int,
    *,
    fields: Sequence[Field],
) -> Issue:
    """One issue with everything drawn: about two in three fields set. `fields`: the custom ones."""
    draw = rng.random
    people = tuple(project.roles) or (OWNER,)
    creator = people[int(draw() * len(people))]
    assignees = {people[int(draw() * len(people))] for _ in range(int(draw() * 3.4))}
    status_ids = STATUS_IDS_OF_KIND[kind]
    status_id = status_ids[int(draw() * len(status_ids))]
    changed_ms = created_ms + max(0, int((draw() - 0.33) * (now_ms - created_ms)))
    done = project.statuses[status_id].type == "COMPLETED"
    day_ms = (created_ms + UTC8_MS) // DAY_MS * DAY_MS - UTC8_MS
    sprint = int(draw() * (len(project.iterations) + 2))
    team_made = kind == "REQUIREMENT" and draw() < 0.3
    return Issue(
        id=project.id * 1_000_000 + code,
        code=code,
        type_id=TEAM_MADE_TYPE if team_made else TYPE_OF_KIND[kind],
        kind=kind,
        name=title(kind, code, int(draw() * 60)),
        status_id=status_id,
        creator_id=creator,
        created_ms=created_ms,
        updated_ms=changed_ms,
        description=DESCRIPTIONS[int(draw() * len(DESCRIPTIONS))],
        priority=("", "0", "1", "1", "2", "3")[int(draw() * 6)],
        assignee_ids=tuple(sorted(assignees)),
        watcher_ids=(creator,),
        label_ids=_labels(project, int(draw() * 4), int(draw() * len(project.labels))),
        iteration_code=sprint if sprint in project.iterations else 0,
        parent_code=parent,
        story_point=POINTS[int(draw() * len(POINTS))],
        working_hours=HOURS[int(draw() * len(HOURS))],
        start_date=day_ms if draw() < 0.4 else 0,
        due_date=day_ms + int(draw() * 30) * DAY_MS if draw() < 0.5 else 0,
        completed_ms=changed_ms if done else 0,
        custom=_custom(team, rng, fields),
    )


def _labels(project: Project, count: int, first: int) -> tuple[int, ...]:
    ids = tuple(project.labels)
    return tuple(sorted({ids[(first + 3 * n) % len(ids)] for n in range(count)})) if ids else ()


def _custom(team: Team, rng: Random, fields: Sequence[Field]) -> tuple[tuple[int, str], ...]:
    if not fields or rng.random() < 0.5:
        return ()
    first = int(rng.random() * len(fields))
    chosen = sorted({first, (first * 7 + 3) % len(fields)})
    pick = int(rng.random() * 4)
    pools = {fields[n].id: values_of(fields[n], team) for n in chosen}
    return tuple((field_id, pool[pick % len(pool)]) for field_id, pool in pools.items())


def values_of(field: Field, team: Team) -> tuple[str, ...]:
    """A few ValueStrings by ComponentType: people are JSON objects, several choices an array."""
    if field.component == "SELECT_SINGLE":
        return tuple(option.title for option in field.options) or ("",)
    if field.component == "SELECT_MULTI":
        titles = [f'"{option.title}"' for option in field.options]
        return tuple(f"[{','.join(titles[:n])}]" for n in range(1, len(titles) + 1)) or ("[]",)
    if field.component.startswith("SELECT_MEMBER"):
        one = [team.user_json(n) for n in (1, 5, 9)]
        multi = field.component.endswith("MULTI")
        return (f"[{one[0]},{one[1]}]", f"[{one[2]}]") if multi else tuple(one)
    return _PLAIN[field.component]


_PLAIN: dict[str, tuple[str, ...]] = {
    "SELECT_ITERATION_SINGLE": ("1", "2"),
    "SELECT_ITERATION_MULTI": ('["1"]', '["1","2"]'),
    "TEXT_SINGLE_LINE": ("A-1001", "B-2002 急", 'C-"3003"'),
    "TEXT_MULTI_LINE": ("1. open\n2. press\n", "第一步\n第二步 👍", "back\\slash\tand tab"),
    "TEXT_DATE": ("2026-03-01", "2026-06-18"),
    "TEXT_DATETIME": ("2026-03-01 12:30:00", "2026-06-18 00:00:00"),
    "TEXT_DECIMAL": ("0.10", "1234.5", "-3.25"),
    "TEXT_INTEGER": ("0", "7", "9007199254740993"),
}
