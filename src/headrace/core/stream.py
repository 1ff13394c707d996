"""Streams: one frozen value says all that is known of a table and how CODING lists it.

A stream names one of a few strategies, never a loop of its own. What is here is data; the walking
is in `engine.capture`, the calling in `coding.source`.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from headrace.core.record import (
    Body,
    Key,
    Record,
    Reject,
    digest_of,
    encode_body,
    make_key,
)
from headrace.core.schema import Schema, Type


class Strategy(enum.StrEnum):
    """How capture keeps a stream up to date."""

    DELTA = "delta"  # the API filters and sorts by update time
    FULL = "full"  # no filter at all: read everything, compare


class Paging(enum.StrEnum):
    """How an Action pages its answers (the five styles of the official document, plus one)."""

    NUMBER = "number"  # PageNumber + PageSize, total beside the list
    OFFSET = "offset"  # Offset + Limit, total beside the list
    NONE = "none"  # everything at once


@dataclass(frozen=True, slots=True)
class Title:
    """A name in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Scope:
    """One place to list a stream: the whole team, one project, one issue type of a project ...

    `key` names it in the mirror; `values` are the names a request may send (ProjectName ...);
    `stamped` are the values written into each row, because rows rarely carry their parent.
    """

    key: str
    values: Mapping[str, Any]
    stamped: Mapping[str, Any]
    parent_key: Key = ""


TEAM_SCOPE = Scope(key="[]", values={}, stamped={})


@dataclass(frozen=True, slots=True)
class Parent:
    """Where a stream's scopes come from: each living record of another stream.

    `values` maps a scope value's name to a field of the parent's body; `key` says which of these
    (and of the parent's own scope) identify the scope and are written into each row.
    """

    stream: str
    values: Mapping[str, str]
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """The Action that lists a stream. `rows` and `total` are paths below `Response`.

    `sends` names the scope values to send, `params` the constants. `size` is the page size asked.
    """

    action: str
    rows: str
    paging: Paging = Paging.NONE
    total: str = ""
    size: int = 100
    sends: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lookup:
    """The Action that shows one record: it confirms an absence and re-reads after a hook.

    `key_params` maps a request parameter to a field of the row's key. `project` turns the answer
    into the fields of a list row it can vouch for; None where it cannot stand for a list row.
    """

    action: str
    row: str
    key_params: Mapping[str, str]
    sends: tuple[str, ...] = ()
    project: Callable[[Body], Body] | None = None


@dataclass(frozen=True, slots=True)
class HookRule:
    """Which events hint at this stream, and where their body names the record's key.

    `key` maps a field of the row's key to a path in the hook's body; an empty mapping means: the
    event tells only that something in the project changed, so its scope is read again.
    """

    events: tuple[str, ...]
    key: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stream:
    """All that is known of one table.

    `key`: fields of the (stamped) row that make it unique in the team. `version`: the fields that
    may hold its update time in ms, first found wins. `window`: for DELTA, the request parameters
    that select and sort rows updated between two moments (ms UTC). `slow`: read at the census
    interval only. `volatile`: fields that change by themselves (signed URLs), left out of records.
    """

    name: str
    title: Title
    key: tuple[str, ...]
    schema: Schema
    listing: Listing
    strategy: Strategy = Strategy.FULL
    version: tuple[str, ...] = ()
    parent: Parent | None = None
    lookup: Lookup | None = None
    window: Callable[[int, int], Mapping[str, Any]] | None = None
    whole: Mapping[str, Any] = field(default_factory=dict)
    hooks: tuple[HookRule, ...] = ()
    scopes: tuple[str, ...] = ()
    slow: bool = False
    volatile: tuple[str, ...] = ()


def child_scope(stream: Stream, parent_scope: Scope, parent_body: Body, parent_key: Key) -> Scope:
    """The scope that one record of the parent stream opens for `stream`."""
    assert stream.parent is not None
    taken = {name: parent_body.get(path) for name, path in stream.parent.values.items()}
    values = {**parent_scope.values, **taken}
    stamped = {name: values.get(name) for name in stream.parent.key}
    return Scope(make_key(tuple(stamped.values())), values, stamped, parent_key)


def key_of(stream: Stream, row: Body) -> Key | None:
    """The key of a stamped row, or None where a part is missing or does not fit its column.

    `stream.key` and `schema.key` name the same values in the same order: fields and columns.
    """
    types = {column.name: column.type for column in stream.schema.columns}
    values = []
    for name, column in zip(stream.key, stream.schema.key, strict=True):
        value = _key_value(row.get(name), types[column])
        if value is None:
            return None
        values.append(value)
    return make_key(tuple(values))


def _key_value(value: Any, column_type: Type) -> int | str | None:
    if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
        return None
    if column_type is not Type.INTEGER:
        return str(value)
    try:
        return int(value)
    except ValueError:
        return None


def to_record(stream: Stream, scope: Scope, row: Any) -> Record | Reject:
    """Stamp, trim and digest a row as CODING sent it. A row without a key is a `Reject`."""
    if not isinstance(row, dict):
        return Reject(stream.name, scope.key, "not an object", encode_body({"row": row}))
    stamped: Body = {**row, **scope.stamped}
    for name in stream.volatile:
        stamped.pop(name, None)
    body = encode_body(stamped)
    key = key_of(stream, stamped)
    if key is None:
        reason = f"no usable key ({', '.join(stream.key)})"
        return Reject(stream.name, scope.key, reason, body)
    return Record(stream.name, key, scope.key, _version_of(stream, stamped), digest_of(body), body)


def _version_of(stream: Stream, row: Body) -> int | None:
    for name in stream.version:
        value = row.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
    return None
