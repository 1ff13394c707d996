"""One table within one write: which of its data files change, and how. Copy on write.

A row stays in the file it is in: the file is written anew with the row's new values, so that a
reader of all files sees a key at most once. New rows go to the last file until that is full. What a
file loses by deletes is not made up, but one that has become small gives its rows to the last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from headrace.core.ports import Batch
from headrace.core.schema import Columns, Table
from headrace.destinations.arrow import to_arrow, tuples_of
from headrace.destinations.folder.codec import Codec, Rows
from headrace.destinations.folder.hashes import Hashes, Values, matches
from headrace.destinations.folder.manifest import DataFile, TableEntry
from headrace.destinations.tables import Pairs

FILE_ROWS = 10_000  # a file is full from so many rows, or bytes in memory, on: at most twice that
FILE_BYTES = 6_000_000
HELD_BYTES_MAX = 64_000_000  # of changed files in memory
_SMALL = 4  # a file with less than a fourth of the rows of a full one is not worth keeping


class Staging(Protocol):
    """Where the draft reads data files, and writes those of the next version."""

    codec: Codec

    def load(self, entry: TableEntry, file: DataFile, columns: Pairs) -> Rows:
        """The rows of a file, committed or staged."""
        ...

    def hashes(self, entry: TableEntry, file: DataFile, key: Pairs, owner: int) -> Hashes:
        """The index of a committed file."""
        ...

    def intact(self, entry: TableEntry) -> AbstractContextManager[None]:
        """Around using what a file held: an error means that it is not as it was written."""
        ...

    def stage(self, content: memoryview) -> int:
        """Write a file that becomes visible with the commit; its version."""
        ...

    def discard(self, file: DataFile) -> None:
        """Forget a file if it was staged by this write."""
        ...


@dataclass(slots=True, eq=False)
class Part:
    """A data file as this write leaves it: as it lies on disk (`file`), or its `rows` in memory,
    with their `size` in bytes.
    """

    number: int
    hashes: Hashes
    full: bool = False
    file: DataFile | None = None
    rows: Rows = None
    size: int = 0


@dataclass(frozen=True, slots=True)
class _Named:
    """What a batch names: owners and keys to remove, and keys to put, with their rows' places."""

    owners: frozenset[Values]
    deletes: frozenset[Values]
    rows: Mapping[Values, int]

    def strikes(self, key: Values, owner: int) -> bool:
        return key in self.rows or key in self.deletes or key[:owner] in self.owners


