"""The tables of one task: records and changes become batches that its destination can keep.

Every batch is looked at on its way: a field that wants a column ends the write (`Learnt`), a
character that the destination cannot keep is replaced, and both are counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from headrace.core.change import Change
from headrace.core.learning import Learned, Learnt, Seen, extended, learn, look, wider_type
from headrace.core.ports import Batch, Mirror
from headrace.core.record import OnFile
from headrace.core.schema import EXTRA, Columns, Table, Type
from headrace.core.stream import Stream
from headrace.engine.filters import Filters
from headrace.engine.modes import Deletes, TableWriter, Write

_REPLACEMENT = "\ufffd"
_NO_FILTERS: Filters = {}


@dataclass(slots=True)
class Lossy:
    """What could not be kept as it came, in values by (table, column or field).

    `misfits` do not fit their column and are kept in `_extra`; `altered` had a character replaced.
    """

    misfits: Counter[tuple[str, str]] = field(default_factory=Counter)
    altered: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, other: Lossy) -> None:
        """Add another's figures to these."""
        self.misfits.update(other.misfits)
        self.altered.update(other.altered)


class TaskTables:
    """A `TableWriter` for each stream, with the columns learned so far."""

    def __init__(
        self,
        streams: Sequence[Stream],
        write: Write,
        deletes: Deletes,
        *,
        learned: Learned,
        lossy: frozenset[str] = frozenset(),
        filters: Filters = _NO_FILTERS,
    ) -> None:
        self._lossy = lossy
        self._learned = {
            table: {column.path for column in columns} for table, columns in learned.items()
        }
        marks = {name: own.mark for name, own in filters.items()}
        self.writers = {}
        for stream in streams:
            schema = extended(stream.schema, stream.name, learned)
            self.writers[stream.name] = TableWriter(
                replace(stream, schema=schema), write, deletes, filtered=marks.get(stream.name, "")
            )
        self.found = Lossy()

    def all(self) -> list[Table]:
        """The tables of all streams."""
        return [table for writer in self.writers.values() for table in writer.tables]

    def changes(self, stream: str, changes: Sequence[Change]) -> Iterator[Batch]:
        """Batches that carry changes (in log order) over. Raises `Learnt`."""
        writer = self.writers[stream]
        for batch in writer.changes(changes):
            seen = self._look(writer, batch)
            if seen.new:
                raise Learnt({batch.table.name: seen.new})
            yield self._fitting(batch)

    def fill(
        self,
        stream: str,
        chunks: Iterable[Sequence[OnFile]],
        *,
        truncate: bool = False,
        ops: Mapping[int, str] | None = None,
    ) -> Iterator[Batch]:
        """Batches that put records in place, the first ones emptying the tables with `truncate`.

        Raises `Learnt` once, after a look at all chunks, so that a fill starts again only once.
        """
        writer = self.writers[stream]
        new: dict[str, dict[str, Type]] = {}
        for chunk in chunks:
            for batch in writer.fill(chunk, truncate=truncate, ops=ops or {}):
                seen = self._look(writer, batch)
                for name, kind in seen.new.items():
                    wanted = new.setdefault(batch.table.name, {})
                    wanted[name] = wider_type(wanted.get(name, kind), kind) or wanted[name]
                if not new:
                    yield self._fitting(batch)
            truncate = False
        if new:
            raise Learnt(new)
        if truncate:  # there was nothing to fill
            yield from writer.fill((), truncate=True)

    def fit(self, table: Table, columns: Columns) -> Columns:
        """The columns as the destination can keep them."""
        if "nul" not in self._lossy:
            return columns
        texts = {name for name, kind in table.columns if kind is Type.TEXT}
        return Columns(
            {
                name: self._without_nul(table.name, name, values) if name in texts else values
                for name, values in columns.values.items()
            }
        )

    def _look(self, writer: TableWriter, batch: Batch) -> Seen:
        table = batch.table.name
        extras = batch.rows.values.get(EXTRA, [])
        seen = look(extras, writer.columns[table], self._learned.get(table, set()))
        for name, count in seen.misfits.items():
            self.found.misfits[table, name] += count
        return seen

    def _fitting(self, batch: Batch) -> Batch:
        if not self._lossy:
            return batch
        rows, deletes, owners = (
            self.fit(batch.table, columns) for columns in (batch.rows, batch.deletes, batch.owners)
        )
        return replace(batch, rows=rows, deletes=deletes, owners=owners)

    def _without_nul(self, table: str, name: str, values: list[str | None]) -> list[str | None]:
        bad = [index for index, text in enumerate(values) if text is not None and "\0" in text]
        if not bad:
            return values
        fitting = list(values)
        for index in bad:
            fitting[index] = (values[index] or "").replace("\0", _REPLACEMENT)
        self.found.altered[table, name] += len(bad)
        return fitting


def note_learnt(mirror: Mirror, streams: Sequence[Stream], found: Learnt) -> list[tuple[str, str]]:
    """Keep the new columns in the mirror, durably. Returns them as (table, field)."""
    noted: list[tuple[str, str]] = []
    for stream in streams:
        own = {stream.name, *(child.name for child in stream.schema.children)}
        new = {table: fields for table, fields in found.new.items() if table in own}
        if new:
            mirror.learn(learn(stream.schema, stream.name, mirror.learned(), Learnt(new)))
            noted += [(table, name) for table, fields in new.items() for name in fields]
    return noted
