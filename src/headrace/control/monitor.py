"""Figures of tasks and sources, stream by stream: kept in spans of time that grow with their age.

What happened is added in spans of 10 s, and in the same transaction to the day's and to all time's
total, so that totals are sums of what was added, across restarts too (Invariant 9).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from operator import itemgetter
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from headrace.control import tables
from headrace.control.gone import gone
from headrace.control.store import ControlStore
from headrace.core.change import Counts
from headrace.core.clock import Clock

SECOND_MS = 1000
HOUR_MS, DAY_MS = 3_600 * SECOND_MS, 86_400 * SECOND_MS
SPAN_MS = 10 * SECOND_MS  # what a flush adds to
ROLLED = (  # from which span, into which, from which age on
    (SPAN_MS, 60 * SECOND_MS, HOUR_MS),
    (60 * SECOND_MS, 600 * SECOND_MS, DAY_MS),
    (600 * SECOND_MS, HOUR_MS, 7 * DAY_MS),
)
KEPT_MS = 30 * DAY_MS
SPANS = (SPAN_MS, *(into for _, into, _ in ROLLED))
EVER_MS = 0  # the "span" of all time
OFFSET_MS = 8 * HOUR_MS  # a day is CODING's: it begins at midnight, UTC+8
RATE_MS = 60 * SECOND_MS  # what "a second" is averaged over


@dataclass(slots=True)
class Figures:
    """What happened in a time, and how things stood in it.

    `read` to `rejected` count records, `calls` requests; all of them and `throttled_ms` add up.
    `read`: of a source, rows that CODING showed, changed or not; of a task, records put in place
    by a fill. `lag` (in offsets) and `lag_ms` (how old the oldest change not
    carried over was) are the highest of the time; `changed_at` is the last change, ms UTC.
    """

    read: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0
    rejected: int = 0
    calls: int = 0
    throttled_ms: int = 0
    lag: int = 0
    lag_ms: int = 0
    changed_at: int = 0

    @classmethod
    def of(cls, counts: Counts) -> Figures:
        """Those of counts."""
        return cls(
            counts.read, counts.inserted, counts.updated, counts.deleted, counts.unchanged,
            counts.rejected, counts.calls,
        )  # fmt: skip

    @property
    def changed(self) -> int:
        """Records inserted, updated and deleted."""
        return self.inserted + self.updated + self.deleted

    def plus(self, other: Figures) -> Figures:
        """Both together: sums, and the highest of how things stood."""
        added = {n: getattr(self, n) + getattr(other, n) for n in tables.COUNTED}
        highest = {n: max(getattr(self, n), getattr(other, n)) for n in tables.PRESENT}
        return Figures(**added, **highest)

    def since(self, before: Figures) -> Figures:
        """What was added since; how things stand is this one's."""
        added = {n: getattr(self, n) - getattr(before, n) for n in tables.COUNTED}
        return Figures(**added, lag=self.lag, lag_ms=self.lag_ms, changed_at=self.changed_at)

    def __bool__(self) -> bool:
        return any(getattr(self, one.name) for one in fields(self))

    def as_dict(self) -> dict[str, int]:
        """For JSON."""
        return {name: getattr(self, name) for name in tables.MEASURED}


@dataclass(frozen=True, slots=True)
class Entry:
    """Figures of a subject's stream ("": of it as a whole). `ever_only`: no spans are kept."""

    subject: str
    stream: str
    figures: Figures
    ever_only: bool = False


class Rate(NamedTuple):
    """Records a second: `read`, and `changed` (inserted, updated, deleted)."""

    read: float
    changed: float

    @classmethod
    def over(cls, ms: int, read: int, changed: int) -> Rate:
        """So many in so long."""
        return cls(round(read * 1000 / ms, 3), round(changed * 1000 / ms, 3))


@dataclass(frozen=True, slots=True)
class Point:
    """The figures of a span that began at `at`."""

    at: int
    span_ms: int
    figures: Figures

    @property
    def rate(self) -> Rate:
        """Records a second."""
        return Rate.over(self.span_ms, self.figures.read, self.figures.changed)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        made = {"at": self.at, "span_ms": self.span_ms, **self.figures.as_dict()}
        return {**made, "rate": self.rate._asdict()}


