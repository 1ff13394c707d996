"""The ports: how the engine sees CODING, the mirror and a destination.

Each has a memory or real twin that passes the same contract suite (`headrace.testing`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import msgspec

from headrace.core.change import Change, Counts
from headrace.core.learning import Learned
from headrace.core.record import Body, Key, OnFile, Record, Reject, Sighting
from headrace.core.schema import Columns, Table
from headrace.core.stream import Scope, Stream

T = TypeVar("T")
R = TypeVar("R")


# --- CODING ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ask:
    """Which page of a listing: number from 1, rows a page, and the update-time window, if any.

    `token` names the page where pages have names instead of numbers.
    """

    page: int
    size: int
    window: tuple[int, int] | None = None
    token: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """One page as CODING answered it.

    `total` is the count beside the list (None where the Action gives none), `size` the page size
    in force (the server may cap it), `server_ms` the server's own time in ms UTC, if it said;
    `next_token` names the next page where pages have names.
    """

    rows: Sequence[Any]
    total: int | None
    size: int
    server_ms: int | None = None
    next_token: str = ""


class Source(Protocol):
    """CODING as the engine sees it. Waits and retries happen inside.

    Raises `Unavailable` after the last retry, `NotPermitted`, `NotFound`, `BadToken`.
    """

    @property
    def calls(self) -> int:
        """API requests sent so far, retries included."""
        ...

    def list_page(self, stream: Stream, scope: Scope, ask: Ask) -> Listed:
        """One page of the stream's listing in this scope."""
        ...

    def look_up(self, stream: Stream, scope: Scope, key: Key) -> Body:
        """One record, as its lookup Action shows it. Raises `NotFound` when it is absent."""
        ...


