"""Delta Lake: a folder of tables, local or in an object store, that Spark, Trino or DuckDB read.

There is no transaction over several Delta tables. A write stages the files of all its tables, asks
whether the task is still its own, commits table by table, and its checkpoint last. What a crash
leaves in between is put again under the same keys by the next writer. One that was thought dead is
refused by every table the new one has written to; elsewhere it can add but what comes anyway.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from headrace.core.ports import Batch, Checkpoint
from headrace.core.schema import Columns, Table, Type
from headrace.destinations.delta.draft import Draft
from headrace.destinations.delta.files import Files
from headrace.destinations.delta.ledger import CHECKPOINTS, DeltaLedger
from headrace.destinations.delta.shape import TYPES, reshape, shown
from headrace.destinations.delta.store import Conflict, Store, check_names, tended_s
from headrace.destinations.delta.upkeep import Upkeep
from headrace.destinations.tables import Noted, Plan, check_tables, plan
from headrace.destinations.trial import refusals
from headrace.errors import Refused, TablesChanged

CHUNK_ROWS = 10_000


class DeltaDestination:
    """A `Destination` below a local folder, made if need be, or an `s3://`, `gs://`, `az://` URL.

    Opens its notes at once, so that a wrong address shows at once.
    """

    lossy: frozenset[str] = frozenset()

    def __init__(self, root: str | Path, *, now_s: Callable[[], float] = time.time) -> None:
        self._store = Store(str(root))
        self._ledger = DeltaLedger(self._store)
        self._upkeep = Upkeep(self._store, now_s)

    def claim(self, task: str) -> Checkpoint:
        """See `Destination.claim`."""
        return self._ledger.raise_epoch(task)

    def prepare(self, task: str, tables: Sequence[Table]) -> None:
        """See `Destination.prepare`. All tables or, if one is refused, none.

        Until a table has its shape it is noted without a key, so that whatever a crash leaves is
        made anew.
        """
        check_tables(tables)
        check_names(tables)
        noted = self._ledger.read_tables()
        plans = [(table, self._plan(task, table, noted)) for table in tables]
        lost = {table.vouched_by for table, planned in plans if planned.lost}
        if lost:
            self._ledger.raise_epoch(task, forget=lost)
        epoch = self._ledger.read_checkpoint(task).epoch
        new = [(t, p) for t, p in plans if p.drop or p.create or p.remove]
        self._ledger.put_tables({table.name: Noted(task, (), ()) for table, _ in new})
        for table, planned in plans:
            reshape(self._store, task, epoch, table, planned)
        self._ledger.put_tables(
            {t.name: p.noted for t, p in plans if p.noted != noted.get(t.name.lower())}
        )

    def write(self, batches: Iterable[Batch], checkpoint: Checkpoint) -> None:
        """See `Destination.write`. Batches are taken one at a time."""
        drafts: dict[str, Draft] = {}
        try:
            for batch in batches:
                name = batch.table.name
                if name not in drafts:
                    drafts[name] = Draft(self._store, batch.table, checkpoint.task)
                drafts[name].put(batch)
            for draft in drafts.values():
                draft.finish()
            self._commit(drafts.values(), checkpoint)
        except BaseException:
            for draft in drafts.values():
                draft.discard()
            raise
        tended = {name: draft.tended_s for name, draft in drafts.items()}
        self._upkeep.tend({**tended, CHECKPOINTS: self._ledger.tended_s})

    def read(self, table: Table) -> Iterator[Columns]:
        """See `Destination.read`. The version that was there when reading began."""
        opened = self._store.open(table.name)
        schema = pa.schema(opened.schema().to_arrow())
        names = [name for name, _ in table.columns]
        if tended_s(opened) is None or not set(names) <= set(schema.names):
            raise TablesChanged(
                f"Delta table {table.name} is not as Headrace made it.",
                advice="Start the task again: missing tables and columns are made and filled.",
            )
        files = Files(self._store, table.name, pa.schema([schema.field(name) for name in names]))
        for part in files.parts(opened):
            for rows in files.chunks(part, CHUNK_ROWS):
                yield Columns({n: _canonical(rows[n], kind) for n, kind in table.columns})

    def try_out(self, task: str, tables: Sequence[Table]) -> list[Refused]:
        """See `headrace.destinations.trial`. Whether writing is allowed, only writing shows."""
        check_tables(tables)
        check_names(tables)
        noted = self._ledger.read_tables()
        return refusals(partial(self._plan, task, table, noted) for table in tables)

    def close(self) -> None:
        """Nothing is held open."""

    def _plan(self, task: str, table: Table, noted: Mapping[str, Noted]) -> Plan:
        found = shown(self._store, table.name)
        known = noted.get(table.name.lower()) if found is None or found.ours else None
        return plan(task, table, known, found.columns if found else None, TYPES)

    def _commit(self, drafts: Iterable[Draft], checkpoint: Checkpoint) -> None:
        drafts = list(drafts)
        emptied = {draft.name for draft in drafts if draft.emptied}
        self._ledger.check(checkpoint, emptied)
        try:
            for draft in drafts:
                draft.commit(checkpoint.epoch)
        except Conflict:
            self._ledger.check(checkpoint, emptied)  # somebody took over: that says more
            raise
        self._ledger.put_checkpoint(checkpoint, emptied)


def _canonical(values: Any, kind: Type) -> list[Any]:
    if kind is Type.TIMESTAMP:
        values = values.cast(pa.timestamp("ms", "UTC")).cast(pa.int64())
    return values.to_pylist()  # type: ignore[no-any-return]
