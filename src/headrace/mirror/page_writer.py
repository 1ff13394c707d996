"""One page against the mirror: load what is on file, compare, write what follows.

Runs inside the caller's transaction and touches only the page's keys.
"""

from __future__ import annotations

from collections.abc import Sequence

from headrace.core.change import Counts, Op
from headrace.core.compare import Nothing, Verdict, compare
from headrace.core.ports import Page
from headrace.core.record import Gone, Key, OnFile, Record, Seen, Sighting
from headrace.mirror.store import Row, Store

_HEAD = 'record.id, stream, key, scope, version, digest, seen_at, "offset", changed_at, deleted'
_SELECT_HEAD = f"SELECT {_HEAD} FROM record"
_SELECT_BODY = "SELECT key, body FROM record JOIN body ON body.id = record.id"
SELECT_RECORD = f"SELECT {_HEAD}, body FROM record JOIN body ON body.id = record.id"


def on_file(row: Row) -> OnFile:
    """The value of one row of `SELECT_RECORD`."""
    return _filed(row[:-1], row[-1])


def _filed(head: Row, body: bytes) -> OnFile:
    _, stream, key, scope, version, digest, seen_at, offset, changed_at, deleted = head
    record = Record(stream, key, scope, version, digest, body)
    return OnFile(record, seen_at, offset, changed_at, bool(deleted))


class PageWriter:
    """Compares one page's sightings with the records on file and writes the outcome."""

    def __init__(self, store: Store, page: Page, *, head: int) -> None:
        self._store = store
        self._page = page
        self._head = head
        self._ids: dict[Key, int] = {}
        self._filed: dict[Key, OnFile] = {}
        self._seen: dict[Key, None] = {}
        self._changed: dict[Key, None] = {}
        self._log: list[Row] = []
        self._load()

    def write(self) -> Counts:
        """Compare and write. Returns what happened."""
        page = self._page
        counts = Counts(read=len(page.sightings), rejected=len(page.rejects), calls=page.calls)
        for sighting in page.sightings:
            self._take(sighting, counts)
        self._flush()
        return counts

    def _load(self) -> None:
        """What is on file. A body is read only where no sighting has it, told by the digest."""
        sightings = self._page.sightings
        heads = self._rows_of(_SELECT_HEAD, [sighting.key for sighting in sightings])
        bodies = {s.record.digest: s.record.body for s in sightings if isinstance(s, Seen)}
        unseen = [key for _, _, key, _, _, digest, *_ in heads if digest not in bodies]
        read: dict[Key, bytes] = dict(self._rows_of(_SELECT_BODY, unseen))
        for head in heads:
            identity, _, key, _, _, digest, *_ = head
            self._ids[key] = identity
            self._filed[key] = _filed(head, read[key] if key in read else bodies[digest])

    def _rows_of(self, select: str, keys: Sequence[Key]) -> list[Row]:
        if not keys:
            return []
        sql = f"{select} WHERE stream = ? AND {self._store.among}"
        return self._store.rows(sql, (self._page.stream, self._store.listed(keys)))

    def _take(self, sighting: Sighting, counts: Counts) -> None:
        filed = self._filed.get(sighting.key)
        verdict = compare(filed, sighting)
        if isinstance(verdict, Verdict):
            _count(counts, verdict.op)
            self._apply(filed, sighting, verdict)
            return
        counts.stale += verdict is Nothing.STALE
        counts.unchanged += verdict is Nothing.UNCHANGED
        if filed is not None and sighting.seen_at >= filed.seen_at:  # an old version is there, too
            self._seen[sighting.key] = None
            self._filed[sighting.key] = OnFile(
                filed.record, sighting.seen_at, filed.offset, filed.changed_at, filed.deleted
            )

    def _apply(self, filed: OnFile | None, sighting: Sighting, verdict: Verdict) -> None:
        key, page = sighting.key, self._page
        offset = self.head + 1
        at = max(page.at, filed.changed_at) if filed else page.at  # no version ends before it began
        previous = filed if filed is not None and not filed.deleted else None
        before = previous.record.body if previous else None
        after = verdict.record.body if verdict.record else None
        self._log.append(
            (offset, page.stream, key, verdict.op.value, after, before,
             previous.offset if previous else 0, previous.changed_at if previous else 0,
             at, sighting.origin.value)
        )  # fmt: skip
        record = verdict.record or (filed.record if filed else None)
        assert record is not None
        gone = isinstance(sighting, Gone)
        self._filed[key] = OnFile(record, sighting.seen_at, offset, at, gone)
        self._changed[key] = None

    def _flush(self) -> None:
        self._number_the_new()
        changed = [(self._ids[key], self._filed[key]) for key in self._changed]
        seen = [key for key in self._seen if key not in self._changed]
        if seen:
            stamps = [(self._filed[key].seen_at, self._ids[key]) for key in seen]
            self._store.run_each(_PUT_SEEN_AT, stamps)
        if changed:
            self._store.run_each(_PUT_RECORD, [_record_row(i, filed) for i, filed in changed])
            self._store.run_each(_PUT_BODY, [(i, filed.record.body) for i, filed in changed])
            self._store.run_each(_PUT_CHANGE, self._log)

    def _number_the_new(self) -> None:
        """New keys get their ids in the order of their first change."""
        new = [key for key in self._changed if key not in self._ids]
        if not new:
            return
        first = self._store.rows("SELECT coalesce(max(id), 0) + 1 FROM record")[0][0]
        order = sorted(new, key=lambda key: self._filed[key].offset)
        self._ids.update({key: first + index for index, key in enumerate(order)})

    @property
    def head(self) -> int:
        """The highest offset given out, this page's changes included."""
        return self._head + len(self._log)


_PUT_SEEN_AT = "UPDATE record SET seen_at = ? WHERE id = ?"
_PUT_CHANGE = "INSERT INTO change VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_PUT_BODY = "INSERT INTO body VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body"
_PUT_RECORD = (
    "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
    " scope = excluded.scope, version = excluded.version, digest = excluded.digest,"
    ' seen_at = excluded.seen_at, "offset" = excluded."offset",'
    " changed_at = excluded.changed_at, deleted = excluded.deleted"
)


def _record_row(identity: int, filed: OnFile) -> Row:
    record = filed.record
    return (identity, record.stream, record.key, record.scope, record.version, record.digest,
            filed.seen_at, filed.offset, filed.changed_at, int(filed.deleted))  # fmt: skip


def _count(counts: Counts, op: Op) -> None:
    if op is Op.DELETE:
        counts.deleted += 1
    elif op is Op.UPDATE:
        counts.updated += 1
    else:
        counts.inserted += 1
