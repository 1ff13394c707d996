"""Lists that grow at their front and have no filter: builds, artifact versions, deliveries.

Read from the front until a row is met that has not changed since the last whole pass: all behind it
was read then. What only a hook showed, or a pass that was cut off, is younger on file and does not
count. Rows that come meanwhile shift the others back, so none is passed over; one that leaves may
hide the next, which the census finds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from headrace.core.ports import Ask, Cursor
from headrace.core.record import Key, Origin, Seen, Sighting
from headrace.core.stream import Scope, Stream
from headrace.engine.absence import Absence
from headrace.engine.reading import Desk, Outcome
from headrace.engine.walk import Sent, is_short
from headrace.errors import Unavailable

PAGES_MAX = 10_000
OPEN_MAX = 1000  # rows that are looked up again at each pass


def newest_first(desk: Desk, stream: Stream, scope: Scope) -> Iterator[Sent]:
    """The pages of a listing from the front to its end, each read only when it is wanted.

    A first page that is short says how much the server gives at once. Raises `Unavailable` for any
    other page with fewer rows than its count, or the one before, wants.
    """
    size, counted = stream.listing.size, 0
    for page in range(1, PAGES_MAX):
        stamp = desk.stamps.next()
        listed = desk.source.list_page(stream, scope, Ask(page, size))
        rows, total = len(listed.rows), listed.total
        if page == 1:
            size = min(size, listed.size, max(rows, 1))
        if is_short(page, size, rows, max(total or 0, counted)):
            raise Unavailable(f"{stream.listing.action} answered fewer rows than it counts.")
        counted = total or 0
        yield Sent(listed, stamp)
        if (not rows) if total is None else page * size >= total:
            return


class Newest:
    """Runs the cheap passes of NEWEST streams; the thorough ones read the whole list."""

    def __init__(self, desk: Desk, absence: Absence) -> None:
        self._desk = desk
        self._absence = absence

    def poll(self, stream: Stream, scope: Scope, outcome: Outcome) -> None:
        """What is new at the front, and the rows that were not settled when last seen."""
        desk = self._desk
        cursor = desk.mirror.cursor(stream.name, scope.key)
        unsettled: dict[Key, bool] = {}
        for sent in newest_first(desk, stream, scope):
            if self._take(stream, scope, sent, cursor, unsettled, outcome):
                break
        followed = desk.mirror.head()
        asked = [key for key in cursor.open if key not in unsettled]
        sightings = [s for key in asked for s in self._absence.ask(stream, scope, key, Origin.POLL)]
        _note(stream, sightings, unsettled)
        done = msgspec.structs.replace(
            cursor, polled_at=desk.clock.now_ms(), state="", reason="", followed=followed,
            open=tuple(key for key, running in unsettled.items() if running)[:OPEN_MAX],
        )  # fmt: skip
        desk.commit(stream, scope.key, outcome, sightings, cursor=done)

    def _take(
        self,
        stream: Stream,
        scope: Scope,
        sent: Sent,
        cursor: Cursor,
        unsettled: dict[Key, bool],
        outcome: Outcome,
    ) -> bool:
        """Commit a page. Returns whether all behind it was read before."""
        rows = self._desk.rows(stream, scope, sent.listed.rows, sent.stamp, Origin.POLL)
        met = rows.outside or any(self._was_there(seen, cursor.followed) for seen in rows.seen)
        _note(stream, rows.seen, unsettled)
        self._desk.commit(stream, scope.key, outcome, [*rows.seen, *rows.left], rows.rejects)
        return bool(met)

    def _was_there(self, seen: Seen, followed: int) -> bool:
        """Whether a row was on file just so when the last whole pass was over."""
        filed = self._desk.mirror.get(seen.record.stream, seen.key)
        return (
            filed is not None
            and not filed.deleted
            and filed.offset <= followed
            and filed.record.digest == seen.record.digest
        )


def _note(stream: Stream, sightings: Sequence[Sighting], unsettled: dict[Key, bool]) -> None:
    for seen in sightings:
        if isinstance(seen, Seen):
            running = stream.running is not None and stream.running(seen.record.value())
            unsettled[seen.key] = running
