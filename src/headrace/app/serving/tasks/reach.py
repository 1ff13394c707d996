"""How far a stream has been read for the first time: places read whole, of all that there are.

A place is where a stream is listed: the team, a project. Within the one that is being read, the
share of its rows counts where CODING gives a total, and that of its parents for children.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from headrace.app.serving.mining.mining import Pass
from headrace.coding.streams import CATALOGUE
from headrace.core.ports import Cursor
from headrace.core.stream import Scope, Strategy, Stream
from headrace.engine.scopes import ScopeTree
from headrace.mirror.stored import StoredMirror

_FOLLOWED = 'SELECT count(*) FROM record WHERE stream = ? AND scope = ? AND "offset" <= ?'
_ALL = "SELECT count(*) FROM record WHERE stream = ? AND scope = ?"
_SNAPSHOT = "snapshot"


class Reach(NamedTuple):
    """Living rows on file, and which share has been read: 1 for all, None where nothing tells."""

    rows: int
    share: float | None


def reaches(
    mirror: StoredMirror, streams: Sequence[Stream], passes: Mapping[str, Pass]
) -> dict[str, Reach]:
    """Of each of these streams. `passes`: the last page of each, as the mining saw it."""
    scopes, known = ScopeTree(CATALOGUE, mirror), {stream.name: stream for stream in CATALOGUE}
    counts, shares = mirror.counts(), dict[str, float | None]()

    def share(stream: Stream) -> float | None:
        if stream.name not in shares:
            whole = all(share(known[name]) == 1.0 for name in stream.leans_on)
            found = _share(mirror, scopes, stream, passes.get(stream.name)) if whole else None
            shares[stream.name] = found
        return shares[stream.name]

    found = {}
    for stream in streams:
        one = counts.get(stream.name)
        rows = one.inserted - one.deleted if one is not None else 0
        found[stream.name] = Reach(rows, share(stream))
    return found


def _share(
    mirror: StoredMirror, scopes: ScopeTree, stream: Stream, last: Pass | None
) -> float | None:
    places, cursors = scopes.places(stream), mirror.cursors(stream.name)
    left = [place for place in places if not _is_done(cursors.get(place.key, Cursor()))]
    if not left:
        return 1.0
    done = len(places) - len(left)
    if stream.strategy is Strategy.CHILDREN:
        parent = scopes.parent(stream).name
        part = sum(_followed(mirror, parent, place, cursors.get(place.key)) for place in left)
        return (done + part) / len(places)
    if last is not None and last.kind == _SNAPSHOT and last.expected:
        return (done + min(1.0, last.rows / last.expected)) / len(places)
    return done / len(places) if done else None


def _is_done(cursor: Cursor) -> bool:
    return cursor.snapshot_done or bool(cursor.state)


def _followed(mirror: StoredMirror, parent: str, place: Scope, cursor: Cursor | None) -> float:
    """The share of the parents in a place whose children have been read."""
    every = int(mirror.store.rows(_ALL, (parent, place.key))[0][0])
    if cursor is None or not every:
        return 0.0
    done = mirror.store.rows(_FOLLOWED, (parent, place.key, cursor.followed))[0][0]
    return int(done) / every
