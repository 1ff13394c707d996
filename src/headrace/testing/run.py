"""One seed after another: each draws a world with faults and crashes, which must end exact."""

from __future__ import annotations

import gc
import traceback
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

from headrace.core.stream import Strategy
from headrace.errors import HeadraceError
from headrace.testing.invariants import Violation, Watchman, check_equal, check_polled
from headrace.testing.kill import Crash
from headrace.testing.plan import Plan
from headrace.testing.world import IN_FLIGHT_MAX, World

STEPS = 7
DISTURBED_POLLS = 2
CENSUSES, CENSUSES_OF_HISTORY = 3, 5
BOOTS_MAX = 60
TURNS_MAX = 30
SELDOM = {"rows without key": "mirror.reject.before"}  # faults, and kill points only they lead to


@dataclass
class Result:
    """What a batch of seeds showed."""

    seeds: int = 0
    failures: dict[int, str] = field(default_factory=dict)
    passed: Counter[str] = field(default_factory=Counter)
    crashed: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)

    def failure_lines(self, *, harsh: bool = False) -> list[str]:
        """Of each seed that failed why, and the command that replays it."""
        how = "--harsh " if harsh else ""
        return [
            f"seed {seed} failed: {why.strip().splitlines()[-1]}\n"
            f"  replay: python -m headrace.testing.simulate {how}--seed {seed}\n"
            for seed, why in sorted(self.failures.items())
        ]

    def add(self, other: Result) -> None:
        """Add another batch."""
        self.seeds += other.seeds
        self.failures.update(other.failures)
        self.passed.update(other.passed)
        self.crashed.update(other.crashed)
        self.faults.update(other.faults)


