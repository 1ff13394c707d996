"""Progress of long reads: a moving bar on a terminal, a plain line now and then otherwise."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING

from headrace.cli.output import Output
from headrace.cli.words import say

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from headrace.core.change import Counts
    from headrace.core.stream import Stream

_LINE_SECONDS = 5.0


class ReadProgress:
    """Shows how far the pass under way has come. `watch` is what a session calls."""

    def __init__(self, out: Output) -> None:
        self._out = out
        self._pass: Counts | None = None
        self._bars: Progress | None = None
        self._bar: TaskID | None = None
        self._line_due = time.monotonic() + _LINE_SECONDS

    def watch(self, stream: Stream, _kind: object, counts: Counts, expected: int | None) -> None:
        """See `engine.capture.Watch`. A new pass is one with counts of its own."""
        if self._bars is not None:
            self._move(stream, counts, expected)
        elif time.monotonic() >= self._line_due:
            self._line_due = time.monotonic() + _LINE_SECONDS
            total = f"{expected:,}" if expected else "?"
            self._out.note(
                say("progress.line", stream=stream.name, read=f"{counts.read:,}", total=total)
            )

    def _move(self, stream: Stream, counts: Counts, expected: int | None) -> None:
        assert self._bars is not None
        if counts is not self._pass:
            self._pass = counts
            if self._bar is not None:
                self._bars.remove_task(self._bar)
            self._bar = self._bars.add_task(stream.name, total=expected)
        assert self._bar is not None
        self._bars.update(self._bar, completed=counts.read, total=expected)

    def __enter__(self) -> ReadProgress:
        if self._out.live:
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
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take the bars away."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = None
