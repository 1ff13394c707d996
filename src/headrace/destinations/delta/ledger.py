"""What Headrace notes about itself beside Delta tables: checkpoints, epochs, the tables it made.

Two small Delta tables, read whole and replaced whole. A commit goes in just after the version that
was read, or not at all: a compare-and-swap on folders and object stores alike.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction

from headrace.core.ports import Checkpoint
from headrace.core.schema import Type
from headrace.destinations.delta.files import Files
from headrace.destinations.delta.store import (
    TENDED,
    Conflict,
    Store,
    plainly,
    tended_s,
)
from headrace.destinations.ledger import check_epoch, check_offsets
from headrace.destinations.tables import Noted
from headrace.errors import Refused, TablesChanged

CHECKPOINTS, TABLES = "_headrace_checkpoint", "_headrace_tables"
_ATTEMPTS = 10
_CONFIG: Mapping[str, str | None] = {
    "delta.checkpointInterval": "10",
    "delta.logRetentionDuration": "interval 1 days",
    "delta.deletedFileRetentionDuration": "interval 1 days",
}
_CHECKPOINT_COLUMNS = pa.schema(
    [("task", pa.string()), ("stream", pa.string()), ("offset", pa.int64()), ("epoch", pa.int64())]
)
_TABLE_COLUMNS = pa.schema(
    [(name, pa.string()) for name in ("task", "name", "columns", "key", "mode")]
)

Rows = list[dict[str, Any]]


class Sheet:
    """One of the two. `rows` are those read or written last."""

    def __init__(self, store: Store, name: str, schema: Any) -> None:
        self._store = store
        self._name = name
        self._schema = schema
        self.rows: Rows = []
        self.tended_s = 0

    def read(self) -> Rows:
        """All rows, as they are now. The table is made if it is not there."""
        try:
            self._opened = self._store.open(self._name)
        except TablesChanged:
            self._opened = self._made()
        tended = tended_s(self._opened)
        if tended is None:
            raise Refused(
                f"There is a {self._name} that Headrace did not make.",
                advice="Move it away, or choose another destination: it was not touched.",
            )
        self.tended_s = tended
        files = self._files()
        parts = files.parts(self._opened)
        self.rows = [row for part in parts for row in files.read(part).to_pylist()]
        return self.rows

    def update(self, change: Callable[[Rows], Rows]) -> None:
        """Put `change(rows)` in place of the rows, those read last or, if it comes to that, newer
        ones."""
        for _ in range(_ATTEMPTS):
            try:
                self._replace(change(self.rows))
                return
            except Conflict:
                self.read()
        self._replace(change(self.rows))

    def _made(self) -> DeltaTable:
        if not self._store.is_free(self._name):
            raise Refused(
                f"There is a {self._name} that is no Delta table.",
                advice="Move it away, or choose another destination: it was not touched.",
            )
        mark = Transaction(TENDED, int(time.time()))
        with plainly(self._name):
            return DeltaTable.create(
                self._store.uri(self._name), self._schema, mode="ignore", configuration=_CONFIG,
                commit_properties=CommitProperties(app_transactions=[mark]),
            )  # fmt: skip

    def _replace(self, rows: Rows) -> None:
        files = self._files()
        old = [part.removal() for part in files.parts(self._opened)]
        new = [files.write(pa.Table.from_pylist(rows, self._schema), ()).add] if rows else []
        with plainly(self._name):
            self._opened.create_write_transaction(
                [*(add for add in new if add), *old], "append", self._opened.schema(),
                commit_properties=CommitProperties(max_commit_retries=0),
            )  # fmt: skip
            self._opened.update_incremental()
        self.rows = rows

    def _files(self) -> Files:
        return Files(self._store, self._name, self._schema)


class DeltaLedger:
    """The notes of all tasks that write to one folder or prefix."""

    def __init__(self, store: Store) -> None:
        self._checkpoints = Sheet(store, CHECKPOINTS, _CHECKPOINT_COLUMNS)
        self._tables = Sheet(store, TABLES, _TABLE_COLUMNS)
        self._checkpoints.read()  # so that a wrong address shows at once

    @property
    def tended_s(self) -> int:
        """When the checkpoints' table was last tended, in s since 1970."""
        return self._checkpoints.tended_s

    def read_checkpoint(self, task: str) -> Checkpoint:
        """What is on file for the task; epoch 0 for one never claimed."""
        return _checkpoint_of(task, self._checkpoints.read())

    def check(self, checkpoint: Checkpoint, emptied: Collection[str]) -> None:
        """Raise `Fenced` or `Bug` as `put_checkpoint` would."""
        _check(checkpoint, self._checkpoints.read(), emptied)

    def put_checkpoint(self, checkpoint: Checkpoint, emptied: Collection[str]) -> None:
        """Write the offsets, if the epoch is still the writer's in that very commit. After `check`:
        starts from the rows that it read."""

        def change(rows: Rows) -> Rows:
            _check(checkpoint, rows, emptied)
            return _with(rows, checkpoint)

        self._checkpoints.update(change)

    def raise_epoch(self, task: str, *, forget: Collection[str] = ()) -> Checkpoint:
        """Take the task over. `forget`: streams that have to be filled again."""
        claimed = Checkpoint(task, 0, {})

        def change(rows: Rows) -> Rows:
            nonlocal claimed
            on_file = _checkpoint_of(task, rows)
            claimed = Checkpoint(task, on_file.epoch + 1, on_file.offsets)
            kept = [row for row in rows if row["task"] != task or row["stream"] not in forget]
            return _with(kept, Checkpoint(task, claimed.epoch, {}))

        self._checkpoints.read()
        self._checkpoints.update(change)
        return claimed

    def read_tables(self) -> Mapping[str, Noted]:
        """The tables Headrace made, by name in lower case."""
        return {row["name"].lower(): _noted_of(row) for row in self._tables.read()}

    def put_tables(self, noted: Mapping[str, Noted]) -> None:
        """Note tables that are made or reshaped, by name. After `read_tables`."""
        names = {name.lower() for name in noted}

        def change(rows: Rows) -> Rows:
            kept = [row for row in rows if row["name"].lower() not in names]
            return [*kept, *(_row_of(name, one) for name, one in noted.items())]

        if noted:
            self._tables.update(change)


