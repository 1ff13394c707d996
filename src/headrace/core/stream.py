"""Streams: one frozen value says all that is known of a table and how CODING lists it.

A stream names one of a few strategies, never a loop of its own. What is here is data; the walking
is in `engine.capture`, the calling in `coding.source`.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
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
from headrace.core.schema import NO_TIME, Schema, Type


class Strategy(enum.StrEnum):
    """How capture keeps a stream up to date."""

    DELTA = "delta"  # the API filters by a time
    NEWEST = "newest"  # a list that grows at its front: read until nothing is new
    FULL = "full"  # no filter at all: read everything, compare
    CHILDREN = "children"  # hangs on a parent: read again when the parent changed
    HISTORY = "history"  # commits: newest first from each branch, until all ancestors are there


class Paging(enum.StrEnum):
    """How an Action pages its answers."""

    NUMBER = "number"  # PageNumber + PageSize, total beside the list
    OFFSET = "offset"  # Offset + Limit, total beside the list
    BARE = "bare"  # PageNumber + PageSize, no total: up to a page with nothing new
    BARE_OFFSET = "bare offset"  # Offset + Limit, no total
    TOKEN = "token"  # each page names the next one  # noqa: S105
    EACH = "each"  # one request for each item of a scope value that is a list
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
    """Where a stream's scopes come from: each living record of another stream ("": the team).

    `values` maps a scope value's name to a field of the parent's body, or to what makes it of the
    body (None where the body is odd); `key` says which of these (and of the parent's own scope)
    identify the scope and are written into each row. `fan`: values of our own, a scope for each
    combination. `only`: parents that have such children at all.
    """

    stream: str
    values: Mapping[str, str | Callable[[Body], Any]]
    key: tuple[str, ...]
    fan: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    only: Callable[[Body], bool] | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """The Action that lists a stream. `rows` and `total` are paths below `Response`.

    `sends` names the scope values to send (or maps a parameter to one), `params` the constants; the
    parameter `Filter.Name` is the field `Name` of the object `Filter`.
    `size` is the page size asked, `number` the name of the page number's parameter (for EACH: of
    the one that takes the items); `as_text`: both are sent as texts. `unfold` makes rows of what
    is at `rows`, where that is no plain list: an object alone, a tree, lists of lists, JSON in a
    text.
    """

    action: str
    rows: str
    paging: Paging = Paging.NONE
    total: str = ""
    size: int = 100
    sends: tuple[str, ...] | Mapping[str, str] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    number: str = "PageNumber"
    as_text: bool = False
    unfold: Callable[[Any], Iterable[Any]] | None = None


@dataclass(frozen=True, slots=True)
class Ancestry:
    """How commits hang together, for HISTORY and for what is derived from it.

    `heads` is the stream of branches, `head` the field of a branch with its newest commit; `lane`
    maps a scope value of the listing to a field of the branch. `node` and `parents` are the fields
    of a commit of the stream `commits`.
    """

    commits: str
    heads: str
    head: str
    lane: Mapping[str, str]
    node: str
    parents: str


@dataclass(frozen=True, slots=True)
class Lookup:
    """The Action that shows one record: it confirms an absence and re-reads after a hook.

    `key_params` maps a request parameter to a field of the row's key. `project` turns the answer
    into the fields of a list row it can vouch for; None where it cannot stand for a list row.
    """

    action: str
    row: str
    key_params: Mapping[str, str]
    sends: tuple[str, ...] | Mapping[str, str] = ()
    project: Callable[[Body], Body] | None = None


@dataclass(frozen=True, slots=True)
class HookRule:
    """Which events hint at this stream, and where their body names the record's key.

    `key` maps a field of the row's key to a path in the hook's body (for CHILDREN: a field of the
    parent's key, whose children are read again); an empty mapping means: the event tells only that
    something in the project changed, so its scope is read again.
    """

    events: tuple[str, ...]
    key: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stream:
    """All that is known of one table.

    `key`: fields of the (stamped) row that make it unique in the team. `version`: the fields that
    may hold its update time in ms, first found wins. `window`: for DELTA, the request parameters
    that select (and sort) rows updated between two moments (ms UTC), which reaches back at least
    `trailing_seconds` behind the mark. `running`: for NEWEST, rows that will still change and are
    looked up again. `ancestry`: for HISTORY, and for CHILDREN that are derived from it without a
    call. `every`: so many poll intervals lie between two polls. `slow`: read at the census interval
    only. `volatile`: fields that change by themselves (signed URLs) or hold secrets, never stored.
    `personal`: fields (paths) about a person's phone and e-mail. `optional`: not read unless asked
    for by name.
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
    trailing_seconds: int = 0
    running: Callable[[Body], bool] | None = None
    ancestry: Ancestry | None = None
    hooks: tuple[HookRule, ...] = ()
    scopes: tuple[str, ...] = ()
    every: int = 1
    slow: bool = False
    volatile: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    optional: bool = False

    @property
    def leans_on(self) -> tuple[str, ...]:
        """The names of the streams that must be read before this one."""
        names = [self.parent.stream] if self.parent is not None and self.parent.stream else []
        if self.ancestry is not None:
            names.append(self.ancestry.heads)
        if self.ancestry is not None and self.is_derived:
            names.append(self.ancestry.commits)
        return tuple(dict.fromkeys(names))

    @property
    def is_derived(self) -> bool:
        """Whether its rows are worked out from other streams, without a call."""
        return self.ancestry is not None and self.strategy is Strategy.CHILDREN


def child_scopes(
    stream: Stream, parent_scope: Scope, parent_body: Body, parent_key: Key
) -> Iterator[Scope]:
    """The scopes that one record of the parent stream (or the team) opens for `stream`."""
    parent = stream.parent
    assert parent is not None
    if parent.only is not None and not parent.only(parent_body):
        return
    taken = {
        name: wanted(parent_body) if callable(wanted) else at_path(parent_body, wanted)
        for name, wanted in parent.values.items()
    }
    for chosen in product(*parent.fan.values()):
        fanned = dict(zip(parent.fan, chosen, strict=True))
        values = {**parent_scope.values, **taken, **fanned}
        stamped = {name: _as_keyed(stream, name, values.get(name)) for name in parent.key}
        values.update(stamped)
        yield Scope(make_key(tuple(stamped.values())), values, stamped, parent_key)


def _as_keyed(stream: Stream, name: str, value: Any) -> Any:
    """Numbers that CODING once spells as texts open no scope of their own."""
    if not isinstance(value, str):
        return value
    types = {column.path: column.type for column in stream.schema.columns}
    number = _key_value(value, Type.INTEGER) if types.get(name) is Type.INTEGER else None
    return value if number is None else number


def at_path(body: Any, path: str) -> Any:
    """The value at a dotted path of nested objects, or None."""
    value = body
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def key_of(stream: Stream, row: Body) -> Key | None:
    """The key of a stamped row, or None where a part is missing or does not fit its column.

    `stream.key` and `schema.key` name the same values in the same order: fields and columns.
    """
    values = []
    for name, column_type in zip(stream.key, stream.schema.key_types, strict=True):
        value = _key_value(row.get(name), column_type)
        if value is None:
            return None
        values.append(value)
    return make_key(tuple(values))


def _key_value(value: Any, column_type: Type) -> int | str | None:
    if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
        return None
    if column_type not in (Type.INTEGER, Type.TIMESTAMP):
        return str(value)
    try:
        number = int(value)
    except ValueError:
        return None
    return None if column_type is Type.TIMESTAMP and number in NO_TIME else number


def to_record(stream: Stream, scope: Scope, row: Any) -> Record | Reject:
    """Stamp and digest a row as the source gave it. A row without a key is a `Reject`."""
    if not isinstance(row, dict):
        return Reject(stream.name, scope.key, "not an object", encode_body({"row": row}))
    stamped: Body = {**row, **scope.stamped}
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
