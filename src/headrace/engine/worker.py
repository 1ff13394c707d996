"""The worker: which pass is due when, and the tasks that follow the mirror.

One worker a connection. It runs in one thread; only the reads of a walk run side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from headrace.core.change import Counts
from headrace.core.clock import Clock
from headrace.core.ports import Cursor, Mirror
from headrace.core.retry import RetryPolicy
from headrace.core.stream import Scope, Strategy, Stream
from headrace.engine.apply import Apply
from headrace.engine.capture import Capture, Kind
from headrace.engine.hooks import HookReader
from headrace.engine.limits import Limits
from headrace.engine.reading import Outcome
from headrace.engine.scopes import ScopeTree
from headrace.errors import BadRows, BadToken, Fenced, HeadraceError, Unavailable

_AGAIN = RetryPolicy(attempts=2**31, first_seconds=1.0, cap_seconds=300.0)
_PRUNE_SECONDS = 600
_LOOK_AFTER_SECONDS = 3600
_FINISHING_MAX = 4  # waits of some seconds in all
_ROUNDS_MAX = 3  # passes that `once` spends on confirming what a pass missed

_SHARE_SECONDS = 2.0
_AHEAD = 8  # places whose children are asked for side by side
_FRESH = Cursor()

Place = tuple[str, str]  # stream name, scope key
Due = tuple[Stream, Scope, Kind]


@dataclass(slots=True)
class Failure:
    """Why a place (or a task) could not be worked on, and when it is tried again."""

    error: HeadraceError
    times: int
    retry_at_ms: int


@dataclass(slots=True)
class Report:
    """What a worker did, per stream, and what stands in the way, per place.

    `hooks_quiet_since_ms`: the last delivery, when polls see changes that no hook told; else 0.
    """

    counts: dict[str, Counts] = field(default_factory=dict)
    hidden: dict[Place, str] = field(default_factory=dict)
    held: dict[Place, int] = field(default_factory=dict)
    failures: dict[Place, Failure] = field(default_factory=dict)
    hooks_quiet_since_ms: int = 0

    def note(self, place: Place, outcome: Outcome) -> None:
        """Take a pass's outcome."""
        self.counts.setdefault(place[0], Counts()).add(outcome.counts)
        for notes in (self.failures, self.hidden, self.held):
            notes.pop(place, None)
        if outcome.hidden:
            self.hidden[place] = outcome.hidden
        if outcome.held:
            self.held[place] = outcome.held