class Run:
    """One seed: phase one with faults and crashes, phase two without."""

    def __init__(self, seed: int, plan: Plan | None = None) -> None:
        self.world = World(seed, plan)
        self.watchman = Watchman(self.world)
        self._booted = False
        kinds = self.world.plan.fault_kinds if self.world.plan.fault_rate else ()
        self._seldom = [point for kind, point in SELDOM.items() if kind in kinds]

    def play(self) -> None:
        """Raises `Violation` when an invariant does not hold."""
        for _ in range(STEPS):
            self._step()
        self.world.calm()
        self._poll()
        self._settle()
        check_equal(self.world)

    def finish(self) -> None:
        """Calm, and the passes that make the copy exact."""
        self.world.calm()
        self._settle()

    def _step(self) -> None:
        world, dice = self.world, self.world.dice
        world.live(dice.choice((0, 1, 2, 6, 12)))
        if dice.random() < 0.03:
            self._hide_or_show()
        if dice.random() < 0.02 and self._booted:
            world.die()
            world.forget_mirror()
            self.watchman.forget()
            self._booted = False
        self.turn()
        if dice.random() < 0.3:
            self.turn()
        world.clock.advance(int(dice.choice((1, 20, 61, 301)) * 1000))

    def turn(self) -> None:
        """One turn of the process, which may die in it; it is then started again."""
        world = self.world
        world.acts_left = IN_FLIGHT_MAX
        if world.dice.random() < world.plan.crash_rate:
            self._doom(within=250)
        for _ in range(BOOTS_MAX):
            try:
                if self._boot():
                    self._work()
                    break
            except Crash:
                world.die()
                self._booted = False
                if world.dice.random() < 0.5:  # die again while recovering
                    self._doom(within=60)
        if self._booted:
            self.watchman.check()

    def _doom(self, within: int) -> None:
        """Draw where to die next: mostly any passage, else a kind of place, rare ones too."""
        killer, dice = self.world.killer, self.world.dice
        if killer.passed and dice.random() < (0.65 if self._seldom else 0.35):
            names = [*dice.choices(sorted(killer.passed), k=6), *self._seldom]
            killer.crash_on = min(names, key=killer.passed.__getitem__)
        else:
            killer.crash_at = killer.passages + dice.randrange(1, within)

    def _boot(self) -> bool:
        """Start the process if there is none, and check what it found. Whether there is one now."""
        world = self.world
        if self._booted:
            return True
        try:
            world.boot()
        except HeadraceError:
            world.die()
            world.clock.advance(5_000)
            return False
        self._booted = True
        world.wake_zombies()
        self.watchman.check()
        return True

    def _work(self) -> None:
        """A round of passes, with stragglers and housekeeping around it."""
        world, dice = self.world, self.world.dice
        if dice.random() < 0.2:
            before_ms = world.clock.now_ms() - dice.choice((0, 100_000))
            world.mirror.prune(before_ms=before_ms, tombstones_before_ms=0)
            if world.post is not None:
                world.inbox.prune(before_ms=before_ms)
        if dice.random() < world.plan.straggling:
            world.send_straggler()
        if world.post is not None:
            world.post.deliver(world.inbox)
        world.worker.turn()
        if dice.random() < 0.5:
            world.land_stragglers()

    def _hide_or_show(self) -> None:
        world = self.world
        project_id = world.dice.choice(list(world.team.projects))
        world.team.hide_project(project_id, world.dice.random() < 0.5)

    def _poll(self) -> None:
        """Faults are off: what CODING shows as updated must be on file after one poll.

        Also when issues were deleted during the polls before it, or pages were short, or both.
        """
        world, over_ms = self.world, self.world.plan.lag_ms + 400_000  # retries and lags are over
        world.clock.advance(over_ms)
        if self._boot():
            world.land_stragglers()
            for _ in range(DISTURBED_POLLS):
                world.poll_disturbed()
                world.clock.advance(over_ms)
                check_polled(world)
            self.watchman.check()

    def _settle(self) -> None:
        """Faults are off: after three censuses all must be exact, commits after five at most.

        One finds what is missing, the second confirms what no Action can confirm or what was held
        back, the third deletes what hung on it; branches that were held back take as long for
        their commits again.
        """
        world = self.world
        strategies = {stream.strategy for stream in world.streams}
        long = Strategy.HISTORY in strategies
        followed = strategies - {Strategy.DELTA, Strategy.FULL}
        if self._boot() and world.post is not None:
            world.post.deliver_all(world.inbox)  # each delivery changes its hook
        for census in range(CENSUSES_OF_HISTORY if long else CENSUSES):
            if census >= CENSUSES and self._is_exact():
                return
            world.clock.advance(int(world.plan.census_seconds * 1000) + 1000)
            if followed:
                self._turn_until_quiet()
            else:
                self.turn()

    def _is_exact(self) -> bool:
        try:
            check_equal(self.world)
        except Violation:
            return False
        return True

    def _turn_until_quiet(self) -> None:
        """Turns until one asks and changes nothing: large sets are followed a batch a turn."""
        before = None
        for _ in range(TURNS_MAX):
            self.turn()
            now = (self.world.playground.calls.total(), self.world.mirror.head())
            if now == before:
                return
            before = now


def run_seed(seed: int, *, harsh: bool = False) -> Result:
    """Run one seed and say what happened. `harsh`: in a world that is drawn so."""
    result = Result(seeds=1)
    run = Run(seed, Plan.harsh(Random(seed)) if harsh else None)
    try:
        run.play()
    except Exception:  # noqa: BLE001 - whatever it is, it is this seed's finding
        result.failures[seed] = traceback.format_exc()
    result.passed, result.crashed = run.world.killer.passed, run.world.killer.crashed
    result.faults = run.world.transport.seen + run.world.destination.seen
    return result


def run_seeds(seeds: Iterable[int], *, harsh: bool = False) -> Result:
    """Run seeds one after another. Cycles, of which worlds leave few, are looked for at the end."""
    result = Result()
    gc.disable()
    try:
        for seed in seeds:
            result.add(run_seed(seed, harsh=harsh))
    finally:
        gc.enable()
    return result
