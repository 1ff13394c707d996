"""Absence is not deletion: what happens to records that a complete pass did not show.

Only confirmed absence deletes (Invariant 7): by a call for the one record where such an Action
exists, by a second complete pass where not, and never while the parent itself is out of sight or
too many rows vanish at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from headrace.core.ports import Cursor
from headrace.core.record import Body, Gone, Key, Origin, Record, Seen, Sighting
from headrace.core.stream import Scope, Stream, to_record
from headrace.engine.reading import Desk, gone
from headrace.engine.scopes import ScopeTree
from headrace.errors import NotFound, NotPermitted


@dataclass(slots=True)
class Finding:
    """What became of the missing records of one scope.

    `held`: kept back because too many vanished at once. `waiting`: missed once, to be confirmed by
    the next complete pass. `hidden`: the reason why the whole scope is out of sight, or "".
    """

    sightings: list[Sighting] = field(default_factory=list)
    held: int = 0
    waiting: int = 0
    hidden: str = ""


class Absence:
    """Classifies and confirms. Sends requests only for suspects."""

    def __init__(self, desk: Desk, scopes: ScopeTree) -> None:
        self._desk = desk
        self._source = desk.source
        self._mirror = desk.mirror
        self._stamps = desk.stamps
        self._scopes = scopes

    def look(self, stream: Stream, scope: Scope, *, began: int, cursor: Cursor) -> Finding:
        """After a complete pass that began at the stamp `began`: who is missing, and is it true?"""
        suspects = self._mirror.unseen(stream.name, scope.key, began)
        if not suspects:
            return Finding()
        mass = self._is_mass(stream, scope.key, len(suspects))
        if mass and not self._desk.has_waited(cursor.held_at):
            return Finding(held=len(suspects))
        if stream.lookup is not None:
            return self._ask_each(stream, scope, suspects)
        if hidden := self._parent_hidden(stream, scope):
            return Finding(hidden=hidden)
        if len(suspects) < cursor.held and not mass:  # the pass before was not to be believed
            return Finding(waiting=len(suspects))
        return self._missed_twice(stream, scope, suspects, cursor)

    def orphaned(self, stream: Stream, scope: str, cursor: Cursor) -> Finding:
        """Records of a scope that nothing opens any more.

        They go with their parent when it was confirmed gone. Otherwise (the parent's content
        changed, perhaps by a bad answer) they are held until the scope is still closed at a
        second census.
        """
        stamp = self._stamps.next()
        keys = self._mirror.unseen(stream.name, scope, stamp)
        assert stream.parent is not None
        parent = self._mirror.get(stream.parent.stream, scope)
        sure = parent is not None and parent.deleted
        mass = self._is_mass(stream, "", len(keys))
        if (mass or not sure) and not self._desk.has_waited(cursor.closed_at):
            return Finding(held=len(keys))
        return Finding(sightings=list(gone(stream, keys, stamp, "its parent is gone")))

    def _is_mass(self, stream: Stream, scope: str, missing: int) -> bool:
        """Too many at once, or an empty list where there were rows and none can be asked for."""
        empty = (
            stream.lookup is None and scope and missing == self._mirror.count(stream.name, scope)
        )
        return bool(self._desk.is_mass(stream, missing) or empty)

    def _parent_hidden(self, stream: Stream, scope: Scope) -> str:
        """Why the nearest record above that can be asked for cannot be seen; "" when it can."""
        opened_by = self._scopes.parent_of(stream, scope)
        if opened_by is None:
            return ""
        parent, parent_scope = opened_by
        if parent.lookup is None:
            return self._parent_hidden(parent, parent_scope)
        try:
            self._source.look_up(parent, parent_scope, scope.parent_key)
        except (NotFound, NotPermitted) as error:
            return str(error)
        return ""

    def ask(self, stream: Stream, scope: Scope, key: Key, origin: Origin) -> Sequence[Sighting]:
        """What the lookup Action says of one record. Raises `NotPermitted`, `Unavailable`."""
        stamp = self._stamps.next()
        try:
            row = self._source.look_up(stream, scope, key)
        except NotFound as error:
            return (Gone(stream.name, key, stamp, origin, error.message),)
        if stream.lookup is None or stream.lookup.project is None or _is_elsewhere(row, scope):
            return ()
        record = to_record(stream, scope, row)
        if not isinstance(record, Record):
            return ()
        if not self._desk.keep(stream, row):
            return self._desk.left(stream, record, stamp, origin)
        return (Seen(record, stamp, origin, partial=True),)

    def _ask_each(self, stream: Stream, scope: Scope, suspects: Sequence[Key]) -> Finding:
        finding = Finding()
        try:
            for key in suspects:
                finding.sightings.extend(self.ask(stream, scope, key, Origin.CENSUS))
        except NotPermitted as error:
            return Finding(hidden=str(error))
        return finding

    def _missed_twice(
        self, stream: Stream, scope: Scope, suspects: Sequence[Key], cursor: Cursor
    ) -> Finding:
        twice = self._mirror.unseen(stream.name, scope.key, cursor.complete_stamp)
        stamp = self._stamps.next()
        missing = gone(stream, twice, stamp, "missing in two complete passes")
        return Finding(sightings=list(missing), waiting=len(suspects) - len(missing))


def _is_elsewhere(row: Body, scope: Scope) -> bool:
    """Whether a record asked for by an id alone says itself that it belongs to another place."""
    return any(row.get(name) and str(row[name]) != str(v) for name, v in scope.stamped.items())
