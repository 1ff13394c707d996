"""How far a task is, how its copy was verified, and what its destination refused."""

from __future__ import annotations

from typing import Literal

import msgspec

from headrace.wire.problem import Problem
from headrace.wire.watching import Figures, Line

Phase = Literal[
    "new", "waiting", "opening", "snapshot", "filling", "following", "retrying", "stopping",
    "stopped", "error", "done",
]  # fmt: skip


class Estimate(msgspec.Struct, kw_only=True, frozen=True):
    """What is done. `rows` so far of about `expected`, records a second over the last minute, and
    what that leaves. Null: nothing tells. `lag`: changes, and ms since the oldest of them;
    `changed_at`: the last change, ms UTC."""

    phase: Phase
    rows: int
    expected: int | None
    percent: float | None
    rate: float | None
    seconds_left: int | None
    lag: int | None
    lag_ms: int | None
    changed_at: int | None
    today: Figures
    ever: Figures


class StreamProgress(Estimate, kw_only=True, frozen=True):
    """Of one stream. `filtered`: records and changes that filters left out since it started."""

    filtered: int


class Progress(Estimate, kw_only=True, frozen=True):
    """Of a task. `percent` counts tables, each by its share. `calls` and `throttled_ms`, today and
    ever, are those of its source, for all tasks that share its mining; `errors` are the last
    warnings and errors of both, with advice. `changes_rate`: changes written a second."""

    changes_rate: float
    calls: dict[str, int]
    throttled_ms: dict[str, int]
    errors: list[Line]
    streams: dict[str, StreamProgress]


class Digest(msgspec.Struct, kw_only=True, frozen=True):
    """How many rows there are, and digits that stand for their content."""

    rows: int
    digest: str


class TableVerdict(msgspec.Struct, kw_only=True, frozen=True):
    """One table held against its source; `differing` names the first keys that are not alike."""

    table: str
    source: Digest
    copy: Digest
    equal: bool
    differing: list[str]


class Verified(msgspec.Struct, kw_only=True, frozen=True):
    """A verification that is through; `differing` are the tables that are not equal."""

    equal: bool
    tables: int
    rows: int
    differing: list[TableVerdict]


class LastVerified(Verified, kw_only=True, frozen=True):
    """The last verification. `at` in ms UTC."""

    at: int


class VerifyLine(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A line of a verification: a table, at the end the result, or where it broke off."""

    table: TableVerdict | None = None
    result: Verified | None = None
    error: Problem | None = None


class Reject(msgspec.Struct, kw_only=True, frozen=True):
    """A record that a destination refused. `at`: when its change was noticed, ms UTC; `body` is
    cut where it is long."""

    stream: str
    key: str
    table: str
    reason: str
    body: str
    at: int


class Replayed(msgspec.Struct, kw_only=True, frozen=True):
    """Records that were written once more, and those that stay aside."""

    written: int
    left: int
