"""Service Hooks of a source: how they stand, its Service URL, deliveries, our hooks in CODING."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from headrace.wire.problem import Problem

Light = Literal["none", "waiting", "refused", "green"]
DeliveryState = Literal["waiting", "done", "dead"]


class BothLanguages(msgspec.Struct, kw_only=True, frozen=True):
    """Lines in Chinese and English."""

    zh: list[str]
    en: list[str]


class HookState(msgspec.Struct, kw_only=True, frozen=True):
    """How a source's hooks stand. `light`: `none` without a Service URL, `waiting` until CODING's
    test event has come to it, `refused` while the last request was not taken (`refused_why`).

    `used`: its mode heeds hooks; `reading`: a task has it read now; `quiet`: the open alert that no
    hook tells of changes that polls see. `refused` counts by reason since the start. `old_until`:
    until when the URL of before is taken too. Times in ms UTC.
    """

    increments: str
    used: bool
    generated: bool
    version: int
    called_at: str
    light: Light
    made_at: int | None
    old_until: int | None
    pinged_at: int | None
    received_at: int | None
    refused: dict[str, int]
    refused_at: int | None
    refused_why: str
    deliveries: dict[str, int]
    quiet: dict[str, Any] | None
    reading: bool


class Refusal(msgspec.Struct, kw_only=True, frozen=True):
    """Why something cannot be done or said, and what a person may do."""

    message: str
    advice: str


class SourceHooks(msgspec.Struct, kw_only=True, frozen=True):
    """How the hooks of a source stand, or the `problem` why that cannot be said now."""

    connection_id: int
    name: str
    state: HookState | None
    problem: Refusal | None


class HookOverview(HookState, kw_only=True, frozen=True):
    """With the events that came of late, to choose from."""

    events: list[str]


class ServiceUrl(HookState, kw_only=True, frozen=True):
    """With the URL to copy and the steps in CODING. `signing_token` is told once, by the answer
    that made it; `scope` would let Headrace take the steps itself."""

    url: str | None
    steps: BothLanguages
    signing_token: str | None
    scope: str


class Delivery(msgspec.Struct, kw_only=True, frozen=True):
    """One delivery. `hook`: the id of CODING's hook, if it said; `received_at` in ms UTC."""

    id: str
    event: str
    state: DeliveryState
    reason: str
    received_at: int
    bytes: int
    hook: str


class Hint(msgspec.Struct, kw_only=True, frozen=True):
    """What is read again: one record, or a project's listing; without a project that of all."""

    stream: str
    project_id: int | None
    key: str | None


class DeliveryDetail(Delivery, kw_only=True, frozen=True):
    """One in full: its body as indented text, secrets masked, and what it has us read again."""

    headers: dict[str, str]
    body: str
    hints: list[Hint]


class Replayed(msgspec.Struct, kw_only=True, frozen=True):
    """What waits again; `reading`: whether anything reads it now."""

    replayed: list[str]
    reading: bool


class Project(msgspec.Struct, kw_only=True, frozen=True):
    """A project that gets a hook."""

    id: int
    name: str


class HookResult(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """How it ended. `by_hand` names projects that are left for a person, for want of the `scope`;
    `pinged`: whether the test event of every hook came."""

    ok: bool
    by_hand: list[str]
    scope: str
    pinged: bool | None = None


class HookLine(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A line of work on our hooks: a project with what was `done` (created, mended, kept) or found
    `wrong`, the hooks that were pinged or the number `removed`, or why it was `refused`; at the end
    the result, or where all broke off."""

    project: Project | None = None
    hook: str | None = None
    done: str | None = None
    what: list[str] | None = None
    wrong: list[str] | None = None
    hooks: list[str] | None = None
    removed: int | None = None
    refused: Refusal | None = None
    result: HookResult | None = None
    error: Problem | None = None
