"""What a project's depots begin with: some weeks of commits, a merged branch, a tag, a guard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...records import DAY_MS
from . import acts, guard_acts

if TYPE_CHECKING:
    from ...project import Project
    from .depot import Depot
    from .state import Code

WEEKS_MS = 28 * DAY_MS


def fill(code: Code, project: Project, at_ms: int) -> None:
    """One depot or two, and seldom one of the old kind."""
    rng = code.rng
    for _ in range(rng.choice((1, 1, 2))):
        _fill_depot(code, project, code.create_depot(project, now_ms=at_ms - WEEKS_MS), at_ms)
    if rng.random() < 0.2:
        code.create_depot(project, now_ms=at_ms, vcs="svn")


def _fill_depot(code: Code, project: Project, depot: Depot, at_ms: int) -> None:
    rng, day_ms = code.rng, at_ms - WEEKS_MS
    code.grow(project, depot, "master", now_ms=day_ms, count=rng.randrange(2, 5))
    side = depot.new_name("feature")
    code.push(project, depot, side, depot.branches["master"].sha, now_ms=day_ms)
    code.grow(project, depot, side, now_ms=day_ms + DAY_MS, count=rng.randrange(1, 3))
    code.grow(project, depot, "master", now_ms=day_ms + 2 * DAY_MS)
    code.merge(project, depot, "master", depot.branches[side].sha, now_ms=day_ms + 3 * DAY_MS)
    code.tag(project, depot, depot.new_name("v"), depot.branches["master"].sha, now_ms=day_ms)
    for act in (*acts.FIRST, *guard_acts.FIRST):
        act(acts.Scene(code, project, depot, at_ms - DAY_MS))