class Worker:
    """Runs the passes of a connection's streams and steps its tasks."""

    def __init__(
        self,
        *,
        streams: Sequence[Stream],
        capture: Capture,
        mirror: Mirror,
        scopes: ScopeTree,
        applies: Sequence[Apply],
        clock: Clock,
        limits: Limits,
        hooks: HookReader | None = None,
        unpolled: frozenset[str] = frozenset(),
    ) -> None:
        """`hooks`: deliveries to work off. `unpolled`: streams that only hooks and the census read
        (webhook mode); all others are polled."""
        self._hooks = hooks
        self._unpolled = unpolled
        self._streams = streams
        self._capture = capture
        self._mirror = mirror
        self._scopes = scopes
        self._applies = applies
        self._clock = clock
        self._limits = limits
        self._pruned_at_ms = self._looked_after_ms = clock.now_ms()
        self._sweep_at_ms = 0
        self._swept_deletes = 0
        self._followed_last = 0
        self.report = Report()

    def once(self) -> None:
        """Snapshot or the changes since, a census, and all tasks level with the mirror.

        What can be read is read and written; then the first failure, if any, is raised.
        """
        for stream in self._streams:
            if stream.strategy is not Strategy.CHILDREN:
                for place in self._scopes.places(stream):
                    self._once_in(stream, place)
                self._sweep(stream)
                self._step_tasks()
        self._follow_to_the_end()
        self._finish_tasks()
        for failure in self.report.failures.values():
            raise failure.error

    def follow(self) -> None:
        """Run what is due, for ever; ends by `Stopped` from the clock, or a `Refused` error."""
        while True:
            worked = self.turn()
            if not worked:
                self._clock.sleep(self._pause_seconds())

    def turn(self) -> bool:
        """Run every pass that is due now and step the tasks. Returns whether anything was done.

        Children, of which there may be more than a call each for a day, get a share of every turn.
        """
        worked = self._read_hooks() > 0
        followed: list[Due] = []
        for stream in self._streams:
            cursors = self._mirror.cursors(stream.name)
            for scope in self._scopes.places(stream):
                kind = self._due(stream, scope, cursors.get(scope.key, _FRESH))
                if kind and stream.strategy is Strategy.CHILDREN:
                    followed.append((stream, scope, kind))
                elif kind:
                    worked = True
                    self._try(stream, scope, kind)
                    self._step_tasks()
        worked |= self._follow_parents(followed)
        self._sweep_when_due()
        worked |= self._step_tasks() > 0
        self._look_after_tables()
        self._prune()
        return worked

    def _follow_parents(self, due: Sequence[Due]) -> bool:
        """A batch of each until the share is used up; the next turn goes on from there."""
        if not due:
            return False
        start = self._followed_last % len(due)
        turned = [*due[start:], *due[:start]]
        ends_ms = self._clock.now_ms() + int(_SHARE_SECONDS * 1000)
        while turned and self._clock.now_ms() <= ends_ms:
            batch, turned = turned[:_AHEAD], turned[_AHEAD:]
            self._follow_batch(batch)
            self._followed_last += len(batch)
        return True

    def _follow_batch(self, batch: Sequence[Due]) -> list[Due]:
        """Returns those of which there is more."""
        self._capture.read_ahead([(stream, place) for stream, place, _ in batch])
        more = [due for due in batch if self._try(*due).more]
        self._step_tasks()
        return more

    def _follow_to_the_end(self) -> None:
        """Every child of every parent. Children have children: again until nothing is left."""
        streams = [s for s in self._streams if s.strategy is Strategy.CHILDREN]
        left: list[Due] = []
        head = -1
        while left or head != self._mirror.head():
            head = self._mirror.head()
            left = left or [
                (stream, place, Kind.CENSUS if self._is_sweep_due(stream, place) else Kind.POLL)
                for stream in streams
                for place in self._scopes.places(stream)
            ]
            batches = [left[at : at + _AHEAD] for at in range(0, len(left), _AHEAD)]
            left = [due for batch in batches for due in self._follow_batch(batch)]

    def _is_sweep_due(self, stream: Stream, place: Scope) -> bool:
        cursor = self._mirror.cursor(stream.name, place.key)
        swept_ms = self._clock.now_ms() - cursor.census_at
        return cursor.snapshot_done and swept_ms >= self._limits.sweep_seconds * 1000

    # --- passes ------------------------------------------------------------------------------

    def _once_in(self, stream: Stream, scope: Scope) -> None:
        fresh = not self._mirror.cursor(stream.name, scope.key).snapshot_done
        if stream.strategy is Strategy.DELTA:
            kinds = [Kind.SNAPSHOT] if fresh else []
            for kind in [*kinds, Kind.POLL]:
                self._try(stream, scope, kind)
        outcome = self._try(stream, scope, Kind.CENSUS if not fresh else _first_whole(stream))
        for _ in range(_ROUNDS_MAX):
            if not outcome.unsettled:
                return
            if stream.ancestry is not None:  # no commit is lost but by another list of branches
                self._once_again(stream.ancestry.heads, scope.key)
            outcome = self._try(stream, scope, Kind.CENSUS)

    def _once_again(self, name: str, scope: str) -> None:
        """One more census of a stream in one scope."""
        stream = next(stream for stream in self._streams if stream.name == name)
        for place in self._scopes.places(stream):
            if place.key == scope:
                self._try(stream, place, Kind.CENSUS)

    def _try(self, stream: Stream, scope: Scope, kind: Kind) -> Outcome:
        place = (stream.name, scope.key)
        try:
            outcome = self._capture.run(stream, scope, kind)
        except (BadToken, Fenced):
            raise
        except HeadraceError as error:
            self._note_failure(place, error)
            return Outcome()
        self.report.note(place, outcome)
        self._watch_quiet(stream, outcome)
        return outcome

    def _sweep_when_due(self) -> None:
        """Orphans come from a parent's delete; a crash or a held sweep is made up for later."""
        deleted = sum(counts.deleted for counts in self.report.counts.values())
        now_ms = self._clock.now_ms()
        if deleted == self._swept_deletes and now_ms < self._sweep_at_ms:
            return
        self._swept_deletes = deleted
        self._sweep_at_ms = now_ms + int(self._limits.census_seconds * 1000)
        for stream in self._streams:
            self._sweep(stream)

    def _sweep(self, stream: Stream) -> None:
        if stream.strategy is Strategy.CHILDREN:  # these go with their parent as it goes
            return
        for scope in self._scopes.orphans(stream):
            self.report.note((stream.name, scope), self._capture.sweep_orphans(stream, scope))

    def _read_hooks(self) -> int:
        place = ("", "hooks")
        if self._hooks is None or self._is_waiting(place):
            return 0
        try:
            done = self._hooks.step(self.report.note)
        except Unavailable as error:
            self._note_failure(place, error)
            return 0
        self.report.failures.pop(place, None)
        return done

    def _watch_quiet(self, stream: Stream, outcome: Outcome) -> None:
        """Polls see changes of streams that have hooks, and no delivery has come for a while."""
        counts = outcome.counts
        if self._hooks is None or not stream.hooks:
            return
        quiet_ms = self._clock.now_ms() - self._hooks.last_received_ms
        changed = counts.inserted + counts.updated + counts.deleted
        if quiet_ms < self._limits.hooks_quiet_seconds * 1000:
            self.report.hooks_quiet_since_ms = 0
        elif changed:
            self.report.hooks_quiet_since_ms = self._hooks.last_received_ms

    def _is_waiting(self, place: Place) -> bool:
        failure = self.report.failures.get(place)
        return failure is not None and self._clock.now_ms() < failure.retry_at_ms

    # --- when --------------------------------------------------------------------------------

    def _due(self, stream: Stream, scope: Scope, cursor: Cursor) -> Kind | None:
        if self._is_waiting((stream.name, scope.key)):
            return None
        now_ms, back_ms = self._clock.now_ms(), self._limits.census_seconds * 1000
        for kind, last_ms, interval_ms in self._plan(stream, cursor):
            # long before the last pass: the clock stepped back since
            if not last_ms - back_ms <= now_ms < last_ms + interval_ms:
                return kind
        return None

    def _plan(self, stream: Stream, cursor: Cursor) -> Iterator[tuple[Kind, int, float]]:
        """The passes to come, when each was made last and how often it is; the more thorough
        first. In ms."""
        census_ms, poll_ms = self._limits.census_seconds * 1000, self._limits.poll_seconds * 1000
        whole = Kind.CENSUS if cursor.snapshot_done else Kind.SNAPSHOT
        if cursor.state:
            yield whole, max(cursor.polled_at, cursor.census_at), census_ms
            return
        if not cursor.snapshot_done:
            yield Kind.SNAPSHOT, 0, 0
            return
        if stream.strategy is Strategy.CHILDREN:
            census_ms = self._limits.sweep_seconds * 1000
        yield Kind.CENSUS, cursor.census_at, census_ms
        # Following parents asks nothing unless one has changed.
        follows = stream.strategy is Strategy.CHILDREN or stream.name not in self._unpolled
        if follows and not stream.slow:
            yield Kind.POLL, cursor.polled_at, poll_ms * stream.every

    def _pause_seconds(self) -> float:
        """Until something is due; at most a second, so that new scopes are found soon."""
        return max(0.05, min(1.0, self._limits.poll_seconds))

    # --- tasks and housekeeping --------------------------------------------------------------

    def _step_tasks(self) -> int:
        return sum(self._drain(index, apply) for index, apply in enumerate(self._applies))

    def _drain(self, index: int, apply: Apply) -> int:
        place = ("", f"task {index}")
        if self._is_waiting(place):
            return 0
        try:
            done = apply.drain()
        except (Unavailable, BadRows) as error:
            self._note_failure(place, error)
            return 0
        self.report.failures.pop(place, None)
        return done

    def _finish_tasks(self) -> None:
        """Give a destination that was busy or away for a moment a few more chances."""
        places = [("", f"task {index}") for index in range(len(self._applies))]
        for _ in range(_FINISHING_MAX):
            self._step_tasks()
            waiting = [self.report.failures.get(place) for place in places]
            until = [failure.retry_at_ms for failure in waiting if failure is not None]
            if not until:
                return
            self._clock.sleep(max(0, min(until) - self._clock.now_ms()) / 1000)
        self._step_tasks()

    def _look_after_tables(self) -> None:
        now_ms = self._clock.now_ms()
        if now_ms - self._looked_after_ms < _LOOK_AFTER_SECONDS * 1000:
            return
        self._looked_after_ms = now_ms
        for index, apply in enumerate(self._applies):
            try:
                apply.look_after_tables()
            except (Unavailable, BadRows) as error:
                self._note_failure(("", f"task {index}"), error)

    def _note_failure(self, place: Place, error: HeadraceError) -> None:
        known = self.report.failures.get(place)
        times = known.times + 1 if known else 1
        asked = error.retry_after_seconds if isinstance(error, Unavailable) else None
        wait = _AGAIN.wait_seconds(times, asked=asked, spread=0.5) or 0.0
        retry_at = self._clock.now_ms() + int(wait * 1000)
        self.report.failures[place] = Failure(error, times, retry_at)

    def _prune(self) -> None:
        now_ms = self._clock.now_ms()
        if now_ms - self._pruned_at_ms < _PRUNE_SECONDS * 1000:
            return
        self._pruned_at_ms = now_ms
        log_before_ms = now_ms - int(self._limits.log_days * 86_400_000)
        self._mirror.prune(
            before_ms=log_before_ms,
            tombstones_before_ms=now_ms - int(self._limits.tombstone_days * 86_400_000),
            log_bytes_max=self._limits.log_bytes_max,
        )
        if self._hooks is not None:
            self._hooks.prune(log_before_ms)


def _first_whole(stream: Stream) -> Kind:
    return Kind.CENSUS if stream.strategy is Strategy.DELTA else Kind.SNAPSHOT
