"""The hook inbox: deliveries, stored before they are answered (Invariant 1)."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

import msgspec

from headrace.core.ports import Delivery
from headrace.errors import Bug, Refused, Unavailable
from headrace.mirror.schema import create_inbox
from headrace.mirror.sqlite_store import SqliteStore
from headrace.mirror.store import Row, Store

REPEATS_MS = 27 * 86_400_000
STATES = ("waiting", "done", "dead")

_PRUNE_ROWS = 1000
_COLUMNS = "id, event, received_at, headers, body, state, reason"
_PUT = f"INSERT INTO delivery ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"


class StoredInbox:
    """`core.ports.Inbox` in a database. Use from one thread at a time.

    It has a connection of its own beside the mirror's; a few hundred deliveries a `put` cost one
    flush to the disk.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, deliveries: Sequence[Delivery]) -> int:
        """See `core.ports.Inbox.put`. Raises `Unavailable`, whatever the reason: none is stored."""
        try:
            with self._store.transaction():
                return self._store.run_each(_PUT, map(_row, deliveries))
        except Refused as error:
            raise Unavailable(error.message, advice=error.advice) from error

    def waiting(self, limit: int) -> Sequence[Delivery]:
        """The oldest that wait, in the order of arrival."""
        sql = f"SELECT {_COLUMNS} FROM delivery WHERE state = 'waiting' ORDER BY number LIMIT ?"
        return [_delivery(row) for row in self._store.rows(sql, (limit,))]

    def settle(self, ids: Sequence[str], *, state: str, reason: str = "") -> None:
        """See `core.ports.Inbox.settle`. Ids that are unknown or pruned are passed over."""
        if state not in STATES:
            raise Bug(f"A delivery cannot be settled as {state!r}.")
        sql = "UPDATE delivery SET state = ?, reason = ? WHERE id = ? AND state <> 'dropped'"
        with self._store.transaction():
            self._store.run_each(sql, [(state, reason, known) for known in ids])

    def get(self, delivery_id: str) -> Delivery | None:
        """One delivery; None when it is unknown or pruned."""
        sql = f"SELECT {_COLUMNS} FROM delivery WHERE id = ? AND state <> 'dropped'"
        rows = self._store.rows(sql, (delivery_id,))
        return _delivery(rows[0]) if rows else None

    def list(
        self, *, state: str = "", event: str = "", limit: int = 100, before: str = ""
    ) -> Sequence[Delivery]:
        """See `core.ports.Inbox.list`. Nothing comes before an id that is unknown."""
        where, arguments = "state <> 'dropped'", []
        if before:
            where += " AND number < (SELECT number FROM delivery WHERE id = ?)"
            arguments.append(before)
        for column, value in (("state", state), ("event", event)):
            if value:
                where += f" AND {column} = ?"
                arguments.append(value)
        sql = f"SELECT {_COLUMNS} FROM delivery WHERE {where} ORDER BY number DESC LIMIT ?"
        return [_delivery(row) for row in self._store.rows(sql, (*arguments, limit))]

    def counts(self) -> Mapping[str, int]:
        """How many there are in each state; 0 is said too."""
        sql = "SELECT state, count(*) FROM delivery GROUP BY state"
        found: dict[str, int] = dict(self._store.rows(sql))
        return {state: found.get(state, 0) for state in STATES}

    def came(self, since_ms: int, span_ms: int) -> Sequence[tuple[int, str, int]]:
        """How many came in each span of time and are in each state now: `(ms UTC, state, count)`,
        oldest first. Those that were pruned do not count."""
        sql = (
            "SELECT received_at / ? * ? AS span, state, count(*) FROM delivery"
            " WHERE state <> 'dropped' AND received_at >= ? GROUP BY 1, 2 ORDER BY 1, 2"
        )
        rows = self._store.rows(sql, (span_ms, span_ms, since_ms))
        return [(int(at), str(state), int(count)) for at, state, count in rows]

    def prune(self, *, before_ms: int) -> int:
        """Drop settled deliveries received before. Returns how many.

        Their ids stay known for 27 more days, so with bodies kept for 3 days a repeat is told for
        30. Done in small transactions: whoever stores deliveries never waits long.
        """
        self._forget(before_ms - REPEATS_MS)
        sql = (
            "UPDATE delivery SET state = 'dropped', headers = '{}', body = ?, reason = ''"
            " WHERE number IN (SELECT number FROM delivery WHERE state IN ('done', 'dead')"
            " AND received_at < ? LIMIT ?)"
        )
        return self._bit_by_bit(sql, (b"", before_ms, _PRUNE_ROWS))

    def _forget(self, before_ms: int) -> None:
        sql = (
            "DELETE FROM delivery WHERE number IN (SELECT number FROM delivery"
            " WHERE state = 'dropped' AND received_at < ? LIMIT ?)"
        )
        self._bit_by_bit(sql, (before_ms, _PRUNE_ROWS))

    def _bit_by_bit(self, sql: str, arguments: tuple[object, ...]) -> int:
        done = 0
        while True:
            with self._store.transaction():
                touched = self._store.run(sql, arguments)
            done += touched
            if touched < _PRUNE_ROWS:
                return done

    def close(self) -> None:
        """Close the connection."""
        self._store.close()


class SqliteInbox(StoredInbox):
    """The inbox in a SQLite file, on a connection of its own (see `mirror.files.connect`).

    It may be opened before the mirror itself is: its table is made when it is missing.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        store = SqliteStore(connection)
        create_inbox(store)
        super().__init__(store)


def _row(delivery: Delivery) -> Row:
    headers = msgspec.json.encode(dict(delivery.headers)).decode()
    return (delivery.id, delivery.event, delivery.received_at, headers, delivery.body,
            delivery.state, delivery.reason)  # fmt: skip


def _delivery(row: Row) -> Delivery:
    known, event, received_at, headers, body, state, reason = row
    return Delivery(known, event, received_at, msgspec.json.decode(headers), body, state, reason)
