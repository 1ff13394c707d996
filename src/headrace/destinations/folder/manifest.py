"""The manifest of a folder: checkpoints, tables, and which data files hold the current rows.

`_headrace/manifest.json` is replaced as a whole by every commit; that rename is the moment at which
rows and checkpoints of all tables become true together.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from headrace.core.ports import Checkpoint
from headrace.core.schema import Type
from headrace.destinations.tables import Noted
from headrace.errors import Refused, TablesChanged

LAYOUT = 1


def file_name(number: int, suffix: str) -> str:
    """The name of a table's nth data file."""
    return f"part-{number:05}.{suffix}"


class DataFile(msgspec.Struct, frozen=True):
    """A data file of a table: `part-NUMBER`, in its `version`th writing in this folder.

    `full`: it takes no more rows.
    """

    number: int
    version: int
    rows: int
    bytes: int
    full: bool

    def name(self, suffix: str) -> str:
        """In the table's folder."""
        return file_name(self.number, suffix)


class TableEntry(msgspec.Struct, frozen=True):
    """A table as Headrace made it, and its data files. There is always one."""

    name: str
    task: str
    columns: tuple[tuple[str, Type], ...]
    key: tuple[str, ...]
    mode: str
    files: tuple[DataFile, ...]

    @property
    def noted(self) -> Noted:
        """As `tables.plan` wants it."""
        return Noted(self.task, self.columns, self.key, self.mode)


class TaskEntry(msgspec.Struct, frozen=True):
    """A task's epoch and how far its streams are written."""

    epoch: int
    offsets: dict[str, int]


class Manifest(msgspec.Struct, frozen=True):
    """All of it. Tables by name in lower case; `version` is the highest one ever given out.

    `gone`: the files (table, number) that the last commit took away.
    """

    format: str
    layout: int = LAYOUT
    version: int = 0
    tasks: dict[str, TaskEntry] = {}
    tables: dict[str, TableEntry] = {}
    gone: tuple[tuple[str, int], ...] = ()

    def checkpoint(self, task: str) -> Checkpoint:
        """What is on file for the task; epoch 0 for one never claimed."""
        entry = self.tasks.get(task)
        return Checkpoint(task, entry.epoch, entry.offsets) if entry else Checkpoint(task, 0, {})

    @property
    def versions(self) -> frozenset[int]:
        """Those of all current data files."""
        return frozenset(file.version for entry in self.tables.values() for file in entry.files)


def entry_of(tables: Mapping[str, TableEntry], table: str) -> TableEntry:
    """Raises `Refused` for a table that was never prepared."""
    try:
        return tables[table.lower()]
    except KeyError:
        raise TablesChanged(f"There is no table {table}.", advice="Start the task again.") from None


def dump(manifest: Manifest) -> bytes:
    """As it stands in the file."""
    return msgspec.json.encode(manifest)


def load(content: bytes, *, format_name: str, path: str) -> Manifest:
    """Raises `Refused` for one that cannot be read, is newer, or of files of another format."""
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused(
            f"The manifest of {path} cannot be read: it was altered or cut off.",
            advice="Restore _headrace/manifest.json, or move the folder away: it is filled anew.",
        ) from None
    if manifest.layout != LAYOUT:
        raise Refused(
            f"{path} was written by another version of Headrace (layout {manifest.layout}).",
            advice="Use that version, or name another folder.",
        )
    if manifest.format != format_name:
        raise Refused(
            f"{path} holds tables as {manifest.format}, not {format_name}.",
            advice=f"Open it as {manifest.format}, or name another folder.",
        )
    return manifest
