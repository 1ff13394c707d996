"""What runs, in figures: taken from runners and mirrors, and handed to the monitor as increments.

A source's figures are those of its mirror's own counters, so a crash loses none of them. A task's
are kept in its process between two flushes: a crash may lose those of the last 10 s.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from headrace.app.serving.mining.mining import Mining
from headrace.app.serving.tasks.runner import Runner
from headrace.control import tables
from headrace.control.monitor import Entry, Figures, Monitor
from headrace.control.tasks import TaskRow
from headrace.core.clock import Clock
from headrace.errors import HeadraceError
from headrace.mirror.stored import StoredMirror
from headrace.mirror.urls import Store, open_mirror

_PENDING_MAX = 2_000
_PENDING = (
    'SELECT stream, at FROM change WHERE "offset" > ? ORDER BY "offset" LIMIT'
    f" {_PENDING_MAX}"
)  # fmt: skip

Place = tuple[Store, str]  # of a mirror: its store, its name
Lag = tuple[int, int]  # in offsets, in ms


class Mirrors:
    """Looks into mirrors that minings write. Use from one thread at a time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: dict[Place, StoredMirror] = {}

    def at(self, place: Place) -> StoredMirror | None:
        """The mirror there; None while it cannot be read."""
        if place not in self._open:
            try:
                now_ms = self._clock.now_ms()
                self._open[place] = open_mirror(*place, now_ms, make=False, lock=False)
            except HeadraceError:
                return None
        return self._open[place]

    def keep(self, places: Iterable[Place]) -> None:
        """Close all but these."""
        for place in set(self._open) - set(places):
            self._open.pop(place).close()

    def lags(self, place: Place, offsets: Mapping[str, int]) -> dict[str, Lag]:
        """By stream, how far the task is behind: offsets up to the head, and the age of the oldest
        change not carried over; (0, 0) where none of the stream waits."""
        mirror = self.at(place)
        if mirror is None or not offsets:
            return {}
        head, found = mirror.head(), dict.fromkeys(offsets, (0, 0))
        together = defaultdict(list)
        for stream, offset in offsets.items():
            together[offset].append(stream)
        for offset, streams in together.items():
            oldest: dict[str, int] = {}
            rows = mirror.store.rows(_PENDING, (offset,)) if offset < head else []
            for stream, at in rows:
                oldest.setdefault(stream, at)
            for stream in streams:
                if stream in oldest:
                    age_ms = max(0, self._clock.now_ms() - oldest[stream])
                    found[stream] = (head - offset, age_ms)
        return found

    def close(self) -> None:
        """Close all."""
        self.keep(())


class TaskCounter:
    """What a runner did since the last flush, stream by stream."""

    def __init__(self, subject: str, runner: Runner) -> None:
        self.subject = subject
        self.runner = runner
        self.lag_ms = 0
        self._flushed: dict[str, Figures] = {}
        self._taken: dict[str, Figures] = {}

    def figures(self) -> dict[str, Figures]:
        """All since it began."""
        progress = self.runner.progress
        rejected = dict(progress.rejected)
        found = {name: Figures.of(counts) for name, counts in dict(progress.counts).items()}
        for name, count in rejected.items():
            found.setdefault(name, Figures()).rejected = count
        return found

    def take(self, lags: Mapping[str, Lag], now_ms: int) -> Iterator[Entry]:
        """The increments; they count as flushed once `flushed` is called."""
        self.lag_ms = max((age_ms for _, age_ms in lags.values()), default=0)
        self._taken = self.figures()
        for stream in {**self._taken, **lags}:
            now = self._taken.setdefault(stream, Figures())
            before = self._flushed.get(stream, Figures())
            now.lag, now.lag_ms = lags.get(stream, (0, 0))
            added = now.since(before)
            added.changed_at = now_ms if added.changed else 0
            if added or before.lag:
                yield Entry(self.subject, stream, added)

    def flushed(self) -> None:
        """What was taken is on file."""
        self._flushed = self._taken


class SourceCounter:
    """What a mining did: its mirror's counters, held against what was taken over from them."""

    def __init__(self, subject: str, mining: Mining, monitor: Monitor) -> None:
        self.subject = subject
        self.mining = mining
        self.place: Place = mining.place
        self._monitor = monitor
        key = f"mirror:{mining.state.name}/{mining.place[1]}"
        self._taken_over = key[: tables.SUBJECT_MAX]
        self._known: dict[str, Figures] | None = None
        self._asked = self._asked_taken = Figures()

    def take(self, mirror: StoredMirror, now_ms: int) -> Iterator[Entry]:
        """The increments, and a note of them beside the totals, in the same flush."""
        counts = {name: Figures.of(one) for name, one in mirror.counts().items()}
        if self._known is None:
            self._known = self._monitor.ever(self._taken_over)
        if any(_sank(counts.get(name, Figures()), one) for name, one in self._known.items()):
            self._monitor.forget(self._taken_over)  # another mirror was made in its place
            self._known = {}
        for stream, now in counts.items():
            if added := now.since(self._known.get(stream, Figures())):
                yield Entry(self._taken_over, stream, added, ever_only=True)
                at = now_ms if added.changed else 0
                yield Entry(self.subject, stream, added.plus(Figures(changed_at=at)))
        asked = Figures(calls=self.mining.calls, throttled_ms=self.mining.throttled_ms)
        self._asked_taken = asked
        if added := asked.since(self._asked):
            yield Entry(self.subject, "", added)

    def flushed(self) -> None:
        """What was taken is on file; the next look reads the totals again."""
        self._known, self._asked = None, self._asked_taken


def _sank(now: Figures, before: Figures) -> bool:
    return any(getattr(now, name) < getattr(before, name) for name in tables.COUNTED)


def source_of(key: str, rows: Mapping[int, TaskRow]) -> int:
    """Whose mining it is: its connection's id; 0 for a task's that is gone."""
    kind, _, number = key.partition("-")
    if kind == "connection":
        return int(number)
    row = rows.get(int(number))
    return row.source_id if row is not None else 0
