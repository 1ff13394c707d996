"""The records that a task's destination refused: their rows there, and when they go again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from headrace.core.change import Change
from headrace.core.ports import Batch, Destination
from headrace.core.record import Key, OnFile
from headrace.core.rejects import REJECTS
from headrace.core.schema import Columns
from headrace.errors import BadRows

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)

BODY_CHARACTERS_MAX = 100_000  # of a reject's row: enough to see what it was


class WritePart(Protocol[T_contra]):
    """Writes some items; `last`: nothing follows them. Raises `BadRows`."""

    def __call__(self, some: Sequence[T_contra], *, last: bool) -> None: ...


class PutAside(Protocol[T_contra]):
    """Sets one item aside."""

    def __call__(self, item: T_contra, error: BadRows, *, last: bool) -> None: ...


def sift(
    items: Sequence[T], write: WritePart[T], put_aside: PutAside[T], *, last: bool = True
) -> None:
    """Halve until the items that are refused stand alone; those are set aside (Invariant 6)."""
    try:
        write(items, last=last)
    except BadRows as error:
        if len(items) == 1:
            put_aside(items[0], error, last=last)
            return
        middle = len(items) // 2
        sift(items[:middle], write, put_aside, last=False)
        sift(items[middle:], write, put_aside, last=last)


class RejectDesk:
    """Knows which records lie aside, so that a row there goes when its record is written again."""

    def __init__(self, task: str) -> None:
        self._task = task
        self._keys: dict[str, set[Key]] = {}

    def read(self, destination: Destination) -> None:
        """What the destination has on file for this task."""
        self._keys = {}
        for chunk in destination.read(REJECTS):
            values = (chunk.values[name] for name in REJECTS.key)
            for task, stream, key in zip(*values, strict=True):
                if task == self._task:
                    self._keys.setdefault(stream, set()).add(key)

    @property
    def count(self) -> int:
        """How many lie aside."""
        return sum(map(len, self._keys.values()))

    def keys(self) -> Mapping[str, Sequence[Key]]:
        """What lies aside, by stream."""
        return {stream: sorted(keys) for stream, keys in self._keys.items()}

    def forget(self, stream: str, keys: Iterable[Key]) -> Iterator[Batch]:
        """Remove the rows of records that are about to be written."""
        aside = self._keys.get(stream)
        if aside and (again := sorted(aside.intersection(keys))):
            yield self._removal(stream, again)

    def forget_all(self, stream: str) -> Sequence[Batch]:
        """Remove all rows of a stream that is about to be filled."""
        aside = self._keys.get(stream)
        return [self._removal(stream, sorted(aside))] if aside else []

    def drop(self, stream: str) -> None:
        """All rows of a stream were removed."""
        self._keys.pop(stream, None)

    def note(self, stream: str, refused: Batch) -> None:
        """A row was put aside."""
        self._keys.setdefault(stream, set()).update(refused.rows.values["record_key"])

    def of_change(self, change: Change, error: BadRows) -> Batch:
        """The row for a change that was refused."""
        body = change.after or change.before or b""
        return self._row(change.stream, change.key, error, body, change.at, change.offset)

    def of_record(self, filed: OnFile, error: BadRows) -> Batch:
        """The row for a record that was refused in a fill."""
        record = filed.record
        return self._row(
            record.stream, record.key, error, record.body, filed.changed_at, filed.offset
        )

    def _row(
        self, stream: str, key: Key, error: BadRows, body: bytes, at: int, offset: int
    ) -> Batch:
        text = body.decode()[:BODY_CHARACTERS_MAX].replace("\0", "\ufffd")
        row: tuple[Any, ...] = (
            self._task, stream, key, error.table, error.message, text, at, offset,
        )  # fmt: skip
        names = [name for name, _ in REJECTS.columns]
        return Batch(REJECTS, rows=Columns({n: [v] for n, v in zip(names, row, strict=True)}))

    def _removal(self, stream: str, keys: Sequence[Key]) -> Batch:
        columns = {
            "task": [self._task] * len(keys),
            "stream": [stream] * len(keys),
            "record_key": list(keys),
        }
        return Batch(REJECTS, deletes=Columns(columns))
