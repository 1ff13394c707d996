"""The audit trail: who changed what, from what to what. Secrets never come here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from headrace.control import tables
from headrace.control.store import ControlStore
from headrace.core.clock import Clock


@dataclass(frozen=True, slots=True)
class Entry:
    """One change. `at` in ms UTC; `before` and `after` hold only what changed."""

    id: int
    at: int
    who: str
    action: str
    subject: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


class Audit:
    """Notes changes, within the transaction that makes them."""

    def __init__(self, store: ControlStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def note(
        self,
        db: sa.Connection,
        who: str,
        action: str,
        subject: str,
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any] | None,
    ) -> None:
        """One change. Of two mappings only what differs is kept."""
        if before is not None and after is not None:
            names = [n for n in {**before, **after} if before.get(n) != after.get(n)]
            before, after = ({n: one.get(n) for n in names} for one in (before, after))
        db.execute(
            sa.insert(tables.audit).values(
                at=self._clock.now_ms(), who=who, action=action, subject=subject, before=before,
                after=after,
            )
        )  # fmt: skip

    def entries(
        self, *, subject: str = "", who: str = "", before_id: int = 0, limit: int = 100
    ) -> list[Entry]:
        """The newest first; `before_id` goes on from the last of a page."""
        query = sa.select(tables.audit).order_by(tables.audit.c.id.desc()).limit(limit)
        if subject:
            query = query.where(tables.audit.c.subject == subject)
        if who:
            query = query.where(tables.audit.c.who == who)
        if before_id:
            query = query.where(tables.audit.c.id < before_id)
        with self._store.reading() as db:
            return [Entry(**row) for row in db.execute(query).mappings()]
