"""A big team at CODING's documented rates, in virtual time: what a first copy and a quiet day cost.

The engine, the mirror and the pacer are the real ones; only CODING is replaced by a source that
makes up rows of the right number. Nothing waits, so hours pass in minutes.
"""

from __future__ import annotations

import sqlite3
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from itertools import islice
from typing import Any

from bench.figures import Chapter, Figure
from headrace.coding.pacing import Pacer
from headrace.coding.streams import CATALOGUE
from headrace.core.ports import Ask, Listed
from headrace.core.record import Body, Key
from headrace.core.schema import Type
from headrace.core.stream import Paging, Scope, Strategy, Stream
from headrace.engine.capture import Capture
from headrace.engine.limits import Limits
from headrace.engine.scopes import ScopeTree, with_parents
from headrace.engine.worker import Worker
from headrace.errors import NotFound
from headrace.mirror.sqlite import SqliteMirror
from headrace.testing.clock import VirtualClock
from headrace.testing.world import InlineWorkers

START_MS = 1_795_000_000_000
SCALE = 10  # a tenth of the rows; what grows with them is given times ten
DAY_MS = 86_400_000
PROJECTS, DEPOTS = 10, 3
# Rows for each scope: a project, a depot, a job, a parent record ...
PER_SCOPE: Mapping[str, int] = {
    "projects": PROJECTS,
    "project_members": 40,
    "team_members": 200,
    "iterations": 30,
    "issue_types": 5,
    "issue_fields": 15,
    "issue_statuses": 6,
    "issues": 2000 // SCALE,
    "depots": DEPOTS,
    "branches": 12,
    "commits": 50_000 // (PROJECTS * DEPOTS) // SCALE,
    "merge_requests": 500 // SCALE,
    "ci_jobs": 10,
    "ci_builds": 200 // SCALE,
    "tags": 20,
    "releases": 20,
    "wiki_pages": 50,
    "artifact_repositories": 2,
    "artifact_packages": 20,
    "artifact_versions": 400 // SCALE,
}


class BigTeam:
    """Implements `core.ports.Source`. Every call waits for the pacer, as a real one would."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._pacer = Pacer(clock)
        self._lock = threading.Lock()
        self.by_action: Counter[str] = Counter()

    @property
    def calls(self) -> int:
        """Calls so far."""
        return self.by_action.total()

    def list_page(self, stream: Stream, scope: Scope, ask: Ask) -> Listed:
        """A page of made-up rows; nothing was updated since the beginning."""
        self._count(stream.listing.action)
        total = PER_SCOPE.get(stream.name, 1 if stream.strategy is Strategy.CHILDREN else 3)
        if ask.window is not None and ask.window[0] > START_MS:
            total = 0
        paged = stream.listing.paging is not Paging.NONE
        numbers = range((ask.page - 1) * ask.size, ask.page * ask.size) if paged else range(total)
        rows = [self._row(stream, scope, n) for n in numbers if n < total]
        counted = total if stream.listing.total else None
        return Listed(rows, counted, ask.size if paged else max(1, len(rows)), self._clock.now_ms())

    def look_up(self, stream: Stream, scope: Scope, key: Key) -> Body:
        """Nothing is ever missing, so nobody should ask."""
        raise NotFound(f"{stream.name} {scope.key} {key}")

    def _count(self, action: str) -> None:
        self._pacer.acquire(action)
        with self._lock:
            self.by_action[action] += 1

    def _row(self, stream: Stream, scope: Scope, number: int) -> Body:
        types = {c.path: c.type for c in stream.schema.columns}
        unique = abs(hash((stream.name, scope.key))) % 10**9 * 10_000
        row: Body = {"UpdatedAt": START_MS - number * 1000, "Name": f"{stream.name}-{number}"}
        for name in stream.key:
            local = unique + number + 1
            row[name] = local if types.get(name) is Type.INTEGER else f"{name}-{local}"
        if stream.name == "branches":
            row["Sha"] = _sha(scope.stamped, 0)
        if stream.ancestry is not None and not stream.is_derived:
            last = number + 1 >= PER_SCOPE[stream.name]
            row["Sha"] = _sha(scope.stamped, number)
            row["Parents"] = [] if last else [_sha(scope.stamped, number + 1)]
        return row


def _sha(place: Mapping[str, Any], number: int) -> str:
    return f"{'-'.join(map(str, place.values()))}:{number}"


def run() -> Chapter:
    """The first copy, then a day in which nothing happens."""
    clock = VirtualClock(START_MS)
    source = BigTeam(clock)
    streams = with_parents([s for s in CATALOGUE if not s.optional], CATALOGUE)
    mirror = SqliteMirror(sqlite3.connect(":memory:", isolation_level=None), now_ms=START_MS)
    limits = Limits()
    scopes = ScopeTree(CATALOGUE, mirror)
    capture = Capture(
        source=source, mirror=mirror, clock=clock, workers=InlineWorkers(), scopes=scopes,
        limits=limits,
    )  # fmt: skip
    worker = Worker(
        streams=streams, capture=capture, mirror=mirror, scopes=scopes, applies=(), clock=clock,
        limits=limits,
    )  # fmt: skip
    _say(f"{len(streams)} streams; the first copy begins")
    worker.once()
    hours = (clock.now_ms() - START_MS) / 3_600_000
    first, records = source.calls, sum(mirror.count(s.name) for s in streams)
    costly = ", ".join(f"{a} {n:,}" for a, n in islice(source.by_action.most_common(), 4))
    _say(f"{first:,} calls, {records:,} records, {hours:.1f} h; the quiet day begins")
    quiet = _quiet_day(worker, clock, source)
    return Chapter(
        "big-team",
        f"{PROJECTS} projects, 20,000 issues, 50,000 commits, 5,000 merge requests, 20,000 builds",
        [
            Figure("streams", "", (len(streams),)),
            Figure("records", "", (records,)),
            Figure("first copy, calls", "", (first,)),
            Figure("first copy, hours at the documented rates", "h", (hours,)),
            Figure("a quiet day, calls", "", (quiet,)),
        ],
        [f"Most calls: {costly}.", "Virtual time; CODING's side is made up, its rates are stated."],
    )


def _say(text: str) -> None:
    """This takes minutes: tell how far it is."""
    print(text, file=sys.stderr, flush=True)


def _quiet_day(worker: Worker, clock: VirtualClock, source: BigTeam) -> int:
    """Three hours of it, times eight: no sweep falls into them."""
    before, ends = source.calls, clock.now_ms() + DAY_MS // 8
    source.by_action_before = source.by_action.copy()
    while clock.now_ms() < ends:
        if not worker.turn():
            clock.advance(15_000)
    return (source.calls - before) * 8
