"""What must hold after every step, and what must hold once CODING is quiet (DESIGN, invariants)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from headrace.coding.streams import CATALOGUE
from headrace.core.change import Op
from headrace.core.schema import META, Flattener, Table
from headrace.core.stream import Stream
from headrace.destinations.memory import MemoryDestination
from headrace.testing.world import World

_META = {name for name, _ in META}
Rows = dict[tuple[Any, ...], tuple[Any, ...]]

_FLAT = {stream.name: Flattener(stream.name, stream.schema) for stream in CATALOGUE}


class Violation(AssertionError):
    """An invariant does not hold."""


class Watchman:
    """Checks a world after each step, remembering what it saw before."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._file_head = 0
        self._contents: dict[tuple[str, str], tuple[int, bytes]] = {}
        self._marks: dict[tuple[str, str], int] = {}
        self._offsets: dict[str, int] = {}
        self._ops: dict[str, dict[Op, int]] = {}

    def forget(self) -> None:
        """The mirror was lost on purpose: marks and counts start anew."""
        self._file_head = 0
        for notes in (self._contents, self._marks, self._ops):
            notes.clear()

    def check(self) -> None:
        """Invariants 2, 3, 4, 7 and 9."""
        self._follow_log()
        self._records_match_log()
        self._marks_rise()
        self._rows_match_checkpoint()
        self._counts_match_log()

    def _follow_log(self) -> None:
        mirror = self._world.mirror
        changes = mirror.log(self._file_head, 1_000_000)
        for change in changes:
            place = (change.stream, change.key)
            before = self._contents.get(place)
            _hold(before is None or before[0] == change.before_offset, 2, "before_offset", change)
            ops = self._ops.setdefault(change.stream, dict.fromkeys(Op, 0))
            ops[change.op] += 1
            if change.op is Op.DELETE:
                self._contents.pop(place, None)
                self._truly_gone(change.stream, change.key)
            else:
                assert change.after is not None
                self._contents[place] = (change.offset, change.after)
        self._file_head = mirror.head()

    def _truly_gone(self, stream: str, key: str) -> None:
        """Members alone can come back under the same key: those must once have left."""
        values = tuple(json.loads(key))
        absent = values not in self._world.team.rows(stream)
        absent = absent or (stream == "project_members" and values in self._world.left)
        _hold(absent, 7, "deleted although it never went", (stream, key))

    def _records_match_log(self) -> None:
        filed = {
            (f.record.stream, f.record.key): (f.offset, f.record.body)
            for stream in CATALOGUE
            for f in self._world.mirror.records(stream.name)
        }
        _hold(filed == self._contents, 2, "records and log differ", "")

    def _marks_rise(self) -> None:
        for stream in CATALOGUE:
            for scope, cursor in self._world.mirror.cursors(stream.name).items():
                place = (stream.name, scope)
                _hold(cursor.mark >= self._marks.get(place, 0), 4, "mark went back", place)
                self._marks[place] = cursor.mark

    def _counts_match_log(self) -> None:
        for name, counts in self._world.mirror.counts().items():
            ops = self._ops.get(name, dict.fromkeys(Op, 0))
            told = (counts.inserted, counts.updated, counts.deleted)
            done = (ops[Op.READ] + ops[Op.INSERT], ops[Op.UPDATE], ops[Op.DELETE])
            _hold(told == done, 9, "counts", (name, told, done))

    def _rows_match_checkpoint(self) -> None:
        """Where the checkpoint is level with the mirror, so are the living keys."""
        world = self._world
        storage = world.storage
        offsets = storage.offsets.get("copy", {})
        for stream, offset in offsets.items():
            _hold(offset >= self._offsets.get(stream, 0), 4, "checkpoint went back", stream)
            self._offsets[stream] = offset
            if offset == world.mirror.head():
                rows = living_rows(storage_of(world), _FLAT[stream].tables[0])
                filed = {
                    tuple(json.loads(f.record.key)): None for f in world.mirror.records(stream)
                }
                _hold(rows.keys() == filed.keys(), 3, "rows and checkpoint differ", stream)


def check_equal(world: World) -> None:
    """Invariant 8: after quiet, the destination equals the source, child tables too."""
    for stream in CATALOGUE:
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
    """The truth: what the team holds, in the shape of the stream's tables."""
    flat = _FLAT[stream.name]
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


def _hold(holds: bool, invariant: int, what: str, where: object) -> None:
    if not holds:
        raise Violation(f"Invariant {invariant}: {what}: {where}")
