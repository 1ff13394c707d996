"""The mirror in a database: records, log, cursors and counters, one transaction a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from operator import attrgetter

import msgspec

from headrace.core.change import Change, Counts, Op
from headrace.core.learning import Learned
from headrace.core.ports import Cursor, Page
from headrace.core.record import Key, OnFile, Origin, Reject
from headrace.core.schema import Column, Type
from headrace.errors import Bug
from headrace.mirror.page_writer import SELECT_RECORD, PageWriter, on_file
from headrace.mirror.pruning import prune
from headrace.mirror.store import Store

_CHUNK = 500
_LOG_PART = 500
_LOG_BYTES_MAX = 32 * 1024**2
_LEARNED = dict[str, list[tuple[str, str, str]]]
_COUNTS = Counts.__slots__
_FIGURES, _SEEN_AT = attrgetter(*_COUNTS), attrgetter("seen_at")
_ADD_COUNTS = (
    f"INSERT INTO counter (stream, {', '.join(_COUNTS)}) VALUES (?{', ?' * len(_COUNTS)})"
    " ON CONFLICT (stream) DO UPDATE SET "
    + ", ".join(f"{name} = counter.{name} + excluded.{name}" for name in _COUNTS)
)
_CHANGE = '"offset", stream, key, op, after, before, before_offset, before_at, at, origin'
_PUT_CURSOR = (
    "INSERT INTO cursor VALUES (?, ?, ?) ON CONFLICT (stream, scope)"
    " DO UPDATE SET value = excluded.value"
)
_MARKS = (
    "SELECT (SELECT value FROM meta WHERE name = 'head'),"
    " (SELECT value FROM meta WHERE name = 'stamp')"
)
_PUT_REJECT = (
    "INSERT INTO reject (stream, scope, reason, body, at) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT DO NOTHING"
)
_OPS = {op.value: op for op in Op}
_ORIGINS = {origin.value: origin for origin in Origin}
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
            head, stamp = self._marks()
            writer = PageWriter(self._store, page, head=head)
            counts = writer.write()
            self._write_rejects(page)
            self._write_cursor(page)
            self._store.run(_ADD_COUNTS, (page.stream, *_FIGURES(counts)))
            newest = max(map(_SEEN_AT, page.sightings), default=0)
            self._raise_marks(head=(head, writer.head), stamp=(stamp, newest))
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
        if rows := [(r.stream, r.scope, r.reason, r.body, page.at) for r in page.rejects]:
            self._store.run_each(_PUT_REJECT, rows)

    def _write_cursor(self, page: Page) -> None:
        if page.cursor is None:
            return
        if page.cursor.mark < self.cursor(page.stream, page.scope).mark:
            raise Bug(f"The mark of {page.stream} {page.scope} would go backwards.")  # Invariant 4
        value = msgspec.json.encode(page.cursor)
        self._store.run(_PUT_CURSOR, (page.stream, page.scope, value))

    def _raise_marks(self, **marks: tuple[int, int]) -> None:
        """From what they were to what they are, by name; none ever sinks."""
        risen = [(str(new), name) for name, (old, new) in marks.items() if new > old]
        if risen:
            self._store.run_each("UPDATE meta SET value = ? WHERE name = ?", risen)

    # --- records -----------------------------------------------------------------------------

    def get(self, stream: str, key: Key) -> OnFile | None:
        """The record or tombstone on file for one key."""
        rows = self._store.rows(f"{SELECT_RECORD} WHERE stream = ? AND key = ?", (stream, key))
        return on_file(rows[0]) if rows else None

    def snapshot(self) -> AbstractContextManager[None]:
        """See `core.ports.Mirror.snapshot`."""
        return self._store.snapshot()

    def records(self, stream: str, scope: str | None = None) -> Iterator[OnFile]:
        """Living records in the order of their first sight, read in chunks."""
        last = 0
        where, arguments = _living(stream, scope)
        sql = f"{SELECT_RECORD} WHERE {where} AND record.id > ? ORDER BY record.id LIMIT {_CHUNK}"
        rows = self._store.rows(sql, (*arguments, last))
        while rows:
            yield from map(on_file, rows)
            last = rows[-1][0]
            rows = self._store.rows(sql, (*arguments, last)) if len(rows) == _CHUNK else []

    def changed(self, stream: str, scope: str, after: int, limit: int) -> Sequence[OnFile]:
        """See `core.ports.Mirror.changed`."""
        sql = (
            f'{SELECT_RECORD} WHERE stream = ? AND scope = ? AND "offset" > ?'
            ' ORDER BY "offset" LIMIT ?'
        )
        return [on_file(row) for row in self._store.rows(sql, (stream, scope, after, limit))]

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
        """See `core.ports.Mirror.log`: read in parts, until they are enough or large."""
        found: list[Change] = []
        size = 0
        while len(found) < limit and size < _LOG_BYTES_MAX:
            wanted = min(_LOG_PART, limit - len(found))
            part = self._log_part(found[-1].offset if found else after, wanted)
            found += part
            size += sum(len(c.after or b"") + len(c.before or b"") for c in part)
            if len(part) < wanted:
                break
        return found

    def _log_part(self, after: int, limit: int) -> Sequence[Change]:
        sql = f'SELECT {_CHANGE} FROM change WHERE "offset" > ? ORDER BY "offset" LIMIT ?'
        return [
            Change(
                offset, stream, key, _OPS[op], new, old, old_offset, old_at, at, _ORIGINS[origin]
            )
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

    def offset_at(self, at_ms: int) -> int | None:
        """See `core.ports.Mirror.offset_at`."""
        oldest = self._store.rows('SELECT at FROM change ORDER BY "offset" LIMIT 1')
        if not oldest or oldest[0][0] > at_ms:
            return None
        first = self._store.rows('SELECT min("offset") FROM change WHERE at >= ?', (at_ms,))[0][0]
        return self.head() if first is None else int(first) - 1

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

    def learned(self) -> Learned:
        """See `core.ports.Mirror.learned`."""
        rows = self._store.rows("SELECT value FROM meta WHERE name = 'learned'")
        found = msgspec.json.decode(rows[0][0], type=_LEARNED) if rows else {}
        return {table: tuple(map(_column, columns)) for table, columns in found.items()}

    def learn(self, learned: Learned) -> None:
        """See `core.ports.Mirror.learn`."""
        noted = {
            table: [(column.name, str(column.type), column.path) for column in columns]
            for table, columns in learned.items()
        }
        value = msgspec.json.encode(noted).decode()
        self._store.run(
            "INSERT INTO meta VALUES ('learned', ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (value,),
        )

    def close(self) -> None:
        """Close the connection."""
        self._store.close()
        self._closing()

    @property
    def store(self) -> Store:
        """For maintenance: what lies beneath."""
        return self._store

    def _marks(self) -> tuple[int, int]:
        """The head and the highest stamp, in one look."""
        head, stamp = self._store.rows(_MARKS)[0]
        return int(head or 0), int(stamp or 0)

    def _meta(self, name: str) -> int:
        rows = self._store.rows("SELECT value FROM meta WHERE name = ?", (name,))
        return int(rows[0][0]) if rows else 0


def _column(noted: tuple[str, str, str]) -> Column:
    name, kind, path = noted
    return Column(name, Type(kind), path, path, path)


def _living(stream: str, scope: str | None) -> tuple[str, tuple[str, ...]]:
    """The condition for living records of a stream, or of one scope of it, and its arguments."""
    if scope is None:
        return "stream = ? AND deleted = 0", (stream,)
    return "stream = ? AND deleted = 0 AND scope = ?", (stream, scope)
