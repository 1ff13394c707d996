"""What a task did since it was opened, for whoever watches it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from headrace.core.change import Change, Counts, Op
from headrace.engine.filling import Filling
from headrace.engine.tables import Lossy
from headrace.errors import BadRows


@dataclass(slots=True)
class Progress:
    """What a task did since it was opened.

    `refilled`: streams that had to be filled again. `counts`: records written, by stream: `read`
    by a fill, `inserted`, `updated` and `deleted` by changes; `filtered`: records and changes that
    the task's filters left out. `learned`: columns (table, field) made for fields that appeared.
    `rejected`: records set aside at the destination, by stream; `stopped`: streams that wait for a
    person instead. `lossy`: values not kept as they came. `filling`: the fill that goes on.
    """

    filled: list[str] = field(default_factory=list)
    refilled: list[str] = field(default_factory=list)
    changes: int = 0
    counts: dict[str, Counts] = field(default_factory=dict)
    filtered: Counter[str] = field(default_factory=Counter)
    learned: list[tuple[str, str]] = field(default_factory=list)
    rejected: dict[str, int] = field(default_factory=dict)
    stopped: dict[str, BadRows] = field(default_factory=dict)
    lossy: Lossy = field(default_factory=Lossy)
    filling: Filling | None = None

    def note_filled(self, name: str, rows: int, filtered: int, *, again: bool) -> None:
        """A stream was filled."""
        self.counts.setdefault(name, Counts()).read += rows
        self.filtered[name] += filtered
        (self.refilled if again else self.filled).append(name)

    def note_changes(
        self, by_stream: Mapping[str, Sequence[Change]], filtered: Counter[str]
    ) -> None:
        """Changes were written, and others left out."""
        self.filtered.update(filtered)
        for name, changes in by_stream.items():
            counts = self.counts.setdefault(name, Counts())
            ops = Counter(change.op for change in changes)
            counts.inserted += ops[Op.INSERT] + ops[Op.READ]
            counts.updated += ops[Op.UPDATE]
            counts.deleted += ops[Op.DELETE]
