"""Where a stream is listed: the scopes that the living records of its parent streams open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set

from headrace.core.ports import Mirror
from headrace.core.record import decode_json
from headrace.core.stream import TEAM_SCOPE, Scope, Strategy, Stream, child_scopes


class ScopeTree:
    """Finds the scopes of streams from what the mirror holds now."""

    def __init__(self, catalogue: Sequence[Stream], mirror: Mirror) -> None:
        self._streams: Mapping[str, Stream] = {stream.name: stream for stream in catalogue}
        self._mirror = mirror
        self._known: dict[str, tuple[int, Sequence[Scope]]] = {}

    def of(self, stream: Stream) -> Sequence[Scope]:
        """The stream's scopes, each once; streams without a parent have the team's."""
        head = self._mirror.head()
        known = self._known.get(stream.name)
        if known is None or known[0] != head:
            unique = {scope.key: scope for scope in reversed(list(self._opened(stream)))}
            known = self._known[stream.name] = (head, tuple(reversed(unique.values())))
        return known[1]

    def places(self, stream: Stream) -> Sequence[Scope]:
        """Where the stream is read and its cursors stand: its scopes.

        Those of its parent for CHILDREN, which have a scope for every record of the parent.
        """
        if stream.strategy is not Strategy.CHILDREN:
            return self.of(stream)
        living = self.of(self.parent(stream))
        return [*living, *self._vanished(stream, {place.key for place in living})]

    def _vanished(self, stream: Stream, living: Set[str]) -> Iterator[Scope]:
        """Places that nothing opens any more, whose parents' end is still to be followed."""
        parent = self.parent(stream)
        names = parent.parent.key if parent.parent else ()
        for key, cursor in self._mirror.cursors(stream.name).items():
            if key in living or self._mirror.count(parent.name, key):
                continue
            if self._mirror.changed(parent.name, key, cursor.followed, 1):
                values = dict(zip(names, decode_json(key.encode()), strict=True))
                yield Scope(key, values, values)

    def parent(self, stream: Stream) -> Stream:
        """The stream on whose records this one hangs."""
        assert stream.parent is not None
        return self._streams[stream.parent.stream]

    def _opened(self, stream: Stream) -> Iterator[Scope]:
        if stream.parent is None:
            yield TEAM_SCOPE
        elif not stream.parent.stream:
            yield from child_scopes(stream, TEAM_SCOPE, {}, "")
        else:
            parent = self.parent(stream)
            for parent_scope in self.of(parent):
                for filed in self._mirror.records(parent.name, parent_scope.key):
                    record = filed.record
                    yield from child_scopes(stream, parent_scope, record.value(), record.key)

    def parent_of(self, stream: Stream, scope: Scope) -> tuple[Stream, Scope] | None:
        """The stream and scope of the record that opens `scope`; None for the team's."""
        if stream.parent is None or not stream.parent.stream:
            return None
        parent = self.parent(stream)
        filed = self._mirror.get(parent.name, scope.parent_key)
        found = [s for s in self.of(parent) if filed and s.key == filed.record.scope]
        return (parent, found[0]) if found else None

    def orphans(self, stream: Stream) -> Sequence[str]:
        """Scopes that hold living records although nothing opens them any more."""
        living = {scope.key for scope in self.of(stream)}
        return [key for key in self._mirror.scopes(stream.name) if key not in living]


def with_parents(streams: Sequence[Stream], catalogue: Sequence[Stream]) -> tuple[Stream, ...]:
    """The chosen streams and every stream they hang on, parents first, in the catalogue's order."""
    by_name = {stream.name: stream for stream in catalogue}
    wanted: set[str] = set()
    for stream in streams:
        if stream.name not in wanted:
            wanted.add(stream.name)
            for name in stream.leans_on:
                wanted |= {s.name for s in with_parents([by_name[name]], catalogue)}
    return tuple(stream for stream in catalogue if stream.name in wanted)
