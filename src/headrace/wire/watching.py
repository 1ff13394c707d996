"""What people watch: figures, the log, alerts and where they are told, agents."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Level = Literal["info", "warning", "error"]


class Words(msgspec.Struct, kw_only=True, frozen=True):
    """The same in Chinese and English."""

    zh: str
    en: str


class Rate(msgspec.Struct, kw_only=True, frozen=True):
    """Records a second: read, and changed."""

    read: float
    changed: float


class Figures(msgspec.Struct, kw_only=True, frozen=True):
    """What happened in a time, in records and calls, and how things stood in it: the highest
    `lag` (changes) and `lag_ms`; `changed_at`, of the last change, ms UTC."""

    read: int
    inserted: int
    updated: int
    deleted: int
    unchanged: int
    rejected: int
    calls: int
    throttled_ms: int
    lag: int
    lag_ms: int
    changed_at: int


class Point(Figures, kw_only=True, frozen=True):
    """The figures of a span that began at `at`, ms UTC."""

    at: int
    span_ms: int
    rate: Rate


class FiguresOf(msgspec.Struct, kw_only=True, frozen=True):
    """Figures of `task:ID` or `connection:ID`, by stream ("": of it as a whole): since ever,
    today, and records a second over the last minute."""

    subject: str
    ever: dict[str, Figures]
    today: dict[str, Figures]
    rates: dict[str, Rate]


class Line(msgspec.Struct, kw_only=True, frozen=True):
    """A line of the log: of `task:ID`, `connection:ID`, `agent:NAME` or `server`. `at` in
    ms UTC."""

    id: int
    subject: str
    at: int
    level: Level
    text: str
    advice: str


class Alert(msgspec.Struct, kw_only=True, frozen=True):
    """What a person should know about, and what to do. Times in ms UTC; `times`: how often its
    cause came back before it was clear; `told`: by channel, when."""

    id: int
    kind: str
    subject: str
    details: dict[str, str | int]
    raised_at: int
    seen_at: int
    cleared_at: int | None
    times: int
    told: dict[str, dict[str, int]]
    text: Words
    advice: Words


class Thresholds(msgspec.Struct, kw_only=True, frozen=True):
    """From when on something is worth an alert. `muted`: kinds that never are."""

    lag_ms: int
    lag_for_ms: int
    tries: int
    grant_days: int
    disk_free_percent: int
    muted: list[str]


class Told(msgspec.Struct, kw_only=True, frozen=True):
    """What became of the last message of a channel. `at` in ms UTC."""

    at: int
    ok: bool
    error: str
    advice: str


class Channel(msgspec.Struct, kw_only=True, frozen=True):
    """Where alerts are told; a secret among its `settings` shows only that it is there, the `url`
    of a webhook its scheme and host."""

    id: int
    name: str
    type: Literal["webhook", "email"]
    settings: dict[str, Any]
    enabled: bool
    last: Told | None


class TaskOf(msgspec.Struct, kw_only=True, frozen=True):
    """A task of an agent."""

    id: int
    name: str


class MiningOf(msgspec.Struct, kw_only=True, frozen=True):
    """A mining that an agent reads; `name` is its source's."""

    key: str
    name: str


class Agent(msgspec.Struct, kw_only=True, frozen=True):
    """Who runs tasks. `cpu` in per mille of one core; times in ms UTC; `tasks`: how many run there;
    `away`: no sign of life for 30 s. `runs`: the tasks it holds; `reads`: the minings that it
    reads; `waits`: tasks that wait for it, being pinned; `advice` for one that is away."""

    name: str
    release: str
    started_at: int
    heartbeat_at: int
    cpu: int
    memory_mb: int
    cores: int
    tasks: int
    away: bool
    runs: list[TaskOf]
    reads: list[MiningOf]
    waits: list[TaskOf]
    advice: Words | None
