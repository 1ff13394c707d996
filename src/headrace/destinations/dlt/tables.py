"""What is done to tables beside dlt's loads: made, dropped, looked at; and our notes kept in them.

By SQL with `%s` where the destination has it, as dlt itself keeps its own notes; `files` does the
same for tables in files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

from dlt.common.destination.exceptions import DestinationException

CHUNK_ROWS = 10_000
_VALUES_MAX = 500  # in one query

Found = dict[str, dict[str, str | None]]
Rows = list[tuple[Any, ...]]


class Tables(Protocol):
    """The tables of one dataset, through a client of dlt's that knows some of them."""

    def make(self) -> None:
        """Make the dataset, and the tables and columns that the client knows and are missing."""

    def drop(self, names: Sequence[str]) -> None:
        """Drop tables, and what dlt keeps of them for staging."""

    def find(self, names: Sequence[str]) -> Found:
        """The columns of each table that is there, in lower case; none for one that is not."""

    def select(
        self, name: str, columns: Sequence[str], where: str = "", among: Sequence[str] = ()
    ) -> Iterator[Rows]:
        """These columns of all rows, or of those whose text column `where` has one of `among`."""

    def insert(self, name: str, row: Mapping[str, Any]) -> None:
        """Add one row."""

    def delete_older(self, name: str, task: str, epoch: int, number: int) -> None:
        """Delete a task's entries of before; where that fails they only take room."""

    def tend(self, names: Sequence[str]) -> None:
        """After a load: give back what these tables no longer need."""


class SqlTables:
    """See `Tables`."""

    def __init__(self, client: Any, known: Sequence[str]) -> None:
        self._client = client
        self._sql = client.sql_client
        self._known = known

    def make(self) -> None:
        """See `Tables.make`."""
        self._client.initialize_storage()
        schema = self._client.schema
        own = (schema.version_table_name, schema.loads_table_name)
        self._client.update_stored_schema(only_tables=[*self._known, *own], force=True)

    def drop(self, names: Sequence[str]) -> None:
        """See `Tables.drop`."""
        self._sql.drop_tables(*names)
        with self._sql.with_staging_dataset():
            if names and self._sql.has_dataset():
                self._sql.drop_tables(*names)

    def find(self, names: Sequence[str]) -> Found:
        """See `Tables.find`."""
        shown = self._client.get_storage_tables(names) if names else ()
        return {name: dict.fromkeys(map(str.lower, columns)) for name, columns in shown}

    def select(
        self, name: str, columns: Sequence[str], where: str = "", among: Sequence[str] = ()
    ) -> Iterator[Rows]:
        """See `Tables.select`."""
        query = f"SELECT {self._names(columns)} FROM {self._sql.make_qualified_table_name(name)}"
        if not where:
            yield from self._fetched(query)
        for start in range(0, len(among), _VALUES_MAX):
            some = among[start : start + _VALUES_MAX]
            places = ", ".join(["%s"] * len(some))
            yield from self._fetched(f"{query} WHERE {self._names([where])} IN ({places})", *some)

    def insert(self, name: str, row: Mapping[str, Any]) -> None:
        """See `Tables.insert`."""
        table, places = self._sql.make_qualified_table_name(name), ", ".join(["%s"] * len(row))
        statement = f"INSERT INTO {table} ({self._names(list(row))}) VALUES ({places})"
        self._sql.execute_sql(statement, *row.values())

    def delete_older(self, name: str, task: str, epoch: int, number: int) -> None:
        """See `Tables.delete_older`."""
        table = self._sql.make_qualified_table_name(name)
        task_is, epoch_is, number_is = map(self._names, (["task"], ["epoch"], ["number"]))
        with suppress(DestinationException):
            self._sql.execute_sql(
                f"DELETE FROM {table} WHERE {task_is} = %s"
                f" AND ({epoch_is} < %s OR ({epoch_is} = %s AND {number_is} < %s))",
                task, epoch, epoch, number,
            )  # fmt: skip

    def tend(self, names: Sequence[str]) -> None:
        """A database looks after itself."""

    def _names(self, columns: Sequence[str]) -> str:
        return ", ".join(map(self._sql.escape_column_name, columns))

    def _fetched(self, query: str, *values: Any) -> Iterator[Rows]:
        with self._sql.execute_query(query, *values) as cursor:
            while rows := cursor.fetchmany(CHUNK_ROWS):
                yield [tuple(row) for row in rows]
