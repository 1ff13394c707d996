"""What must hold after every step, and what must hold once CODING is quiet (DESIGN, invariants)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import msgspec

from headrace.coding.streams import CATALOGUE
from headrace.core.change import Change, Op
from headrace.core.learning import extended
from headrace.core.ports import Cursor
from headrace.core.record import Key, decode_json, make_key
from headrace.core.schema import META, Flattener, Table
from headrace.core.stream import Stream
from headrace.destinations.memory import MemoryDestination
from headrace.testing.world import World

_META = {name for name, _ in META}
Rows = dict[tuple[Any, ...], tuple[Any, ...]]

_DERIVED = frozenset(stream.name for stream in CATALOGUE if stream.is_derived)
_FLAT = {stream.name: Flattener(stream.name, stream.schema) for stream in CATALOGUE}


class _Dated(msgspec.Struct):
    """All that is read of an issue to see that no older version wins."""

    UpdatedAt: Any = None


_dated = msgspec.json.Decoder(_Dated)
_marked = msgspec.json.Decoder(Cursor)

_RECORDS = (
    'SELECT key, "offset", body FROM record JOIN body ON body.id = record.id'
    " WHERE stream = ? AND deleted = 0"
)
_CURSORS = "SELECT stream, scope, value FROM cursor"


class Violation(AssertionError):
    """An invariant does not hold."""


class Watchman:
    """Checks a world after each step, remembering what it saw before.

    Only what moved since the last look is read again: streams with new log entries or offsets.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._acknowledged = 0
        self._marks: dict[tuple[str, str], tuple[int, bytes]] = {}
        self._offsets: dict[str, int] = {}
        self.forget()

    def forget(self) -> None:
        """The mirror was lost on purpose: what was known of it is void."""
        self._head = 0
        self._contents: dict[str, dict[str, tuple[int, bytes]]] = {}
        self._ops: dict[str, Counter[Op]] = {}
        self._dead: set[tuple[str, str]] = set()
        self._marks.clear()

    def check(self) -> None:
        """Invariants 1, 2, 3, 4, 7 and 9."""
        self._acknowledged_are_stored()
        offsets = dict(self._world.storage.offsets.get("copy", {}))
        moved = [name for name, offset in offsets.items() if offset != self._offsets.get(name)]
        changed = self._follow_log()
        for stream in changed:
            self._records_match_log(stream)
        self._marks_rise()
        self._offsets_rise(offsets)
        for stream in dict.fromkeys((*moved, *changed)):
            if offsets.get(stream) == self._head:
                self._rows_match_records(stream)
        self._counts_match_log()

    def _acknowledged_are_stored(self) -> None:
        post = self._world.post
        if post is not None and len(post.acknowledged) != self._acknowledged:
            self._acknowledged = len(post.acknowledged)
            kept = self._world.known_deliveries()
            _hold(post.acknowledged <= kept, 1, "an answered delivery is lost", "")

    def _follow_log(self) -> Collection[str]:
        """Returns the streams that changed."""
        mirror = self._world.mirror
        changes = mirror.log(self._head, 1_000_000)
        living = cache(lambda stream: self._world.team.rows(stream).keys())
        for change in changes:
            contents = self._contents.setdefault(change.stream, {})
            before = contents.pop(change.key, None)
            self._in_order(change)
            _hold((before[0] if before else 0) == change.before_offset, 2, "before", change)
            self._ops.setdefault(change.stream, Counter())[change.op] += 1
            if change.after is not None:
                contents[change.key] = (change.offset, change.after)
            else:
                self._truly_gone(change.stream, change.key, living(change.stream))
        self._head = mirror.head()
        return dict.fromkeys(change.stream for change in changes)

    def _in_order(self, change: Change) -> None:
        """No older sighting undoes a newer one: nothing rises from the dead, no time runs back."""
        place = (change.stream, change.key)
        if change.op is Op.DELETE:
            self._dead.add(place)
        elif change.op is Op.INSERT and not _member_of(change.stream, _values(change.key)):
            if self._world.transport.seen["repeated page"] or self._follows_lies(change.stream):
                return  # an old page under a new stamp cannot be told from the truth
            _hold(place not in self._dead, 5, "risen from the dead", place)
        elif change.op is Op.UPDATE and change.stream == "issues":
            bodies = (change.before or b"{}", change.after or b"{}")
            times = [_dated.decode(body).UpdatedAt for body in bodies]
            numbers = [time for time in times if isinstance(time, int)]
            _hold(numbers == sorted(numbers), 5, "an older version won", place)

    def _truly_gone(self, stream: str, key: Key, living: Collection[tuple[Any, ...]]) -> None:
        """Members alone can come back under the same key: those must once have left."""
        if self._follows_lies(stream):
            return
        values = _values(key)
        absent = values not in living
        absent = absent or _member_of(stream, values) in self._world.left
        _hold(absent, 7, "deleted although it never went", (stream, key))

    def _follows_lies(self, stream: str) -> bool:
        """Whether a bad answer may have taken rows, which then come back.

        What is worked out from branches and commits follows them: an old page under a new stamp
        cannot be told from a branch that was set back, nor a new commit that is shown without its
        parents from a first one.
        """
        seen = self._world.transport.seen
        return stream in _DERIVED and bool(seen["repeated page"] or seen["changed types"])

    def _records_match_log(self, stream: str) -> None:
        rows = self._world.mirror.store.rows(_RECORDS, (stream,))
        filed = {key: (offset, body) for key, offset, body in rows}
        _hold(filed == self._contents.get(stream, {}), 2, "records and log differ", stream)

    def _marks_rise(self) -> None:
        for stream, scope, value in self._world.mirror.store.rows(_CURSORS):
            place = (stream, scope)
            before, known = self._marks.get(place, (0, b""))
            if value != known:
                mark = _marked.decode(value).mark
                _hold(mark >= before, 4, "mark went back", place)
                self._marks[place] = (mark, value)

    def _offsets_rise(self, offsets: Mapping[str, int]) -> None:
        for stream, offset in offsets.items():
            _hold(offset >= self._offsets.get(stream, 0), 4, "checkpoint went back", stream)
            self._offsets[stream] = offset

    def _counts_match_log(self) -> None:
        for name, counts in self._world.mirror.counts().items():
            ops = self._ops.get(name, Counter())
            told = (counts.inserted, counts.updated, counts.deleted)
            done = (ops[Op.READ] + ops[Op.INSERT], ops[Op.UPDATE], ops[Op.DELETE])
            _hold(told == done, 9, "counts", (name, told, done))

    def _rows_match_records(self, stream: str) -> None:
        """A checkpoint level with the log means: exactly the living keys, at their offsets."""
        rows = living_offsets(storage_of(self._world), _FLAT[stream].tables[0])
        filed = {_values(key): at for key, (at, _) in self._contents.get(stream, {}).items()}
        _hold(rows == filed, 3, "rows and checkpoint differ", stream)


