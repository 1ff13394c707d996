"""The long tail: any database or warehouse that dlt loads and merges into.

There is no transaction over several tables. A write is staged whole, then the task's epoch is asked
for, dlt loads rows and removals in one package (each table is merged or replaced for itself), and
the checkpoint comes last. What a crash leaves in between is put again under the same keys; before a
table is emptied, its stream's offset is taken back, so that it is filled again. Each table has
columns of ours: a digest of the key, one of the owner, and dlt's mark for rows to be removed.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import dlt

from headrace.core.ports import Batch, Checkpoint
from headrace.core.schema import Columns, Table, Type
from headrace.destinations.addresses import DltAddress
from headrace.destinations.dlt.ledger import NOTES, DltLedger
from headrace.destinations.dlt.place import Place
from headrace.destinations.dlt.scratch import (
    GONE,
    KEY,
    OWNER,
    Scratch,
    Staged,
    ours,
    removals,
)
from headrace.destinations.dlt.tables import Tables
from headrace.destinations.ledger import check_epoch, check_offsets
from headrace.destinations.tables import Noted, check_tables, plan
from headrace.errors import Refused, TablesChanged

_TYPES: Mapping[Type, Mapping[str, Any]] = {
    Type.INTEGER: {"data_type": "bigint"},
    Type.TEXT: {"data_type": "text"},
    Type.BOOLEAN: {"data_type": "bool"},
    Type.DECIMAL: {"data_type": "decimal", "precision": 38, "scale": 9},
    Type.TIMESTAMP: {"data_type": "timestamp"},
    Type.JSON: {"data_type": "text"},  # byte for byte
}
_OURS: Mapping[str, Mapping[str, Any]] = {
    KEY: {"data_type": "text", "nullable": False, "primary_key": True},
    OWNER: {"data_type": "text"},
    GONE: {"data_type": "bool", "hard_delete": True},
}
_NAME = re.compile(r"(?!_dlt)\w+", re.IGNORECASE)
_KEEP_NUL = frozenset({"duckdb", "filesystem", "motherduck"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class DltDestination:
    """A `Destination` in a dataset of one of dlt's destinations. Connects at once, and again for
    each call."""

    def __init__(self, address: DltAddress) -> None:
        self.lossy = frozenset(() if address.name in _KEEP_NUL else ("nul",))
        self._place = Place(address)
        self._place.make(NOTES)
        self._noted: set[str] = set()  # tables known to be ours, in lower case

    def claim(self, task: str) -> Checkpoint:
        """See `Destination.claim`."""
        with self._place.tables(NOTES) as there:
            return DltLedger(there).raise_epoch(task)

    def prepare(self, task: str, tables: Sequence[Table]) -> None:
        """See `Destination.prepare`. Until a table has its shape it is noted without a key, so that
        whatever a crash leaves is made anew."""
        check_tables(tables, names_bytes_max=self._place.names_bytes_max)
        _check_names(tables)
        with self._place.tables(NOTES) as there:
            ledger, found = DltLedger(there), there.find([table.name for table in tables])
            noted = ledger.read_tables()
            plans = [
                (t, plan(task, t, noted.get(t.name.lower()), found[t.name] or None)) for t in tables
            ]
            lost = {table.vouched_by for table, planned in plans if planned.lost}
            if lost:
                ledger.raise_epoch(task, forget=lost)
            new = [t.name for t, p in plans if p.drop or p.create or p.remove]
            ledger.put_tables({name: Noted(task, (), ()) for name in new})
            there.drop([name for name in new if found[name]])
            shapes = {t.name: _described(t, p.noted.columns) for t, p in plans}
            missing = {n: s for n, s in shapes.items() if n in new or not _has(found[n], s)}
            if missing:
                self._place.make(missing)
            ledger.put_tables(
                {t.name: p.noted for t, p in plans if p.noted != noted.get(t.name.lower())}
            )

    def write(self, batches: Iterable[Batch], checkpoint: Checkpoint) -> None:
        """See `Destination.write`. Batches are taken one at a time."""
        with tempfile.TemporaryDirectory(prefix="headrace-dlt-") as folder:
            scratch = Scratch(folder)
            try:
                for batch in batches:
                    scratch.put(batch)
                resources = self._checked(scratch, checkpoint)
                if resources:
                    self._place.load(resources)
            finally:
                scratch.close()
        with self._place.tables(NOTES) as there:
            DltLedger(there).put_checkpoint(checkpoint, scratch.emptied)
            there.tend(list(scratch.tables))

    def read(self, table: Table) -> Iterator[Columns]:
        """See `Destination.read`. A snapshot, as far as the database's cursors are one."""
        kinds = dict(table.columns)
        with self._place.tables({}) as there:
            for rows in there.select(table.name, list(kinds)):
                values = zip(kinds, zip(*rows, strict=True), strict=True)
                yield Columns({n: _canonical(kinds[n], found) for n, found in values})

    def close(self) -> None:
        """Nothing is held open."""

    def _checked(self, scratch: Scratch, checkpoint: Checkpoint) -> list[Any]:
        """What is to be loaded. Whether the write may begin; from here on what is emptied has to be
        filled again."""
        with self._place.tables(NOTES) as there:
            ledger = DltLedger(there)
            self._check_tables([staged.table for staged in scratch.tables.values()], there)
            on_file = ledger.read_checkpoint(checkpoint.task)
            check_epoch(checkpoint, on_file)
            check_offsets(checkpoint, on_file, scratch.emptied)
            resources = []
            for name, staged in scratch.tables.items():
                gone = _gone(there, scratch, staged)
                if staged.emptied or gone or not scratch.is_empty(name):
                    resources.append(_resource(scratch, staged, gone, self._place))
            ledger.forget(on_file, {scratch.tables[n].table.vouched_by for n in scratch.emptied})
            return resources

    def _check_tables(self, tables: Sequence[Table], there: Tables) -> None:
        if not {table.name.lower() for table in tables} <= self._noted:
            self._noted = set(DltLedger(there).read_tables())
        found = there.find([table.name for table in tables])
        for table in tables:
            missing = {name.lower() for name, _ in table.columns} - found[table.name].keys()
            if table.name.lower() not in self._noted or missing:
                raise TablesChanged(
                    f"There is no table {table.name} of ours, or columns of it are missing.",
                    advice="Start the task again: missing tables and columns are made and filled.",
                )


