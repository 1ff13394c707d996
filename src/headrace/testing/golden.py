"""Golden scenarios: short stories that are run once for every single place where they can crash.

The simulation draws its crashes; here none is left out. Each story ends calm, and the copy must be
exact whichever passage of whichever kill point the process died at.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

from headrace.engine.modes import Deletes
from headrace.testing.invariants import check_equal
from headrace.testing.plan import Plan
from headrace.testing.run import Run
from headrace.testing.world import World

Story = Callable[[World], None]

PLAN = replace(
    Plan.draw(Random(1)), projects=1, issues=6, page_size=4, fault_rate=0.0, write_fault_rate=0.0,
    crash_rate=0.0, acts_in_flight=0.0, lag_ms=0, vanish_rows=50, deletes=Deletes.SOFT,
    streams=("issues",), straggling=0.0, census_seconds=180.0, overlap_seconds=20,
    tells_time=True, increments="polling", oauth=False,
)  # fmt: skip
HOOKED = replace(PLAN, increments="webhook")
PROJECT = 101


def _update(world: World) -> None:
    world.team.update_issue(PROJECT, 2, now_ms=world.clock.now_ms(), name="renamed")


def _silent(world: World) -> None:
    world.team.update_issue(PROJECT, 2, now_ms=world.clock.now_ms(), touch=False, name="silent")


def _insert(world: World) -> None:
    world.team.create_issue(PROJECT, now_ms=world.clock.now_ms())


def _delete(world: World) -> None:
    world.team.delete_issue(PROJECT, 3, now_ms=world.clock.now_ms())


def _labels(world: World) -> None:
    world.team.set_labels(PROJECT, 1, (), now_ms=world.clock.now_ms())
    world.team.set_labels(PROJECT, 2, ("frontend",), now_ms=world.clock.now_ms())


def _everything(world: World) -> None:
    for act in (_update, _insert, _delete, _labels):
        act(world)


def _many(world: World) -> None:
    for _ in range(9):
        _insert(world)


def _tie(world: World) -> None:
    for code in range(1, 7):
        world.team.update_issue(PROJECT, code, now_ms=world.clock.now_ms(), name="same second")


def _iteration_ends(world: World) -> None:
    now_ms = world.clock.now_ms()
    code = world.team.create_iteration(PROJECT, now_ms=now_ms, name="short")
    world.team.update_issue(PROJECT, 1, now_ms=now_ms, iteration_code=code)
    world.team.delete_iteration(PROJECT, code, now_ms=now_ms)


def _member_leaves(world: World) -> None:
    members = sorted(world.team.projects[PROJECT].roles)
    world.team.remove_member(PROJECT, members[-1], now_ms=world.clock.now_ms())
    world.left.add((PROJECT, members[-1]))


def _project_comes(world: World) -> None:
    world.team.create_project("annex", now_ms=world.clock.now_ms())


def _project_goes(world: World) -> None:
    world.team.delete_project(PROJECT, now_ms=world.clock.now_ms())


def _project_renamed(world: World) -> None:
    world.team.rename_project(PROJECT, now_ms=world.clock.now_ms(), name="store")
    _update(world)


def _hidden(world: World) -> None:
    world.team.hide_project(PROJECT, True)
    _update(world)


def _token_ends(world: World) -> None:
    assert world.consent is not None
    world.consent.end_access()
    _update(world)


def _nothing(_world: World) -> None:
    pass


SCENARIOS: Mapping[str, tuple[Plan, Story]] = {
    "first snapshot": (PLAN, _nothing),
    "an update": (PLAN, _update),
    "an update that leaves its time alone": (PLAN, _silent),
    "an insert": (PLAN, _insert),
    "a soft delete": (PLAN, _delete),
    "a hard delete": (replace(PLAN, deletes=Deletes.HARD), _delete),
    "child sets": (PLAN, _labels),
    "all at once": (PLAN, _everything),
    "more than a page": (PLAN, _many),
    "more ties than a page": (PLAN, _tie),
    "an iteration ends": (replace(PLAN, streams=("issues", "iterations")), _iteration_ends),
    "a member leaves": (replace(PLAN, streams=("project_members",)), _member_leaves),
    "a project comes": (PLAN, _project_comes),
    "a project goes": (PLAN, _project_goes),
    "a project is renamed": (PLAN, _project_renamed),
    "a project is hidden": (PLAN, _hidden),
    "a token ends": (replace(PLAN, oauth=True), _token_ends),
    "a hook": (HOOKED, _update),
    "a hook for a delete": (HOOKED, _delete),
    "many hooks": (HOOKED, _everything),
    "no server time": (replace(PLAN, tells_time=False), _everything),
}


def play(name: str, crash_at: int | None) -> int:
    """Play a scenario; die at passage `crash_at` of its active part. Returns its passages."""
    plan, story = SCENARIOS[name]
    run = Run(1, plan)
    world = run.world
    if name != "first snapshot":
        run.turn()
        world.clock.advance(61_000)
    story(world)
    before = world.killer.passages
    world.killer.crash_at = before + crash_at if crash_at else None
    run.turn()
    world.clock.advance(181_000)
    run.turn()
    passages = world.killer.passages - before
    run.finish()
    check_equal(world)
    return passages


def crash_everywhere(name: str, *, step: int = 1) -> int:
    """Play the scenario once for each (or each `step`th) passage, dying there.

    Returns how many passages there were. Raises `AssertionError` naming the deadly one.
    """
    passages = play(name, None)
    for passage in range(1, passages + 1, step):
        try:
            play(name, passage)
        except Exception as error:
            raise AssertionError(f"{name}, dying at passage {passage}: {error}") from error
    return passages


def main() -> int:
    """The command: every scenario, every crash."""
    parser = argparse.ArgumentParser(prog="python -m headrace.testing.golden")
    parser.add_argument("names", nargs="*")
    for name in parser.parse_args().names or SCENARIOS:
        sys.stdout.write(f"{name:40} {crash_everywhere(name):5} single crashes, each exact\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
