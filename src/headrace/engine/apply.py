"""Apply: one task carries the mirror to one destination.

A stream that the destination does not know yet, or whose checkpoint fell off the log's end, is
filled from the mirror's records; from then on the log is followed. No call to CODING is made here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TypeVar

from headrace.core.change import Change
from headrace.core.learning import Learnt
from headrace.core.ports import Batch, Checkpoint, Destination, Mirror
from headrace.core.rejects import REJECTS, OnReject
from headrace.engine.beginning import first_offset
from headrace.engine.filling import Filling, is_empty
from headrace.engine.filters import kept, sort_out
from headrace.engine.limits import Limits
from headrace.engine.modes import Write
from headrace.engine.progress import Progress
from headrace.engine.rejects import RejectDesk, sift
from headrace.engine.tables import Lossy, TaskTables, note_learnt
from headrace.engine.task import Task
from headrace.errors import BadRows, TablesChanged

T = TypeVar("T")
Batches = Callable[[], Iterator[Batch]]


class Apply:
    """Opens a task at its destination, then `step`s until it is level with the mirror."""

    def __init__(
        self, *, task: Task, mirror: Mirror, destination: Destination, limits: Limits
    ) -> None:
        self._task = task
        self._mirror = mirror
        self._destination = destination
        self._limits = limits
        self._offsets: dict[str, int] = {}
        self._epoch = 0
        self._is_open = False
        self._tables = self._make_tables()
        self._rejects = RejectDesk(task.name)
        self.progress = Progress()

    def open(self) -> None:
        """Prepare the tables, claim the task, fill what has to be filled.

        In this order, because preparing may find a table dropped and forget its offsets. Starts
        again when rows have fields that want a column.
        """
        self._is_open = False
        while not self._is_open:
            try:
                self._open()
                self._is_open = True
            except Learnt as found:
                self._learn(found)

    def step(self) -> int:
        """Carry over the next changes in one transaction. Returns how many; 0 means level."""
        if not self._is_open:
            self.open()
            return 1
        try:
            self._refill_the_fallen()
            return self._carry_next()
        except Learnt as found:
            self._learn(found)
            self.open()
            return 1
        except TablesChanged:  # opening makes what is missing, or says what is to be done
            self.open()
            return self._carry_next() or 1

    def drain(self) -> int:
        """`step` until level. Returns the number of changes carried over."""
        done = 0
        while stepped := self.step():
            done += stepped
        return done

    def look_after_tables(self) -> None:
        """Mend what somebody dropped or emptied since."""
        if not self._is_open:
            return
        try:
            self._refill_the_emptied()
        except (TablesChanged, Learnt):
            self.open()

    def refill(self, streams: Iterable[str]) -> None:
        """Fill these streams again, whatever is on file."""
        for name in streams:
            self._fill(name, self._offsets.get(name))

    @property
    def rejected(self) -> int:
        """How many records lie aside."""
        return self._rejects.count

    def replay_rejects(self) -> int:
        """Write the records that lie aside once more, as the mirror has them now. Returns how many
        are aside no longer."""
        before = self._rejects.count
        for name, keys in self._rejects.keys().items():
            filling = self._filling(name)
            found = [self._mirror.get(name, key) for key in keys]
            there = [record for record in found if record is not None and not record.deleted]
            living = list(kept(self._task.filters, name, there))
            forget = self._rejects.forget_all(name)
            self._write(lambda forget=forget: iter(forget), {})  # type: ignore[misc]
            self._rejects.drop(name)
            if living:
                self._sift(name, living, filling.put, {}, self._rejects.of_record)
        return before - self._rejects.count

    @property
    def offsets(self) -> dict[str, int]:
        """Up to which offset each stream is written; none of those still to be filled."""
        return dict(self._offsets)

    @property
    def lag(self) -> int:
        """Offsets between the log's head and what is written: an upper bound of changes behind."""
        return self._mirror.head() - min(self._offsets.values(), default=self._mirror.head())

    # --- opening and filling -----------------------------------------------------------------

    def _open(self) -> None:
        self._offsets = {}
        self.progress.stopped.clear()
        self._destination.prepare(self._task.name, [*self._tables.all(), REJECTS])
        claimed = self._destination.claim(self._task.name)
        self._epoch = claimed.epoch
        self._rejects.read(self._destination)
        head, tail = self._mirror.head(), self._mirror.tail()
        missing = []
        for name in self._tables.writers:
            offset = claimed.offsets.get(name)
            if offset is not None and tail <= offset <= head:
                self._offsets[name] = offset
            else:
                missing.append(name)
        self._refill_the_emptied()
        for name in missing:
            if self._task.changes_only and name not in claimed.offsets:
                self._write(lambda: iter(()), {name: first_offset(self._task, self._mirror)})
            else:
                self._fill(name, claimed.offsets.get(name))

    def _refill_the_emptied(self) -> None:
        """Tables without a row whose stream has records for them are filled again."""
        if self._task.changes_only:
            return
        for name, writer in self._tables.writers.items():
            if name in self._offsets and is_empty(self._destination, writer) and self._has(name):
                self._fill(name, self._offsets[name])

    def _has(self, name: str) -> bool:
        return any(kept(self._task.filters, name, self._mirror.records(name)))

    def _refill_the_fallen(self) -> None:
        """Streams whose checkpoint lies before the log's oldest entry are filled again."""
        tail = self._mirror.tail()
        for name in [name for name in self._running() if self._offsets[name] < tail]:
            self._fill(name, self._offsets[name])

    def _fill(self, name: str, before: int | None) -> None:
        """One transaction: put every living record in place and set the offset.

        The records are those of the moment of that offset, so that what capture writes meanwhile
        comes by the log alone and is counted once.

        `before` is the offset on file. Of a log that was missed, changes mode cannot tell what it
        lacks, and starts anew; history does so only when the mirror is an older one. Only this
        stream's offset is sent: after a lost answer those on file may be ahead of ours.
        """
        with self._mirror.snapshot():
            head = self._mirror.head()
            missed = before is not None and self._task.write is Write.CHANGES
            filling = self._filling(name, anew=missed or (before or 0) > head)
            self.progress.filling = filling
            try:
                done = self._put_all(filling, head)
            finally:
                self.progress.filling = None
        if done:
            again = before is not None
            self.progress.note_filled(name, filling.rows, filling.filtered, again=again)

    def _put_all(self, filling: Filling, head: int) -> bool:
        """In one transaction, or in many when rows are refused. False when the stream stops."""
        name = filling.stream
        forget = self._rejects.forget_all(name)
        try:
            self._write(lambda: chain(forget, filling.batches()), {name: head})
            self._rejects.drop(name)
        except BadRows as error:
            if self._stop(name, error):
                return False
            self._write(lambda: chain(forget, filling.start()), {})
            self._rejects.drop(name)
            for records in filling.chunks():
                self._sift(name, records, filling.put, {}, self._rejects.of_record)
            self._write(lambda: iter(()), {name: head})
        return True

    def _filling(self, name: str, *, anew: bool = False) -> Filling:
        return Filling(self._tables, name, self._task, self._mirror, self._destination, anew=anew)

    # --- following the log -------------------------------------------------------------------

    def _carry_next(self) -> int:
        running = self._running()
        if not running:
            return 0
        start = min(self._offsets[name] for name in running)
        changes = self._mirror.log(start, self._limits.apply_rows_max)
        if not changes:
            return 0
        last = changes[-1].offset
        written = {name: self._offsets[name] for name in running}
        by_stream, filtered = sort_out(changes, written, self._task.filters)
        offsets = {name: max(offset, last) for name, offset in written.items()}
        try:
            self._write(lambda: self._batches(by_stream), offsets)
        except BadRows:
            for name in running:
                self._carry_alone(name, by_stream.get(name, []), offsets[name])
        self.progress.changes += len(changes)
        self.progress.note_changes(by_stream, filtered)
        return len(changes)

    def _carry_alone(self, name: str, changes: Sequence[Change], offset: int) -> None:
        try:
            self._write(lambda: self._batches({name: changes}), {name: offset})
        except BadRows as error:
            if not self._stop(name, error):
                self._sift(
                    name, changes, lambda some: self._batches({name: some}), {name: offset},
                    self._rejects.of_change,
                )  # fmt: skip

    def _batches(self, by_stream: Mapping[str, Sequence[Change]]) -> Iterator[Batch]:
        for name, own in by_stream.items():
            yield from self._rejects.forget(name, [change.key for change in own])
            yield from self._tables.changes(name, own)

    def _running(self) -> list[str]:
        return [name for name in self._offsets if name not in self.progress.stopped]

    # --- what the destination refuses --------------------------------------------------------

    def _stop(self, name: str, error: BadRows) -> bool:
        """By the task's policy, the stream waits for a person (until the task is opened again)."""
        if self._task.rejects is not OnReject.STOP:
            return False
        self.progress.stopped[name] = error
        return True

    def _sift(
        self,
        name: str,
        items: Sequence[T],
        batches: Callable[[Sequence[T]], Iterator[Batch]],
        offsets: dict[str, int],
        aside: Callable[[T, BadRows], Batch],
    ) -> None:
        """Set aside what is refused. The offset moves with the last part: a crash before it does
        the whole again."""

        def write(some: Sequence[T], *, last: bool) -> None:
            self._write(lambda: batches(some), offsets if last else {})

        def put_aside(item: T, error: BadRows, *, last: bool) -> None:
            refused = aside(item, error)
            self._write(lambda: iter((refused,)), offsets if last else {})
            self._rejects.note(name, refused)
            self.progress.rejected[name] = self.progress.rejected.get(name, 0) + 1

        sift(items, write, put_aside)

    # --- writing -----------------------------------------------------------------------------

    def _write(self, batches: Batches, offsets: dict[str, int]) -> None:
        """Invariant 3: rows and checkpoint in one transaction; offsets move only after it."""
        self._tables.found = Lossy()
        self._destination.write(batches(), Checkpoint(self._task.name, self._epoch, offsets))
        self._offsets.update(offsets)
        self.progress.lossy.add(self._tables.found)

    def _learn(self, found: Learnt) -> None:
        """Note the new columns, durably, before any table gets them."""
        self.progress.learned += note_learnt(self._mirror, self._task.streams, found)
        self._tables = self._make_tables()

    def _make_tables(self) -> TaskTables:
        return TaskTables(
            self._task.streams, self._task.write, self._task.deletes,
            learned=self._mirror.learned(), lossy=self._destination.lossy,
            filters=self._task.filters,
        )  # fmt: skip


__all__ = ["Apply", "Batches", "Task"]
