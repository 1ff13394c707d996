"""A destination in a SQL database: claims, tables and checkpoints, the same for every kind.

What is particular to a database is its `Dialect`; the rules are here, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from headrace.core.ports import Batch, Checkpoint
from headrace.core.schema import Columns, Table
from headrace.destinations.dialect import Dialect
from headrace.destinations.ledger import Ledger, check_epoch, check_offsets
from headrace.destinations.tables import Plan, check_tables, plan
from headrace.destinations.trial import probe_table, refusals
from headrace.errors import HeadraceError, Refused, Unavailable


class SqlDestination:
    """A `Destination` in the database that the dialect reaches.

    Connects at once, so that a wrong address shows at once; a connection that broke is made anew
    by the next call. Calls may come from any thread, one at a time.
    """

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._held: Any = None
        self._connection()

    @property
    def lossy(self) -> frozenset[str]:
        """See `Destination.lossy`."""
        return self._dialect.lossy

    def claim(self, task: str) -> Checkpoint:
        """See `Destination.claim`. `Unavailable` while another writer does not finish."""
        with self._transaction() as ledger:
            return ledger.raise_epoch(task)

    def prepare(self, task: str, tables: Sequence[Table]) -> None:
        """See `Destination.prepare`. All tables or, if one is refused, none.

        MySQL commits with each change of a table. So what goes is gone before the new shape is
        noted, and what comes is noted before it comes: from any place between, preparing again
        leads to the same end.
        """
        check_tables(tables, names_bytes_max=self._dialect.names_bytes_max)
        with self._transaction() as ledger:
            noted, found = ledger.read_tables(), self._dialect.found(self._held)
            plans = []
            for table in tables:
                name = table.name.lower()
                known, shown = noted.get(name), found.get(name)
                plans.append((table, plan(task, table, known, shown, self._dialect.types)))
            lost = {table.vouched_by for table, planned in plans if planned.lost}
            if lost:
                ledger.forget_offsets(task, lost)
            for table, planned in plans:
                self._take_away(table, planned)
                if planned.noted != noted.get(table.name.lower()):
                    ledger.put_table(table.name, planned.noted)
                self._bring(task, table, planned)

    def write(self, batches: Iterable[Batch], checkpoint: Checkpoint) -> None:
        """See `Destination.write`. Batches are taken one at a time."""
        try:
            with self._transaction() as ledger:
                on_file = ledger.read_checkpoint(checkpoint.task)
                check_epoch(checkpoint, on_file)
                emptied = set()
                for batch in batches:
                    self._write_batch(batch)
                    if batch.truncate:
                        emptied.add(batch.table.name)
                check_offsets(checkpoint, on_file, emptied)
                ledger.put_checkpoint(checkpoint)
        except Unavailable:
            self._raise_if_fenced(checkpoint)
            raise

    def read(self, table: Table) -> Iterator[Columns]:
        """See `Destination.read`. A snapshot, apart from what is written meanwhile."""
        self._connection()
        try:
            yield from self._dialect.read(table)
        except self._dialect.driver_error as error:
            raise self._dialect.sorted_error(error) from error

    def try_out(self, task: str, tables: Sequence[Table]) -> list[Refused]:
        """See `headrace.destinations.trial`."""
        check_tables(tables, names_bytes_max=self._dialect.names_bytes_max)
        dialect, probe = self._dialect, probe_table()
        with self._transaction() as ledger:
            dialect.create(self._held, task, probe)
            dialect.write(self._held, Batch(probe, rows=Columns({"id": [1]})))
            dialect.run(self._held, f"DROP TABLE {dialect.quoted(probe.name)}")
            noted, found = ledger.read_tables(), dialect.found(self._held)
        names = [(table, table.name.lower()) for table in tables]
        return refusals(
            partial(plan, task, table, noted.get(name), found.get(name), dialect.types)
            for table, name in names
        )

    def close(self) -> None:
        """Close the connection."""
        if self._held is not None:
            held, self._held = self._held, None
            with suppress(self._dialect.driver_error):
                self._dialect.close(held)

    def _write_batch(self, batch: Batch) -> None:
        try:
            self._dialect.write(self._held, batch)
        except self._dialect.driver_error as error:
            raise self._dialect.sorted_error(error, batch.table.name) from error

    def _take_away(self, table: Table, planned: Plan) -> None:
        dialect, connection, name = self._dialect, self._held, self._dialect.quoted(table.name)
        if planned.drop:
            dialect.run(connection, f"DROP TABLE {name}")
        for column in planned.remove:
            dialect.run(connection, f"ALTER TABLE {name} DROP COLUMN {dialect.quoted(column)}")

    def _bring(self, task: str, table: Table, planned: Plan) -> None:
        dialect, connection, name = self._dialect, self._held, self._dialect.quoted(table.name)
        if planned.create:
            dialect.create(connection, task, table)
        for pair in planned.add:
            added = dialect.declared((pair,))
            dialect.run(connection, f"ALTER TABLE {name} ADD COLUMN {added}")

    def _connection(self) -> Any:
        if self._held is not None and not self._dialect.is_usable(self._held):
            self.close()
        if self._held is None:
            self._held = self._dialect.connect()
            try:
                Ledger(self._dialect, self._held).create()
            except self._dialect.driver_error as error:
                self.close()
                raise self._dialect.sorted_error(error) from error
        return self._held

    @contextmanager
    def _transaction(self) -> Iterator[Ledger]:
        connection = self._connection()
        try:
            self._dialect.run(connection, self._dialect.begin)
            yield Ledger(self._dialect, connection)
            self._dialect.run(connection, "COMMIT")
        except self._dialect.driver_error as error:
            self._give_up(connection)
            raise self._dialect.sorted_error(error) from error
        except BaseException:
            self._give_up(connection)
            raise

    def _give_up(self, connection: Any) -> None:
        with suppress(self._dialect.driver_error):
            self._dialect.run(connection, "ROLLBACK")

    def _raise_if_fenced(self, checkpoint: Checkpoint) -> None:
        """A conflict at commit is a fence when somebody else claimed the task meanwhile."""
        if self._held is None or not self._dialect.is_usable(self._held):
            return
        try:
            on_file = Ledger(self._dialect, self._held).read_checkpoint(checkpoint.task)
        except (self._dialect.driver_error, HeadraceError):
            return  # the database itself is in trouble: the first error says more
        check_epoch(checkpoint, on_file)
