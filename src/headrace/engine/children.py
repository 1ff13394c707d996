"""Children: what hangs on a parent is listed again when the parent changed, and replaces the old.

A place is the parent's scope; its cursor says up to which of the parents' changes all is done, so
the first pass, the passes after it and a crash in between are one and the same thing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import zip_longest

import msgspec

from headrace.core.ports import Cursor, Workers
from headrace.core.record import Gone, Key, OnFile, Origin, Reject, Seen, Sighting
from headrace.core.stream import Scope, Stream, child_scopes
from headrace.engine.history import Derivation
from headrace.engine.reading import Desk, Outcome, gone
from headrace.engine.scopes import ScopeTree
from headrace.errors import BadToken, NotFound, NotPermitted, Refused, Unavailable

BATCH = 40
OPEN_MAX = 1000
_ALL = 2**63 - 1  # above every stamp


@dataclass(slots=True)
class _Set:
    """The children of one parent as they were listed, or why they were not."""

    scope: Scope
    stamp: int = 0
    seen: list[Seen] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    left: list[Gone] = field(default_factory=list)
    error: Refused | Unavailable | None = None
    ended: bool = False

    def shown(self) -> Sequence[Sighting]:
        """All that the list told of."""
        return [*self.seen, *self.left]


class Children:
    """Runs the passes of CHILDREN streams."""

    def __init__(self, desk: Desk, scopes: ScopeTree) -> None:
        self._desk = desk
        self._scopes = scopes
        self._derivation = Derivation(desk.mirror)
        self._ahead: dict[tuple[str, Key], _Set] = {}

    def follow(self, stream: Stream, place: Scope, outcome: Outcome, *, sweep: bool) -> None:
        """One batch of changed parents; where there is none and `sweep`, of the slow pass.

        Raises `Unavailable` and `NotPermitted` when not even one of them could be read.
        """
        mirror, parent = self._desk.mirror, self._scopes.parent(stream)
        cursor = mirror.cursor(stream.name, place.key)
        changed = mirror.changed(parent.name, place.key, cursor.followed, BATCH)
        if changed:
            followed = changed[-1].offset
            again = [
                filed for key in cursor.open[:BATCH] if (filed := mirror.get(parent.name, key))
            ]
            is_swept = 0 < cursor.swept >= cursor.followed  # those that follow are read already
            moved = msgspec.structs.replace(
                cursor, followed=followed, swept=followed if is_swept else cursor.swept
            )
            self._replace(stream, place, [*again, *changed], moved, outcome)
        elif sweep:
            self._sweep(stream, parent, place, cursor, outcome)
        else:
            self._rest(stream, place, cursor, outcome, swept=False)

    def read_ahead(self, places: Iterable[tuple[Stream, Scope]]) -> None:
        """List what the next `follow` of each place will ask for, all places side by side.

        Every Action has a rate of its own, so several take no longer than the slowest alone.
        """
        self._ahead.clear()
        jobs = [self._jobs(stream, place) for stream, place in places]
        mixed = [job for group in zip_longest(*jobs) for job in group if job is not None]
        found = self._desk.workers.map(lambda job: self._ask(*job), mixed)
        for (stream, scope, _), one in zip(mixed, found, strict=True):
            self._ahead[stream.name, scope.key] = one

    def _jobs(self, stream: Stream, place: Scope) -> list[tuple[Stream, Scope, Origin]]:
        """Nothing for a place that was never read: it may not be permitted at all."""
        mirror, parent = self._desk.mirror, self._scopes.parent(stream)
        cursor = mirror.cursor(stream.name, place.key)
        if not cursor.followed or cursor.state or stream.is_derived:
            return []
        origin = Origin.POLL if cursor.snapshot_done else Origin.SNAPSHOT
        changed = mirror.changed(parent.name, place.key, cursor.followed, BATCH)
        return [
            (stream, scope, origin)
            for filed in changed
            if not filed.deleted
            for scope in child_scopes(stream, place, filed.record.value(), filed.record.key)
        ]

    def reread(self, stream: Stream, place: Scope, keys: Iterable[Key], outcome: Outcome) -> None:
        """The children of the parents that a hook named."""
        self._ahead.clear()
        parent = self._scopes.parent(stream)
        filed = [self._desk.mirror.get(parent.name, key) for key in keys]
        here = [f for f in filed if f is not None and f.record.scope == place.key]
        if here:
            cursor = self._desk.mirror.cursor(stream.name, place.key)
            self._replace(stream, place, here, cursor, outcome)

    def _sweep(
        self, stream: Stream, parent: Stream, place: Scope, cursor: Cursor, outcome: Outcome
    ) -> None:
        """The slow pass, for children that change without their parent."""
        parents = self._desk.mirror.changed(parent.name, place.key, cursor.swept, BATCH)
        if not parents or cursor.swept >= cursor.followed:
            self._rest(stream, place, cursor, outcome, swept=True)
            return
        moved = msgspec.structs.replace(cursor, swept=parents[-1].offset)
        self._replace(stream, place, parents, moved, outcome)

    def _rest(
        self, stream: Stream, place: Scope, cursor: Cursor, outcome: Outcome, *, swept: bool
    ) -> None:
        """Nothing to do until the next interval; the parents put aside are tried once more."""
        now_ms = self._desk.clock.now_ms()
        done = msgspec.structs.replace(
            cursor, snapshot_done=True, polled_at=now_ms, state="", reason="",
            swept=0 if swept else cursor.swept,
            census_at=now_ms if swept or not cursor.snapshot_done else cursor.census_at,
        )  # fmt: skip
        parent = self._scopes.parent(stream)
        again = [self._desk.mirror.get(parent.name, key) for key in cursor.open[:BATCH]]
        found = [filed for filed in again if filed is not None]
        if found:
            self._replace(stream, place, found, done, outcome, lone=True)
        else:
            done = msgspec.structs.replace(done, open=())
            self._desk.commit(stream, place.key, outcome, cursor=done)
        outcome.more = False

    # --- one batch ---------------------------------------------------------------------------

    def _replace(
        self,
        stream: Stream,
        place: Scope,
        parents: Sequence[OnFile],
        moved: Cursor,
        outcome: Outcome,
        *,
        lone: bool = False,
    ) -> None:
        """List the children of these parents and put them in the place of those on file.

        A parent that cannot be read while others can is put aside, to be tried again; a dead one's
        children go with it.
        """
        living = {filed.record.key: filed for filed in parents if not filed.deleted}
        dead = [filed for filed in parents if filed.deleted]
        origin = Origin.POLL if moved.snapshot_done else Origin.SNAPSHOT
        sets = self._list(stream, place, list(living.values()), origin)
        failed = [one for one in sets if one.error is not None]
        fresh = [one for one in sets if one.scope.parent_key not in moved.open]
        if fresh and not lone and not dead and all(one.error is not None for one in fresh):
            assert fresh[0].error is not None
            raise fresh[0].error
        sightings: list[Sighting] = [s for one in sets for s in one.shown()]
        removed = [g for one in sets if one.error is None for g in self._removed(stream, one)]
        if self._desk.is_mass(stream, len(removed)) and not self._desk.has_waited(moved.held_at):
            self._hold(stream, place, len(removed), outcome)
            return
        sightings += removed
        orphans, doubtful = self._left_behind(stream, place, [*dead, *living.values()])
        sightings += orphans
        read = {filed.record.key for filed in parents}
        aside = [*(one.scope.parent_key for one in failed), *doubtful]
        still = dict.fromkeys([*(key for key in moved.open if key not in read), *aside])
        cursor = msgspec.structs.replace(
            moved, open=tuple(still)[:OPEN_MAX], state="", reason="", held=0, held_at=0
        )
        rejects = [reject for one in sets for reject in one.rejects]
        self._desk.commit(stream, place.key, outcome, sightings, rejects, cursor)
        outcome.more = True

    def _list(
        self, stream: Stream, place: Scope, parents: Sequence[OnFile], origin: Origin
    ) -> list[_Set]:
        """The first alone: where it is not permitted, the others are not asked for."""
        scopes = [
            scope
            for filed in parents
            for scope in child_scopes(stream, place, filed.record.value(), filed.record.key)
        ]
        if not scopes:
            return []
        first = self._list_one(stream, scopes[0], origin)
        if isinstance(first.error, NotPermitted) and len(scopes) > 1:
            second = self._list_one(stream, scopes[1], origin)
            if isinstance(second.error, NotPermitted):
                unasked = [_Set(scope, error=second.error) for scope in scopes[2:]]
                return [first, second, *unasked]
        one = partial(self._list_one, stream, origin=origin)
        return [first, *self._desk.workers.map(one, scopes[1:])]

    def _list_one(self, stream: Stream, scope: Scope, origin: Origin) -> _Set:
        ahead = self._ahead.pop((stream.name, scope.key), None)
        return ahead or self._ask(stream, scope, origin)

    def _ask(self, stream: Stream, scope: Scope, origin: Origin) -> _Set:
        found = _Set(scope, self._desk.stamps.next())
        try:
            if stream.is_derived:
                rows = self._derivation.rows(stream, scope)
                found.seen += self._desk.rows(stream, scope, rows, found.stamp, origin).seen
                return found
            walk, outside = self._desk.walk(stream, scope, workers=_Inline()), 0
            for sent in walk:
                page = self._desk.rows(stream, scope, sent.listed.rows, sent.stamp, origin)
                found.seen += page.seen
                found.rejects += page.rejects
                found.left += page.left
                outside += page.outside
            if not walk.whole(len({s.key for s in found.seen}) + len(found.rejects) + outside):
                message = f"{stream.listing.action} answered fewer rows than it counts."
                found.error = Unavailable(message)
        except NotFound:
            found.ended = True  # the parent has just gone; its own stream will tell
        except BadToken:
            raise
        except (Refused, Unavailable) as error:  # refused: what is on file of the parent is odd
            found.error = error
        return found

    def _removed(self, stream: Stream, listed: _Set) -> list[Sighting]:
        """Children on file that are not in the list, nor in the list read once more."""
        if listed.ended or listed.rejects:
            return []
        missing = self._missing(stream, listed)
        if not missing or stream.is_derived:
            return list(gone(stream, missing, listed.stamp, "no longer reachable"))
        again = self._list_one(stream, listed.scope, Origin.POLL)
        if again.error is not None or again.ended or again.rejects:
            return []
        still = set(self._missing(stream, again))
        twice = [key for key in missing if key in still]
        return list(gone(stream, twice, again.stamp, "removed from its parent's list"))

    def _missing(self, stream: Stream, listed: _Set) -> Sequence[Key]:
        filed = self._desk.mirror.unseen(stream.name, listed.scope.key, _ALL)
        shown = {sighting.key for sighting in listed.shown()}
        return [key for key in filed if key not in shown]

    def _left_behind(
        self, stream: Stream, place: Scope, parents: Iterable[OnFile]
    ) -> tuple[list[Sighting], list[Key]]:
        """The children of dead parents, and of those that can have none as they are now; and the
        parents of which only one reading says so, perhaps an old page: their children stay.
        """
        assert stream.parent is not None
        only = stream.parent.only
        orphans: list[Sighting] = []
        doubtful: list[Key] = []
        for filed in parents:
            if filed.deleted or (only is not None and not only(filed.record.value())):
                found = list(self._orphans(stream, place, filed))
                seen_since = filed.seen_at // 1000 > filed.changed_at  # just so: Invariant 7
                if filed.deleted or seen_since:
                    orphans += found
                elif found:
                    doubtful.append(filed.record.key)
        return orphans, doubtful

    def _orphans(self, stream: Stream, place: Scope, filed: OnFile) -> Iterator[Sighting]:
        """What its last content says of having children does not count: they may be older."""
        assert stream.parent is not None
        stamp = self._desk.stamps.next()
        every = replace(stream, parent=replace(stream.parent, only=None))
        for scope in child_scopes(every, place, filed.record.value(), filed.record.key):
            keys = self._desk.mirror.unseen(stream.name, scope.key, _ALL)
            yield from gone(stream, keys, stamp, "its parent is gone")

    def _hold(self, stream: Stream, place: Scope, held: int, outcome: Outcome) -> None:
        """Too many at once: nothing of this batch is written until a census interval is over."""
        cursor = self._desk.mirror.cursor(stream.name, place.key)
        now_ms = self._desk.clock.now_ms()
        waiting = msgspec.structs.replace(
            cursor, held=held, held_at=cursor.held_at or now_ms, polled_at=now_ms
        )
        self._desk.commit(stream, place.key, outcome, cursor=waiting)
        outcome.held, outcome.more = held, False


class _Inline(Workers):
    """The parents are read side by side already."""

    def map(self, call, items):  # type: ignore[no-untyped-def]  # as the port's
        """See `core.ports.Workers.map`."""
        return map(call, items)