class Workers(Protocol):
    """Runs reads side by side (threads) or one after another (simulation)."""

    def map(self, call: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
        """Results in the order of `items`; the first failure is raised in its place."""
        ...


# --- the mirror ------------------------------------------------------------------------------


class Cursor(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far a (stream, scope) has been read. Times in ms UTC, by our clock unless said.

    `mark`: newest update time read completely, in CODING's time, rounded down to seconds.
    `complete_stamp`: when the last complete pass over all keys began. `state`: "" or "hidden"
    (rows are kept), with the `reason`. `held_at`, `held`: since when how many missing rows are held
    back because too many vanished at once; `closed_at`: since when because nothing seems to open
    the scope any more. `followed`: the offset up to which the parents' changes are worked off
    (NEWEST: the head when the last whole pass was over); `swept`: the same for the slow pass over
    all parents (HISTORY: when the last thorough pass ended). `open`: keys to be looked at again:
    rows that were not settled, parents that could not be read, commits that no branch seems to
    hold; those were found with the list of branches that began at the stamp `listed`.
    """

    mark: int = 0
    snapshot_done: bool = False
    polled_at: int = 0
    census_at: int = 0
    state: str = ""
    reason: str = ""
    complete_stamp: int = 0
    held_at: int = 0
    held: int = 0
    closed_at: int = 0
    followed: int = 0
    swept: int = 0
    open: tuple[Key, ...] = ()
    listed: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """What one step of capture saw, and the cursor that commits it. May be empty."""

    stream: str
    scope: str
    at: int
    sightings: Sequence[Sighting] = ()
    rejects: Sequence[Reject] = ()
    cursor: Cursor | None = None
    calls: int = 0


class Mirror(Protocol):
    """The store between: records, log, cursors. One file a connection."""

    def commit(self, page: Page) -> Counts:
        """Compare, then store records, log and cursor in one transaction (Invariant 2)."""
        ...

    def cursor(self, stream: str, scope: str) -> Cursor: ...
    def cursors(self, stream: str) -> Mapping[str, Cursor]: ...

    def get(self, stream: str, key: Key) -> OnFile | None: ...

    def snapshot(self) -> AbstractContextManager[None]:
        """All that is read within is of one moment, whoever writes meanwhile. Nothing is written
        within."""
        ...

    def records(self, stream: str, scope: str | None = None) -> Iterator[OnFile]:
        """Living records by key, of one scope or of all."""
        ...

    def changed(self, stream: str, scope: str, after: int, limit: int) -> Sequence[OnFile]:
        """Records and tombstones of a scope whose last change lies above `after`, in its order."""
        ...

    def unseen(self, stream: str, scope: str, before: int) -> Sequence[Key]:
        """Keys of living records last seen before that stamp: the suspects of a census."""
        ...

    def scopes(self, stream: str) -> Sequence[str]:
        """The scopes that hold living records."""
        ...

    def count(self, stream: str, scope: str | None = None) -> int:
        """Living records."""
        ...

    def log(self, after: int, limit: int) -> Sequence[Change]:
        """Changes with an offset above `after`, oldest first: at most `limit`, and fewer where
        they are large."""
        ...

    def head(self) -> int:
        """The highest offset ever given out; 0 for none."""
        ...

    def tail(self) -> int:
        """The offset before the oldest change still in the log."""
        ...

    def offset_at(self, at_ms: int) -> int | None:
        """The offset behind which all changes lie that were noticed from that moment on (ms UTC);
        None where the log does not go back to it."""
        ...

    def last_stamp(self) -> int:
        """The highest stamp ever committed."""
        ...

    def counts(self) -> Mapping[str, Counts]:
        """Totals per stream since the mirror was made."""
        ...

    def rejects(self) -> Sequence[Reject]: ...

    def prune(
        self, *, before_ms: int, tombstones_before_ms: int, log_bytes_max: int | None = None
    ) -> int:
        """Drop log entries and tombstones noticed before these moments. Returns entries dropped.

        `log_bytes_max`: of the rest of the log keep the newest entries only, up to so many bytes.
        """
        ...

    def learned(self) -> Learned:
        """The columns found in CODING's answers beyond those of the catalogue, by table."""
        ...

    def learn(self, learned: Learned) -> None:
        """Keep these in their place."""
        ...

    def close(self) -> None: ...


# --- hooks -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Delivery:
    """One Service Hook delivery as it came in. `id` is CODING's delivery id, the key to tell
    repeats; `headers` are lower case, without Authorization and without our own URL.

    `state`: "waiting", "done" or "dead" (with the `reason`). `received_at` in ms UTC.
    """

    id: str
    event: str
    received_at: int
    headers: Mapping[str, str]
    body: bytes
    state: str = "waiting"
    reason: str = ""


class Inbox(Protocol):
    """Durable deliveries, beside the mirror. Has a connection of its own: the receiver's."""

    def put(self, deliveries: Sequence[Delivery]) -> int:
        """Store all, durably, in one transaction (Invariant 1). Known ids are left as they are.

        Returns how many were new. Raises `Unavailable` when they could not be stored.
        """
        ...

    def waiting(self, limit: int) -> Sequence[Delivery]:
        """The oldest that wait."""
        ...

    def settle(self, ids: Sequence[str], *, state: str, reason: str = "") -> None:
        """Mark as "done", "dead" or, for a replay, "waiting"."""
        ...

    def get(self, delivery_id: str) -> Delivery | None: ...

    def list(
        self, *, state: str = "", event: str = "", limit: int = 100, before: str = ""
    ) -> Sequence[Delivery]:
        """The newest first, all or those of one state or event; `before`: what came before the
        delivery of that id."""
        ...

    def counts(self) -> Mapping[str, int]:
        """How many there are in each state."""
        ...

    def prune(self, *, before_ms: int) -> int:
        """Drop settled deliveries received before. Returns how many."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Hint:
    """What a delivery says should be read again: one record, or a project's whole listing.

    A hint is never the truth: the record is read from the API. `project_id` None: all projects.
    """

    stream: str
    project_id: int | None
    key: Key | None


# --- destinations ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Batch:
    """Work on one table: empty it (`truncate`), delete by key, then put rows in place by key.

    `owners`: key columns of parents whose child rows are all removed before `rows` are put, so a
    child set is replaced. `deletes`: full keys to remove. `rows`: upserted by the table's key.
    """

    table: Table
    rows: Columns = field(default_factory=Columns)
    deletes: Columns = field(default_factory=Columns)
    owners: Columns = field(default_factory=Columns)
    truncate: bool = False


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a task's streams are written, and under which epoch."""

    task: str
    epoch: int
    offsets: Mapping[str, int]


class Destination(Protocol):
    """A database or folder where rows and checkpoint become visible together (Invariant 3).

    `lossy` names what it cannot keep: so far `nul`, NUL characters in texts. Callers put U+FFFD in
    their place before they write, and count them.
    """

    @property
    def lossy(self) -> frozenset[str]:
        """What it cannot keep."""
        ...

    def claim(self, task: str) -> Checkpoint:
        """Take the task over: raise its epoch by one and return what is on file.

        A writer with an older epoch is refused from now on (Invariant 10).
        """
        ...

    def prepare(self, task: str, tables: Sequence[Table]) -> None:
        """Create the tables or bring them into the wanted shape.

        Where rows or values are missing then (a table was dropped, has a new column, another key,
        column type or mode), the offset of the stream that vouches for it (`Table.vouched_by`) is
        forgotten and the task's epoch is raised: claim after prepare, and fill. Raises `Refused`
        for a foreign table of the same name.
        """
        ...

    def write(self, batches: Iterable[Batch], checkpoint: Checkpoint) -> None:
        """Write all batches, in order, and the checkpoint in one transaction.

        Replaying the same call leaves the same rows (Invariant 5). Raises `Fenced` when a later
        epoch is on file, `BadRows` when the values of a table were refused, `Unavailable` when
        nothing was written or it is unknown whether it was.
        """
        ...

    def read(self, table: Table) -> Iterator[Columns]:
        """All rows of a table as canonical values (times int ms, decimals `Decimal`), in chunks."""
        ...

    def close(self) -> None: ...


__all__ = [
    "Ask",
    "Batch",
    "Checkpoint",
    "Cursor",
    "Destination",
    "Listed",
    "Mirror",
    "Page",
    "Record",
    "Source",
    "Workers",
]
