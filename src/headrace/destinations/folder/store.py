"""A folder as one process has it open: who may write, what is committed, and how a commit happens.

New data files are staged in `_headrace/staged/`. The commit is one rename, that of the manifest;
then the staged files take their places, each by one rename over the file it follows. A crash in
between is made good on opening, so a data file is replaced all at once, never removed and remade.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, ClassVar

import pyarrow as pa

from headrace.destinations.folder.codec import Codec, Rows
from headrace.destinations.folder.files import (
    WriterLock,
    damage_told,
    errors_told,
    exclusive,
    shared,
    sync_folder,
    write_durably,
)
from headrace.destinations.folder.hashes import Hashes
from headrace.destinations.folder.manifest import (
    DataFile,
    Manifest,
    TableEntry,
    dump,
    entry_of,
    file_name,
    load,
)
from headrace.destinations.folder.names import OWN, folder_name
from headrace.destinations.tables import Pairs
from headrace.errors import Refused, TablesChanged, Unavailable

READERS_SECONDS = 30.0


class FolderStore:
    """One folder, shared by all that have it open in this process. See `opened`.

    `index`: hashes of data files by version, as far as they were needed so far. `damaged`: tables
    (in lower case) of which a file could not be read.
    """

    _open: ClassVar[dict[tuple[int, int], FolderStore]] = {}
    _opening: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, path: Path, codec: Codec, identity: tuple[int, int]) -> None:
        self.path, self.codec = path, codec
        self.index: dict[int, Hashes] = {}
        self._identity = identity
        self._own = path / OWN
        self._staged = self._own / "staged"
        self._commit_lock = self._own / "commit.lock"
        self._manifest: Manifest | None = None  # None: to be read again
        self._writing = threading.Lock()
        self.damaged: set[str] = set()
        self._users = 0
        self._staged.mkdir(parents=True, exist_ok=True)
        self._lock = WriterLock(path, self._own / "writer.lock")
        try:
            self._settled()
        except BaseException:
            self._lock.close()
            raise

    @classmethod
    def opened(cls, path: Path, codec: Codec) -> FolderStore:
        """Open a folder, or share it; it is made if only its parent is there.

        Raises `Refused` for one that another process writes, and for what is no folder of ours.
        """
        if not path.parent.is_dir():
            raise Refused(
                f"The folder {path.parent} does not exist.", advice="Make it, or name another one."
            )
        with errors_told(path), cls._opening:
            path.mkdir(exist_ok=True)
            found = path.stat()
            identity = (found.st_dev, found.st_ino)
            store = cls._open.get(identity) or cls(path, codec, identity)
            if store.codec.name != codec.name:
                raise Refused(
                    f"{path} is open as {store.codec.name}.", advice="Name another folder."
                )
            cls._open[identity] = store
            store._users += 1
            return store

    def release(self) -> None:
        """The last user's leaving lets other processes in."""
        with self._opening:
            self._users -= 1
            if not self._users:
                del self._open[self._identity]
                self._lock.close()

    # --- reading

    def files_of(self, table: str, stack: ExitStack) -> tuple[TableEntry, list[BinaryIO]]:
        """A table's data files as of the last commit, open: later commits do not change them."""
        if self._manifest is None:
            with self.writing(0):
                pass  # a commit that broke off is made good
        with errors_told(self.path), shared(self._commit_lock):
            assert self._manifest is not None
            entry = entry_of(self._manifest.tables, table)
            with self.intact(entry):
                files = [self._opened(entry, file, stack) for file in entry.files]
            return entry, files

    def _opened(self, entry: TableEntry, file: DataFile, stack: ExitStack) -> BinaryIO:
        opened: BinaryIO = stack.enter_context(self.file_path(entry, file).open("rb"))
        if os.fstat(opened.fileno()).st_size != file.bytes:
            raise pa.ArrowInvalid("another size")
        return opened

    def load(self, entry: TableEntry, file: DataFile, opened: BinaryIO, columns: Pairs) -> Rows:
        """The rows of a data file."""
        with self.intact(entry):
            rows = self.codec.load(opened, columns)
            if len(rows) != file.rows:
                raise pa.ArrowInvalid("other rows")
            return rows

    @contextmanager
    def intact(self, entry: TableEntry) -> Iterator[None]:
        """Around reading a table's files: raises `TablesChanged` if they are not as written.

        Preparing the table then makes it anew.
        """
        try:
            with damage_told(entry.name, self.path):
                yield
        except TablesChanged:
            self.damaged.add(entry.name.lower())
            raise

    def file_path(self, entry: TableEntry, file: DataFile) -> Path:
        """Where a committed file lies."""
        return self.path / folder_name(entry.name) / file.name(self.codec.name)

    def staged_path(self, version: int) -> Path:
        """Where a file lies until its commit."""
        return self._staged / f"{version:012}.{self.codec.name}"

    def is_whole(self, entry: TableEntry) -> bool:
        """Whether all files of a table are there as they were written, as far as is known."""
        if entry.name.lower() in self.damaged:
            return False
        for file in entry.files:
            path = self.file_path(entry, file)
            if not path.is_file() or path.stat().st_size != file.bytes:
                return False
        return True

    def sub_folders(self) -> frozenset[str]:
        """The names in the folder, in lower case."""
        return frozenset(path.name.lower() for path in self.path.iterdir())

    # --- writing

    @contextmanager
    def writing(self, busy_seconds: float) -> Iterator[Manifest]:
        """Nobody else writes meanwhile; what was staged and not committed is gone at the end.

        Raises `Unavailable` when another writer of this process does not finish.
        """
        if not self._writing.acquire(timeout=busy_seconds):
            raise Unavailable(
                f"{self.path} is being written by somebody else in this process.",
                advice="Nothing was changed; try again.",
            )
        try:
            with errors_told(self.path):
                manifest = self._settled()
            try:
                yield manifest
            finally:
                if self._manifest is not None:
                    self._sweep()
        finally:
            self._writing.release()

    def commit(self, manifest: Manifest, index: Mapping[int, Hashes]) -> None:
        """Make it the current one, then let its files take their places.

        After an error it is unknown whether it was: the next call finds out, and finishes it.
        """
        written = self._own / "manifest.json.new"
        with errors_told(self.path):
            if manifest.version > self._settled().version:
                sync_folder(self._staged)
            write_durably(written, dump(manifest))
            try:
                with exclusive(self._commit_lock, seconds_max=READERS_SECONDS):
                    written.replace(self._own / "manifest.json")
                    sync_folder(self._own)
                    self._publish(manifest)
                    self._manifest = manifest
            except BaseException:
                self._manifest = None
                raise
        current = manifest.versions
        self.index = {v: h for v, h in {**self.index, **index}.items() if v in current}

    def _settled(self) -> Manifest:
        """The manifest; when it has to be read first, what a crash left is put in order."""
        if self._manifest is None:
            manifest = self._read()
            self._publish(manifest)
            self._sweep()
            self._manifest = manifest
        return self._manifest

    def _read(self) -> Manifest:
        try:
            content = (self._own / "manifest.json").read_bytes()
        except FileNotFoundError:
            return Manifest(self.codec.name)
        return load(content, format_name=self.codec.name, path=str(self.path))

    def _publish(self, manifest: Manifest) -> None:
        """Staged files take their places, and those that went away are removed. Repeatable."""
        staged = (path for path in self._staged.iterdir() if path.stem.isdecimal())
        waiting = {int(path.stem): path for path in staged}
        for entry in manifest.tables.values():
            for file in entry.files:
                if file.version in waiting:
                    path = self.file_path(entry, file)
                    path.parent.mkdir(exist_ok=True)
                    waiting[file.version].replace(path)
        emptied = set()
        for table, number in manifest.gone:
            folder = self.path / folder_name(manifest.tables[table].name)
            (folder / file_name(number, self.codec.name)).unlink(missing_ok=True)
            emptied.add(folder)
        for folder in emptied:
            sync_folder(folder)  # the next manifest does not name them any more

    def _sweep(self) -> None:
        """Remove what was staged and never committed."""
        with suppress(OSError):
            for path in self._staged.iterdir():
                path.unlink(missing_ok=True)
