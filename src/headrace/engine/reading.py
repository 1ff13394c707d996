"""What every kind of pass shares: rows become records, and pages are committed to the mirror."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from headrace.core.change import Counts
from headrace.core.clock import Clock
from headrace.core.ports import Cursor, Mirror, Page, Source, Workers
from headrace.core.record import Body, Gone, Key, Origin, Record, Reject, Seen, Sighting
from headrace.core.stamp import Stamps
from headrace.core.stream import Scope, Stream, to_record
from headrace.engine.limits import Limits
from headrace.engine.walk import Walk

Keep = Callable[[Stream, Body], bool]


@dataclass(slots=True)
class Outcome:
    """What a pass did. `unsettled`: missing rows that the next complete pass must confirm; `more`:
    there is more to read at once."""

    counts: Counts = field(default_factory=Counts)
    unsettled: int = 0
    held: int = 0
    hidden: str = ""
    more: bool = False


@dataclass(slots=True)
class Rows:
    """What one or more pages showed. `left`: rows on file that are outside the selection now;
    `outside`: how many rows were outside at all."""

    seen: list[Seen] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    left: list[Gone] = field(default_factory=list)
    outside: int = 0


class Desk:
    """What all passes of a connection share: the ports, the stamps, the selection."""

    def __init__(
        self,
        *,
        source: Source,
        mirror: Mirror,
        clock: Clock,
        workers: Workers,
        limits: Limits,
        keep: Keep,
    ) -> None:
        self.source = source
        self.mirror = mirror
        self.clock = clock
        self.workers = workers
        self.limits = limits
        self.keep = keep
        self.stamps = Stamps(clock, last=mirror.last_stamp())
        self._calls_counted = source.calls

    def walk(
        self,
        stream: Stream,
        scope: Scope,
        window: tuple[int, int] | None = None,
        workers: Workers | None = None,
    ) -> Walk:
        """A walk over the stream's listing in one scope."""
        return Walk(
            source=self.source, stamps=self.stamps, workers=workers or self.workers, stream=stream,
            scope=scope, window=window,
        )  # fmt: skip

    def rows(
        self, stream: Stream, scope: Scope, rows: Iterable[Any], stamp: int, origin: Origin
    ) -> Rows:
        """Rows as sightings; those outside the selection are left out, or gone if on file."""
        found = Rows()
        for row in rows:
            record = to_record(stream, scope, row)
            if isinstance(record, Reject):
                found.rejects.append(record)
            elif self.keep(stream, row):
                found.seen.append(Seen(record, stamp, origin))
            else:
                found.left += self.left(stream, record, stamp, origin)
                found.outside += 1
        return found

    def left(self, stream: Stream, record: Record, stamp: int, origin: Origin) -> list[Gone]:
        """That a row outside the selection, if it is on file, belongs to the copy no more."""
        filed = self.mirror.get(stream.name, record.key)
        if filed is None or filed.deleted:
            return []
        return [Gone(stream.name, record.key, stamp, origin, "outside the selection")]

    def commit(
        self,
        stream: Stream,
        place: str,
        outcome: Outcome,
        sightings: Sequence[Sighting] = (),
        rejects: Sequence[Reject] = (),
        cursor: Cursor | None = None,
    ) -> Counts:
        """One transaction of the mirror; its counts are added to the outcome's and returned."""
        page = Page(
            stream.name, place, self.clock.now_ms(), tuple(sightings), tuple(rejects), cursor,
            self.source.calls - self._calls_counted,
        )  # fmt: skip
        self._calls_counted = self.source.calls
        counts = self.mirror.commit(page)
        outcome.counts.add(counts)
        return counts

    def is_mass(self, stream: Stream, missing: int) -> bool:
        """Whether so many rows at once are too many to be believed."""
        most = self.limits.vanish_share * self.mirror.count(stream.name)
        return missing > self.limits.vanish_rows and missing > most

    def has_waited(self, since_ms: int) -> bool:
        """Whether what has been held back since then (0: nothing) was so for a census interval."""
        waited_ms = self.clock.now_ms() - since_ms
        return since_ms > 0 and waited_ms >= self.limits.census_seconds * 1000


def gone(stream: Stream, keys: Iterable[Key], stamp: int, reason: str) -> list[Gone]:
    """That these keys are confirmed absent."""
    return [Gone(stream.name, key, stamp, Origin.CENSUS, reason) for key in keys]
