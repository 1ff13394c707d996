"""Where a stream is listed: the scopes that the living records of its parent streams open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from headrace.core.ports import Mirror
from headrace.core.stream import TEAM_SCOPE, Scope, Stream, child_scope


class ScopeTree:
    """Finds the scopes of streams from what the mirror holds now."""

    def __init__(self, catalogue: Sequence[Stream], mirror: Mirror) -> None:
        self._streams: Mapping[str, Stream] = {stream.name: stream for stream in catalogue}
        self._mirror = mirror

    def of(self, stream: Stream) -> Iterator[Scope]:
        """The stream's scopes, each once; streams without a parent have the team's."""
        if stream.parent is None:
            yield TEAM_SCOPE
            return
        parent = self._streams[stream.parent.stream]
        known: set[str] = set()
        for parent_scope in list(self.of(parent)):
            for filed in self._mirror.records(parent.name, parent_scope.key):
                record = filed.record
                scope = child_scope(stream, parent_scope, record.value(), record.key)
                if scope.key not in known:
                    known.add(scope.key)
                    yield scope

    def parent_of(self, stream: Stream, scope: Scope) -> tuple[Stream, Scope] | None:
        """The stream and scope of the record that opens `scope`; None for the team's."""
        if stream.parent is None:
            return None
        parent = self._streams[stream.parent.stream]
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
        while stream.name not in wanted:
            wanted.add(stream.name)
            if stream.parent is not None:
                stream = by_name[stream.parent.stream]
    return tuple(stream for stream in catalogue if stream.name in wanted)