class Monitor:
    """Adds figures and gives them back."""

    def __init__(self, store: ControlStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._insert: Any = sqlite.insert if store.is_sqlite else postgresql.insert

    # --- adding --------------------------------------------------------------------------------

    def add(self, entries: Iterable[Entry]) -> None:
        """Add what happened since the flush before, all of it or nothing."""
        now_ms = self._clock.now_ms()
        rows: dict[tuple[str, str, int, int], Figures] = {}
        for entry in entries:
            for span_ms, at in _places(now_ms, ever_only=entry.ever_only):
                place = (entry.subject, entry.stream, span_ms, at)
                rows[place] = rows.get(place, Figures()).plus(entry.figures)
        if rows:
            with self._store.transaction() as db:
                values = [_row(*one) for one in sorted(rows.items(), key=itemgetter(0))]
                db.execute(self._adding(self._insert(tables.measure)), values)

    def roll_up(self) -> None:
        """Put old spans into longer ones, and drop the oldest and those of what is there no longer,
        in one transaction."""
        now_ms, measure = self._clock.now_ms(), tables.measure
        with self._store.transaction() as db:
            for span_ms, into_ms, age_ms in ROLLED:
                before = (now_ms - age_ms) // into_ms * into_ms
                old = sa.and_(measure.c.span_ms == span_ms, measure.c.at < before)
                begin = (measure.c.at - measure.c.at % into_ms).label("at")
                columns = [measure.c.subject, measure.c.stream, sa.literal(into_ms), begin]
                sums = [sa.cast(sa.func.sum(measure.c[n]), sa.BigInteger) for n in tables.COUNTED]
                highest = [sa.func.max(measure.c[n]) for n in tables.PRESENT]
                query = sa.select(*columns, *sums, *highest).where(old)
                query = query.group_by(measure.c.subject, measure.c.stream, begin)
                names = ("subject", "stream", "span_ms", "at", *tables.MEASURED)
                made = self._insert(measure).from_select(list(names), query)
                db.execute(self._adding(made))
                db.execute(sa.delete(measure).where(old))
            past = sa.and_(measure.c.span_ms != EVER_MS, measure.c.at < now_ms - KEPT_MS)
            db.execute(sa.delete(measure).where(sa.or_(past, *gone())))

    def forget(self, subject: str) -> None:
        """Drop all figures of what is there no longer."""
        with self._store.transaction() as db:
            db.execute(sa.delete(tables.measure).where(tables.measure.c.subject == subject))

    def _adding(self, made: Any) -> Any:
        """An insert that adds to a row that is there."""
        measure = tables.measure
        new = made.excluded
        values: dict[str, Any] = {n: measure.c[n] + new[n] for n in tables.COUNTED}
        ever = measure.c.span_ms == EVER_MS  # of all time, how things stand is what counts
        for name in tables.PRESENT:
            raised = measure.c[name] < new[name]
            last = ever if name != "changed_at" else sa.false()
            values[name] = sa.case((sa.or_(raised, last), new[name]), else_=measure.c[name])
        return made.on_conflict_do_update(index_elements=list(measure.primary_key), set_=values)

    # --- looking -------------------------------------------------------------------------------

    def series(
        self, subject: str, *, since: int, until: int | None = None, stream: str | None = None
    ) -> list[Point]:
        """A subject's spans that began since, oldest first: of one stream, or of all together.

        A subject that ends in ":" stands for all of its kind: `task:`, `connection:`.
        """
        measure = tables.measure
        figures = _together() if stream is None else _measured()
        is_it = measure.c.subject == subject
        if subject.endswith(":"):
            is_it = measure.c.subject.startswith(subject, autoescape=True)
        query = sa.select(measure.c.at, measure.c.span_ms, *figures).where(
            is_it, measure.c.at >= since, measure.c.span_ms.in_(SPANS)
        )
        if stream is None:
            query = query.group_by(measure.c.at, measure.c.span_ms)
        else:
            query = query.where(measure.c.stream == stream)
        if until is not None:
            query = query.where(measure.c.at < until)
        with self._store.reading() as db:
            rows = db.execute(query.order_by(measure.c.at)).mappings().all()
        return [Point(row["at"], row["span_ms"], _figures(row)) for row in rows]

    def ever(self, subject: str) -> dict[str, Figures]:
        """Totals since it was made, by stream; lag is how it stood at the last flush."""
        return self._totals(EVER_MS, 0, subject).get(subject, {})

    def today(self, subject: str) -> dict[str, Figures]:
        """Totals of CODING's day (UTC+8), by stream."""
        return self._totals(DAY_MS, day_of(self._clock.now_ms()), subject).get(subject, {})

    def rates(self, subject: str) -> dict[str, Rate]:
        """Records a second over the last whole minute, by stream."""
        ends = self._clock.now_ms() // SPAN_MS * SPAN_MS
        measure = tables.measure
        changed = measure.c.inserted + measure.c.updated + measure.c.deleted
        sums = (sa.func.sum(measure.c.read), sa.func.sum(changed))
        query = sa.select(measure.c.stream, *sums).where(
            measure.c.subject == subject, measure.c.span_ms == SPAN_MS,
            measure.c.at >= ends - RATE_MS, measure.c.at < ends,
        )  # fmt: skip
        with self._store.reading() as db:
            rows = db.execute(query.group_by(measure.c.stream)).all()
        return {stream: Rate.over(RATE_MS, int(read), int(done)) for stream, read, done in rows}

    def all_ever(self) -> Mapping[str, Mapping[str, Figures]]:
        """Totals since ever of every subject, by stream."""
        return self._totals(EVER_MS, 0)

    def all_today(self) -> Mapping[str, Mapping[str, Figures]]:
        """Totals of CODING's day (UTC+8) of every subject, by stream."""
        return self._totals(DAY_MS, day_of(self._clock.now_ms()))

    def _totals(self, span_ms: int, at: int, subject: str = "") -> dict[str, dict[str, Figures]]:
        measure = tables.measure
        query = sa.select(measure).where(measure.c.span_ms == span_ms, measure.c.at == at)
        if subject:
            query = query.where(measure.c.subject == subject)
        found: dict[str, dict[str, Figures]] = defaultdict(dict)
        with self._store.reading() as db:
            for row in db.execute(query).mappings():
                found[row["subject"]][row["stream"]] = _figures(row)
        return found


def together(figures: Mapping[str, Figures]) -> Figures:
    """Those of a subject, its streams added up. Its own calls ("") hold those of its streams."""
    made = Figures()
    for stream, one in figures.items():
        for name in tables.COUNTED:
            if name != "calls" or stream == "":
                setattr(made, name, getattr(made, name) + getattr(one, name))
        for name in tables.PRESENT:
            setattr(made, name, max(getattr(made, name), getattr(one, name)))
    return made


def day_of(now_ms: int) -> int:
    """When the day began, in CODING's time (UTC+8)."""
    return (now_ms + OFFSET_MS) // DAY_MS * DAY_MS - OFFSET_MS


def _places(now_ms: int, *, ever_only: bool) -> Sequence[tuple[int, int]]:
    if ever_only:
        return ((EVER_MS, 0),)
    return ((EVER_MS, 0), (DAY_MS, day_of(now_ms)), (SPAN_MS, now_ms // SPAN_MS * SPAN_MS))


def _row(place: tuple[str, str, int, int], figures: Figures) -> dict[str, Any]:
    subject, stream, span_ms, at = place
    named = {"subject": subject, "stream": stream, "span_ms": span_ms, "at": at}
    return {**named, **figures.as_dict()}


def _measured() -> list[Any]:
    return [tables.measure.c[name] for name in tables.MEASURED]


def _together() -> list[Any]:
    measure = tables.measure
    own = sa.case((measure.c.stream == "", measure.c.calls), else_=0)
    sums: list[Any] = [
        sa.func.sum(own if n == "calls" else measure.c[n]).label(n) for n in tables.COUNTED
    ]
    return [*sums, *(sa.func.max(measure.c[n]).label(n) for n in tables.PRESENT)]


def _figures(row: sa.RowMapping) -> Figures:
    return Figures(**{name: int(row[name]) for name in tables.MEASURED})