def _has(found: Mapping[str, Any], wanted: Iterable[Mapping[str, Any]]) -> bool:
    return all(column["name"].lower() in found for column in wanted)


def _gone(there: Tables, scratch: Scratch, staged: Staged) -> list[str]:
    """The keys to be removed: those named, and what owners have there now; not those put."""
    if staged.emptied or not (staged.gone or staged.owners):
        return []
    gone = staged.gone | _keys_of(there, staged.table.name, sorted(staged.owners))
    return sorted(gone.difference(scratch.keys(staged.table.name)))


def _keys_of(there: Tables, name: str, owners: Sequence[str]) -> set[str]:
    return {key for rows in there.select(name, [KEY], OWNER, owners) for (key,) in rows}


def _resource(scratch: Scratch, staged: Staged, gone: Sequence[str], place: Place) -> Any:
    """One table's rows and removals, as dlt takes them."""
    table = staged.table

    def rows() -> Iterator[Any]:
        yield removals(gone, table)  # also when there are none: dlt has to see the table
        yield from scratch.rows(table.name)

    merge = {"disposition": "merge", "strategy": place.strategy, "deduplicated": True}
    disposition: Any = "replace" if staged.emptied else merge
    columns: Any = _described(table, table.columns)
    return dlt.resource(
        rows,
        name=table.name,
        columns=columns,
        write_disposition=disposition,
        table_format=place.table_format,
    )


def _described(table: Table, columns: Iterable[tuple[str, Type]]) -> list[dict[str, Any]]:
    """Columns, and those of ours, as dlt describes them."""
    own = [{"name": name, "nullable": True, **_TYPES[kind]} for name, kind in columns]
    return [*own, *({"name": name, **_OURS[name]} for name in ours(table))]


def _check_names(tables: Sequence[Table]) -> None:
    for table in tables:
        for name in (table.name, *(name for name, _ in table.columns)):
            if not _NAME.fullmatch(name) or name in _OURS:
                raise Refused(
                    f"dlt would not keep the name {name!r} of table {table.name} as it is.",
                    advice="Give it letters, digits and underscores, and not _dlt in front.",
                )


def _canonical(kind: Type, values: Iterable[Any]) -> list[Any]:
    """Values as drivers give them back."""
    turn = _FROM.get(kind)
    if turn is None:
        return list(values)
    return [value if value is None else turn(value) for value in values]


def _ms(value: datetime | str) -> int:
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    gap = (found if found.tzinfo else found.replace(tzinfo=UTC)) - _EPOCH
    return (gap.days * 86_400 + gap.seconds) * 1000 + gap.microseconds // 1000


def _decimal(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


_FROM: Mapping[Type, Any] = {
    Type.INTEGER: int,
    Type.BOOLEAN: bool,
    Type.DECIMAL: _decimal,
    Type.TIMESTAMP: _ms,
}
