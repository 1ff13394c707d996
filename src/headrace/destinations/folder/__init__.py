"""Plain files in a folder: a sub-folder a table, with files that hold its current rows.

Anything that reads Parquet or JSON Lines reads them: pandas, jq, or in DuckDB
`SELECT * FROM 'out/issues/*.parquet'`. `_headrace` beside them is what Headrace notes for itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from headrace.core.ports import Batch, Checkpoint
from headrace.core.schema import Columns, Table
from headrace.destinations.folder.change import FolderChange
from headrace.destinations.folder.codec import Codec
from headrace.destinations.folder.files import errors_told
from headrace.destinations.folder.manifest import Manifest
from headrace.destinations.folder.names import folder_name
from headrace.destinations.folder.store import FolderStore
from headrace.destinations.ledger import check_epoch, check_offsets
from headrace.destinations.tables import Found, Plan, check_tables, plan
from headrace.destinations.trial import refusals
from headrace.errors import Bug, Refused

CHUNK_ROWS = 10_000


class FolderDestination:
    """A `Destination` in a folder, with data files in the codec's format.

    The folder is made if it is not there. Raises `Refused` at once for one that another process
    writes, or that holds files of another format. Instances of one process share a folder; a
    second writer waits at most `busy_seconds` for the first, then `Unavailable`.
    """

    lossy: frozenset[str] = frozenset()

    def __init__(self, path: str | Path, codec: Codec, *, busy_seconds: float = 5.0) -> None:
        self._codec, self._busy_seconds = codec, busy_seconds
        self._held: FolderStore | None = FolderStore.opened(Path(path).absolute(), codec)

    def claim(self, task: str) -> Checkpoint:
        """See `Destination.claim`."""
        with self._store.writing(self._busy_seconds) as manifest:
            on_file = manifest.checkpoint(task)
            claimed = Checkpoint(task, on_file.epoch + 1, on_file.offsets)
            change = FolderChange(self._store, manifest)
            change.put_checkpoint(claimed)
            change.commit()
        return claimed

    def prepare(self, task: str, tables: Sequence[Table]) -> None:
        """See `Destination.prepare`. All tables or, if one is refused, none."""
        check_tables(tables)
        with self._store.writing(self._busy_seconds) as manifest:
            plans = self._plans(task, tables, manifest)
            change = FolderChange(self._store, manifest)
            if lost := {table.vouched_by for table, planned in plans if planned.lost}:
                change.forget_offsets(task, lost)
            for table, planned in plans:
                change.reshape(table, planned)
            change.commit()

    def write(self, batches: Iterable[Batch], checkpoint: Checkpoint) -> None:
        """See `Destination.write`. Batches are taken one at a time."""
        with self._store.writing(self._busy_seconds) as manifest:
            on_file = manifest.checkpoint(checkpoint.task)
            check_epoch(checkpoint, on_file)
            change, emptied = FolderChange(self._store, manifest), set()
            for batch in batches:
                change.write(batch)
                if batch.truncate:
                    emptied.add(batch.table.name)
            check_offsets(checkpoint, on_file, emptied)
            change.put_checkpoint(checkpoint)
            change.commit()

    def read(self, table: Table) -> Iterator[Columns]:
        """See `Destination.read`. A snapshot: the files are open from the first chunk on."""
        store = self._store
        with ExitStack() as stack:
            entry, files = store.files_of(table.name, stack)
            names = {name.lower(): name for name, _ in entry.columns}
            pairs = tuple((names.get(name.lower(), name), kind) for name, kind in table.columns)
            for file, opened in zip(entry.files, files, strict=True):
                with errors_told(store.path), opened:
                    rows = store.load(entry, file, opened, pairs)
                for start in range(0, len(rows), CHUNK_ROWS):
                    places = range(start, min(start + CHUNK_ROWS, len(rows)))
                    with store.intact(entry):
                        found = self._codec.values(self._codec.take(rows, places), pairs)
                    wanted = (name for name, _ in table.columns)
                    yield Columns(dict(zip(wanted, found.values.values(), strict=True)))

    def try_out(self, task: str, tables: Sequence[Table]) -> list[Refused]:
        """See `headrace.destinations.trial`. Opening has written here already."""
        check_tables(tables)
        with self._store.writing(self._busy_seconds) as manifest:
            return refusals(partial(self._plans, task, [table], manifest) for table in tables)

    def close(self) -> None:
        """Let go of the folder."""
        if self._held is not None:
            held, self._held = self._held, None
            held.release()

    @property
    def _store(self) -> FolderStore:
        if self._held is None:
            raise Bug("This destination was closed.")
        return self._held

    def _plans(
        self, task: str, tables: Sequence[Table], manifest: Manifest
    ) -> list[tuple[Table, Plan]]:
        with errors_told(self._store.path):
            names = self._store.sub_folders()
            plans = []
            for table in tables:
                entry = manifest.tables.get(table.name.lower())
                found: Found | None = None
                if entry is None:
                    found = {} if folder_name(table.name).lower() in names else None
                elif self._store.is_whole(entry):
                    found = dict.fromkeys(name for name, _ in entry.columns)
                noted = entry.noted if entry else None
                plans.append((table, plan(task, table, noted, found)))
            return plans
