"""Capture: passes over a stream in one scope, from CODING into the mirror.

A pass commits page by page; its cursor moves with the last page, and only when the pass is whole.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence

import msgspec

from headrace.core.change import Counts
from headrace.core.clock import Clock
from headrace.core.ports import Cursor, Mirror, Source, Workers
from headrace.core.record import Key, Origin, Record, Reject, Seen, Sighting
from headrace.core.stream import Scope, Strategy, Stream, to_record
from headrace.engine.absence import Absence, Finding
from headrace.engine.children import Children
from headrace.engine.history import History
from headrace.engine.limits import Limits
from headrace.engine.newest import Newest
from headrace.engine.reading import Desk, Keep, Outcome
from headrace.engine.scopes import ScopeTree
from headrace.engine.walk import Walk
from headrace.errors import NotFound, NotPermitted, Unavailable


class Kind(enum.StrEnum):
    """Which pass: the first one, the cheap regular one, or the one that lists all keys."""

    SNAPSHOT = "snapshot"
    POLL = "poll"
    CENSUS = "census"


Watch = Callable[[Stream, Kind, Counts, int | None], None]
"""Told after each committed page: stream, kind, the pass's counts so far, rows expected."""


class Capture:
    """Runs passes. Each reads through `source`, and commits through `mirror`."""

    def __init__(
        self,
        *,
        source: Source,
        mirror: Mirror,
        clock: Clock,
        workers: Workers,
        scopes: ScopeTree,
        limits: Limits,
        keep: Keep = lambda _stream, _row: True,
        watch: Watch = lambda _stream, _kind, _counts, _expected: None,
    ) -> None:
        self._desk = desk = Desk(
            source=source, mirror=mirror, clock=clock, workers=workers, limits=limits, keep=keep
        )
        self._mirror = mirror
        self._clock = clock
        self._limits = limits
        self._watch = watch
        self._absence = Absence(desk, scopes)
        self._newest = Newest(desk, self._absence)
        self._children = Children(desk, scopes)
        self._history = History(desk)

    def run(self, stream: Stream, place: Scope, kind: Kind) -> Outcome:
        """One pass, or as much of it as is done at once (`Outcome.more`).

        Raises `Unavailable` (try later) and `BadToken`; places out of sight are noted.
        """
        outcome = Outcome()
        try:
            self._run(stream, place, kind, outcome)
        except (NotPermitted, NotFound) as error:
            outcome.hidden, outcome.more = str(error), False
            self._note_hidden(stream, place.key, kind, outcome)
        return outcome

    def _run(self, stream: Stream, place: Scope, kind: Kind, outcome: Outcome) -> None:
        strategy, polls = stream.strategy, kind is Kind.POLL
        if strategy is Strategy.CHILDREN:
            self._children.follow(stream, place, outcome, sweep=kind is Kind.CENSUS)
            self._watch(stream, kind, outcome.counts, None)
        elif strategy is Strategy.HISTORY:
            self._history.run(stream, place, Origin(kind.value), outcome)
            self._watch(stream, kind, outcome.counts, None)
        elif strategy is Strategy.DELTA and polls:
            self._delta(stream, place, outcome)
        elif strategy is Strategy.NEWEST and polls:
            self._newest.poll(stream, place, outcome)
            self._watch(stream, kind, outcome.counts, None)
        else:
            self._whole(stream, place, kind, outcome)

    def read_ahead(self, places: Sequence[tuple[Stream, Scope]]) -> None:
        """For CHILDREN: ask side by side for what the next passes of these places will want."""
        self._children.read_ahead(places)

    def sweep_orphans(self, stream: Stream, scope: str) -> Outcome:
        """Delete the records of a scope whose parent is gone."""
        outcome = Outcome()
        cursor = self._mirror.cursor(stream.name, scope)
        finding = self._absence.orphaned(stream, scope, cursor)
        closed_at = (cursor.closed_at or self._clock.now_ms()) if finding.held else 0
        moved = msgspec.structs.replace(
            self._moved(cursor, finding), held_at=0, closed_at=closed_at
        )
        self._desk.commit(stream, scope, outcome, finding.sightings, cursor=moved)
        outcome.held = finding.held
        return outcome

    def stamp(self) -> int:
        """A stamp above those of all requests sent so far."""
        return self._desk.stamps.next()

    def reread(self, stream: Stream, scope: Scope, keys: Sequence[Key]) -> Outcome:
        """Records that a hook named, each by its lookup Action; absent ones are gone.

        For CHILDREN the keys are those of parents, whose children are read.
        """
        outcome = Outcome()
        sightings: list[Sighting] = []
        try:
            if stream.strategy is Strategy.CHILDREN:
                self._children.reread(stream, scope, keys, outcome)
                return outcome
            for key in keys:
                sightings.extend(self._absence.ask(stream, scope, key, Origin.HOOK))
        except NotPermitted as error:
            outcome.hidden = str(error)
        if sightings:
            self._desk.commit(stream, scope.key, outcome, sightings)
        return outcome

    # --- the two ways to read --------------------------------------------------------------------

    def _delta(self, stream: Stream, scope: Scope, outcome: Outcome) -> None:
        """Rows updated since the mark, with overlap. The mark moves when the pass is whole."""
        cursor = self._mirror.cursor(stream.name, scope.key)
        now_ms = self._clock.now_ms()
        overlap_seconds = max(self._limits.overlap_seconds, stream.trailing_seconds)
        since = max(0, cursor.mark - overlap_seconds * 1000)
        run = _Pass(stream, scope.key, Kind.POLL, outcome)
        walk = self._walk(run, scope, (since, now_ms + 86_400_000))
        mark = self._new_mark(cursor, run, walk)
        cursor = msgspec.structs.replace(
            cursor, mark=mark, polled_at=now_ms, state="", reason="", closed_at=0
        )
        self._commit(run, *run.take(), cursor)
        self._watch(stream, Kind.POLL, outcome.counts, walk.total)

    def _whole(self, stream: Stream, scope: Scope, kind: Kind, outcome: Outcome) -> None:
        """Every row; then those on file that were not shown are looked into."""
        cursor = self._mirror.cursor(stream.name, scope.key)
        run = _Pass(stream, scope.key, kind, outcome)
        walk = self._walk(run, scope)
        if kind is Kind.SNAPSHOT:
            cursor = msgspec.structs.replace(cursor, mark=self._new_mark(cursor, run, walk))
        self._commit(run, *run.take(), None)
        began = run.began
        finding = self._missing(run, scope, began, cursor)
        if finding.sightings and stream.lookup is None and walk.pages_total == 1:
            walk = self._walk(run, scope)  # one answer may be bad and agree with itself
            self._commit(run, *run.take(), None)
            finding = self._missing(run, scope, began, cursor)
        unreadable = self._is_unreadable(run)
        proves_nothing = unreadable or (cursor.held_at and finding.held)
        moved = self._moved(cursor, finding, complete_stamp=0 if proves_nothing else began, run=run)
        self._commit(run, finding.sightings, (), moved)
        outcome.held, outcome.unsettled = finding.held, finding.waiting
        outcome.hidden = finding.hidden
        self._watch(stream, kind, outcome.counts, walk.total)

    def _missing(self, run: _Pass, scope: Scope, began: int, cursor: Cursor) -> Finding:
        """What became of the records that no walk since `began` has shown."""
        if self._is_unreadable(run):
            return Finding()
        return self._absence.look(run.stream, scope, began=began, cursor=cursor)

    def _is_unreadable(self, run: _Pass) -> bool:
        """Whether a row had no key, and any record may be behind it."""
        return run.stream.lookup is None and run.rejected > 0

    def _walk(self, run: _Pass, scope: Scope, window: tuple[int, int] | None = None) -> Walk:
        """Walk until a walk was whole. Raises `Unavailable` where none of several is."""
        for _ in range(self._limits.walks_max):
            run.begin(self._desk.stamps.next())
            walk = self._desk.walk(run.stream, scope, window)
            self._read(run, walk, scope)
            if walk.whole(len(run.keys)):
                return walk
        raise Unavailable(
            f"{run.stream.listing.action} kept answering fewer rows than it counts;"
            f" {run.stream.name} is left as it is and read again later."
        )

    def _read(self, run: _Pass, walk: Walk, scope: Scope) -> None:
        """Commit each page when the next one is there; the last is left for the cursor's commit."""
        for sent in walk:
            if run.pending:
                self._commit(run, *run.take(), None)
                self._watch(run.stream, run.kind, run.outcome.counts, walk.total)
            for row in sent.listed.rows:
                record = to_record(run.stream, scope, row)
                kept = isinstance(record, Reject) or self._desk.keep(run.stream, row)
                run.add(record, sent.stamp, kept=kept)
                if isinstance(record, Record) and not kept:
                    run.pending += self._desk.left(run.stream, record, sent.stamp, run.origin)

    # --- cursors -----------------------------------------------------------------------------

    def _new_mark(self, cursor: Cursor, run: _Pass, walk: Walk) -> int:
        """The newest update time seen, but never later than the pass began in CODING's time.

        Rounded down to whole seconds, because CODING's filter knows no finer ones.
        """
        began = walk.server_ms
        if began is None:
            began = run.began // 1000 - self._limits.skew_seconds * 1000
        newest = run.newest if run.stream.version else began
        mark = min(newest, began) // 1000 * 1000
        return max(cursor.mark, mark)  # Invariant 4

    def _moved(
        self, cursor: Cursor, finding: Finding, *, complete_stamp: int = 0, run: _Pass | None = None
    ) -> Cursor:
        """The cursor after a complete pass."""
        now_ms = self._clock.now_ms()
        is_newest = run is not None and run.stream.strategy is Strategy.NEWEST
        listed_all = finding.held == 0 and not finding.hidden
        return msgspec.structs.replace(
            cursor,
            snapshot_done=True,
            polled_at=now_ms,
            census_at=now_ms,
            complete_stamp=complete_stamp or cursor.complete_stamp,
            state="" if not finding.hidden else "hidden",
            reason=finding.hidden,
            held=finding.held,
            followed=self._mirror.head() if is_newest else cursor.followed,
            open=tuple(run.open) if run else (),
            held_at=0 if listed_all else cursor.held_at or now_ms,
            closed_at=0,
        )

    def _note_hidden(self, stream: Stream, scope: str, kind: Kind, outcome: Outcome) -> None:
        cursor = self._mirror.cursor(stream.name, scope)
        now_ms = self._clock.now_ms()
        noted = msgspec.structs.replace(
            cursor, state="hidden", reason=outcome.hidden, polled_at=now_ms,
            census_at=cursor.census_at if kind is Kind.POLL else now_ms,
        )  # fmt: skip
        self._desk.commit(stream, scope, outcome, cursor=noted)

    # --- small steps -------------------------------------------------------------------------

    def _commit(
        self,
        run: _Pass,
        sightings: Sequence[Sighting],
        rejects: Sequence[Reject],
        cursor: Cursor | None,
    ) -> None:
        self._desk.commit(run.stream, run.scope, run.outcome, sightings, rejects, cursor)


