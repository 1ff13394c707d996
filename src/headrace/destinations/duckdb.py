"""DuckDB: a single file that any DuckDB shell, notebook or BI tool can query.

Rows go in by columns: a batch becomes an Arrow table, the keys it names are deleted by one
semi-join and its rows inserted by one statement. Tables carry no primary key: DuckDB's index would
make bulk loads several times slower and refuses to delete and insert one key in one transaction.
That a key has one row is this writer's promise instead: it alone writes (the file is locked), and
it never inserts a key it has not deleted in the same transaction.

JSON columns have DuckDB's JSON type: it keeps the text byte for byte and answers `_extra->>'$.x'`.
TIMESTAMPTZ counts microseconds, which holds the years 1 to 9999.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb

from headrace.core.ports import Batch, Checkpoint
from headrace.core.schema import Columns, Table, Type
from headrace.destinations import ledger
from headrace.destinations.duckdb_files import connect, is_fatal, sorted_error
from headrace.destinations.duckdb_rows import write_batch
from headrace.destinations.duckdb_tables import prepare_tables
from headrace.destinations.tables import quoted
from headrace.errors import HeadraceError, Unavailable

CHUNK_ROWS = 10_000


class DuckDbDestination:
    """A `Destination` in one DuckDB file, made if it is not there.

    Raises `Refused` at once for a file that is locked, not DuckDB's, or cannot be opened. After a
    failure that DuckDB does not survive (disk full), the next call opens the file anew.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).absolute()
        self._held: Any = None
        self._filled: set[str] = set()  # tables that hold rows, or did: only ever a hint
        self._connection()

    def claim(self, task: str) -> Checkpoint:
        """See `Destination.claim`. `Unavailable` while another writer of this process commits."""
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
        try:
            with self._transaction() as connection:
                on_file = ledger.read_checkpoint(connection, checkpoint.task)
                ledger.check_epoch(checkpoint, on_file)
                emptied = set()
                for batch in batches:
                    write_batch(connection, batch, self._filled)
                    if batch.truncate:
                        emptied.add(batch.table.name)
                ledger.check_offsets(checkpoint, on_file, emptied)
                ledger.put_checkpoint(connection, checkpoint)
        except Unavailable:
            self._raise_if_fenced(checkpoint)
            raise

    def read(self, table: Table) -> Iterator[Columns]:
        """See `Destination.read`. A snapshot, apart from what is written meanwhile."""
        cursor = self._connection().cursor()
        try:
            reader = cursor.sql(_select(table)).to_arrow_reader(CHUNK_ROWS)
            for chunk in reader:
                yield Columns({name: chunk.column(name).to_pylist() for name, _ in table.columns})
        except duckdb.Error as error:
            raise sorted_error(error, self.path) from error
        finally:
            cursor.close()

    def close(self) -> None:
        """Close the file; another process may open it then."""
        if self._held is not None:
            self._held.close()
            self._held = None

    def _connection(self) -> Any:
        if self._held is None:
            self._held = connect(self.path)
        return self._held

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        connection = self._connection()
        try:
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")
        except duckdb.Error as error:
            self._give_up(connection)
            if is_fatal(error):
                self.close()
            raise sorted_error(error, self.path) from error
        except BaseException:
            self._give_up(connection)
            raise

    def _give_up(self, connection: Any) -> None:
        with suppress(duckdb.Error):
            connection.execute("ROLLBACK")

    def _raise_if_fenced(self, checkpoint: Checkpoint) -> None:
        """A conflict at commit is a fence when somebody else claimed the task meanwhile."""
        try:
            on_file = ledger.read_checkpoint(self._connection(), checkpoint.task)
        except (duckdb.Error, HeadraceError):
            return  # the file itself is in trouble: the first error says more
        ledger.check_epoch(checkpoint, on_file)


def _select(table: Table) -> str:
    wanted = (f"{_canonical(name, kind)} AS {quoted(name)}" for name, kind in table.columns)
    return f"SELECT {', '.join(wanted)} FROM {quoted(table.name)}"


def _canonical(name: str, kind: Type) -> str:
    if kind is Type.TIMESTAMP:
        return f"epoch_ms({quoted(name)})"
    if kind is Type.JSON:
        return f"{quoted(name)}::VARCHAR"
    return quoted(name)
