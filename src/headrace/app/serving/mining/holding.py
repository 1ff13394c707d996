"""What a mirror holds, in few figures: its size, its log from where to where, how fresh it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from headrace.coding.streams import CATALOGUE
from headrace.core.stream import Stream
from headrace.engine.scopes import ScopeTree
from headrace.mirror.stored import StoredMirror

_OLDEST = 'SELECT at FROM change ORDER BY "offset" LIMIT 1'


class Holding(NamedTuple):
    """`bytes` on disk; the log runs from behind offset `tail` to `head`, its oldest change noticed
    at `oldest_at` (0 for an empty log). `passed_at`: by stream, when the last pass ended in the
    place where that is longest ago; 0 where one has not been read yet. Times in ms UTC."""

    bytes: int
    tail: int
    head: int
    oldest_at: int
    passed_at: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """To be kept as JSON."""
        return {**self._asdict(), "passed_at": dict(self.passed_at)}


def holding_of(mirror: StoredMirror, streams: Iterable[Stream]) -> Holding:
    """Look. Asks CODING nothing; hidden places do not count."""
    oldest = mirror.store.rows(_OLDEST)
    scopes = ScopeTree(CATALOGUE, mirror)
    return Holding(
        mirror.store.bytes_used(), mirror.tail(), mirror.head(), int(oldest[0][0]) if oldest else 0,
        {stream.name: _passed_at(mirror, scopes, stream) for stream in streams},
    )  # fmt: skip


def _passed_at(mirror: StoredMirror, scopes: ScopeTree, stream: Stream) -> int:
    cursors = mirror.cursors(stream.name)
    places = [cursors.get(scope.key) for scope in scopes.places(stream)]
    seen = [
        max(cursor.polled_at, cursor.census_at) if cursor is not None else 0
        for cursor in places
        if cursor is None or not cursor.state
    ]
    return min(seen, default=0)
