"""Tasks, minings and runs: what is carried from where to where, and how it goes."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from headrace.wire.connections import LastCheck
from headrace.wire.progress import LastVerified, Phase

State = Literal["new", "waiting", "running", "retrying", "stopping", "stopped", "error", "done"]
RunOutcome = Literal["running", "finished", "stopped", "failed", "lost"]


class Counts(msgspec.Struct, kw_only=True, frozen=True):
    """Records, and calls to CODING."""

    read: int
    inserted: int
    updated: int
    deleted: int
    unchanged: int
    stale: int
    rejected: int
    calls: int


class MiningError(msgspec.Struct, kw_only=True, frozen=True):
    """What keeps a mining from reading: it was stopped, its agent is away, or it failed; then
    `again_at` is when it is tried again, ms UTC, after so many `times`."""

    message: str
    advice: str
    times: int
    again_at: int


class TaskNote(msgspec.Struct, kw_only=True, frozen=True):
    """What stands in a task's way: rows set `aside` at its destination, a stream that is `stopped`
    there, and why, or one that is `unread` because its mining was stopped."""

    kind: Literal["aside", "stopped", "unread"]
    stream: str
    rows: int = 0
    message: str = ""
    advice: str = ""


class Task(msgspec.Struct, kw_only=True, frozen=True):
    """A task and what it does now. `works`: it is past its start; `lag`: how many changes it is
    behind; `tries`: failures in a row; `due_at`: when the next try is. `chosen`: its streams by
    name, where those of later releases do not join. Times in ms UTC."""

    id: int
    name: str
    source_id: int
    source: str
    destination_id: int
    destination: str
    settings: dict[str, Any]
    state: State
    reason: str
    advice: str
    agent: str
    tries: int
    due_at: int
    reset_streams: list[str] | None
    version: int
    created_at: int
    updated_at: int
    chosen: list[str] | None
    phase: Phase
    works: bool
    lag: int | None
    counts: Counts | None
    mining_error: MiningError | None


class TaskDetail(Task, kw_only=True, frozen=True):
    """One, with its figures stream by stream, and what its last pre-check and verification
    found."""

    streams: dict[str, Counts]
    notes: list[TaskNote]
    precheck: LastCheck | None
    verify: LastVerified | None


class Run(msgspec.Struct, kw_only=True, frozen=True):
    """One time that a task ran. Times in ms UTC."""

    id: int
    task_id: int
    agent: str
    started_at: int
    ended_at: int | None
    outcome: RunOutcome
    reason: str
    figures: dict[str, int]
