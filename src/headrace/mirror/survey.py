"""What a mirror holds, stream by stream: for a person who wants to see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from headrace.core.ports import Cursor
from headrace.mirror.stored import StoredMirror

_RECORDS = "SELECT stream, sum(1 - deleted), sum(deleted) FROM record GROUP BY stream"
_LOG = (
    'SELECT stream, count(*), min("offset"), max("offset"), min(at), max(at)'
    " FROM change GROUP BY stream"
)


@dataclass(frozen=True, slots=True)
class LogSpan:
    """A stream's entries in the log: how many, first and last offset, oldest and newest moment."""

    changes: int = 0
    first_offset: int = 0
    last_offset: int = 0
    oldest_at: int = 0
    newest_at: int = 0


@dataclass(frozen=True, slots=True)
class Held:
    """What a mirror holds of one stream. Times in ms UTC, 0 for none."""

    stream: str
    records: int
    tombstones: int
    cursors: Mapping[str, Cursor]
    log: LogSpan

    @property
    def mark(self) -> int:
        """The newest update time that every scope is read up to; 0 where none is kept."""
        return min((cursor.mark for cursor in self.cursors.values()), default=0)

    @property
    def hidden(self) -> dict[str, str]:
        """The scopes that CODING does not show, with the reason."""
        return {s: c.reason for s, c in self.cursors.items() if c.state == "hidden"}

    @property
    def held_back(self) -> int:
        """Rows that vanished and are kept until it is confirmed."""
        return sum(cursor.held for cursor in self.cursors.values())

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "records": self.records,
            "tombstones": self.tombstones,
            "mark": self.mark,
            "cursors": {scope: msgspec.structs.asdict(c) for scope, c in self.cursors.items()},
            "log": {name: getattr(self.log, name) for name in LogSpan.__slots__},
            "hidden": self.hidden,
            "held": self.held_back,
        }


def survey(mirror: StoredMirror) -> Iterator[Held]:
    """Every stream that the mirror knows, by name. Read it within a `snapshot` of the store."""
    rows = mirror.store.rows
    records = {stream: (int(living), int(dead)) for stream, living, dead in rows(_RECORDS)}
    spans = {stream: LogSpan(*map(int, span)) for stream, *span in rows(_LOG)}
    for stream in sorted({*records, *spans, *mirror.counts()}):
        living, dead = records.get(stream, (0, 0))
        span = spans.get(stream, LogSpan())
        yield Held(stream, living, dead, mirror.cursors(stream), span)
