"""The seam between the mirror and its database: SQL that both dialects understand goes through it.

Placeholders are `?`. Upserts are written `ON CONFLICT`, flags are 0 and 1: SQLite and PostgreSQL
read that alike, so there is one text of each statement. What differs is named here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

Row = tuple[Any, ...]


class Store(Protocol):
    """One connection to a database that holds a mirror. Use from one thread at a time.

    Every method raises `Unavailable` when the database is locked, full or gone, and `Refused` when
    its files are damaged or not writable.
    """

    among: str
    """A condition on one placeholder that is true for rows whose `key` is `listed`."""
    arrival: str
    """What to order rows of `reject` by, so that the oldest come first."""
    mirror_script: str
    inbox_script: str
    """The files of this package that make the tables."""

    def listed(self, keys: Sequence[str]) -> Any:
        """The argument for `among`."""
        ...

    def rows(self, sql: str, arguments: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""
        ...

    def run(self, sql: str, arguments: Sequence[Any] = ()) -> int:
        """Run one statement. Returns how many rows it touched."""
        ...

    def run_each(self, sql: str, arguments: Iterable[Sequence[Any]]) -> int:
        """Run one statement with many sets of arguments. Returns how many rows were touched."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing: committed durably at the end, rolled back by any exception."""
        ...

    def snapshot(self) -> AbstractContextManager[None]:
        """Everything read within stands still, whoever writes meanwhile. Nothing is written."""
        ...

    def tables(self) -> set[str]:
        """The names of all tables there are."""
        ...

    def bytes_used(self) -> int:
        """The size of all of it on disk, indexes included."""
        ...

    def damages(self) -> list[str]:
        """What a thorough check of the files finds, in sentences; nothing for sound ones."""
        ...

    def vacuum(self) -> None:
        """Give room that is no longer used back to the disk. Nothing else may be open."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...
