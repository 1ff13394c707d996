"""Filling one stream's tables from the mirror: what is emptied, ended and put, in each write mode.

Mirror mode starts from empty tables. History and changes keep what they have: versions that are no
longer current are closed, log rows that are there keep their letter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from headrace.core.ports import Batch, Destination, Mirror
from headrace.core.record import OnFile
from headrace.engine.filters import kept
from headrace.engine.modes import TableWriter, Write, ended_rows
from headrace.engine.tables import TaskTables
from headrace.engine.task import Task

ROWS_MAX = 5000
BYTES_MAX = 32 * 1024**2


class Filling:
    """One fill of one stream; its batches can be asked for again when a write is repeated.

    `rows`: records put in place; `filtered`: those that the task's filters left out; `seen`: both,
    so far, of those `expected`.
    """

    def __init__(
        self,
        tables: TaskTables,
        stream: str,
        task: Task,
        mirror: Mirror,
        destination: Destination,
        *,
        anew: bool,
    ) -> None:
        self._tables = tables
        self.stream = stream
        self._write = write = task.write
        self._filters = task.filters
        self._mirror = mirror
        self._destination = destination
        self.rows = self.filtered = 0
        self.seen, self.expected = 0, mirror.count(stream)
        self._truncate = anew or write is Write.MIRROR
        self._ops = self._written_ops() if write is Write.CHANGES and not anew else {}

    def batches(self) -> Iterator[Batch]:
        """The whole fill."""
        if not self._truncate and self._write is Write.HISTORY:
            yield from self._ends()
        yield from self._tables.fill(
            self.stream, self.chunks(), truncate=self._truncate, ops=self._ops
        )

    def start(self) -> Iterator[Batch]:
        """The part before records are put, for a fill in many transactions."""
        if self._truncate:
            yield from self._tables.fill(self.stream, (), truncate=True)
        elif self._write is Write.HISTORY:
            yield from self._ends()

    def put(self, records: Sequence[OnFile]) -> Iterator[Batch]:
        """Some of the records."""
        return self._tables.fill(self.stream, [records], ops=self._ops)

    def chunks(self) -> Iterator[Sequence[OnFile]]:
        """The living records that the task keeps, in parts of bounded size (Invariant 12)."""
        chunk: list[OnFile] = []
        size = self.rows = self.filtered = 0
        for record in kept(self._filters, self.stream, self._counted()):
            chunk.append(record)
            self.rows += 1
            size += len(record.record.body)
            if len(chunk) >= ROWS_MAX or size >= BYTES_MAX:
                yield chunk
                chunk, size = [], 0
        if chunk:
            yield chunk
        self.filtered = self.seen - self.rows

    def _counted(self) -> Iterator[OnFile]:
        self.seen = 0
        for record in self._mirror.records(self.stream):
            self.seen += 1
            yield record

    def _ends(self) -> Iterator[Batch]:
        """Close the open versions that are no longer current."""
        writer = self._tables.writers[self.stream]
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
        table = self._tables.writers[self.stream].tables[0]
        return {
            offset: letter
            for rows in self._destination.read(table)
            for offset, letter in zip(rows.values["_offset"], rows.values["_op"], strict=True)
        }


def is_empty(destination: Destination, writer: TableWriter) -> bool:
    """Whether a stream's own table has no row."""
    main = writer.tables[0]
    keys = tuple(pair for pair in main.columns if pair[0] in main.key)
    return not any(len(chunk) for chunk in destination.read(replace(main, columns=keys)))
