"""Apply: one task carries the mirror to one destination.

A stream that the destination does not know yet, or whose checkpoint fell off the log's end, is
filled from the mirror's records; from then on the log is followed. No call to CODING is made here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TypeVar

from headrace.core.change import Change, Counts, Op
from headrace.core.learning import Learnt, learn
from headrace.core.ports import Batch, Checkpoint, Destination, Mirror
from headrace.core.rejects import REJECTS, OnReject
from headrace.core.stream import Stream
from headrace.engine.filling import Filling
from headrace.engine.limits import Limits
from headrace.engine.modes import Deletes, Write
from headrace.engine.rejects import RejectDesk
from headrace.engine.tables import Lossy, TaskTables
from headrace.errors import BadRows, TablesChanged

T = TypeVar("T")
Batches = Callable[[], Iterator[Batch]]


@dataclass(frozen=True, slots=True)
class Task:
    """What to write where: the streams, the write mode, what a delete and a refused record do.

    `now`: a stream that was never written begins with the changes from now on, without a fill.
    """

    name: str
    streams: Sequence[Stream]
    write: Write = Write.MIRROR
    deletes: Deletes = Deletes.SOFT
    rejects: OnReject = OnReject.ASIDE
    now: bool = False


@dataclass(slots=True)
class Progress:
    """What a task did since it was opened.

    `refilled`: streams that had to be filled again. `counts`: records written, by stream: `read`
    by a fill, `inserted`, `updated` and `deleted` by changes. `learned`: columns (table, field)
    made for fields that appeared. `rejected`: records set aside at the destination, by stream;
    `stopped`: streams that wait for a person instead. `lossy`: values not kept as they came.
    """

    filled: list[str] = field(default_factory=list)
    refilled: list[str] = field(default_factory=list)
    changes: int = 0
    counts: dict[str, Counts] = field(default_factory=dict)
    learned: list[tuple[str, str]] = field(default_factory=list)
    rejected: dict[str, int] = field(default_factory=dict)
    stopped: dict[str, BadRows] = field(default_factory=dict)
    lossy: Lossy = field(default_factory=Lossy)


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

    @property
    def name(self) -> str:
        """The task's name."""
        return self._task.name

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
            living = [record for record in found if record is not None and not record.deleted]
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
            if self._task.now and name not in claimed.offsets:
                self._write(lambda: iter(()), {name: head})
            else:
                self._fill(name, claimed.offsets.get(name))

    def _refill_the_emptied(self) -> None:
        """Tables without a row whose stream has records are filled again."""
        for name, writer in self._tables.writers.items():
            if name in self._offsets and self._mirror.count(name):
                main = writer.tables[0]
                keys = tuple(pair for pair in main.columns if pair[0] in main.key)
                rows = self._destination.read(replace(main, columns=keys))
                if not any(len(chunk) for chunk in rows):
                    self._fill(name, self._offsets[name])

    def _refill_the_fallen(self) -> None:
        """Streams whose checkpoint lies before the log's oldest entry are filled again."""
        tail = self._mirror.tail()
        for name in [name for name in self._running() if self._offsets[name] < tail]:
            self._fill(name, self._offsets[name])

    def _fill(self, name: str, before: int | None) -> None:
        """One transaction: put every living record in place and set the offset.

        `before` is the offset on file. Of a log that was missed, changes mode cannot tell what it
        lacks, and starts anew; history does so only when the mirror is an older one. Only this
        stream's offset is sent: after a lost answer those on file may be ahead of ours.
        """
        head = self._mirror.head()
        missed = before is not None and self._task.write is Write.CHANGES
        anew = missed or (before or 0) > head
        filling = self._filling(name, anew=anew)
        forget = self._rejects.forget_all(name)
        try:
            self._write(lambda: chain(forget, filling.batches()), {name: head})
            self._rejects.drop(name)
        except BadRows as error:
            if self._stop(name, error):
                return
            self._write(lambda: chain(forget, filling.start()), {})
            self._rejects.drop(name)
            for records in filling.chunks():
                self._sift(name, records, filling.put, {}, self._rejects.of_record)
            self._write(lambda: iter(()), {name: head})
        self.progress.counts.setdefault(name, Counts()).read += filling.rows
        (self.progress.filled if before is None else self.progress.refilled).append(name)

    def _filling(self, name: str, *, anew: bool = False) -> Filling:
        return Filling(
            self._tables, name, self._task.write, self._mirror, self._destination, anew=anew
        )

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
        by_stream = self._by_stream(changes, running)
        offsets = {name: max(self._offsets[name], last) for name in running}
        try:
            self._write(lambda: self._batches(by_stream), offsets)
        except BadRows:
            for name in running:
                self._carry_alone(name, by_stream.get(name, []), offsets[name])
        self.progress.changes += len(changes)
        self._count(by_stream)
        return len(changes)

    def _count(self, by_stream: Mapping[str, Sequence[Change]]) -> None:
        for name, changes in by_stream.items():
            counts = self.progress.counts.setdefault(name, Counts())
            ops = Counter(change.op for change in changes)
            counts.inserted += ops[Op.INSERT] + ops[Op.READ]
            counts.updated += ops[Op.UPDATE]
            counts.deleted += ops[Op.DELETE]

    def _carry_alone(self, name: str, changes: Sequence[Change], offset: int) -> None:
        try:
            self._write(lambda: self._batches({name: changes}), {name: offset})
        except BadRows as error:
            if not self._stop(name, error):
                self._sift(
                    name, changes, lambda some: self._batches({name: some}), {name: offset},
                    self._rejects.of_change,
                )  # fmt: skip

    def _by_stream(
        self, changes: Sequence[Change], running: Sequence[str]
    ) -> dict[str, list[Change]]:
        by_stream: dict[str, list[Change]] = {}
        for change in changes:
            if change.stream in running and change.offset > self._offsets[change.stream]:
                by_stream.setdefault(change.stream, []).append(change)
        return by_stream

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
        """Halve until the records that are refused stand alone; those are set aside (Invariant 6).

        The offset moves with the last part: a crash before it does the whole again.
        """
        try:
            self._write(lambda: batches(items), offsets)
        except BadRows as error:
            if len(items) == 1:
                refused = aside(items[0], error)
                self._write(lambda: iter((refused,)), offsets)
                self._rejects.note(name, refused)
                self.progress.rejected[name] = self.progress.rejected.get(name, 0) + 1
                return
            middle = len(items) // 2
            self._sift(name, items[:middle], batches, {}, aside)
            self._sift(name, items[middle:], batches, offsets, aside)

    # --- writing -----------------------------------------------------------------------------

    def _write(self, batches: Batches, offsets: dict[str, int]) -> None:
        """Invariant 3: rows and checkpoint in one transaction; offsets move only after it."""
        self._tables.found = Lossy()
        self._destination.write(batches(), Checkpoint(self._task.name, self._epoch, offsets))
        self._offsets.update(offsets)
        self.progress.lossy.add(self._tables.found)

    def _learn(self, found: Learnt) -> None:
        """Note the new columns, durably, before any table gets them."""
        for stream in self._task.streams:
            own = {stream.name, *(child.name for child in stream.schema.children)}
            new = {table: fields for table, fields in found.new.items() if table in own}
            if new:
                known = self._mirror.learned()
                self._mirror.learn(learn(stream.schema, stream.name, known, Learnt(new)))
                self.progress.learned += [(t, name) for t, fields in new.items() for name in fields]
        self._tables = self._make_tables()

    def _make_tables(self) -> TaskTables:
        return TaskTables(
            self._task.streams, self._task.write, self._task.deletes,
            learned=self._mirror.learned(), lossy=self._destination.lossy,
        )  # fmt: skip
