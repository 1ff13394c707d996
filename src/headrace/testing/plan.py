"""The plan of a simulated world: how large it is, what is read of it, and what goes wrong in it.

A seed draws it first; everything else follows from the plan and the same dice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from headrace.coding.streams import CATALOGUE
from headrace.engine.modes import Deletes
from headrace.testing.faults import KINDS, LIES

STREAM_SETS = (
    *[("issues",)] * 6,
    *[("issues", "iterations")] * 2,
    ("issues", "project_members"),
    ("iterations", "project_members", "issue_types", "issue_statuses"),
    ("issues", "issue_types", "issue_statuses"),
    *[("issue_comments",)] * 2,
    ("issue_comments", "release_issues"),
    *[("commits",)] * 2,
    ("commits", "commit_branches", "tags"),
    *[("ci_builds",)] * 2,
    ("ci_builds", "ci_build_stages"),
    ("merge_requests", "merge_request_notes"),
    ("artifact_files", "artifact_versions"),
    ("wiki_pages", "wiki_contents", "project_roles"),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What one seed draws for its world. `at_hand`: the parts of the team that are read live from
    the beginning on, not from their first reading on."""

    projects: int
    issues: int
    page_size: int
    fault_rate: float
    fault_kinds: tuple[str, ...]
    write_fault_rate: float
    crash_rate: float
    acts_in_flight: float
    lag_ms: int
    vanish_rows: int
    deletes: Deletes
    streams: tuple[str, ...]
    straggling: float
    census_seconds: float
    overlap_seconds: int
    tells_time: bool
    increments: str
    oauth: bool
    at_hand: bool = False

    @staticmethod
    def harsh(dice: Random) -> Plan:
        """A world in which many answers lie, and always in the same few ways. Half of them read any
        streams of the catalogue."""
        plan = Plan.draw(dice)
        anything = tuple(dice.sample([stream.name for stream in CATALOGUE], 2))
        return replace(
            plan,
            streams=dice.choice((plan.streams, anything)),
            at_hand=True,
            fault_rate=dice.choice((0.25, 0.4, 0.6)),
            fault_kinds=tuple(dice.sample(LIES, dice.choice((1, 2, 3)))),
            acts_in_flight=dice.choice((0.1, 0.5)),
        )

    @staticmethod
    def draw(dice: Random) -> Plan:
        """A plan from the seed's dice."""
        overlap_seconds = dice.choice((2, 20, 120))
        return Plan(
            projects=dice.choice((1, 1, 2)),
            issues=dice.randrange(6, 12),
            page_size=dice.choice((2, 3, 4, 9)),
            fault_rate=dice.choice((0.0, 0.02, 0.1, 0.25)),
            fault_kinds=tuple(dice.sample(KINDS, dice.choice((2, 4, 8)))),
            write_fault_rate=dice.choice((0.0, 0.1, 0.4)),
            crash_rate=dice.choice((0.0, 0.3, 0.8)),
            acts_in_flight=dice.choice((0.0, 0.1, 0.5, 0.5)),
            lag_ms=dice.choice((0, 0, 300, 900)) * overlap_seconds,
            vanish_rows=dice.choice((3, 50)),
            deletes=dice.choice((Deletes.SOFT, Deletes.HARD)),
            streams=dice.choice(STREAM_SETS),
            straggling=dice.choice((0.0, 0.3)),
            census_seconds=dice.choice((180.0, 100_000.0)),
            overlap_seconds=overlap_seconds,
            tells_time=dice.random() < 0.8,
            oauth=dice.random() < 0.3,
            increments=dice.choice(("polling", "hybrid", "webhook")),
        )
