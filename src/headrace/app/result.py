"""What a run did, in values to show, to test and to hand to a program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from headrace.core.change import Counts
from headrace.engine.progress import Progress
from headrace.engine.worker import Report

NoteKind = Literal["hidden", "held", "rejected", "failed", "quiet", "aside", "stopped", "lossy"]


@dataclass(frozen=True, slots=True)
class Note:
    """Something that stands in the way of a stream.

    `hidden`: CODING no longer shows a place; its rows are kept. `held`: too many rows vanished at
    once; they are kept until confirmed. `rejected`: rows set aside. `failed`: tried again later.
    `quiet`: polls see changes that no hook has told of. At the destination, `aside`: records it
    refused; `stopped`: a stream that waits because of one; `lossy`: values not kept as they came.
    """

    kind: NoteKind
    stream: str
    place: str
    text: str

    def as_dict(self) -> dict[str, str]:
        """For `--json`."""
        return {"kind": self.kind, "stream": self.stream, "place": self.place, "text": self.text}


@dataclass(frozen=True, slots=True)
class Result:
    """What was read and changed per stream, and what was carried over to the destination.

    `calls`: requests sent to CODING. `written`: changes carried over; `filled`: streams whose
    tables were filled from the mirror. `lag`: at most so many changes are not carried over yet.
    `seconds`: how long it took.
    """

    streams: Mapping[str, Counts]
    notes: tuple[Note, ...]
    calls: int
    written: int
    filled: tuple[str, ...]
    seconds: float
    lag: int = 0

    @property
    def changed(self) -> int:
        """Inserts, updates and deletes of all streams."""
        return sum(c.inserted + c.updated + c.deleted for c in self.streams.values())

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "streams": {name: counts.as_dict() for name, counts in self.streams.items()},
            "notes": [note.as_dict() for note in self.notes],
            "calls": self.calls,
            "written": self.written,
            "filled": list(self.filled),
            "lag": self.lag,
            "seconds": round(self.seconds, 3),
        }


def notes_of(report: Report, tasks: Sequence[Progress] = ()) -> tuple[Note, ...]:
    """All that a worker's report and its tasks say is in the way."""
    notes = [Note("hidden", s, scope, why) for (s, scope), why in report.hidden.items()]
    notes += [
        Note("held", stream, scope, f"{rows} rows vanished at once and are kept until confirmed")
        for (stream, scope), rows in report.held.items()
    ]
    notes += [
        Note("rejected", name, "", f"{counts.rejected} rows could not be used and are set aside")
        for name, counts in report.counts.items()
        if counts.rejected
    ]
    notes += [Note("failed", s, scope, str(f.error)) for (s, scope), f in report.failures.items()]
    if report.hooks_quiet_since_ms:
        since = datetime.fromtimestamp(report.hooks_quiet_since_ms / 1000, UTC)
        text = f"polls see changes, but no delivery has come since {since:%Y-%m-%d %H:%M:%S} UTC"
        notes.append(Note("quiet", "", "", text))
    return (*notes, *(note for progress in tasks for note in _task_notes(progress)))


def _task_notes(progress: Progress) -> Iterator[Note]:
    for stream, count in progress.rejected.items():
        text = f"{count} records were refused by the destination; see `headrace rejects list`"
        yield Note("aside", stream, "", text)
    for stream, error in progress.stopped.items():
        yield Note("stopped", stream, "", str(error))
    for (table, name), count in progress.lossy.misfits.items():
        yield Note("lossy", table, name, f"{count} values do not fit the column, kept in _extra")
    for (table, name), count in progress.lossy.altered.items():
        yield Note("lossy", table, name, f"{count} values had NUL characters replaced by U+FFFD")
