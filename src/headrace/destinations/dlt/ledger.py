"""What Headrace notes about itself beside dlt's tables: checkpoints, epochs, the tables it made.

Two tables that are only ever added to: the newest entry counts, so that adding and reading rows,
which every destination of dlt has, are enough. An entry of an older epoch never counts again.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from headrace.core.ports import Checkpoint
from headrace.core.schema import Type
from headrace.destinations.dlt.tables import Tables
from headrace.destinations.ledger import check_epoch, check_offsets
from headrace.destinations.tables import Noted
from headrace.errors import Unavailable

CHECKPOINTS, TABLES = "_headrace_checkpoint", "_headrace_tables"
_ATTEMPTS = 5
_KEPT = 100  # entries of a task before old ones are deleted
_COLUMNS: Mapping[str, Mapping[str, str]] = {
    CHECKPOINTS: {
        "task": "text", "epoch": "bigint", "number": "bigint", "claim": "text", "offsets": "text",
    },
    TABLES: {
        "task": "text", "number": "bigint", "name": "text", "columns": "text", "key": "text",
        "mode": "text",
    },
}  # fmt: skip

NOTES = {
    table: [{"name": name, "data_type": kind} for name, kind in columns.items()]
    for table, columns in _COLUMNS.items()
}

Entry = tuple[int, int, str, dict[str, int]]  # epoch, number, claim, offsets


class DltLedger:
    """The notes of all tasks that write to one dataset, in tables that know `NOTES`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def read_checkpoint(self, task: str) -> Checkpoint:
        """What is on file for the task; epoch 0 for one never claimed."""
        return _checkpoint_of(task, _newest(self._entries(task)))

    def put_checkpoint(self, checkpoint: Checkpoint, emptied: Collection[str]) -> None:
        """Write the offsets. Raises `Fenced`, or `Bug` for an offset that would go backwards."""
        entries = self._entries(checkpoint.task)
        newest = _newest(entries)
        on_file = _checkpoint_of(checkpoint.task, newest)
        check_epoch(checkpoint, on_file)
        check_offsets(checkpoint, on_file, emptied)
        offsets = {**on_file.offsets, **checkpoint.offsets}
        entry = (newest[0], newest[1] + 1, newest[2], offsets)
        self._add(checkpoint.task, entry)
        if len(entries) > _KEPT:
            self._drop_before(checkpoint.task, entry)

    def forget(self, on_file: Checkpoint, streams: Collection[str]) -> None:
        """Take streams' offsets back before their tables are emptied: a crash means a new fill."""
        left = {stream: at for stream, at in on_file.offsets.items() if stream not in streams}
        if left != on_file.offsets:
            epoch, number, claim, _ = _newest(self._entries(on_file.task))
            check_epoch(on_file, Checkpoint(on_file.task, epoch, {}))
            self._add(on_file.task, (epoch, number + 1, claim, left))

    def raise_epoch(self, task: str, *, forget: Collection[str] = ()) -> Checkpoint:
        """Take the task over. `forget`: streams that have to be filled again.

        Of two who claim at once each sees the other's entry, or the later one does: who sees one
        tries again, one epoch higher.
        """
        for _ in range(_ATTEMPTS):
            newest = _newest(self._entries(task))
            left = {stream: at for stream, at in newest[3].items() if stream not in forget}
            mine = (newest[0] + 1, 0, uuid.uuid4().hex, left)
            self._add(task, mine)
            rivals = [entry for entry in self._entries(task) if entry[0] >= mine[0]]
            if [entry[2] for entry in rivals] == [mine[2]]:
                self._drop_before(task, mine)
                return _checkpoint_of(task, mine)
        raise Unavailable(
            f"Task {task} is being claimed by several writers at once.",
            advice="Run one at a time; it is tried again.",
        )

    def read_tables(self) -> Mapping[str, Noted]:
        """The tables Headrace made, by name in lower case."""
        return {row[2].lower(): _noted_of(row) for row in self._noted_rows()}

    def put_tables(self, noted: Mapping[str, Noted]) -> None:
        """Note tables that are made or reshaped, by name."""
        if not noted:
            return
        number = max((row[1] for row in self._noted_rows()), default=0) + 1
        for name, one in noted.items():
            row = [one.task, number, name, json.dumps(one.columns), json.dumps(one.key), one.mode]
            self._insert(TABLES, row)

    def _noted_rows(self) -> list[tuple[Any, ...]]:
        return sorted(self._select(TABLES), key=lambda row: row[1])

    def _entries(self, task: str) -> list[Entry]:
        rows = self._select(CHECKPOINTS, task)
        return [(row[1], row[2], row[3], json.loads(row[4])) for row in rows]

    def _add(self, task: str, entry: Entry) -> None:
        epoch, number, claim, offsets = entry
        self._insert(CHECKPOINTS, [task, epoch, number, claim, json.dumps(offsets)])

    def _insert(self, name: str, values: Sequence[Any]) -> None:
        self._tables.insert(name, dict(zip(_COLUMNS[name], values, strict=True)))

    def _select(self, name: str, task: str = "") -> list[tuple[Any, ...]]:
        where = ("task", [task]) if task else ()
        return [
            row for rows in self._tables.select(name, list(_COLUMNS[name]), *where) for row in rows
        ]

    def _drop_before(self, task: str, entry: Entry) -> None:
        self._tables.delete_older(CHECKPOINTS, task, entry[0], entry[1])


def _newest(entries: Sequence[Entry]) -> Entry:
    return max(entries, key=lambda entry: entry[:2], default=(0, 0, "", {}))


def _checkpoint_of(task: str, entry: Entry) -> Checkpoint:
    return Checkpoint(task, entry[0], entry[3])


def _noted_of(row: Sequence[Any]) -> Noted:
    columns = tuple((name, Type(kind)) for name, kind in json.loads(row[3]))
    return Noted(row[0], columns, tuple(json.loads(row[4])), row[5])
