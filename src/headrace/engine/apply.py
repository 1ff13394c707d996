"""Apply: one task carries the mirror to one destination.

A stream that the destination does not know yet, or whose checkpoint fell off the log's end, is
filled from the mirror's records; from then on the log is followed. No call to CODING is made here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from headrace.core.change import Change
from headrace.core.ports import Batch, Checkpoint, Destination, Mirror
from headrace.core.stream import Stream
from headrace.engine.limits import Limits
from headrace.engine.modes import Deletes, TableWriter, Write, all_tables

FILL_ROWS = 5000


@dataclass(frozen=True, slots=True)
class Task:
    """What to write where: the streams, the write mode and what a delete does."""

    name: str
    streams: Sequence[Stream]
    write: Write = Write.MIRROR
    deletes: Deletes = Deletes.SOFT


@dataclass(slots=True)
class Progress:
    """What a task did since it was opened. `refilled`: streams that had to be filled again."""

    filled: list[str] = field(default_factory=list)
    refilled: list[str] = field(default_factory=list)
    changes: int = 0


class Apply:
    """Opens a task at its destination, then `step`s until it is level with the mirror."""

    def __init__(
        self, *, task: Task, mirror: Mirror, destination: Destination, limits: Limits
    ) -> None:
        self._task = task
        self._mirror = mirror
        self._destination = destination
        self._limits = limits
        self._writers = {s.name: TableWriter(s, task.write, task.deletes) for s in task.streams}
        self._offsets: dict[str, int] = {}
        self._epoch = 0
        self.progress = Progress()

    def open(self) -> None:
        """Prepare the tables, claim the task, fill what has to be filled.

        In this order, because preparing may find a table dropped and forget its offsets.
        """
        self._destination.prepare(self._task.name, all_tables(self._writers))
        claimed = self._destination.claim(self._task.name)
        self._epoch = claimed.epoch
        head, tail = self._mirror.head(), self._mirror.tail()
        for name in self._writers:
            offset = claimed.offsets.get(name)
            if offset is not None and tail <= offset <= head:
                self._offsets[name] = offset
            else:
                self._fill(name, again=offset is not None)

    def step(self) -> int:
        """Carry over the next changes in one transaction. Returns how many; 0 means level."""
        self._refill_the_fallen()
        if not self._offsets:
            return 0
        start = min(self._offsets.values())
        changes = self._mirror.log(start, self._limits.apply_rows_max)
        if not changes:
            return 0
        last = changes[-1].offset
        offsets = {name: max(offset, last) for name, offset in self._offsets.items()}
        self._write(self._batches(changes), offsets)
        self.progress.changes += len(changes)
        return len(changes)

    def drain(self) -> int:
        """`step` until level. Returns the number of changes carried over."""
        done = 0
        while stepped := self.step():
            done += stepped
        return done

    @property
    def lag(self) -> int:
        """Offsets between the log's head and what is written: an upper bound of changes behind."""
        return self._mirror.head() - min(self._offsets.values(), default=self._mirror.head())

    def _batches(self, changes: Sequence[Change]) -> Iterator[Batch]:
        by_stream: dict[str, list[Change]] = {}
        for change in changes:
            if change.offset > self._offsets.get(change.stream, change.offset):
                by_stream.setdefault(change.stream, []).append(change)
        for name, own in by_stream.items():
            yield from self._writers[name].changes(own)

    def _refill_the_fallen(self) -> None:
        """Streams whose checkpoint lies before the log's oldest entry are filled again."""
        tail = self._mirror.tail()
        for name in [name for name, offset in self._offsets.items() if offset < tail]:
            self._fill(name, again=True)

    def _fill(self, name: str, *, again: bool) -> None:
        """One transaction: empty the tables, put every living record in place, set the offset.

        Only this stream's offset is sent: after a lost answer those on file may be ahead of ours.
        """
        self._write(self._fill_batches(name), {name: self._mirror.head()})
        (self.progress.refilled if again else self.progress.filled).append(name)

    def _fill_batches(self, name: str) -> Iterator[Batch]:
        records = self._mirror.records(name)
        first = True
        while chunk := list(islice(records, FILL_ROWS)):
            yield from self._writers[name].fill(chunk, first=first)
            first = False
        if first:
            yield from self._writers[name].fill((), first=True)

    def _write(self, batches: Iterator[Batch], offsets: dict[str, int]) -> None:
        """Invariant 3: rows and checkpoint in one transaction; offsets move only after it."""
        self._destination.write(batches, Checkpoint(self._task.name, self._epoch, offsets))
        self._offsets.update(offsets)
