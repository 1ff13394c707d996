"""What Headrace notes about itself in a database: checkpoints, epochs and the tables it made.

Both SQL destinations here use the same statements. `_headrace_checkpoint` holds one row for each
stream of a task, and one with an empty stream name whose epoch is the task's: that row is written
by every claim and every write, so that two writers of one task always collide.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from headrace.core.ports import Checkpoint
from headrace.core.schema import Type
from headrace.destinations.tables import Noted
from headrace.errors import Bug, Fenced

CREATE = (
    "CREATE TABLE IF NOT EXISTS _headrace_checkpoint (task VARCHAR NOT NULL,"
    ' stream VARCHAR NOT NULL, "offset" BIGINT NOT NULL, epoch BIGINT NOT NULL,'
    " PRIMARY KEY (task, stream))",
    "CREATE TABLE IF NOT EXISTS _headrace_tables (task VARCHAR NOT NULL,"
    " name VARCHAR NOT NULL PRIMARY KEY, columns VARCHAR NOT NULL, keys VARCHAR NOT NULL)",
)
_READ_TASK = 'SELECT stream, "offset", epoch FROM _headrace_checkpoint WHERE task = ?'
_PUT_OFFSETS = (
    "INSERT INTO _headrace_checkpoint VALUES {places} ON CONFLICT (task, stream)"
    ' DO UPDATE SET "offset" = excluded."offset", epoch = excluded.epoch'
)
_FORGET_OFFSETS = "DELETE FROM _headrace_checkpoint WHERE task = ? AND stream <> ''"
_READ_TABLES = "SELECT name, task, columns, keys FROM _headrace_tables"
_PUT_TABLE = (
    "INSERT INTO _headrace_tables (name, task, columns, keys) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (name) DO UPDATE SET"
    " task = excluded.task, columns = excluded.columns, keys = excluded.keys"
)


class Cursor(Protocol):
    """What `execute` answers."""

    def fetchall(self) -> list[Any]:
        """All rows."""
        ...


class Connection(Protocol):
    """What both drivers can do."""

    def execute(self, sql: str, parameters: Any = ..., /) -> Cursor:
        """Run one statement."""
        ...


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


def read_checkpoint(connection: Connection, task: str) -> Checkpoint:
    """What is on file for the task; epoch 0 for one never claimed."""
    rows = connection.execute(_READ_TASK, [task]).fetchall()
    epoch = next((epoch for stream, _, epoch in rows if stream == ""), 0)
    return Checkpoint(task, epoch, {stream: offset for stream, offset, _ in rows if stream})


def put_checkpoint(connection: Connection, checkpoint: Checkpoint) -> None:
    """Write epoch and offsets, in one statement."""
    offsets = {"": 0, **checkpoint.offsets}
    values: list[Any] = []
    for stream, offset in offsets.items():
        values += (checkpoint.task, stream, offset, checkpoint.epoch)
    places = ", ".join(["(?, ?, ?, ?)"] * len(offsets))
    connection.execute(_PUT_OFFSETS.format(places=places), values)


def raise_epoch(connection: Connection, task: str) -> Checkpoint:
    """Take the task over, inside the caller's transaction."""
    on_file = read_checkpoint(connection, task)
    claimed = Checkpoint(task, on_file.epoch + 1, on_file.offsets)
    put_checkpoint(connection, Checkpoint(task, claimed.epoch, {}))
    return claimed


def forget_offsets(connection: Connection, task: str) -> None:
    """Rows were lost: the task has to be filled again.

    Its epoch is raised, so that nobody who claimed it before goes on from the old offsets.
    """
    raise_epoch(connection, task)
    connection.execute(_FORGET_OFFSETS, [task])


def read_tables(connection: Connection) -> Mapping[str, Noted]:
    """The tables Headrace made, by name in lower case."""
    return {
        name.lower(): Noted(task, _columns_of(columns), tuple(json.loads(keys)))
        for name, task, columns, keys in connection.execute(_READ_TABLES).fetchall()
    }


def put_table(connection: Connection, name: str, noted: Noted) -> None:
    """Note a table that was made or widened."""
    values = [name, noted.task, json.dumps(noted.columns), json.dumps(noted.key)]
    connection.execute(_PUT_TABLE, values)


def _columns_of(text: str) -> tuple[tuple[str, Type], ...]:
    pairs: Sequence[tuple[str, str]] = json.loads(text)
    return tuple((name, Type(kind)) for name, kind in pairs)
