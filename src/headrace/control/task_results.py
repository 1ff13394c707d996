"""What the last pre-check and the last verification of a task found; a later one takes the place
of the one before."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from headrace.control import tables
from headrace.control.store import ControlStore
from headrace.core.clock import Clock


class Kind(enum.StrEnum):
    """What was done."""

    PRECHECK = "precheck"
    VERIFY = "verify"


class TaskResults:
    """Keeps them."""

    def __init__(self, store: ControlStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._insert: Any = sqlite.insert if store.is_sqlite else postgresql.insert

    def note(self, task_id: int, kind: Kind, result: Mapping[str, Any]) -> None:
        """This is what was found now. Nothing, where the task is gone meanwhile."""
        own = tables.task_result
        values = {"at": self._clock.now_ms(), "result": dict(result)}
        made = self._insert(own).values(task_id=task_id, kind=str(kind), **values)
        made = made.on_conflict_do_update(index_elements=[own.c.task_id, own.c.kind], set_=values)
        there = sa.select(tables.task.c.id).where(tables.task.c.id == task_id)
        with self._store.transaction() as db:
            if db.scalar(there) is not None:
                db.execute(made)

    def of(self, task_id: int) -> dict[str, dict[str, Any] | None]:
        """By kind: `{"at": ..., **result}`, None where there was none yet."""
        own = tables.task_result
        query = sa.select(own).where(own.c.task_id == task_id)
        with self._store.reading() as db:
            rows = db.execute(query).mappings().all()
        found: dict[str, dict[str, Any] | None] = {str(kind): None for kind in Kind}
        return found | {row["kind"]: {"at": row["at"], **row["result"]} for row in rows}