class _Pass:
    """The running state of one pass: what waits to be committed, and what was seen."""

    def __init__(self, stream: Stream, scope: str, kind: Kind, outcome: Outcome) -> None:
        self.stream = stream
        self.scope = scope
        self.kind = kind
        self.origin = Origin(kind.value)
        self.outcome = outcome
        self.began = 0
        self.rejected = 0
        self.newest = 0
        self.keys: set[Key] = set()
        self.open: dict[Key, None] = {}
        self.pending: list[Sighting] = []
        self._rejects: list[Reject] = []

    def begin(self, stamp: int) -> None:
        """Start a walk over (again)."""
        self.began = stamp
        self.rejected = 0
        self.newest = 0  # of a walk that was not whole, it may lie past rows that were never read
        self.keys.clear()
        self.open.clear()

    def add(self, row: Record | Reject, stamp: int, *, kept: bool) -> None:
        """Take a row: all count towards a whole walk, those outside the selection are not kept."""
        if isinstance(row, Reject):
            self.keys.add(f"reject:{row.body!r}")
            self._rejects.append(row)
            self.rejected += 1
            return
        self.keys.add(row.key)
        if kept:
            self.pending.append(Seen(row, stamp, self.origin))
            self.newest = max(self.newest, row.version or 0)
            running = self.stream.running
            if running is not None and running(row.value()):
                self.open[row.key] = None

    def take(self) -> tuple[list[Sighting], list[Reject]]:
        """What waits to be committed, which then no longer waits."""
        taken = self.pending, self._rejects
        self.pending, self._rejects = [], []
        return taken
