"""A task as the engine has it: what to write where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from headrace.core.rejects import OnReject
from headrace.core.stream import Stream
from headrace.engine.filters import RowFilter
from headrace.engine.modes import Deletes, Write


@dataclass(frozen=True, slots=True)
class Task:
    """What to write where: the streams, the write mode, what a delete and a refused record do.

    `filters`, by stream: rows that do not match are not written, and one that matches no more is
    deleted there. `now`: a stream that was never written begins with the changes from now on,
    without a fill; `since_ms`: with those noticed from that moment on.
    """

    name: str
    streams: Sequence[Stream]
    write: Write = Write.MIRROR
    deletes: Deletes = Deletes.SOFT
    rejects: OnReject = OnReject.ASIDE
    now: bool = False
    since_ms: int | None = None
    filters: Mapping[str, RowFilter] = field(default_factory=dict)

    @property
    def changes_only(self) -> bool:
        """Whether it begins with changes, so that an empty table lacks nothing."""
        return self.now or self.since_ms is not None
