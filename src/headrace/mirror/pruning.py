"""Pruning: the log by age and size, tombstones by age.

The log loses its oldest entries only, never one from the middle: a task whose checkpoint lies at or
above the tail has all that follows, also when the clock once stepped back.
"""

from __future__ import annotations

from headrace.mirror.store import Store

_STEP = 5000
_FIRST_YOUNG = 'SELECT "offset" FROM change WHERE at >= ? ORDER BY "offset" LIMIT 1'
_NEWEST_TOO_MUCH = (
    'SELECT max("offset") FROM (SELECT "offset", sum(coalesce(length(after), 0)'
    ' + coalesce(length(before), 0)) OVER (ORDER BY "offset" DESC) AS total FROM change) AS sums'
    " WHERE total > ?"
)
_OLD_TOMBSTONE = "deleted = 1 AND changed_at < ?"


def prune(
    store: Store, before_ms: int, tombstones_before_ms: int, log_bytes_max: int | None
) -> int:
    """Drop what is too old or too much. Returns how many log entries went."""
    last = _last_too_old(store, before_ms)
    if log_bytes_max is not None:
        last = max(last, store.rows(_NEWEST_TOO_MUCH, (log_bytes_max,))[0][0] or 0)
    dropped = _drop_until(store, last)
    with store.transaction():
        ids = f"SELECT id FROM record WHERE {_OLD_TOMBSTONE}"
        store.run(f"DELETE FROM body WHERE id IN ({ids})", (tombstones_before_ms,))
        store.run(f"DELETE FROM record WHERE {_OLD_TOMBSTONE}", (tombstones_before_ms,))
    return dropped


def _last_too_old(store: Store, before_ms: int) -> int:
    """The offset below the first young entry: all up to it may go."""
    young = store.rows(_FIRST_YOUNG, (before_ms,))
    if young:
        return int(young[0][0]) - 1
    return int(store.rows('SELECT coalesce(max("offset"), 0) FROM change')[0][0])


def _drop_until(store: Store, last: int) -> int:
    """In steps, so that whoever else writes (the hook inbox) never waits long."""
    dropped = 0
    while True:
        first = store.rows('SELECT min("offset") FROM change')[0][0]
        if first is None or first > last:
            return dropped
        with store.transaction():
            upto = min(last, first + _STEP - 1)
            dropped += store.run('DELETE FROM change WHERE "offset" <= ?', (upto,))
