"""Write modes: how changes become batches of rows for the tables of a destination.

Every mode is expressed in upserts and deletes by key, so replaying a batch leaves the same rows
(Invariant 5).

* mirror:  the current rows; a delete marks (`soft`) or removes (`hard`) them
* history: every version with `valid_from` and `valid_to`, one open version a key
* changes: the bare log, one row a change, with Debezium's op letter
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from headrace.core.change import Change, Op
from headrace.core.ports import Batch
from headrace.core.record import Body, OnFile, decode_json
from headrace.core.schema import META, Column, Columns, Flattener, Table, Type
from headrace.core.stream import Stream


class Write(enum.StrEnum):
    """What a task writes."""

    MIRROR = "mirror"
    HISTORY = "history"
    CHANGES = "changes"


class Deletes(enum.StrEnum):
    """What a delete does to a row in mirror mode."""

    SOFT = "soft"
    HARD = "hard"


@dataclass(frozen=True, slots=True)
class _Row:
    """One row to write: the body and the values of its `_` columns."""

    body: Body
    offset: int
    changed_at: int
    deleted_at: int | None = None
    op: str = "r"
    valid_to: int | None = None


_NONE: Mapping[int, str] = {}
_VALID = (("valid_from", Type.TIMESTAMP), ("valid_to", Type.TIMESTAMP))


class TableWriter:
    """Makes the batches of one stream for one task."""

    def __init__(
        self, stream: Stream, write: Write, deletes: Deletes, *, filtered: str = ""
    ) -> None:
        """`filtered` stands for the filter of its rows: tables written by another are filled
        again, as those of another mode are."""
        self._flat = Flattener(stream.name, stream.schema)
        self._write = write
        self._deletes = deletes
        self._mode = f"{write}-{deletes}" if write is Write.MIRROR else str(write)
        self._mode += f" {filtered}" if filtered else ""
        self.tables = tuple(self._shape(table) for table in self._flat.tables)

    def fill(
        self, filed: Sequence[OnFile], *, truncate: bool = False, ops: Mapping[int, str] = _NONE
    ) -> Iterator[Batch]:
        """Batches that put records in place; with `truncate` they empty the tables first.

        `ops`: letters that changes mode has already written, by offset; they stay.
        """
        rows = [
            _Row(f.record.value(), f.offset, f.changed_at, op=ops.get(f.offset, "r")) for f in filed
        ]
        for batch in self._put(rows, new=True):
            yield replace(batch, truncate=truncate)

    @property
    def columns(self) -> Mapping[str, Mapping[str, Column]]:
        """The columns that have a place in CODING's answers: by table, then by path."""
        return self._flat.columns

    def keys_of(self, filed: Sequence[OnFile]) -> list[tuple[Any, ...]]:
        """The key of each record, as its table has it."""
        keys = self._flat.keys([f.record.value() for f in filed])
        return list(zip(*keys.values.values(), strict=True))

    def changes(self, changes: Sequence[Change]) -> Iterator[Batch]:
        """Batches that carry changes (in log order) over."""
        if self._write is Write.CHANGES:
            return self._put([_log_row(change) for change in changes], new=True)
        if self._write is Write.HISTORY:
            return self._put([row for change in changes for row in _versions(change)], new=False)
        last = {change.key: change for change in changes}
        return self._current(list(last.values()))

    def _current(self, changes: Sequence[Change]) -> Iterator[Batch]:
        gone = [c for c in changes if c.op is Op.DELETE and self._deletes is Deletes.HARD]
        kept = [c for c in changes if c.op is not Op.DELETE or self._deletes is Deletes.SOFT]
        yield from self._remove([decode_json(c.before or b"{}") for c in gone])
        yield from self._put([_log_row(change) for change in kept], new=False)

    def _remove(self, bodies: Sequence[Body]) -> Iterator[Batch]:
        if not bodies:
            return
        keys = self._flat.keys(bodies)
        yield Batch(self.tables[0], deletes=keys)
        for table in self.tables[1:]:
            yield Batch(table, owners=keys)

    def _put(self, rows: Sequence[_Row], *, new: bool) -> Iterator[Batch]:
        """Upsert rows and replace their child sets. `new`: the keys are known to be absent."""
        if not rows:
            yield from (Batch(table) for table in self.tables if new)
            return
        bodies = [row.body for row in rows]
        main = self._flat.main(bodies)
        self._add_meta(main, rows)
        yield Batch(self.tables[0], rows=main)
        owners = self._owners(bodies, rows) if not new else Columns()
        for index, table in enumerate(self.tables[1:]):
            child, parents = self._flat.child(index, bodies)
            self._add_meta(child, [rows[parent] for parent in parents])
            yield Batch(table, rows=child, owners=owners)

    def _owners(self, bodies: Sequence[Body], rows: Sequence[_Row]) -> Columns:
        keys = self._flat.keys(bodies)
        if self._write is Write.HISTORY:
            keys.values["_offset"] = [row.offset for row in rows]
        return keys

    def _add_meta(self, columns: Columns, rows: Sequence[_Row]) -> None:
        columns.values["_deleted_at"] = [row.deleted_at for row in rows]
        columns.values["_changed_at"] = [row.changed_at for row in rows]
        columns.values["_offset"] = [row.offset for row in rows]
        if self._write is Write.HISTORY:
            columns.values["valid_from"] = [row.changed_at for row in rows]
            columns.values["valid_to"] = [row.valid_to for row in rows]
        elif self._write is Write.CHANGES:
            columns.values["_op"] = [row.op for row in rows]

    def _shape(self, plain: Table) -> Table:
        """The table as this mode writes it."""
        table = replace(plain, mode=self._mode)
        parent, own = table.key[: table.owner], table.key[table.owner :]
        if self._write is Write.HISTORY:
            owner = table.owner + 1 if table.owner else 0
            key = (*parent, "_offset", *own) if table.owner else (*own, "_offset")
            return replace(table, columns=(*table.columns, *_VALID), key=key, owner=owner)
        if self._write is Write.CHANGES:
            columns = (*table.columns, ("_op", Type.TEXT))
            return replace(table, columns=columns, key=("_offset", *(own if table.owner else ())),
                           owner=1 if table.owner else 0)  # fmt: skip
        return table


