"""Filling one stream's tables from the mirror: what is emptied, ended and put, in each write mode.

Mirror mode starts from empty tables. History and changes keep what they have: versions that are no
longer current are closed, log rows that are there keep their letter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from headrace.core.ports import Batch, Destination, Mirror
from headrace.core.record import OnFile
from headrace.engine.modes import Write, ended_rows
from headrace.engine.tables import TaskTables

ROWS_MAX = 5000
BYTES_MAX = 32 * 1024**2


class Filling:
    """One fill of one stream; its batches can be asked for again when a write is repeated."""

    def __init__(
        self,
        tables: TaskTables,
        stream: str,
        write: Write,
        mirror: Mirror,
        destination: Destination,
        *,
        anew: bool,
    ) -> None:
        self._tables = tables
        self._stream = stream
        self._write = write
        self._mirror = mirror
        self._destination = destination
        self.rows = 0
        self._truncate = anew or write is Write.MIRROR
        self._ops = self._written_ops() if write is Write.CHANGES and not anew else {}

    def batches(self) -> Iterator[Batch]:
        """The whole fill."""
        if not self._truncate and self._write is Write.HISTORY:
            yield from self._ends()
        yield from self._tables.fill(
            self._stream, self.chunks(), truncate=self._truncate, ops=self._ops
        )

    def start(self) -> Iterator[Batch]:
        """The part before records are put, for a fill in many transactions."""
        if self._truncate:
            yield from self._tables.fill(self._stream, (), truncate=True)
        elif self._write is Write.HISTORY:
            yield from self._ends()

    def put(self, records: Sequence[OnFile]) -> Iterator[Batch]:
        """Some of the records."""
        return self._tables.fill(self._stream, [records], ops=self._ops)

    def chunks(self) -> Iterator[Sequence[OnFile]]:
        """The stream's living records, in parts of bounded size (Invariant 12); counted."""
        chunk: list[OnFile] = []
        size = self.rows = 0
        for record in self._mirror.records(self._stream):
            chunk.append(record)
            self.rows += 1
            size += len(record.record.body)
            if len(chunk) >= ROWS_MAX or size >= BYTES_MAX:
                yield chunk
                chunk, size = [], 0
        if chunk:
            yield chunk

    def _ends(self) -> Iterator[Batch]:
        """Close the open versions that are no longer current."""
        writer = self._tables.writers[self._stream]
        current = {}
        newest = 0
        for chunk in self.chunks():
            for key, record in zip(writer.keys_of(chunk), chunk, strict=True):
                current[key] = (record.offset, record.changed_at)
                newest = max(newest, record.changed_at)
        for table in writer.tables:
            for rows in self._destination.read(table):
                ended = ended_rows(table, rows, current, newest)
                if len(ended):
                    yield Batch(table, rows=ended)

    def _written_ops(self) -> dict[int, str]:
        """The letters that are in the table of changes, by offset."""
        table = self._tables.writers[self._stream].tables[0]
        return {
            offset: letter
            for rows in self._destination.read(table)
            for offset, letter in zip(rows.values["_offset"], rows.values["_op"], strict=True)
        }
