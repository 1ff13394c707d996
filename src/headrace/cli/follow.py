"""What a following sync says after every round: what changed, and what newly stands in the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from headrace.cli.output import Output
from headrace.cli.results import note_line

if TYPE_CHECKING:
    from headrace.app import Note, Session

_OPS = (("inserted", "+", "green"), ("updated", "~", "yellow"), ("deleted", "-", "red"))


class Follower:
    """Compares a session's figures with those of the round before. `begun`: after round one."""

    def __init__(self, out: Output, session: Session, *, begun: Callable[[], None]) -> None:
        self._out = out
        self._session = session
        self._begun = begun
        self._figures: dict[str, tuple[int, ...]] = {}
        self._notes: frozenset[Note] = frozenset()

    def turned(self) -> None:
        """Say what is new since the last call."""
        self._begun()
        result = self._session.result()
        for name, counts in result.streams.items():
            now = tuple(counts.as_dict()[op] for op, _, _ in _OPS)
            before = self._figures.get(name, (0, 0, 0))
            if now != before:
                self._figures[name] = now
                self._changed(name, [a - b for a, b in zip(now, before, strict=True)])
        standing = frozenset(note for note in result.notes if note.kind != "rejected")
        for note in sorted(standing - self._notes, key=lambda note: (note.stream, note.place)):
            self._out.document({"event": "note", "at": _now().isoformat(), **note.as_dict()})
            self._out.show(note_line(note))
        self._notes = standing

    def _changed(self, stream: str, figures: list[int]) -> None:
        event: dict[str, Any] = {"event": "changes", "at": _now().isoformat(), "stream": stream}
        words = []
        for (op, sign, color), figure in zip(_OPS, figures, strict=True):
            event[op] = figure
            if figure:
                words.append(f"[{color}]{sign}{figure:,}[/]")
        self._out.document(event)
        self._out.show(f"{_now():%H:%M:%S} {stream:<18} {' '.join(words)}")


def _now() -> datetime:
    return datetime.now(UTC).astimezone()
