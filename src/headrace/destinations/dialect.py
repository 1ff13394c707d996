"""What a SQL database does in its own way. To add a database, subclass `Dialect` in one file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from headrace.core.ports import Batch
from headrace.core.schema import Columns, Table, Type
from headrace.destinations.tables import Found, Pairs, quoted
from headrace.errors import HeadraceError


class Dialect(ABC):
    """One database of one kind: how to reach it, and its own SQL.

    Statements come with `?` for each value and names in double quotes; both must be understood.
    Transactions are begun by hand: connections commit each statement on its own outside of them.

    `types`: how columns are declared, spelled as `found` reports them. `driver_error`: the base
    of what the driver raises. `lock`: what makes a SELECT hold its rows to the transaction's end.
    `names_bytes_max`: longer names are refused. `lossy`: see `Destination`.
    """

    types: ClassVar[Mapping[Type, str]]
    driver_error: ClassVar[type[Exception]]
    begin: ClassVar[str] = "BEGIN"
    lock: ClassVar[str] = ""
    table_options: ClassVar[str] = ""
    names_bytes_max: ClassVar[int] = 2**31
    lossy: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    def connect(self) -> Any:
        """A connection of its own. Raises `Refused` or `Unavailable`."""

    @abstractmethod
    def is_usable(self, connection: Any) -> bool:
        """Whether the connection can go on, after an error too."""

    @abstractmethod
    def run(self, connection: Any, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement; all rows of its answer."""

    @abstractmethod
    def found(self, connection: Any) -> Mapping[str, Found]:
        """Every table and view, by name in lower case, with its columns and their types."""

    @abstractmethod
    def write(self, connection: Any, batch: Batch) -> None:
        """Empty, delete, put: in that order. `Bug` for a value that is not canonical."""

    @abstractmethod
    def read(self, table: Table) -> Iterator[Columns]:
        """See `Destination.read`: a snapshot, on a connection (or cursor) of its own."""

    @abstractmethod
    def sorted_error(self, error: Exception, table: str = "") -> HeadraceError:
        """Which of our errors a driver's error is; row values stay out of the sentence.

        `table` is the one being written; only with it can the error be `BadRows`.
        """

    def create(self, connection: Any, task: str, table: Table) -> None:  # noqa: ARG002
        """Make a table, with its key as the primary key. `task` is for a comment, if any."""
        name, key = self.quoted(table.name), ", ".join(self.quoted(name) for name in table.key)
        columns = f"{self.declared(table.columns)}, PRIMARY KEY ({key})"
        self.run(connection, f"CREATE TABLE {name} ({columns}){self.table_options}")

    def or_update(self, key: Sequence[str], others: Sequence[str]) -> str:
        """The end of an INSERT whose rows take the place of those with the same key."""
        changed = ", ".join(f"{self.quoted(n)} = excluded.{self.quoted(n)}" for n in others)
        names = ", ".join(self.quoted(name) for name in key)
        return f" ON CONFLICT ({names}) DO {f'UPDATE SET {changed}' if changed else 'NOTHING'}"

    def declared(self, columns: Pairs) -> str:
        """Columns as CREATE TABLE and ADD COLUMN take them."""
        return ", ".join(f"{self.quoted(name)} {self.types[kind]}" for name, kind in columns)

    def quoted(self, name: str) -> str:
        """A name as SQL reads it."""
        return quoted(name)

    def close(self, connection: Any) -> None:
        """Let go of a connection, and of what the dialect holds beside it."""
        connection.close()
