"""One simulated world: a living team, its look-alike, and a Headrace process that may die.

Everything runs in one thread. What outlives a crash (mirror file, destination, the team) stays;
the process is built anew from the real parts.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from email.utils import formatdate
from functools import lru_cache
from random import Random
from typing import TypeVar

from headrace.coding.auth import Authorizer, PersonalToken
from headrace.coding.client import Client
from headrace.coding.hooks import hints_of, why_no_hint
from headrace.coding.oauth import OAuthAuthorizer
from headrace.coding.pacing import Pacer
from headrace.coding.source import CodingSource
from headrace.coding.streams import CATALOGUE, find
from headrace.core.ports import Ask, Checkpoint, Page
from headrace.core.record import Body, Origin, Record, Seen
from headrace.core.stream import Stream, to_record
from headrace.core.transport import Request, Response
from headrace.destinations.memory import MemoryDestination, MemoryStorage
from headrace.engine.apply import Apply, Task
from headrace.engine.capture import Capture, Kind
from headrace.engine.hooks import HookReader
from headrace.engine.limits import Limits
from headrace.engine.modes import Write
from headrace.engine.scopes import ScopeTree, with_parents
from headrace.engine.worker import Worker
from headrace.errors import Fenced, HeadraceError, Unavailable
from headrace.mirror.inbox import SqliteInbox
from headrace.mirror.sqlite import SqliteMirror
from headrace.playground.actions import ALL
from headrace.playground.api import Playground
from headrace.playground.settings import Settings
from headrace.playground.team import Team
from headrace.playground.tokens import DEFAULT_TOKEN
from headrace.testing.clock import VirtualClock
from headrace.testing.consent import Consent
from headrace.testing.faults import FaultyDestination, FaultyTransport
from headrace.testing.kill import (
    KillableConnection,
    KillableDestination,
    KillableTransport,
    Killer,
)
from headrace.testing.plan import Plan
from headrace.testing.post import Post

T = TypeVar("T")
R = TypeVar("R")

START_MS = 1_795_000_000_000
POLL_SECONDS = 60.0
IN_FLIGHT_MAX = 24
"""Acts during the requests of one turn: each causes requests, which would bring ever more acts."""
APPLY_ROWS_MAX = 25
_PAGED = tuple(name for name, action in ALL.items() if action.paging is not None)


@lru_cache(maxsize=64)
def _http_date(second: int) -> str:
    return formatdate(second, usegmt=True)


class InlineWorkers:
    """Reads one after another, each only when its result is wanted."""

    def map(self, call: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
        """See `core.ports.Workers.map`."""
        return map(call, items)


class World:
    """Team, look-alike, files and the current process."""

    def __init__(self, seed: int, plan: Plan | None = None) -> None:
        self.dice = Random(seed)
        self.plan = plan or Plan.draw(self.dice)
        self.streams = with_parents(find(self.plan.streams), CATALOGUE)
        self.clock = VirtualClock(START_MS)
        self.team = Team(seed, self.plan.projects, self.plan.issues, START_MS)
        if self.plan.at_hand:
            for stream in self.streams:
                self.team.rows(stream.name)
        self.playground = Playground(self.team, self.clock, settings=self._settings())
        self.killer = Killer()
        self.storage = MemoryStorage()
        self._file = sqlite3.connect(":memory:", isolation_level=None)
        inner = FaultyTransport(
            self._with_date, dice=self.dice, rate=self.plan.fault_rate, clock=self.clock,
            late_ms=self.plan.overlap_seconds * 1000, kinds=self.plan.fault_kinds,
            during=self._live_a_little,
        )  # fmt: skip
        self.transport = inner
        self.destination = FaultyDestination(
            MemoryDestination(self.storage),
            dice=self.dice, rate=self.plan.write_fault_rate, clock=self.clock,
        )  # fmt: skip
        self.acts_left = IN_FLIGHT_MAX
        self.left: set[tuple[int, int]] = set()
        self._members = self._members_now()
        self._member_counts: list[int] = []
        self.zombies: list[Apply] = []
        self.stragglers: list[Page] = []
        self.consent = Consent(self.playground) if self.plan.oauth else None
        self.post = Post(self.playground, self.dice) if self.plan.increments != "polling" else None

    # --- the process -------------------------------------------------------------------------

    def boot(self) -> None:
        """Start the process anew from what is on file. May crash or find nobody to talk to."""
        connection = KillableConnection(self._file, self.killer)
        self.mirror = SqliteMirror(connection, now_ms=self.clock.now_ms())  # type: ignore[arg-type]
        client = Client(
            KillableTransport(self.transport, self.killer), "http://127.0.0.1",
            self._authorizer(), Pacer(self.clock), self.clock, dice=self.dice,
        )  # fmt: skip
        limits = Limits(
            poll_seconds=POLL_SECONDS, census_seconds=self.plan.census_seconds,
            sweep_seconds=self.plan.census_seconds,
            overlap_seconds=self.plan.overlap_seconds, vanish_rows=self.plan.vanish_rows,
            apply_rows_max=APPLY_ROWS_MAX,
        )  # fmt: skip
        self.scopes = scopes = ScopeTree(CATALOGUE, self.mirror)
        self.source = CodingSource(client)
        self.capture = capture = Capture(
            source=self.source, mirror=self.mirror, clock=self.clock,
            workers=InlineWorkers(), scopes=scopes, limits=limits,
        )  # fmt: skip
        task = Task("copy", self.streams, Write.MIRROR, self.plan.deletes)
        self.apply = Apply(
            task=task, mirror=self.mirror,
            destination=KillableDestination(self.destination, self.killer), limits=limits,
        )  # fmt: skip
        self.apply.open()
        hooks = self._open_hooks(connection)
        hooked = {s.name for s in self.streams if s.hooks}
        self.worker = Worker(
            hooks=hooks, unpolled=frozenset(hooked if self.plan.increments == "webhook" else ()),
            streams=self.streams, capture=capture, mirror=self.mirror, scopes=scopes,
            applies=[self.apply], clock=self.clock, limits=limits,
        )  # fmt: skip

    def _authorizer(self) -> Authorizer:
        """A personal token, or the grant on file, which a new process reads anew."""
        if self.consent is None:
            return PersonalToken(DEFAULT_TOKEN)
        consent = self.consent
        return OAuthAuthorizer(self.playground, self.clock, consent.store, consent.app)

    def _open_hooks(self, connection: KillableConnection) -> HookReader | None:
        """The inbox and its reader; open before any pass is run (handover)."""
        if self.post is None:
            return None
        self.inbox = SqliteInbox(connection)  # type: ignore[arg-type]
        return HookReader(
            inbox=self.inbox, hints=lambda d: hints_of(d, self.streams, on_file=self._body_of),
            why_none=lambda d: why_no_hint(d, self.streams), streams=self.streams,
            capture=self.capture, mirror=self.mirror, scopes=self.scopes, clock=self.clock,
        )  # fmt: skip

    def _body_of(self, stream: str, key: str) -> Body | None:
        filed = self.mirror.get(stream, key)
        return filed.record.value() if filed and not filed.deleted else None

    def die(self) -> None:
        """The process is gone: open transactions roll back, an agent thought dead lives on."""
        if self._file.in_transaction:
            self._file.execute("ROLLBACK")
        if hasattr(self, "worker"):
            self.zombies = [self.apply]

    def poll_issues(self, stream: Stream) -> set[int]:
        """Poll the issues of every project that was read whole. Returns the projects' ids."""
        read = set()
        for scope in list(self.scopes.of(stream)):
            cursor = self.mirror.cursor(stream.name, scope.key)
            if cursor.snapshot_done and not cursor.state:
                try:
                    outcome = self.capture.run(stream, scope, Kind.POLL)
                except Unavailable:  # an odd answer before: the parent is to be read again
                    continue
                if not outcome.hidden:
                    read.add(int(scope.values["ProjectId"]))
        return read

    def poll_disturbed(self) -> None:
        """Poll what changed a while ago while rows go between two pages, with short pages, or both:
        a row that went never makes up for one that was hidden."""
        stream = next((s for s in self.streams if s.name == "issues"), None)
        if stream is None:
            return
        for _ in range(12):
            self.live(1)
            self.clock.advance(60_000)
        transport, dice = self.transport, self.dice.random()
        if dice < 2 / 3:
            transport.during = self._delete_a_little
        if dice > 1 / 3:
            transport.rate, transport.kinds = 0.5, ("short page",)
        self.poll_issues(stream)
        transport.during, transport.rate = self._live_a_little, 0.0

    def send_straggler(self) -> None:
        """Another reader asks for a page; its answer is committed only much later."""
        streams = [s for s in self.streams if s.name in ("issues", "iterations")]
        scopes = [(s, scope) for s in streams for scope in self.scopes.of(s)]
        if not scopes or self.stragglers:
            return
        stream, scope = self.dice.choice(scopes)
        stamp = self.capture.stamp()
        try:
            listed = self.source.list_page(stream, scope, Ask(1, self.plan.page_size))
        except HeadraceError:
            return
        rows = [to_record(stream, scope, row) for row in listed.rows]
        seen = [Seen(row, stamp, Origin.POLL) for row in rows if isinstance(row, Record)]
        self.stragglers.append(Page(stream.name, scope.key, 0, tuple(seen)))

    def land_stragglers(self) -> None:
        """Their answers arrive."""
        while self.stragglers:
            page = replace(self.stragglers[-1], at=self.clock.now_ms())
            self.mirror.commit(page)
            self.stragglers.pop()

    def wake_zombies(self) -> None:
        """A process that was thought dead writes once more: it must be fenced (Invariant 10)."""
        for zombie in self.zombies:
            offsets = {name: self.mirror.head() for name in zombie._offsets}
            try:
                self.destination._inner.write((), Checkpoint("copy", zombie._epoch, offsets))
            except Fenced:
                continue
            raise AssertionError("a writer with an old epoch was not fenced")
        self.zombies = []

    def forget_mirror(self) -> None:
        """The mirror's file is lost: a new one starts."""
        self.stragglers.clear()
        if self.post is not None:
            self.post.acknowledged.clear()
        self._file = sqlite3.connect(":memory:", isolation_level=None)

    def known_deliveries(self) -> set[str]:
        """The ids on file, also of those whose body was dropped after its days were over."""
        return {ident for (ident,) in self.inbox._store.rows("SELECT id FROM delivery")}

    # --- the team ----------------------------------------------------------------------------

    def live(self, acts: int) -> None:
        """The team does that many things, a few seconds apart."""
        for _ in range(acts):
            self.clock.advance(self.dice.choice((0, 1, 300, 1000, 7000)))
            self.team.step(self.clock.now_ms())
            self._note_who_left()

    def _note_who_left(self) -> None:
        """One act lets at most one member come or go, so the numbers tell whether one did."""
        counts = [len(project.roles) for project in self.team.projects.values()]
        if counts != self._member_counts:
            before, self._members = self._members, self._members_now()
            self._member_counts = counts
            self.left |= before - self._members

    def _members_now(self) -> set[tuple[int, int]]:
        return {(key, n) for key, project in self.team.projects.items() for n in project.roles}

    def _with_date(self, request: Request) -> Response:
        """The look-alike's answer, as a web server sends it: most tell the time."""
        response = self.playground.send(request)
        if not self.plan.tells_time:
            return response
        date = _http_date(self.clock.now_ms() // 1000)
        return Response(response.status, {**response.headers, "date": date}, response.body)

    def _live_a_little(self) -> None:
        self.clock.advance(self.dice.choice((5, 40, 400)))
        if self.consent is not None and self.dice.random() < 0.03:
            self.consent.end_access()
        if self.acts_left > 0 and self.dice.random() < self.plan.acts_in_flight:
            acts = self.dice.choice((1, 1, 3))
            self.acts_left -= acts
            self.live(acts)

    def _delete_a_little(self) -> None:
        project = self.dice.choice(list(self.team.projects.values()))
        if project.issues and self.dice.random() < 0.5:
            code = self.dice.choice(list(project.issues))
            self.team.delete_issue(project.id, code, now_ms=self.clock.now_ms())
            self.clock.advance(self.plan.lag_ms + 1000)  # until lists show it

    def _settings(self) -> Settings:
        sizes = dict.fromkeys(_PAGED, self.plan.page_size)
        return Settings(rate_limits=False, page_size_max=sizes, visibility_lag_ms=self.plan.lag_ms)

    def calm(self) -> None:
        """Faults off: from here the copy must become exact."""
        self.transport.rate = self.destination.rate = 0.0
        self.killer.spare()
        self.plan = replace(self.plan, acts_in_flight=0.0, crash_rate=0.0)
        for project_id in self.team.projects:
            self.team.hide_project(project_id, False)