class TableDraft:
    """The data files of a table in the making. Those that change are held in memory first."""

    def __init__(self, entry: TableEntry, table: Table, staging: Staging) -> None:
        self._entry = entry
        self._names = {name.lower(): name for name, _ in entry.columns}
        key = tuple(self._names[name.lower()] for name in table.key)
        self._table = Table(table.name, entry.columns, key, table.owner)
        types = dict(entry.columns)
        self._key: Pairs = tuple((name, types[name]) for name in key)
        self._staging, self._codec = staging, staging.codec
        self._parts: list[Part] | None = None  # None: as committed, and nothing asked of them yet

    @property
    def held_bytes(self) -> int:
        """What it holds in memory beside the index."""
        parts = self._parts or ()
        return sum(part.size for part in parts if part.file is None)

    def apply(self, batch: Batch) -> None:
        """Empty, delete, put: in that order."""
        if batch.truncate:
            self.empty()
        put = self._spelled(batch.rows)
        rows = self._codec.encode(self._table, put)
        named = self._named(batch, put)
        if not (named.owners or named.deletes or named.rows):
            return
        new = dict(named.rows)
        for part, places in self._touched(named):
            with self._staging.intact(self._entry):
                for key in self._rewrite(part, places, named, rows):
                    del new[key]
            if self.held_bytes > HELD_BYTES_MAX:
                self.settle()
        self._gather()
        if new:
            kept = rows if len(new) == len(rows) else self._codec.take(rows, list(new.values()))
            self._append(kept, Hashes.of(list(new), self._table.owner))

    def empty(self) -> None:
        """Remove all rows."""
        for part in self._parts or ():
            self._discard(part)
        self._parts = []

    def widen(self, before: TableEntry) -> None:
        """Write all files anew with the entry's columns; they have those of `before`."""
        for part in self._all():
            assert part.file is not None
            rows = self._staging.load(before, part.file, before.columns)
            self._store(part, self._codec.widen(rows, self._entry.columns))

    def settle(self) -> None:
        """Let go of the rows in memory: write them to a file."""
        for part in self._parts or ():
            if part.file is None:
                self._store(part, part.rows)

    def finish(self) -> Mapping[DataFile, Hashes]:
        """The table's data files from the commit on, in order; there is always one."""
        if not self._all():
            nothing = self._codec.encode(self._table, Columns())
            self._all().append(Part(1, Hashes.of((), self._table.owner), rows=nothing))
        self.settle()
        return {part.file: part.hashes for part in self._all() if part.file is not None}

    # --- what a batch names

    def _spelled(self, columns: Columns) -> Columns:
        """Names as the files spell them: apart from case they are the same."""
        return Columns({self._names.get(n.lower(), n): v for n, v in columns.values.items()})

    def _named(self, batch: Batch, put: Columns) -> _Named:
        key = self._table.key
        rows = {values: place for place, values in enumerate(self._tuples(put, key))}
        owners = self._tuples(self._spelled(batch.owners), key[: self._table.owner])
        deletes = self._tuples(self._spelled(batch.deletes), key)
        return _Named(frozenset(owners), frozenset(deletes), rows)

    def _tuples(self, columns: Columns, names: Sequence[str]) -> list[Values]:
        if not len(columns):
            return []
        to_arrow(self._table, columns, names)  # a `Bug` for what is not canonical
        return tuples_of(columns, names)

    # --- files that hold what is named

    def _all(self) -> list[Part]:
        if self._parts is None:
            files, owner = self._entry.files, self._table.owner
            self._parts = [
                Part(f.number, self._staging.hashes(self._entry, f, self._key, owner), f.full, f)
                for f in files
            ]
        return self._parts

    def _touched(self, named: _Named) -> Iterator[tuple[Part, list[int]]]:
        """The files, and the places in them, that may hold what is named."""
        parts = list(self._all())
        if not parts:
            return
        keys, owners = Hashes.of([*named.deletes, *named.rows]), Hashes.of([*named.owners])
        found = matches([part.hashes for part in parts], keys, owners)
        yield from ((part, places) for part, places in zip(parts, found, strict=True) if places)

    def _rewrite(
        self, part: Part, places: list[int], named: _Named, rows: Rows
    ) -> Sequence[Values]:
        """Take out the named rows among those places and put their new ones in. Returns whose."""
        codec, owner = self._codec, self._table.owner
        before = self._rows(part)
        keys = codec.values(codec.take(before, places), self._key)
        found = zip(places, tuples_of(keys, self._table.key), strict=True)
        struck = {place: key for place, key in found if named.strikes(key, owner)}
        if not struck:
            return ()
        kept = [place for place in range(len(before)) if place not in struck]
        again = [key for key in struck.values() if key in named.rows]
        new = codec.take(rows, [named.rows[key] for key in again])
        hashes = part.hashes.take(kept).join(Hashes.of(again, owner))
        self._fill(part, codec.join(codec.take(before, kept), new), hashes)
        return again

    def _gather(self) -> None:
        """Files that have become small give their rows to the last one."""
        parts = self._all()
        for part in [part for part in parts[:-1] if self._is_small(part)]:
            parts.remove(part)
            if parts[-1].full:
                parts.append(part)
            else:
                self._append(self._rows(part), part.hashes)
                self._discard(part)

    def _is_small(self, part: Part) -> bool:
        return not part.full and len(part.hashes) < FILE_ROWS // _SMALL

    def _append(self, rows: Rows, hashes: Hashes) -> None:
        """Put rows that are in no file yet into the last one, or a new one."""
        parts = self._all()
        if not parts or parts[-1].full:
            parts.append(Part(self._free_number(), hashes))
        else:
            rows = self._codec.join(self._rows(parts[-1]), rows)
            hashes = parts[-1].hashes.join(hashes)
        self._fill(parts[-1], rows, hashes)

    # --- parts to files and back

    def _fill(self, part: Part, rows: Rows, hashes: Hashes) -> None:
        """Give a part other rows, in memory; cut it up if they are too many."""
        self._discard(part)
        size = self._codec.size(rows)
        count = min(max(len(rows) // FILE_ROWS, size // FILE_BYTES), len(rows))
        part.full = count > 0
        part.rows, part.hashes, part.size = rows, hashes, size
        if count > 1:
            self._split(part, count)

    def _split(self, part: Part, count: int) -> None:
        """Into so many of the same length: each of them is full."""
        parts, rows, hashes = self._all(), part.rows, part.hashes
        bounds = [len(hashes) * piece // count for piece in range(count + 1)]
        at = parts.index(part)
        pieces = [part, *(Part(self._free_number() + n, hashes, True) for n in range(count - 1))]
        parts[at : at + 1] = pieces
        for piece, (start, end) in zip(pieces, pairwise(bounds), strict=True):
            places = range(start, end)
            piece.rows, piece.hashes = self._codec.take(rows, places), hashes.take(places)
            piece.size = self._codec.size(piece.rows)

    def _store(self, part: Part, rows: Rows) -> None:
        content = self._codec.dump(rows)
        version = self._staging.stage(content)
        part.file = DataFile(part.number, version, len(rows), len(content), part.full)
        part.rows = None

    def _rows(self, part: Part) -> Rows:
        if part.file is None:
            return part.rows
        return self._staging.load(self._entry, part.file, self._entry.columns)

    def _discard(self, part: Part) -> None:
        if part.file is not None:
            self._staging.discard(part.file)
            part.file = None

    def _free_number(self) -> int:
        return max((part.number for part in self._all()), default=0) + 1
