"""The streams there are, the models of sources, and what a file of settings did."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from headrace.wire.watching import Words


class Column(msgspec.Struct, kw_only=True, frozen=True):
    """A column of a table."""

    name: str
    type: str
    meaning: Words


class ChildTable(msgspec.Struct, kw_only=True, frozen=True):
    """A list inside a record, as a table."""

    name: str
    title: Words
    key: list[str]
    columns: list[Column]


class StreamInfo(msgspec.Struct, kw_only=True, frozen=True):
    """A stream with its table. `group`: what it is about; `action` lists it ("": it is worked out
    from others); `parents`: the streams it leans on; `hooks`: events that tell of it."""

    name: str
    title: Words
    group: Words
    strategy: str
    action: str
    optional: bool
    parents: list[str]
    key: list[str]
    scopes: list[str]
    hooks: list[str]
    columns: list[Column]
    children: list[ChildTable]


class Model(msgspec.Struct, kw_only=True, frozen=True):
    """A source's tables with the name and type of each column. Times in ms UTC."""

    columns: dict[str, list[list[str]]]
    changed_at: int
    loaded_at: int


class Difference(msgspec.Struct, kw_only=True, frozen=True):
    """What changed in a model."""

    what: Literal["table_added", "table_removed", "column_added", "column_removed", "column_type"]
    table: str
    column: str
    before: str
    after: str


class Load(msgspec.Struct, kw_only=True, frozen=True):
    """A load of a model that found a change, or the first. `at` in ms UTC."""

    id: int
    at: int
    first: bool
    changes: list[Difference]


class Reloading(msgspec.Struct, kw_only=True, frozen=True):
    """When a model was loaded last, ms UTC; 0: never."""

    loaded_at: int


class Step(msgspec.Struct, kw_only=True, frozen=True):
    """A change, as the audit trail would have it: `before` and `after` hold what differs."""

    action: str
    subject: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class Rehearsed(msgspec.Struct, kw_only=True, frozen=True):
    """What a file would do: `steps` in order, `equal` what it leaves as it is. Where it cannot be
    applied whole, `message` and `advice` say why, after the steps that come before."""

    steps: list[Step]
    equal: list[str]
    message: str
    advice: str


class Applied(msgspec.Struct, kw_only=True, frozen=True):
    """What a file made, changed and found equal: `connection NAME`, `task NAME`."""

    made: list[str]
    changed: list[str]
    equal: list[str]
