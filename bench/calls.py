"""What changes cost in calls of CODING's API: the real engine over the playground, in virtual time.

A call takes 50 ms, during which the team lives on and deliveries gather.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random

from bench.figures import Chapter, Figure
from headrace.app.hook_identity import HookIdentity
from headrace.app.hooks import Recovery
from headrace.coding.hook_secrets import HookSecrets
from headrace.core.ports import Delivery
from headrace.core.transport import Response
from headrace.testing.world import Plan, World

MINUTES = 20
RATES = (1, 6, 12, 60, 300)
CALL_MS = 50
PAUSE_MS = 100  # of a following session that found nothing to do
_SECRETS = HookSecrets("bench-url-secret-0123456789", ("bench-token-0123456789",))
_TAKEN = Response(200)


@dataclass(frozen=True, slots=True)
class Spent:
    """Calls by Action, and how many rows changed: inserts, updates, deletes."""

    calls: Counter[str]
    changed: int

    @property
    def per_row(self) -> float:
        """Calls for each changed row."""
        return self.calls.total() / max(1, self.changed)


class Copy(World):
    """A copy that is level with its team, without faults, and what it costs to keep it so.

    `increments`: polling, hybrid or webhook. All deliveries arrive, each at the next look.
    """

    def __init__(
        self,
        increments: str,
        *,
        streams: tuple[str, ...] = ("issues",),
        projects: int = 1,
        issues: int = 300,
    ) -> None:
        self._act: Callable[[], object] = self.edit
        self._acts = self._done = self._edits = 0
        self._began_ms = self._ends_ms = 0
        super().__init__(1, _faultless(increments, streams, projects, issues))
        self._codes = list(self.team.rows("issues"))
        self.boot()
        self._recovery = self._make_recovery() if self.post is not None else None
        self.settle()

    def pass_minutes(
        self, minutes: float, *, acts: int = 0, act: Callable[[], object] | None = None
    ) -> Spent:
        """Let time pass with so many acts, evenly spread, and one look at its very end."""
        calls, changed = Counter(self.playground.calls), self._changed()
        self._act, self._acts, self._done = act or self.edit, acts, 0
        self._began_ms = self.clock.now_ms()
        self._ends_ms = self._began_ms + int(minutes * 60_000)
        while self.clock.now_ms() < self._ends_ms:
            self.clock.advance(PAUSE_MS)
            self._live_a_little(0)
            self.settle()
        return Spent(Counter(self.playground.calls) - calls, self._changed() - changed)

    def edit(self) -> None:
        """The next issue in turn gets another name."""
        project, code = self._codes[self._edits % len(self._codes)]
        self._edits += 1
        now_ms = self.clock.now_ms()
        self.team.update_issue(project, code, now_ms=now_ms, name=f"edit {self._edits}")

    def step(self) -> None:
        """One random act of the team."""
        self.team.step(self.clock.now_ms())

    def settle(self) -> None:
        """Take what was delivered and work until nothing is left to do now."""
        worked = True
        while worked:
            self._deliver()
            found = self._recovery.step() if self._recovery is not None else 0
            worked = self.worker.turn() or found > 0

    def _live_a_little(self, call_ms: int = CALL_MS) -> None:
        """The time of a call, or none: whatever is due by now happens."""
        self.clock.advance(call_ms)
        passed = min(self.clock.now_ms(), self._ends_ms) - self._began_ms
        span = max(1, self._ends_ms - self._began_ms)
        while self._done < self._acts and (2 * self._done + 1) * span <= 2 * self._acts * passed:
            self._done += 1
            self._act()

    def _deliver(self) -> None:
        if self.post is None:
            return
        for posted in self.playground.deliver_due():
            headers = {name.lower(): value for name, value in posted.request.headers.items()}
            now_ms = self.clock.now_ms()
            self.inbox.put(
                [Delivery(posted.id, posted.event, now_ms, headers, posted.request.body)]
            )
            self.playground.delivered(posted.id, _TAKEN)

    def _make_recovery(self) -> Recovery:
        """What a session does besides: look into CODING's delivery log now and then."""
        (name,) = {hook.name for hook in self.playground.hooks.hooks.values()}
        identity = HookIdentity(name, "http://127.0.0.1/hooks/s", _SECRETS)
        projects = list(self.team.projects)
        client = self.source._client
        return Recovery(client, identity, self.inbox, self.clock, lambda: projects)

    def _changed(self) -> int:
        counts = self.mirror.counts().values()
        return sum(one.inserted + one.updated + one.deleted for one in counts)


def _faultless(increments: str, streams: tuple[str, ...], projects: int, issues: int) -> Plan:
    return replace(
        Plan.draw(Random(1)), projects=projects, issues=issues, page_size=500, fault_rate=0.0,
        write_fault_rate=0.0, crash_rate=0.0, acts_in_flight=0.0, lag_ms=0, streams=streams,
        straggling=0.0, census_seconds=100_000.0, overlap_seconds=300, tells_time=True,
        increments=increments, oauth=False,
    )  # fmt: skip


def run() -> Chapter:
    """A quiet minute of polling, and hybrid at several paces."""
    return Chapter(
        "calls",
        "API calls",
        list(_figures()),
        [
            f"{MINUTES} minutes of virtual time each, after the snapshot: a poll a minute, no"
            " census; looks into CODING's delivery log are counted.",
            "beyond polls: without what the same time costs when nothing changes.",
            "living: random acts of a team; issues, iterations and members of 3 projects.",
        ],
    )


def _figures() -> Iterator[Figure]:
    quiet = Copy("polling").pass_minutes(1, acts=1)
    yield Figure("polling, a minute with one change", "", [quiet.calls.total()])
    idle = Copy("hybrid").pass_minutes(MINUTES)
    yield Figure("hybrid, a minute without a change", "", [idle.calls.total() / MINUTES])
    for rate in RATES:
        name = f"hybrid, {rate} edits a minute: calls a row"
        spent = Copy("hybrid", issues=rate * MINUTES).pass_minutes(MINUTES, acts=rate * MINUTES)
        yield Figure(name, "", [spent.per_row])
        beyond = spent.calls.total() - idle.calls.total()
        yield Figure(f"{name}, beyond polls", "", [beyond / spent.changed])
    streams = ("issues", "iterations", "project_members")
    for rate in RATES[2:4]:
        living = Copy("hybrid", streams=streams, projects=3)
        spent = living.pass_minutes(MINUTES, acts=rate * MINUTES, act=living.step)
        yield Figure(f"hybrid, living, {rate} acts a minute: calls a row", "", [spent.per_row])