def _check(checkpoint: Checkpoint, rows: Rows, emptied: Collection[str]) -> None:
    on_file = _checkpoint_of(checkpoint.task, rows)
    check_epoch(checkpoint, on_file)
    check_offsets(checkpoint, on_file, emptied)


def _checkpoint_of(task: str, rows: Sequence[Mapping[str, Any]]) -> Checkpoint:
    own = [row for row in rows if row["task"] == task]
    epoch = next((row["epoch"] for row in own if row["stream"] == ""), 0)
    return Checkpoint(task, epoch, {r["stream"]: r["offset"] for r in own if r["stream"]})


def _with(rows: Rows, checkpoint: Checkpoint) -> Rows:
    """The rows with those of the checkpoint in place; the one without a stream holds the epoch."""
    task, offsets = checkpoint.task, {"": 0, **checkpoint.offsets}
    kept = [row for row in rows if row["task"] != task or row["stream"] not in offsets]
    new = [
        {"task": task, "stream": stream, "offset": offset, "epoch": checkpoint.epoch}
        for stream, offset in offsets.items()
    ]
    return [*kept, *new]


def _noted_of(row: Mapping[str, Any]) -> Noted:
    columns = tuple((name, Type(kind)) for name, kind in json.loads(row["columns"]))
    return Noted(row["task"], columns, tuple(json.loads(row["key"])), row["mode"])


def _row_of(name: str, noted: Noted) -> dict[str, Any]:
    columns, key = json.dumps(noted.columns), json.dumps(noted.key)
    return {"task": noted.task, "name": name, "columns": columns, "key": key, "mode": noted.mode}
