"""SQLite: one file, readable by anything, for teams whose tables fit a single machine.

Values SQLite has no type for are text: decimals with nine places, JSON as it is, and times as
`2026-01-31 09:05:07.123` in UTC, the very form of SQLite's own `datetime('now', 'subsec')`, so
that they sort and compare with it and its date functions read them. See `sqlite_values`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from headrace.core.ports import Batch, Checkpoint
from headrace.core.schema import Columns, Table
from headrace.destinations import ledger
from headrace.destinations.sqlite_files import connect, sorted_error
from headrace.destinations.sqlite_rows import write_batch
from headrace.destinations.sqlite_tables import prepare_tables
from headrace.destinations.sqlite_values import FROM_SQLITE
from headrace.destinations.tables import quoted

CHUNK_ROWS = 10_000


class SqliteDestination:
    """A `Destination` in one SQLite file, made if it is not there. WAL, synchronous=FULL.

    Raises `Refused` for a file that is not SQLite's or cannot be opened. Other processes may read
    at any time; one that writes is waited for at most `busy_seconds`, then `Unavailable`.
    """

    def __init__(self, path: str | Path, *, busy_seconds: float = 5.0) -> None:
        self.path = Path(path).absolute()
        self._busy_seconds = busy_seconds
        self._connection = connect(self.path, busy_seconds)

    def claim(self, task: str) -> Checkpoint:
        """See `Destination.claim`. `Unavailable` while another writer does not finish."""
        with self._transaction() as connection:
            return ledger.raise_epoch(connection, task)

    def prepare(self, task: str, tables: Sequence[Table]) -> None:
        """See `Destination.prepare`. All tables or, if one is refused, none.

        A table or column of ours that somebody dropped is made again. The task's offsets are
        forgotten then, because what they vouch for is gone, and its epoch is raised, so that a
        writer who claimed before cannot go on: claim (again) after prepare, and fill.
        """
        with self._transaction() as connection:
            prepare_tables(connection, task, tables)

    def write(self, batches: Iterable[Batch], checkpoint: Checkpoint) -> None:
        """See `Destination.write`. Batches are taken one at a time."""
        with self._transaction() as connection:
            on_file = ledger.read_checkpoint(connection, checkpoint.task)
            ledger.check_epoch(checkpoint, on_file)
            emptied = set()
            for batch in batches:
                write_batch(connection, batch)
                if batch.truncate:
                    emptied.add(batch.table.name)
            ledger.check_offsets(checkpoint, on_file, emptied)
            ledger.put_checkpoint(connection, checkpoint)

    def read(self, table: Table) -> Iterator[Columns]:
        """See `Destination.read`. A snapshot, apart from what is written meanwhile."""
        wanted = ", ".join(quoted(name) for name, _ in table.columns)
        connection = connect(self.path, self._busy_seconds)
        try:
            cursor = connection.execute(f"SELECT {wanted} FROM {quoted(table.name)}")
            while rows := cursor.fetchmany(CHUNK_ROWS):
                yield _columns(table, rows)
        except sqlite3.Error as error:
            raise sorted_error(error, self.path) from error
        finally:
            connection.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """IMMEDIATE: the file has one writer from the first read of the checkpoint on."""
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._give_up()
            raise sorted_error(error, self.path) from error
        except BaseException:
            self._give_up()
            raise

    def _give_up(self) -> None:
        with suppress(sqlite3.Error):
            self._connection.execute("ROLLBACK")


def _columns(table: Table, rows: Sequence[tuple[object, ...]]) -> Columns:
    values = {}
    for (name, kind), column in zip(table.columns, zip(*rows, strict=True), strict=True):
        turn = FROM_SQLITE.get(kind)
        values[name] = (
            list(column) if turn is None else [v if v is None else turn(v) for v in column]
        )
    return Columns(values)
