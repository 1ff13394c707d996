"""Progress of an archive: a bar for each kind on a terminal, else a plain line now and then."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from headrace.cli.output import Output
from headrace.cli.words import say

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_LINE_SECONDS = 5.0


class ArchiveProgress:
    """Shows how far each kind has come. `begun` is called before the first is shown."""

    def __init__(self, out: Output, *, begun: Callable[[], None]) -> None:
        self._out = out
        self._begun = begun
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._line_due = time.monotonic() + _LINE_SECONDS

    def watch(self, kind: str, done: int, total: int) -> None:
        """See `archive.run.Watch`."""
        self._begun()
        if self._out.live:
            self._move(kind, done, total)
        elif time.monotonic() >= self._line_due:
            self._line_due = time.monotonic() + _LINE_SECONDS
            name = say(f"archive.kind.{kind}")
            self._out.note(say("archive.progress", kind=name, done=f"{done:,}", total=f"{total:,}"))

    def _move(self, kind: str, done: int, total: int) -> None:
        bars = self._bars or self._start()
        if kind not in self._tasks:
            self._tasks[kind] = bars.add_task(say(f"archive.kind.{kind}"), total=total)
        bars.update(self._tasks[kind], completed=done, total=total)

    def _start(self) -> Progress:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
        )

        self._bars = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
            TimeElapsedColumn(), console=self._out.notes, transient=True,
        )  # fmt: skip
        self._bars.start()
        return self._bars

    def __enter__(self) -> ArchiveProgress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bars is not None:
            self._bars.stop()
