"""What Headrace notes about itself in a database: checkpoints, epochs and the tables it made.

`_headrace_checkpoint` holds one row for each stream of a task, and one with an empty stream name
whose epoch is the task's: that row is written by every claim and every write, so that two writers
of one task always collide. Plain SQL that every database here understands.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from headrace.core.ports import Checkpoint
from headrace.core.schema import Type
from headrace.destinations.dialect import Dialect
from headrace.destinations.tables import Noted
from headrace.errors import Bug, Fenced

_CREATE = (
    "CREATE TABLE IF NOT EXISTS _headrace_checkpoint (task VARCHAR(255) NOT NULL,"
    ' stream VARCHAR(255) NOT NULL, "offset" BIGINT NOT NULL, epoch BIGINT NOT NULL,'
    " PRIMARY KEY (task, stream))",
    "CREATE TABLE IF NOT EXISTS _headrace_tables (task VARCHAR(255) NOT NULL,"
    ' name VARCHAR(255) NOT NULL PRIMARY KEY, "columns" TEXT NOT NULL, "keys" TEXT NOT NULL)',
)
_READ_TASK = 'SELECT stream, "offset", epoch FROM _headrace_checkpoint WHERE task = ?'
_READ_TABLES = 'SELECT name, task, "columns", "keys" FROM _headrace_tables'


def check_epoch(wanted: Checkpoint, on_file: Checkpoint) -> None:
    """Raise `Fenced` unless the writer's epoch is the one on file (Invariant 10)."""
    if wanted.epoch != on_file.epoch:
        raise Fenced(
            f"Task {wanted.task} was taken over: it is at epoch {on_file.epoch}"
            f" and this writer at {wanted.epoch}.",
            advice="Leave it to the agent that holds it now, or start the task again.",
        )


def check_offsets(wanted: Checkpoint, on_file: Checkpoint, emptied: Collection[str]) -> None:
    """Raise `Bug` for an offset that would go backwards (Invariant 4).

    The one exception: a stream whose own table the same write `emptied` starts anew, for instance
    from a mirror that was lost and read again, whose offsets begin at 1.
    """
    for stream, offset in wanted.offsets.items():
        before = on_file.offsets.get(stream, 0)
        if offset < before and stream not in emptied:
            raise Bug(
                f"Task {wanted.task}, stream {stream}: offset {offset} is below {before} on file."
            )


class Ledger:
    """The notes, on a connection, within the caller's transaction."""

    def __init__(self, dialect: Dialect, connection: Any) -> None:
        self._dialect = dialect
        self._connection = connection

    def create(self) -> None:
        """Make the two tables where they are missing."""
        for statement in _CREATE:
            self._run(statement + self._dialect.table_options)

    def read_checkpoint(self, task: str) -> Checkpoint:
        """What is on file for the task; epoch 0 for one never claimed."""
        rows = self._run(_READ_TASK + self._dialect.lock, [task])
        epoch = next((epoch for stream, _, epoch in rows if stream == ""), 0)
        return Checkpoint(task, epoch, {stream: offset for stream, offset, _ in rows if stream})

    def put_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Write epoch and offsets, each in place of the one before."""
        offsets = {"": 0, **checkpoint.offsets}
        values: list[Any] = []
        for stream, offset in offsets.items():
            values += (checkpoint.task, stream, offset, checkpoint.epoch)
        places = ", ".join(["(?, ?, ?, ?)"] * len(offsets))
        self._run(
            f"INSERT INTO _headrace_checkpoint VALUES {places}"
            + self._dialect.or_update(("task", "stream"), ("offset", "epoch")),
            values,
        )

    def raise_epoch(self, task: str) -> Checkpoint:
        """Take the task over.

        The task's row is made or touched before it is read: of two who claim at once the second
        waits for the first, also where there was no row to lock yet.
        """
        self._run(
            "INSERT INTO _headrace_checkpoint VALUES (?, '', 0, 0)"
            + self._dialect.or_update(("task", "stream"), ("offset",)),
            [task],
        )
        on_file = self.read_checkpoint(task)
        claimed = Checkpoint(task, on_file.epoch + 1, on_file.offsets)
        self.put_checkpoint(Checkpoint(task, claimed.epoch, {}))
        return claimed

    def forget_offsets(self, task: str, streams: Collection[str]) -> None:
        """These streams have to be filled again.

        The epoch is raised, so that nobody who claimed before goes on from the old offsets.
        """
        self.raise_epoch(task)
        for stream in streams:
            self._run(
                "DELETE FROM _headrace_checkpoint WHERE task = ? AND stream = ?", [task, stream]
            )

    def read_tables(self) -> Mapping[str, Noted]:
        """The tables Headrace made, by name in lower case."""
        return {
            name.lower(): Noted(task, _columns_of(columns), *_key_and_mode(keys))
            for name, task, columns, keys in self._run(_READ_TABLES)
        }

    def put_table(self, name: str, noted: Noted) -> None:
        """Note a table that was made or reshaped."""
        keys = json.dumps([noted.key, noted.mode] if noted.mode else noted.key)
        values = [noted.task, name, json.dumps(noted.columns), keys]
        self._run(
            'INSERT INTO _headrace_tables (task, name, "columns", "keys") VALUES (?, ?, ?, ?)'
            + self._dialect.or_update(("name",), ("task", "columns", "keys")),
            values,
        )

    def _run(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._dialect.run(self._connection, sql, values)


def _columns_of(text: str) -> tuple[tuple[str, Type], ...]:
    pairs: Sequence[tuple[str, str]] = json.loads(text)
    return tuple((name, Type(kind)) for name, kind in pairs)


def _key_and_mode(text: str) -> tuple[tuple[str, ...], str]:
    """A key alone (a list of names), or beside it the mode."""
    found = json.loads(text)
    if found and isinstance(found[0], list):
        return tuple(found[0]), found[1]
    return tuple(found), ""
