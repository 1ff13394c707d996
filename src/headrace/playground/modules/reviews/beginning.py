"""What a depot begins with: a merged request, an open one with comments, a release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...records import DAY_MS
from . import acts

if TYPE_CHECKING:
    from ...project import Project
    from ..code.depot import Depot
    from .state import Reviews


def fill(reviews: Reviews, project: Project, depot: Depot) -> None:
    """As of some days before the team began to be watched."""
    began_ms = reviews.team.began_ms
    for day, act in enumerate(acts.FIRST):
        act(acts.Scene(reviews, project, depot, began_ms - (len(acts.FIRST) - day) * DAY_MS))
