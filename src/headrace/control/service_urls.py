"""Service URLs: when each was generated, until when the one before it goes on, and whether CODING's
test event (PING) came to it. The secrets themselves are values of the connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from headrace.control import tables
from headrace.control.audit import Audit
from headrace.control.people import Person
from headrace.control.store import ControlStore
from headrace.core.clock import Clock

OLD_GOES_ON_MS = 86_400_000
_INSTALLATION = "installation"


@dataclass(frozen=True, slots=True)
class ServiceUrl:
    """Times in ms UTC, 0 for never. `pinged_at`: the last test event to the URL of now."""

    connection_id: int
    made_at: int
    old_until: int = 0
    pinged_at: int = 0


class ServiceUrls:
    """Keeps what became of Service URLs."""

    def __init__(self, store: ControlStore, clock: Clock, audit: Audit) -> None:
        self._store = store
        self._clock = clock
        self._audit = audit

    def all(self) -> dict[int, ServiceUrl]:
        """By connection."""
        with self._store.reading() as db:
            found = [ServiceUrl(**row) for row in db.execute(sa.select(_TABLE)).mappings()]
        return {one.connection_id: one for one in found}

    def get(self, connection_id: int) -> ServiceUrl:
        """One; all zeros where none was generated here."""
        query = sa.select(_TABLE).where(_TABLE.c.connection_id == connection_id)
        with self._store.reading() as db:
            row = db.execute(query).mappings().one_or_none()
        return ServiceUrl(**row) if row is not None else ServiceUrl(connection_id, 0)

    def made(self, by: Person, connection_id: int, name: str, *, again: bool) -> None:
        """A URL was generated; `again`: in place of one that goes on for a day."""
        now_ms = self._clock.now_ms()
        old_until = now_ms + OLD_GOES_ON_MS if again else 0
        action = "service_url.rotate" if again else "service_url.generate"
        with self._store.transaction() as db:
            _put(db, connection_id, {"made_at": now_ms, "old_until": old_until, "pinged_at": 0})
            self._audit.note(db, by.name, action, name, None, {"old_until": old_until})

    def retired(self, by: Person, connection_id: int, name: str) -> None:
        """The URL before has ended."""
        with self._store.transaction() as db:
            _put(db, connection_id, {"old_until": 0})
            self._audit.note(db, by.name, "service_url.retire", name, None, None)

    def pinged(self, connection_id: int, at: int) -> None:
        """A test event came to the URL of now."""
        with self._store.transaction() as db:
            where = tables.connection.c.id == connection_id
            if db.scalar(sa.select(tables.connection.c.id).where(where)) is not None:
                _put(db, connection_id, {"pinged_at": at})

    def noted(self, by: Person, action: str, name: str, after: Mapping[str, Any]) -> None:
        """Somebody did something about hooks, for the audit."""
        with self._store.transaction() as db:
            self._audit.note(db, by.name, action, name, None, after)

    def installation(self, made: str) -> str:
        """What tells the hooks of this installation from others': `made`, if there is none yet."""
        where = tables.setting.c.name == _INSTALLATION
        with self._store.transaction() as db:
            found = db.scalar(sa.select(tables.setting.c.value).where(where))
            if found is None:
                db.execute(sa.insert(tables.setting).values(name=_INSTALLATION, value=made))
            return made if found is None else str(found)


_TABLE = tables.service_url


def _put(db: sa.Connection, connection_id: int, values: Mapping[str, int]) -> None:
    where = _TABLE.c.connection_id == connection_id
    if not db.execute(sa.update(_TABLE).where(where).values(**values)).rowcount:
        row = {"made_at": 0, "old_until": 0, "pinged_at": 0, **values}
        db.execute(sa.insert(_TABLE).values(connection_id=connection_id, **row))
