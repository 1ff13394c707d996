"""Models of sources (模型): the tables a source has and their columns, as they were last loaded,
and what changed from load to load."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from headrace.control import tables
from headrace.control.monitor import DAY_MS, HOUR_MS, day_of
from headrace.control.store import ControlStore
from headrace.core.clock import Clock
from headrace.errors import Refused

MANY_TABLES = 10_000  # from so many tables on, a source is loaded daily
LOADS_MAX = 200  # loads that found a change, of each connection
DAILY_AT = "03:00"  # in CODING's time (UTC+8), where no other is chosen
_AT = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")

Columns = Mapping[str, Sequence[Sequence[str]]]  # table -> [name, type] in order


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed. `what`: table_added, table_removed, column_added, column_removed, or
    column_type (from `before` to `after`)."""

    what: str
    table: str
    column: str = ""
    before: str = ""
    after: str = ""

    def as_dict(self) -> dict[str, str]:
        """For JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Load:
    """A load that found a change (or was the first, `first`): when, and what."""

    id: int
    at: int
    first: bool
    changes: Sequence[Difference]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        changes = [one.as_dict() for one in self.changes]
        return {"id": self.id, "at": self.at, "first": self.first, "changes": changes}


@dataclass(frozen=True, slots=True)
class Model:
    """A source's model. `changed_at`, `loaded_at`: its last change and last load, ms UTC."""

    columns: Columns
    changed_at: int
    loaded_at: int


def differences(before: Columns, after: Columns) -> Iterator[Difference]:
    """From one model to the next, table by table."""
    for table in sorted({*before, *after}):
        if table not in before:
            yield Difference("table_added", table)
        elif table not in after:
            yield Difference("table_removed", table)
        else:
            yield from _in_table(table, _types(before[table]), _types(after[table]))


def _in_table(table: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Difference]:
    for name in old:
        if name not in new:
            yield Difference("column_removed", table, name, before=old[name])
    for name, kind in new.items():
        if name not in old:
            yield Difference("column_added", table, name, after=kind)
        elif old[name] != kind:
            yield Difference("column_type", table, name, old[name], kind)


def _types(columns: Sequence[Sequence[str]]) -> dict[str, str]:
    return {one[0]: one[1] for one in columns}


def time_of_day(text: str) -> int:
    """`03:00` in ms since midnight. Raises `Refused` for no time."""
    found = _AT.fullmatch(text)
    if found is None:
        raise Refused(f"{text} is no time of a day.", advice="Write it as 03:00 (UTC+8).")
    return int(found[1]) * HOUR_MS + int(found[2]) * 60_000


def next_load(loaded_at: int, count: int, daily_at: str = DAILY_AT) -> int:
    """When a source with so many tables, loaded then, is loaded again, ms UTC: after an hour, or
    from 10,000 tables on at the chosen time of CODING's day. Raises `Refused` for no time."""
    of_day = time_of_day(daily_at)
    if count < MANY_TABLES:
        return loaded_at + HOUR_MS
    due = day_of(loaded_at) + of_day
    return due if due > loaded_at else due + DAY_MS


class Models:
    """Keeps models, and what changed."""

    def __init__(self, store: ControlStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def loaded(self, connection_id: int, columns: Columns) -> Load | None:
        """A source was loaded. Returns what changed since the load before, None for nothing."""
        model, now_ms = tables.model, self._clock.now_ms()
        with self._store.transaction() as db:
            before = self._last(db, connection_id)
            found = list(differences(before["columns"], columns)) if before is not None else []
            if before is not None:
                change = sa.update(model).where(model.c.id == before["id"])
                if not found:
                    db.execute(change.values(loaded_at=now_ms))
                    return None
                db.execute(change.values(columns={}))
            made = sa.insert(model).values(
                connection_id=connection_id, at=now_ms, loaded_at=now_ms,
                columns={t: [list(one) for one in own] for t, own in columns.items()},
                changes=[one.as_dict() for one in found],
            )  # fmt: skip
            key = db.execute(made).inserted_primary_key
            assert key is not None
            self._prune(db, connection_id)
        return Load(int(key[0]), now_ms, before is None, found)

    def get(self, connection_id: int) -> Model | None:
        """A source's model; None before its first load."""
        with self._store.reading() as db:
            row = self._last(db, connection_id)
        return Model(row["columns"], row["at"], row["loaded_at"]) if row is not None else None

    def history(self, connection_id: int, *, before_id: int = 0, limit: int = 50) -> list[Load]:
        """The loads that found a change, the newest first; `before_id` goes on from a page."""
        model = tables.model
        query = sa.select(model).where(model.c.connection_id == connection_id)
        if before_id:
            query = query.where(model.c.id < before_id)
        with self._store.reading() as db:
            rows = db.execute(query.order_by(model.c.id.desc()).limit(limit)).mappings().all()
        return [
            Load(row["id"], row["at"], not row["changes"],
                 [Difference(**one) for one in row["changes"]])
            for row in rows
        ]  # fmt: skip

    def _last(self, db: sa.Connection, connection_id: int) -> sa.RowMapping | None:
        model = tables.model
        query = sa.select(model).where(model.c.connection_id == connection_id)
        return db.execute(query.order_by(model.c.id.desc()).limit(1)).mappings().one_or_none()

    def _prune(self, db: sa.Connection, connection_id: int) -> None:
        model = tables.model
        own = sa.select(model.c.id).where(model.c.connection_id == connection_id)
        last = db.scalar(own.order_by(model.c.id.desc()).offset(LOADS_MAX).limit(1))
        if last is not None:
            old = sa.and_(model.c.connection_id == connection_id, model.c.id <= last)
            db.execute(sa.delete(model).where(old))
