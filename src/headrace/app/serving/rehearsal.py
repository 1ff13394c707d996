"""A file of settings applied to a copy of the control store, to see what it would change.

It is the very `Files.apply_text` that runs, so what is shown is what would happen; the copy, in
which secrets are sealed as they are, is thrown away.
"""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa

from headrace.app.serving.files import Files
from headrace.app.serving.tasks.task_settings import choose
from headrace.control import tables
from headrace.control.audit import Audit
from headrace.control.connections import Connections, Kinds
from headrace.control.people import Person
from headrace.control.store import ControlStore
from headrace.control.tasks import Tasks
from headrace.control.vault import Vault
from headrace.core.clock import Clock
from headrace.errors import Refused

_STEPS_MAX = 10_000
_COPIED = (tables.connection, tables.task)
_one_by_one = threading.Lock()  # making a store is not for several threads at a time

Step = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What would come of it. `steps`, in order: `action` and `subject` with `before` and `after`,
    as the audit trail would have them; `equal`: what the file leaves as it is, where it can be
    applied whole; `message` and `advice`: where it would break off after these steps, and why."""

    steps: list[Step]
    equal: list[str]
    message: str = ""
    advice: str = ""


class Rehearsal:
    """Tries files out."""

    def __init__(self, store: ControlStore, vault: Vault, kinds: Kinds, clock: Clock) -> None:
        self._store = store
        self._vault = vault
        self._kinds = kinds
        self._clock = clock

    def of(self, by: Person, text: str) -> Rehearsed:
        """What applying this text would do. Nothing of it is done."""
        with (
            _one_by_one,
            TemporaryDirectory(prefix="headrace-") as folder,
            closing(ControlStore(Path(folder) / "copy.db")) as copy,
        ):
            self._fill(copy)
            return self._apply(by, text, copy)

    def _fill(self, copy: ControlStore) -> None:
        with self._store.reading() as db, copy.transaction() as into:
            for table in _COPIED:
                rows = [dict(row) for row in db.execute(sa.select(table)).mappings()]
                if rows:
                    into.execute(sa.insert(table), rows)

    def _apply(self, by: Person, text: str, copy: ControlStore) -> Rehearsed:
        audit = Audit(copy, self._clock)
        connections = Connections(copy, self._clock, audit, self._vault, self._kinds)
        files = Files(connections, Tasks(copy, self._clock, audit, choose))
        try:
            equal = files.apply_text(by, text).equal
        except Refused as error:
            return Rehearsed(_steps(audit), [], error.message, error.advice)
        return Rehearsed(_steps(audit), equal)


def _steps(audit: Audit) -> list[Step]:
    return [
        {"action": one.action, "subject": one.subject, "before": one.before, "after": one.after}
        for one in reversed(audit.entries(limit=_STEPS_MAX))
        if one.before or one.after or one.before is None
    ]
