"""A destination in memory: the twin that simulations and tests write to.

It keeps the whole contract of `core.ports.Destination`, transactions included: every change of
a dict is noted, and a failing write plays the notes backwards. Rows are tuples, grouped by owner,
so that replacing a child set costs its own size and not the table's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from headrace.core.ports import Batch, Checkpoint
from headrace.core.schema import Columns, Table
from headrace.destinations.ledger import check_epoch, check_offsets
from headrace.destinations.tables import Found, Noted, check_tables, plan
from headrace.errors import Bug, TablesChanged

CHUNK_ROWS = 10_000
_MISSING: Any = object()

Values = tuple[Any, ...]
Undo = list[tuple[dict[Any, Any], Any, Any]]


@dataclass(slots=True)
class MemoryTable:
    """A table: its columns and their places, its rows by owner and key.

    Columns are only ever added at the end; a row written before that is shorter.
    """

    columns: dict[str, int] = field(default_factory=dict)
    groups: dict[Values, dict[Values, Values]] = field(default_factory=dict)


@dataclass(slots=True)
class MemoryStorage:
    """What outlives a `MemoryDestination`: hand it to the next one to "reopen" it."""

    tables: dict[str, MemoryTable] = field(default_factory=dict)
    noted: dict[str, Noted] = field(default_factory=dict)
    epochs: dict[str, int] = field(default_factory=dict)
    offsets: dict[str, dict[str, int]] = field(default_factory=dict)


class MemoryDestination:
    """A `Destination` on a `MemoryStorage`, its own or a given one."""

    lossy: frozenset[str] = frozenset()

    def __init__(self, storage: MemoryStorage | None = None) -> None:
        self.storage = storage if storage is not None else MemoryStorage()

    def claim(self, task: str) -> Checkpoint:
        """See `Destination.claim`."""
        storage = self.storage
        storage.epochs[task] = storage.epochs.get(task, 0) + 1
        return self._on_file(task)

    def prepare(self, task: str, tables: Sequence[Table]) -> None:
        """See `Destination.prepare`. All tables or, if one is refused, none."""
        check_tables(tables)
        plans = [(table, plan(task, table, *self._state(table.name))) for table in tables]
        for table, planned in plans:
            if planned.create or planned.remove:  # what is lost is filled again anyway
                self.storage.tables[table.name] = MemoryTable()
            self.storage.noted[table.name] = planned.noted
            held = self.storage.tables[table.name]
            for name, _ in planned.noted.columns:
                held.columns.setdefault(name, len(held.columns))
        lost = {table.vouched_by for table, planned in plans if planned.lost}
        if lost:
            self.claim(task)
            for stream in lost:
                self.storage.offsets.get(task, {}).pop(stream, None)

    def write(self, batches: Iterable[Batch], checkpoint: Checkpoint) -> None:
        """See `Destination.write`."""
        undo: Undo = []
        emptied = set()
        try:
            check_epoch(checkpoint, self._on_file(checkpoint.task))
            for batch in batches:
                _write_batch(self._table(batch.table.name), batch, undo)
                if batch.truncate:
                    emptied.add(batch.table.name)
            on_file = self._on_file(checkpoint.task)
            check_epoch(checkpoint, on_file)
            check_offsets(checkpoint, on_file, emptied)
        except BaseException:
            _roll_back(undo)
            raise
        self.storage.offsets.setdefault(checkpoint.task, {}).update(checkpoint.offsets)

    def read(self, table: Table) -> Iterator[Columns]:
        """See `Destination.read`. The rows as they were when reading began."""
        held = self._table(table.name)
        places = [(name, held.columns[name]) for name, _ in table.columns]
        rows = [row for group in held.groups.values() for row in group.values()]
        for start in range(0, len(rows), CHUNK_ROWS):
            chunk = rows[start : start + CHUNK_ROWS]
            yield Columns({name: _column(chunk, place) for name, place in places})

    def close(self) -> None:
        """Nothing to let go of: the storage lives on."""

    def _on_file(self, task: str) -> Checkpoint:
        storage = self.storage
        return Checkpoint(task, storage.epochs.get(task, 0), dict(storage.offsets.get(task, {})))

    def _table(self, name: str) -> MemoryTable:
        held = self.storage.tables.get(name)
        if held is None:
            raise TablesChanged(f"There is no table {name}.", advice="Start the task again.")
        return held

    def _state(self, name: str) -> tuple[Noted | None, Found | None]:
        held = self.storage.tables.get(name)
        return self.storage.noted.get(name), None if held is None else dict.fromkeys(held.columns)


def _column(rows: Sequence[Values], place: int) -> list[Any]:
    try:
        return [row[place] for row in rows]
    except IndexError:  # rows from before the table was widened
        return [row[place] if place < len(row) else None for row in rows]


def _write_batch(held: MemoryTable, batch: Batch, undo: Undo) -> None:
    owner = batch.table.owner
    if batch.truncate:
        for group in list(held.groups):
            _remove(held.groups, group, undo)
    if len(batch.owners):
        for values in _tuples(batch.owners, batch.table.key[:owner]):
            _remove(held.groups, values, undo)
    if len(batch.deletes):
        for key in _tuples(batch.deletes, batch.table.key):
            _remove(held.groups.get(key[:owner], {}), key, undo)
    if len(batch.rows):
        _put(held, batch, undo)


def _put(held: MemoryTable, batch: Batch, undo: Undo) -> None:
    owner, groups = batch.table.owner, held.groups
    if not batch.rows.values.keys() <= held.columns.keys():
        raise Bug(f"A batch for table {batch.table.name} has columns that the table has not.")
    for key, row in zip(
        _tuples(batch.rows, batch.table.key), _tuples(batch.rows, tuple(held.columns)), strict=True
    ):
        group = groups.get(key[:owner])
        if group is None:
            group = {}
            undo.append((groups, key[:owner], _MISSING))
            groups[key[:owner]] = group
        undo.append((group, key, group.get(key, _MISSING)))
        group[key] = row


def _tuples(columns: Columns, names: Sequence[str]) -> Iterator[Values]:
    values: Mapping[str, list[Any]] = columns.values
    nothing = [None] * len(columns)
    return zip(*(values.get(name, nothing) for name in names), strict=True)


def _remove(held: dict[Any, Any], key: Any, undo: Undo) -> None:
    old = held.pop(key, _MISSING)
    if old is not _MISSING:
        undo.append((held, key, old))


def _roll_back(undo: Undo) -> None:
    for held, key, old in reversed(undo):
        if old is _MISSING:
            del held[key]
        else:
            held[key] = old
