"""Minings: what is read from CODING, where it is kept, and which tasks read it there."""

from __future__ import annotations

from typing import Literal

import msgspec

from headrace.wire.tasks import Counts, MiningError, State
from headrace.wire.watching import Figures

MiningState = Literal["opening", "snapshot", "following", "failed", "stopped", "waiting", "idle"]


class Note(msgspec.Struct, kw_only=True, frozen=True):
    """Something that stands in the way of a stream, in words."""

    kind: str
    stream: str
    place: str
    text: str


class MiningStore(msgspec.Struct, kw_only=True, frozen=True):
    """Where a mirror lies; `place` is "" before it was made."""

    type: Literal["sqlite", "postgresql"]
    place: str


class MirrorFigures(msgspec.Struct, kw_only=True, frozen=True):
    """`bytes` on disk; the log goes from behind the offset `tail` to `head`, its oldest change was
    noticed at `oldest_at` (ms UTC, 0 for an empty log)."""

    bytes: int
    tail: int
    head: int
    oldest_at: int


class LastPass(msgspec.Struct, kw_only=True, frozen=True):
    """The last pass over a stream: rows read of those expected, ms UTC."""

    kind: str
    rows: int
    expected: int | None
    at: int


class MinedStream(Counts, kw_only=True, frozen=True):
    """A stream, with what came of it since the mining began. `passed_at`: when it was last read in
    the place where that is longest ago (ms UTC, 0: not everywhere yet); `lag_ms`: how long ago."""

    state: MiningState
    passed_at: int
    lag_ms: int | None
    last: LastPass | None


class Reader(msgspec.Struct, kw_only=True, frozen=True):
    """A task that reads a mining: how many changes it is behind, and the offset up to which it has
    written each stream; `offset` is the lowest."""

    id: int
    name: str
    state: State
    lag: int | None
    offset: int | None
    offsets: dict[str, int]


class Mining(msgspec.Struct, kw_only=True, frozen=True):
    """What is read from a source, for which tasks; `shared`, or for one task alone. Figures `ever`
    and `today` are those of the source, `counts` and `calls` since the mining began. `pinned`: the
    agent that has to read; `agent`: who reads, or did last. `start_at`: rows last touched before
    are left out. Times in ms UTC."""

    key: str
    name: str
    connection_id: int
    shared: bool
    state: MiningState
    stopped_by: str
    error: MiningError | None
    pinned: str
    agent: str
    store: MiningStore
    log_days: float
    start: str
    start_at: int | None
    mirror: MirrorFigures | None
    looked_at: int
    lag_ms: int
    ever: Figures
    today: Figures
    streams: dict[str, MinedStream]
    counts: Counts
    calls: int
    notes: list[Note]
    hooks: bool
    tasks: list[Reader]
