"""The mirror on SQLite: records, log, cursors and counters, one transaction a page."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec

from headrace.core.change import Change, Counts, Op
from headrace.core.ports import Cursor, Page
from headrace.core.record import Key, OnFile, Origin, Reject
from headrace.errors import Bug
from headrace.mirror.page_writer import SELECT_RECORD, PageWriter, on_file
from headrace.mirror.schema import create_mirror
from headrace.mirror.sqlite_store import SqliteStore

_CHUNK = 500
_COUNTS = Counts.__slots__
_cursor_decoder = msgspec.json.Decoder(Cursor)


class SqliteMirror:
    """`core.ports.Mirror` on one SQLite connection, which it owns. Use from one thread at a time.

    Offsets start at the moment the mirror was made, in microseconds: those of a mirror made anew
    lie above all that an earlier one gave out, so a task that knew the earlier one is refilled.
    """

    def __init__(self, connection: sqlite3.Connection, *, now_ms: int) -> None:
        self._db = connection
        create_mirror(SqliteStore(connection), now_ms)

    # --- writing -----------------------------------------------------------------------------

    def commit(self, page: Page) -> Counts:
        """See `core.ports.Mirror.commit`. Invariant 2: one transaction, all or nothing."""
        with self._transaction():
            writer = PageWriter(self._db, page, head=self.head())
            counts = writer.write()
            self._write_rejects(page)
            self._write_cursor(page)
            self._write_counts(page.stream, counts)
            self._raise_stamp(page)
        return counts

    def prune(self, *, before_ms: int, tombstones_before_ms: int) -> int:
        """See `core.ports.Mirror.prune`."""
        with self._transaction():
            dropped = self._db.execute("DELETE FROM change WHERE at < ?", (before_ms,)).rowcount
            self._db.execute(
                "DELETE FROM record WHERE deleted AND changed_at < ?",
                (tombstones_before_ms,),
            )
            self._db.execute("DELETE FROM body WHERE id NOT IN (SELECT id FROM record)")
        return dropped

    def _write_rejects(self, page: Page) -> None:
        rows = [(r.stream, r.scope, r.reason, r.body, page.at) for r in page.rejects]
        self._db.executemany("INSERT OR IGNORE INTO reject VALUES (?, ?, ?, ?, ?)", rows)

    def _write_cursor(self, page: Page) -> None:
        if page.cursor is None:
            return
        if page.cursor.mark < self.cursor(page.stream, page.scope).mark:
            raise Bug(f"The mark of {page.stream} {page.scope} would go backwards.")  # Invariant 4
        self._db.execute(
            "INSERT OR REPLACE INTO cursor VALUES (?, ?, ?)",
            (page.stream, page.scope, msgspec.json.encode(page.cursor)),
        )

    def _write_counts(self, stream: str, counts: Counts) -> None:
        sums = ", ".join(f"{name} = {name} + excluded.{name}" for name in _COUNTS)
        marks = ", ".join("?" for _ in _COUNTS)
        self._db.execute(
            f"INSERT INTO counter (stream, {', '.join(_COUNTS)}) VALUES (?, {marks})"
            f" ON CONFLICT (stream) DO UPDATE SET {sums}",
            (stream, *counts.as_dict().values()),
        )

    def _raise_stamp(self, page: Page) -> None:
        stamp = max((s.seen_at for s in page.sightings), default=0)
        if stamp > self.last_stamp():
            self._db.execute("UPDATE meta SET value = ? WHERE name = 'stamp'", (str(stamp),))

    # --- reading -----------------------------------------------------------------------------

    def cursor(self, stream: str, scope: str) -> Cursor:
        """The cursor on file, or a fresh one."""
        sql = "SELECT value FROM cursor WHERE stream = ? AND scope = ?"
        row = self._db.execute(sql, (stream, scope)).fetchone()
        return _cursor_decoder.decode(row[0]) if row else Cursor()

    def cursors(self, stream: str) -> Mapping[str, Cursor]:
        """All cursors of a stream by scope."""
        rows = self._db.execute("SELECT scope, value FROM cursor WHERE stream = ?", (stream,))
        return {scope: _cursor_decoder.decode(value) for scope, value in rows}

    def get(self, stream: str, key: Key) -> OnFile | None:
        """The record or tombstone on file for one key."""
        sql = f"{SELECT_RECORD} WHERE stream = ? AND key = ?"
        row = self._db.execute(sql, (stream, key)).fetchone()
        return on_file(row) if row else None

    def records(self, stream: str, scope: str | None = None) -> Iterator[OnFile]:
        """Living records in the order of their first sight, read in chunks."""
        last = 0
        where = "stream = ? AND NOT deleted AND record.id > ?"
        where += "" if scope is None else " AND scope = ?"
        sql = f"{SELECT_RECORD} WHERE {where} ORDER BY record.id LIMIT {_CHUNK}"
        while rows := self._db.execute(
            sql, (stream, last, *(() if scope is None else (scope,)))
        ).fetchall():
            last = rows[-1][0]
            yield from map(on_file, rows)

    def unseen(self, stream: str, scope: str, before: int) -> Sequence[Key]:
        """See `core.ports.Mirror.unseen`."""
        rows = self._db.execute(
            "SELECT key FROM record WHERE stream = ? AND scope = ? AND NOT deleted"
            " AND seen_at < ? ORDER BY id",
            (stream, scope, before),
        )
        return [key for (key,) in rows]

    def scopes(self, stream: str) -> Sequence[str]:
        """The scopes that hold living records."""
        sql = "SELECT DISTINCT scope FROM record WHERE stream = ? AND NOT deleted ORDER BY scope"
        return [scope for (scope,) in self._db.execute(sql, (stream,))]

    def count(self, stream: str, scope: str | None = None) -> int:
        """Living records."""
        sql = "SELECT count(*) FROM record WHERE stream = ? AND NOT deleted"
        sql += "" if scope is None else " AND scope = ?"
        arguments = (stream,) if scope is None else (stream, scope)
        return int(self._db.execute(sql, arguments).fetchone()[0])

    def log(self, after: int, limit: int) -> Sequence[Change]:
        """Changes with an offset above `after`, oldest first, at most `limit`."""
        rows = self._db.execute(
            'SELECT * FROM change WHERE "offset" > ? ORDER BY "offset" LIMIT ?', (after, limit)
        )
        return [
            Change(offset, stream, key, Op(op), new, old, old_offset, old_at, at, Origin(origin))
            for offset, stream, key, op, new, old, old_offset, old_at, at, origin in rows
        ]

    def head(self) -> int:
        """The highest offset ever given out."""
        row = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'change'").fetchone()
        return int(row[0]) if row else 0

    def tail(self) -> int:
        """The offset before the oldest change still in the log."""
        oldest = self._db.execute('SELECT min("offset") FROM change').fetchone()[0]
        return self.head() if oldest is None else int(oldest) - 1

    def last_stamp(self) -> int:
        """The highest stamp ever committed."""
        return int(self._meta("stamp") or 0)

    def counts(self) -> Mapping[str, Counts]:
        """Totals per stream since the mirror was made."""
        rows = self._db.execute(f"SELECT stream, {', '.join(_COUNTS)} FROM counter")
        return {stream: Counts(*figures) for stream, *figures in rows}

    def rejects(self) -> Sequence[Reject]:
        """Rows set aside, oldest first."""
        rows = self._db.execute("SELECT stream, scope, reason, body FROM reject ORDER BY rowid")
        return [Reject(*row) for row in rows]

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    # --- the file ----------------------------------------------------------------------------

    def _meta(self, name: str) -> str | None:
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else None

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
