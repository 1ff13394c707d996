"""The next version of one Delta table: batches are worked in beside it, then one commit shows it.

A row is taken out by rewriting its file without it. What is put goes to a file of its own together
with what is left of small files, so that rows which change often gather where little is rewritten,
and files neither pile up nor grow large. Keys are compared so that NULL equals NULL.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from headrace.core.ports import Batch
from headrace.core.schema import Columns, Table
from headrace.destinations.arrow import last_by_key, to_arrow, tuples_of
from headrace.destinations.delta.files import Files, Part, fitted
from headrace.destinations.delta.store import Store, epoch_of, plainly, stamp, tended_s
from headrace.errors import Fenced, HeadraceError, TablesChanged

ROWS_MAX = 16_384  # a file, when it is written; bytes as Arrow has them in memory
BYTES_MAX = 64 * 2**20
SMALL_ROWS, SMALL_BYTES = 4_096, 4 * 2**20  # a file below both is merged when a row is taken out
SMALL_FILES_MAX = 8  # of it, or when there are more than so many


class Draft:
    """Opens the table; `put` batches, `finish`, `commit`. `discard` takes back what was staged."""

    def __init__(self, store: Store, table: Table, task: str) -> None:
        self._table = store.open(table.name)
        tended = tended_s(self._table)
        if tended is None:
            raise TablesChanged(
                f"Delta table {table.name} was not made by Headrace.", advice="Move it away."
            )
        self.name = table.name
        self.tended_s = tended
        self.emptied = False
        self._task = task
        self._key = list(table.key)
        self._files = Files(store, table.name, pa.schema(self._table.schema().to_arrow()))
        self._base = self._files.parts(self._table, self._key)
        self._removed: list[Part] = []
        self._own: list[Part] = []  # files made by this draft
        self._loose: list[Any] = []  # rows that go to one file
        self._hashes = array("q")  # of the keys put, to notice one that was put twice
        self._committing = False

    def put(self, batch: Batch) -> None:
        """Empty, delete, put: in that order."""
        if batch.truncate:
            self._empty()
        if len(batch.owners):
            self._take_out(batch, batch.owners, self._key[: batch.table.owner])
        if len(batch.deletes):
            self._take_out(batch, batch.deletes, self._key)
        if len(batch.rows):
            self._put_rows(batch)

    def finish(self) -> None:
        """Write all files that the next version needs."""
        if len(pc.unique(pa.array(self._hashes, pa.int64()))) < len(self._hashes):
            self._drop_doubles()
        changed = bool(self._loose) or any(part.gone for part in (*self._base, *self._own))
        small = [part for part in (*self._base, *self._own) if _is_small(part)]
        merged = [part for part in small if part.gone or len(small) > SMALL_FILES_MAX]
        loose, self._loose = self._loose, []
        for part in (*self._base, *self._own):
            if part.gone and part not in merged:
                self._rewrite(part)
        for rows in loose:
            self._add(rows)
        for part in merged if changed else ():
            self._rewrite(part, flush=False)
        self._flush()

    def commit(self, epoch: int) -> bool:
        """Show the version. Raises `Conflict` when the table is not at the one that was read,
        `Fenced` when a later epoch wrote to it. Returns whether there was anything to commit."""
        on_file = epoch_of(self._table, self._task)
        if on_file > epoch:
            raise Fenced(
                f"Delta table {self.name} was written by epoch {on_file} of task {self._task}.",
                advice="Leave it to the agent that holds it now, or start the task again.",
            )
        adds = [part.add for part in self._own if part.add is not None]
        if not (adds or self._removed) and on_file == epoch:
            return False
        self._committing = True
        with plainly(self.name):
            self._table.create_write_transaction(
                [*adds, *(part.removal() for part in self._removed)],
                "append",
                self._table.schema(),
                commit_properties=stamp(self._task, epoch),
            )
        return True

    def discard(self) -> None:
        """Delete what was staged, unless a commit was tried: then it may be in use."""
        if not self._committing:
            for part in self._own:
                with suppress(HeadraceError):  # the next vacuum takes it
                    self._files.remove(part)

    def _empty(self) -> None:
        self._removed += self._base
        self._base, self._loose, self._hashes = [], [], array("q")
        self._unstage(list(self._own))
        self.emptied = True

    def _put_rows(self, batch: Batch) -> None:
        rows = fitted(self._arrow(batch, batch.rows), self._files.schema)
        places = last_by_key(batch.rows, self._key)
        if places is not None:
            rows = rows.take(pa.array(places))
        if self._base and not _owned(batch):
            self._mark(self._base, rows.select(self._key))
        self._hashes.extend(map(hash, set(tuples_of(batch.rows, self._key))))
        self._add(rows)

    def _arrow(self, batch: Batch, columns: Columns, names: Sequence[str] = ()) -> Any:
        rows = to_arrow(batch.table, columns, names)
        strange = set(rows.column_names) - set(self._files.schema.names)
        if strange:
            raise TablesChanged(
                f"Delta table {self.name} has no column {min(strange)}.",
                advice="Start the task again: missing columns are made and filled.",
            )
        return rows

    def _take_out(self, batch: Batch, columns: Columns, names: Sequence[str]) -> None:
        """Mark the rows with these values, those put by this draft too."""
        wanted = self._arrow(batch, columns, names)
        schema = pa.schema([self._files.schema.field(name) for name in names])
        self._flush()
        self._mark([*self._base, *self._own], fitted(wanted, schema))

    def _mark(self, parts: Sequence[Part], wanted: Any) -> None:
        bounds = _sorted_values(wanted)
        for part in parts:
            if part.may_hold(bounds):
                standing = self._files.read(part, wanted.column_names)
                part.gone.update(places_of(wanted, standing))

    def _drop_doubles(self) -> None:
        """A key was put more than once: the last row counts."""
        self._flush()
        for place, part in enumerate(self._own):
            keys = self._files.read(part, self._key)
            last = {key: row for row, key in enumerate(_tuples(keys))}
            part.gone |= set(range(part.rows)) - set(last.values())
            self._mark(self._own[:place], keys)

    def _rewrite(self, part: Part, *, flush: bool = True) -> None:
        """Put what is left of a file elsewhere: alone, or to the loose rows."""
        start = 0
        for rows in self._files.chunks(part) if _left(part) else ():
            kept = [n for n in range(len(rows)) if start + n not in part.gone]
            self._add(rows if len(kept) == len(rows) else rows.take(pa.array(kept, pa.int64())))
            start += len(rows)
        if flush:
            self._flush()
        if part in self._own:
            self._unstage([part])
        else:
            self._base.remove(part)
            self._removed.append(part)

    def _add(self, rows: Any) -> None:
        self._loose.append(rows)
        if sum(map(len, self._loose)) >= ROWS_MAX or _bytes(self._loose) >= BYTES_MAX:
            self._flush()

    def _flush(self) -> None:
        if not self._loose:
            return
        rows = pa.concat_tables(self._loose)
        self._loose = []
        each = math.ceil(len(rows) / max(1, len(rows) // ROWS_MAX))
        for start in range(0, len(rows), each or 1):
            self._own.append(self._files.write(rows.slice(start, each), self._key))

    def _unstage(self, parts: Sequence[Part]) -> None:
        for part in parts:
            self._own.remove(part)
            self._files.remove(part)


def places_of(wanted: Any, standing: Any) -> list[int]:
    """Where rows of `standing` have the values of a row of `wanted`; both have the same columns."""
    names = wanted.column_names
    found = None
    for name in names:
        values = wanted[name].combine_chunks()
        hit = pc.is_in(standing[name], value_set=values, skip_nulls=False)
        found = hit if found is None else pc.and_(found, hit)
    places = pc.indices_nonzero(found)
    if len(names) == 1 or not len(places):
        return places.to_pylist()  # type: ignore[no-any-return]
    keys = set(_tuples(wanted))
    some = _tuples(standing.take(places))
    return [place for place, key in zip(places.to_pylist(), some, strict=True) if key in keys]


def _tuples(rows: Any) -> list[tuple[Any, ...]]:
    plain = (c.cast(pa.int64()) if pa.types.is_timestamp(c.type) else c for c in rows.columns)
    return list(zip(*(column.to_pylist() for column in plain), strict=True))


def _sorted_values(wanted: Any) -> Mapping[str, list[Any]]:
    """The values of each column whose bounds say something: not where one is NULL."""
    sorts = (pa.types.is_int64, pa.types.is_string)
    return {
        name: pc.unique(wanted[name]).sort().to_pylist()
        for name in wanted.column_names
        if not wanted[name].null_count and any(is_one(wanted[name].type) for is_one in sorts)
    }


def _owned(batch: Batch) -> bool:
    """Whether the owners' delete already took every key that is about to be put."""
    if not len(batch.owners):
        return False
    names: Sequence[str] = batch.table.key[: batch.table.owner]
    return set(tuples_of(batch.rows, names)) <= set(tuples_of(batch.owners, names))


def _left(part: Part) -> int:
    return part.rows - len(part.gone)


def _is_small(part: Part) -> bool:
    left = _left(part)
    return left < SMALL_ROWS and part.size * left < SMALL_BYTES * max(1, part.rows)


def _bytes(tables: Sequence[Any]) -> int:
    return sum(table.nbytes for table in tables)