def _member_of(stream: str, key: Sequence[Any]) -> tuple[int, int] | None:
    """The member of a project, (project, user), of whom alone a key tells; else None."""
    if stream == "project_members":
        return key[0], key[1]
    if stream == "project_principals" and key[1] == "USER":
        return key[0], int(key[2])
    if stream == "resource_grants" and key[2] == "USER":
        return key[1], int(key[3])
    return None


def living_offsets(destination: MemoryDestination, table: Table) -> dict[tuple[Any, ...], int]:
    """The `_offset` of each living row by key."""
    found: dict[tuple[Any, ...], int] = {}
    wanted = {*table.key, "_deleted_at", "_offset"}
    table = replace(table, columns=tuple(c for c in table.columns if c[0] in wanted))
    for chunk in destination.read(table):
        keys = zip(*(chunk.values[name] for name in table.key), strict=True)
        marks = zip(chunk.values["_deleted_at"], chunk.values["_offset"], strict=True)
        for key, (deleted, offset) in zip(keys, marks, strict=True):
            if deleted is None:
                found[key] = offset
    return found


def check_equal(world: World) -> None:
    """Invariant 8: after quiet, the destination equals the source, child tables too."""
    for stream in world.streams:
        for table, wanted in source_rows(world, stream).items():
            found = living_rows(storage_of(world), table)
            if found != wanted:
                missing = [k for k in wanted if k not in found]
                extra = [k for k in found if k not in wanted]
                differ = [k for k in wanted if k in found and wanted[k] != found[k]]
                raise Violation(
                    f"Invariant 8: {table.name}: missing {missing[:3]}, extra {extra[:3]},"
                    f" different {differ[:3]}"
                )


def check_polled(world: World) -> None:
    """Before any census: each issue is on file in the version that CODING shows.

    Left out are places that were never read whole or are out of sight, which only a census reads
    again, and worlds whose answers changed the very fields this rests on.
    """
    if any(world.transport.seen[kind] for kind in ("changed types", "rows without key")):
        return
    stream = next((s for s in world.streams if s.name == "issues"), None)
    if stream is None:
        return
    read = world.poll_issues(stream)
    for key, row in world.team.rows("issues").items():
        filed = world.mirror.get("issues", make_key(key))
        if key[0] in read:
            version = filed.record.version if filed and not filed.deleted else None
            _hold(version == row["UpdatedAt"], 8, "a poll lost an update", key)


def storage_of(world: World) -> MemoryDestination:
    """A reader of the world's destination."""
    return MemoryDestination(world.storage)


def living_rows(destination: MemoryDestination, table: Table) -> Rows:
    """Rows by key, without the `_` columns, deleted ones left out."""
    names = [name for name, _ in table.columns if name not in _META]
    rows: Rows = {}
    for chunk in destination.read(table):
        values = chunk.values
        columns = [values[name] for name in names]
        keys = [values[name] for name in table.key]
        for deleted, key, row in zip(
            values["_deleted_at"], zip(*keys, strict=True), zip(*columns, strict=True), strict=True
        ):
            if deleted is None:
                rows[key] = row
    return rows


def source_rows(world: World, stream: Stream) -> Mapping[Table, Rows]:
    """The truth: what the team holds, in the shape of the stream's tables, learned columns too."""
    flat = _FLAT[stream.name]
    if learned := world.mirror.learned():
        flat = Flattener(stream.name, extended(stream.schema, stream.name, learned))
    bodies = [
        {**row, **dict(zip(stream.key, key, strict=True))}
        for key, row in world.team.rows(stream.name).items()
    ]
    shapes = {flat.tables[0]: flat.main(bodies)}
    for index, table in enumerate(flat.tables[1:]):
        shapes[table] = flat.child(index, bodies)[0]
    return {table: _by_key(table, columns.values) for table, columns in shapes.items()}


def _by_key(table: Table, values: Mapping[str, list[Any]]) -> Rows:
    names = [name for name, _ in table.columns if name not in _META]
    keys = zip(*(values[name] for name in table.key), strict=True)
    rows = zip(*(values[name] for name in names), strict=True)
    return dict(zip(keys, rows, strict=True))


@cache
def _values(key: Key) -> tuple[Any, ...]:
    return tuple(decode_json(key.encode()))


def _hold(holds: bool, invariant: int, what: str, where: object) -> None:
    if not holds:
        raise Violation(f"Invariant {invariant}: {what}: {where}")
