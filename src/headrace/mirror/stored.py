"""The mirror in a database: records, log, cursors and counters, one transaction a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager

import msgspec

from headrace.core.change import Change, Counts, Op
from headrace.core.ports import Cursor, Page
from headrace.core.record import Key, OnFile, Origin, Reject
from headrace.errors import Bug
from headrace.mirror.page_writer import SELECT_RECORD, PageWriter, on_file
from headrace.mirror.pruning import prune
from headrace.mirror.store import Store

_CHUNK = 500
_COUNTS = Counts.__slots__
_CHANGE = '"offset", stream, key, op, after, before, before_offset, before_at, at, origin'
_PUT_CURSOR = (
    "INSERT INTO cursor VALUES (?, ?, ?) ON CONFLICT (stream, scope)"
    " DO UPDATE SET value = excluded.value"
)
_PUT_REJECT = (
    "INSERT INTO reject (stream, scope, reason, body, at) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT DO NOTHING"
)
_cursor_decoder = msgspec.json.Decoder(Cursor)


class StoredMirror:
    """`core.ports.Mirror` in a `Store`, which it owns. Use from one thread at a time.

    Offsets start at the moment the mirror was made, in microseconds: those of a mirror made anew
    lie above all that an earlier one gave out, so a task that knew the earlier one is refilled.
    Every method raises `Unavailable` and `Refused` as the store does; a `commit` that raised left
    nothing behind. `closing` is called when the connection is closed.
    """

    def __init__(self, store: Store, closing: Callable[[], None] = lambda: None) -> None:
        self._store = store
        self._closing = closing

    # --- writing -----------------------------------------------------------------------------

    def commit(self, page: Page) -> Counts:
        """See `core.ports.Mirror.commit`. Invariant 2: one transaction, all or nothing."""
        with self._transaction():
            writer = PageWriter(self._store, page, head=self.head())
            counts = writer.write()
            self._write_rejects(page)
            self._write_cursor(page)
            self._write_counts(page.stream, counts)
            self._raise_marks(page, writer.head)
        return counts

    def prune(
        self, *, before_ms: int, tombstones_before_ms: int, log_bytes_max: int | None = None
    ) -> int:
        """See `core.ports.Mirror.prune`.

        `log_bytes_max`: of what is young enough, keep the newest changes only, up to so many bytes
        of content before and after. Done in small transactions, the oldest first.
        """
        return prune(self._store, before_ms, tombstones_before_ms, log_bytes_max)

    def _transaction(self) -> AbstractContextManager[None]:
        return self._store.transaction()

    def _write_rejects(self, page: Page) -> None:
        rows = [(r.stream, r.scope, r.reason, r.body, page.at) for r in page.rejects]
        self._store.run_each(_PUT_REJECT, rows)

    def _write_cursor(self, page: Page) -> None:
        if page.cursor is None:
            return
        if page.cursor.mark < self.cursor(page.stream, page.scope).mark:
            raise Bug(f"The mark of {page.stream} {page.scope} would go backwards.")  # Invariant 4
        value = msgspec.json.encode(page.cursor)
        self._store.run(_PUT_CURSOR, (page.stream, page.scope, value))

    def _write_counts(self, stream: str, counts: Counts) -> None:
        sums = ", ".join(f"{name} = counter.{name} + excluded.{name}" for name in _COUNTS)
        marks = ", ".join("?" for _ in _COUNTS)
        self._store.run(
            f"INSERT INTO counter (stream, {', '.join(_COUNTS)}) VALUES (?, {marks})"
            f" ON CONFLICT (stream) DO UPDATE SET {sums}",
            (stream, *counts.as_dict().values()),
        )

    def _raise_marks(self, page: Page, head: int) -> None:
        stamp = max((s.seen_at for s in page.sightings), default=0)
        marks = [("head", head, self.head()), ("stamp", stamp, self.last_stamp())]
        risen = [(str(new), name) for name, new, old in marks if new > old]
        self._store.run_each("UPDATE meta SET value = ? WHERE name = ?", risen)

    # --- records -----------------------------------------------------------------------------

    def get(self, stream: str, key: Key) -> OnFile | None:
        """The record or tombstone on file for one key."""
        rows = self._store.rows(f"{SELECT_RECORD} WHERE stream = ? AND key = ?", (stream, key))
        return on_file(rows[0]) if rows else None

    def records(self, stream: str, scope: str | None = None) -> Iterator[OnFile]:
        """Living records in the order of their first sight, read in chunks."""
        last = 0
        where, arguments = _living(stream, scope)
        sql = f"{SELECT_RECORD} WHERE {where} AND record.id > ? ORDER BY record.id LIMIT {_CHUNK}"
        while rows := self._store.rows(sql, (*arguments, last)):
            last = rows[-1][0]
            yield from map(on_file, rows)

    def unseen(self, stream: str, scope: str, before: int) -> Sequence[Key]:
        """See `core.ports.Mirror.unseen`."""
        where, arguments = _living(stream, scope)
        sql = f"SELECT key FROM record WHERE {where} AND seen_at < ? ORDER BY id"
        return [key for (key,) in self._store.rows(sql, (*arguments, before))]

    def scopes(self, stream: str) -> Sequence[str]:
        """The scopes that hold living records, in order of their code points."""
        where, arguments = _living(stream, None)
        rows = self._store.rows(f"SELECT DISTINCT scope FROM record WHERE {where}", arguments)
        return sorted(scope for (scope,) in rows)

    def count(self, stream: str, scope: str | None = None) -> int:
        """Living records."""
        where, arguments = _living(stream, scope)
        return int(self._store.rows(f"SELECT count(*) FROM record WHERE {where}", arguments)[0][0])

    # --- the log -----------------------------------------------------------------------------

    def log(self, after: int, limit: int) -> Sequence[Change]:
        """Changes with an offset above `after`, oldest first, at most `limit`."""
        sql = f'SELECT {_CHANGE} FROM change WHERE "offset" > ? ORDER BY "offset" LIMIT ?'
        return [
            Change(offset, stream, key, Op(op), new, old, old_offset, old_at, at, Origin(origin))
            for offset, stream, key, op, new, old, old_offset, old_at, at, origin
            in self._store.rows(sql, (after, limit))
        ]  # fmt: skip

    def head(self) -> int:
        """The highest offset ever given out; in a new mirror the one before the first."""
        return self._meta("head")

    def tail(self) -> int:
        """The offset before the oldest change still in the log."""
        oldest = self._store.rows('SELECT min("offset") FROM change')[0][0]
        return self.head() if oldest is None else int(oldest) - 1

    # --- cursors, counters, rejects ----------------------------------------------------------

    def cursor(self, stream: str, scope: str) -> Cursor:
        """The cursor on file, or a fresh one."""
        sql = "SELECT value FROM cursor WHERE stream = ? AND scope = ?"
        rows = self._store.rows(sql, (stream, scope))
        return _cursor_decoder.decode(rows[0][0]) if rows else Cursor()

    def cursors(self, stream: str) -> Mapping[str, Cursor]:
        """All cursors of a stream by scope."""
        rows = self._store.rows("SELECT scope, value FROM cursor WHERE stream = ?", (stream,))
        return {scope: _cursor_decoder.decode(value) for scope, value in rows}

    def last_stamp(self) -> int:
        """The highest stamp ever committed."""
        return self._meta("stamp")

    def counts(self) -> Mapping[str, Counts]:
        """Totals per stream since the mirror was made."""
        rows = self._store.rows(f"SELECT stream, {', '.join(_COUNTS)} FROM counter")
        return {stream: Counts(*figures) for stream, *figures in rows}

    def rejects(self) -> Sequence[Reject]:
        """Rows set aside, oldest first."""
        sql = f"SELECT stream, scope, reason, body FROM reject ORDER BY {self._store.arrival}"
        return [Reject(*row) for row in self._store.rows(sql)]

    def close(self) -> None:
        """Close the connection."""
        self._store.close()
        self._closing()

    @property
    def store(self) -> Store:
        """For maintenance: what lies beneath."""
        return self._store

    def _meta(self, name: str) -> int:
        rows = self._store.rows("SELECT value FROM meta WHERE name = ?", (name,))
        return int(rows[0][0]) if rows else 0


def _living(stream: str, scope: str | None) -> tuple[str, tuple[str, ...]]:
    """The condition for living records of a stream, or of one scope of it, and its arguments."""
    if scope is None:
        return "stream = ? AND deleted = 0", (stream,)
    return "stream = ? AND deleted = 0 AND scope = ?", (stream, scope)
