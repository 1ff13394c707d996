"""Minings as people manage them: stopped and resumed, whole or by stream; what mirrors held.

A mining has a row from its first start on, or from when somebody stopped something of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from headrace.control import tables
from headrace.control.audit import Audit
from headrace.control.people import Person
from headrace.control.store import ControlStore
from headrace.core.clock import Clock
from headrace.errors import Conflict, Missing

_KEY = re.compile(r"(connection|task)-([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class MiningRow:
    """What is kept of a mining. `key`: `connection-3`, or `task-7` where it is not shared.

    `stopped_by`: the person who stopped all of it, "" for nobody. `from_now_at`: the moment that
    "from now" means, ms UTC; 0 where it was never asked for. `agent` reads, or did last. `held`:
    what its mirror held at `looked_at`; empty before the first look.
    """

    key: str
    connection_id: int
    stopped_by: str = ""
    stopped_streams: Sequence[str] = ()
    from_now_at: int = 0
    agent: str = ""
    held: Mapping[str, Any] = field(default_factory=dict)
    looked_at: int = 0


class Minings:
    """Keeps them. Every change by a person is in the audit trail."""

    def __init__(self, store: ControlStore, clock: Clock, audit: Audit) -> None:
        self._store = store
        self._clock = clock
        self._audit = audit

    def all(self) -> dict[str, MiningRow]:
        """All, by key."""
        with self._store.transaction() as db:
            rows = db.execute(sa.select(tables.mining)).mappings().all()
        return {row["key"]: MiningRow(**row) for row in rows}

    # --- what people want ------------------------------------------------------------------------

    def stop(self, by: Person, key: str) -> MiningRow:
        """Nothing is read until it is resumed. Raises `Missing`, and `Conflict` if it is stopped
        already."""
        return self._asked(by, key, "stop", lambda _row: {"stopped_by": by.name}, _is_running)

    def resume(self, by: Person, key: str) -> MiningRow:
        """Reading goes on. Raises `Missing`, and `Conflict` if it is not stopped."""
        return self._asked(by, key, "resume", lambda _row: {"stopped_by": ""}, _is_stopped)

    def stop_stream(self, by: Person, key: str, stream: str) -> MiningRow:
        """This stream is not read until it is resumed. Raises as `stop`."""
        return self._asked(
            by, key, "stop_stream",
            lambda row: {"stopped_streams": sorted([*row.stopped_streams, stream])},
            lambda row: "" if stream not in row.stopped_streams else f"{stream} is stopped.",
        )  # fmt: skip

    def resume_stream(self, by: Person, key: str, stream: str) -> MiningRow:
        """This stream is read again. Raises as `resume`."""
        return self._asked(
            by, key, "resume_stream",
            lambda row: {"stopped_streams": [n for n in row.stopped_streams if n != stream]},
            lambda row: "" if stream in row.stopped_streams else f"{stream} is not stopped.",
        )  # fmt: skip

    # --- what happens to them --------------------------------------------------------------------

    def started(self, key: str, connection_id: int, agent: str, *, from_now: bool) -> MiningRow:
        """An agent reads. `from_now`: note this moment, unless one is noted; else forget it."""
        with self._store.transaction() as db:
            row = self._row(db, key, connection_id)
            at = (row.from_now_at or self._clock.now_ms()) if from_now else 0
            return self._put(db, row, {"agent": agent, "from_now_at": at})

    def note(self, key: str, held: Mapping[str, Any]) -> None:
        """What the mirror of a mining that was started holds now."""
        values = {"held": dict(held), "looked_at": self._clock.now_ms()}
        with self._store.transaction() as db:
            where = tables.mining.c.key == key
            db.execute(sa.update(tables.mining).where(where).values(**values))

    def _asked(
        self,
        by: Person,
        key: str,
        verb: str,
        change: Callable[[MiningRow], Mapping[str, Any]],
        why_not: Callable[[MiningRow], str],
    ) -> MiningRow:
        with self._store.transaction() as db:
            row = self._row(db, key, self._connection_of(db, key))
            if reason := why_not(row):
                raise Conflict(reason, advice="Load it again: there is nothing to do.")
            values = change(row)
            before = {name: getattr(row, name) for name in values}
            self._audit.note(db, by.name, f"mining.{verb}", key, before, values)
            return self._put(db, row, values)

    def _connection_of(self, db: sa.Connection, key: str) -> int:
        """Whose mining it is. Raises `Missing` where there is no such source or task."""
        named, found = _KEY.fullmatch(key), None
        if named is not None and named[1] == "connection":
            query = sa.select(tables.connection.c.id).where(tables.connection.c.role == "source")
            found = db.scalar(query.where(tables.connection.c.id == int(named[2])))
        elif named is not None:
            query = sa.select(tables.task.c.source_id).where(tables.task.c.id == int(named[2]))
            found = db.scalar(query)
        if found is None:
            raise _missing()
        return int(found)

    def _row(self, db: sa.Connection, key: str, connection_id: int) -> MiningRow:
        query = sa.select(tables.mining).where(tables.mining.c.key == key)
        row = db.execute(query).mappings().one_or_none()
        return MiningRow(**row) if row is not None else MiningRow(key, connection_id)

    def _put(self, db: sa.Connection, row: MiningRow, values: Mapping[str, Any]) -> MiningRow:
        where = tables.mining.c.key == row.key
        if not db.execute(sa.update(tables.mining).where(where).values(**values)).rowcount:
            fresh = {name: getattr(row, name) for name in MiningRow.__slots__}
            fresh["stopped_streams"] = list(row.stopped_streams)
            try:
                db.execute(sa.insert(tables.mining).values(**{**fresh, **values}))
            except sa.exc.IntegrityError:
                raise _missing() from None
        return self._row(db, row.key, row.connection_id)


def _is_running(row: MiningRow) -> str:
    return f"It was stopped by {row.stopped_by} already." if row.stopped_by else ""


def _is_stopped(row: MiningRow) -> str:
    return "" if row.stopped_by else "It is not stopped."


def _missing() -> Missing:
    return Missing("There is no such mining.", advice="Load the list again.")
