"""One change of a folder in the making: the next manifest, and the tables that differ."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager

import msgspec

from headrace.core.ports import Batch, Checkpoint
from headrace.core.schema import Table
from headrace.destinations.arrow import tuples_of
from headrace.destinations.folder.codec import Rows
from headrace.destinations.folder.draft import HELD_BYTES_MAX, TableDraft
from headrace.destinations.folder.files import errors_told, write_durably
from headrace.destinations.folder.hashes import Hashes
from headrace.destinations.folder.manifest import (
    DataFile,
    Manifest,
    TableEntry,
    TaskEntry,
    entry_of,
)
from headrace.destinations.folder.store import FolderStore
from headrace.destinations.tables import Pairs, Plan


class FolderChange:
    """Collects changes, staging data files as it goes; `commit` makes them all visible."""

    def __init__(self, store: FolderStore, manifest: Manifest) -> None:
        self.codec = store.codec
        self._store = store
        self._before = manifest
        self._tasks, self._tables = dict(manifest.tasks), dict(manifest.tables)
        self._version = manifest.version
        self._drafts: dict[str, TableDraft] = {}

    def put_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Epoch and offsets; those of streams that are not named stay."""
        before = self._before.checkpoint(checkpoint.task).offsets
        offsets = {**before, **checkpoint.offsets}
        self._tasks[checkpoint.task] = TaskEntry(checkpoint.epoch, offsets)

    def forget_offsets(self, task: str, streams: Collection[str]) -> None:
        """These streams are to be filled again, by whoever claims the task from now on."""
        before = self._before.checkpoint(task)
        offsets = {name: at for name, at in before.offsets.items() if name not in streams}
        self._tasks[task] = TaskEntry(before.epoch + 1, offsets)

    def reshape(self, table: Table, planned: Plan) -> None:
        """Make a table, or bring it into shape. What is lost is filled again anyway: it goes."""
        name, noted = table.name.lower(), planned.noted
        before = self._tables.get(name)
        entry = TableEntry(
            before.name if before else table.name, noted.task, noted.columns, noted.key,
            noted.mode, before.files if before else (),
        )  # fmt: skip
        self._tables[name] = entry
        if planned.create or planned.remove:
            self._store.damaged.discard(name)
            self._draft(table).empty()
        elif before and before.columns != entry.columns:
            self._draft(table).widen(before)

    def write(self, batch: Batch) -> None:
        """Take one batch in."""
        with errors_told(self._store.path):
            self._draft(batch.table).apply(batch)
            while sum(draft.held_bytes for draft in self._drafts.values()) > HELD_BYTES_MAX:
                max(self._drafts.values(), key=lambda draft: draft.held_bytes).settle()

    def commit(self) -> None:
        """Store what is left in memory and commit, unless nothing changed."""
        index: dict[int, Hashes] = {}
        gone: list[tuple[str, int]] = []
        with errors_told(self._store.path):
            for name, draft in self._drafts.items():
                before, files = self._tables[name], draft.finish()
                self._tables[name] = msgspec.structs.replace(before, files=tuple(files))
                index |= {file.version: hashes for file, hashes in files.items()}
                numbers = {file.number for file in files}
                gone += [(name, f.number) for f in before.files if f.number not in numbers]
        if (self._tasks, self._tables) != (self._before.tasks, self._before.tables):
            after = Manifest(
                self.codec.name, version=self._version, tasks=self._tasks, tables=self._tables,
                gone=tuple(gone),
            )  # fmt: skip
            self._store.commit(after, index)

    # --- what table drafts need

    def load(self, entry: TableEntry, file: DataFile, columns: Pairs) -> Rows:
        """See `Staging`."""
        staged = file.version > self._before.version
        store = self._store
        path = store.staged_path(file.version) if staged else store.file_path(entry, file)
        with self.intact(entry), path.open("rb") as opened:
            return store.load(entry, file, opened, columns)

    def hashes(self, entry: TableEntry, file: DataFile, key: Pairs, owner: int) -> Hashes:
        """See `Staging`. Made once a file and process."""
        known = self._store.index.get(file.version)
        if known is None or known.owner != owner:
            rows = self.load(entry, file, key)
            with self.intact(entry):
                keys = self.codec.values(rows, key)
            known = Hashes.of(tuples_of(keys, [name for name, _ in key]), owner)
            self._store.index[file.version] = known
        return known

    def intact(self, entry: TableEntry) -> AbstractContextManager[None]:
        """See `Staging`."""
        return self._store.intact(entry)

    def stage(self, content: memoryview) -> int:
        """See `Staging`."""
        self._version += 1
        write_durably(self._store.staged_path(self._version), content)
        return self._version

    def discard(self, file: DataFile) -> None:
        """See `Staging`."""
        if file.version > self._before.version:
            self._store.staged_path(file.version).unlink()

    def _draft(self, table: Table) -> TableDraft:
        name = table.name.lower()
        if name not in self._drafts:
            entry = entry_of(self._tables, table.name)
            self._drafts[name] = TableDraft(entry, table, self)
        return self._drafts[name]