def _log_row(change: Change) -> _Row:
    deleted = change.op is Op.DELETE
    body = decode_json((change.before if deleted else change.after) or b"{}")
    return _Row(body, change.offset, change.at, change.at if deleted else None, change.op.letter)


def _versions(change: Change) -> Iterator[_Row]:
    """The version that ends and the one that begins."""
    if change.before is not None:
        before: Any = decode_json(change.before)
        yield _Row(before, change.before_offset, change.before_at, valid_to=change.at)
    if change.after is not None:
        yield _Row(decode_json(change.after), change.offset, change.at)


def ended_rows(
    table: Table, chunk: Columns, current: Mapping[tuple[Any, ...], tuple[int, int]], at: int
) -> Columns:
    """Of rows in a history table, the open versions that are no longer current, now closed.

    `current`: offset and moment of each living record by key; `at`: when the others ended, ms UTC.
    """
    key = table.key[: table.owner - 1] if table.owner else table.key[:-1]
    keys = list(zip(*(chunk.values[name] for name in key), strict=True))
    ends: dict[int, int] = {}
    for index, (offset, valid_to) in enumerate(
        zip(chunk.values["_offset"], chunk.values["valid_to"], strict=True)
    ):
        now_offset, since = current.get(keys[index], (0, at))
        if valid_to is None and offset != now_offset:
            ends[index] = max(since, chunk.values["valid_from"][index])
    rows = {name: [values[i] for i in ends] for name, values in chunk.values.items()}
    return Columns({**rows, "valid_to": list(ends.values())})


__all__ = ["META", "Deletes", "TableWriter", "Write", "ended_rows"]
