"""Kill points: the places between two steps of the product where a process can die.

They are the borders of the ports, so the product's code knows nothing of them: before and after
every statement that the mirror runs, every request and answer, every write of a destination.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from headrace.core.ports import Batch, Checkpoint, Destination
from headrace.core.schema import Columns, Table
from headrace.core.transport import Request, Response, Transport


class Crash(BaseException):
    """The process died here. Not an `Exception`: nothing in the product may catch it."""


class Killer:
    """Counts the kill points passed and crashes at the chosen one.

    `crash_at` is the number of the passage, from 1, at which to die; None never. `crash_on` is the
    name of the point whose next passage is the last.
    """

    def __init__(self) -> None:
        self.passed: Counter[str] = Counter()
        self.crashed: Counter[str] = Counter()
        self.passages = 0
        self.crash_at: int | None = None
        self.crash_on: str | None = None

    def point(self, name: str) -> None:
        """Pass a kill point, or die at it."""
        self.passages += 1
        self.passed[name] += 1
        if self.passages == self.crash_at or name == self.crash_on:
            self.spare()
            self.crashed[name] += 1
            raise Crash(name)

    def spare(self) -> None:
        """Let it live: forget what crash was planned."""
        self.crash_at = self.crash_on = None


class KillableConnection:
    """A SQLite connection with kill points around what changes the file."""

    def __init__(self, connection: sqlite3.Connection, killer: Killer) -> None:
        self._connection = connection
        self._killer = killer

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> sqlite3.Cursor:
        """As `sqlite3.Connection.execute`."""
        points = _POINTS.get(sql[:6])
        if points is None:
            return self._connection.execute(sql, parameters)
        before, after = points
        self._killer.point(before)
        cursor = self._connection.execute(sql, parameters)
        self._killer.point(after)
        return cursor

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> sqlite3.Cursor:
        """As `sqlite3.Connection.executemany`."""
        self._killer.point(_point_before(sql))
        return self._connection.executemany(sql, rows)

    @property
    def in_transaction(self) -> bool:
        """As `sqlite3.Connection.in_transaction`."""
        return self._connection.in_transaction

    def close(self) -> None:
        """The file outlives the process: nothing is closed."""


_POINTS = {
    f"{verb:6}": (f"mirror.{verb.lower()}.before", f"mirror.{verb.lower()}.after")
    for verb in ("BEGIN", "COMMIT", "INSERT", "UPDATE", "DELETE")
}
"""The kill points around a statement, by how it begins; all others change nothing."""


@cache
def _point_before(sql: str) -> str:
    """The kill point before a statement for many rows, named for the table."""
    words = sql.split()
    return f"mirror.{words[2] if words[0] == 'INSERT' else words[1]}.before"


class KillableTransport:
    """Kill points before a request is sent and after its answer came."""

    def __init__(self, inner: Transport, killer: Killer) -> None:
        self._inner = inner
        self._killer = killer

    def send(self, request: Request) -> Response:
        """As the inner one."""
        self._killer.point("transport.send.before")
        response = self._inner.send(request)
        self._killer.point("transport.send.after")
        return response


class KillableDestination:
    """Kill points before, within and after a destination's transactions."""

    def __init__(self, inner: Destination, killer: Killer) -> None:
        self._inner = inner
        self.lossy = inner.lossy
        self._killer = killer

    def claim(self, task: str) -> Checkpoint:
        """As the inner one."""
        self._killer.point("destination.claim.before")
        claimed = self._inner.claim(task)
        self._killer.point("destination.claim.after")
        return claimed

    def prepare(self, task: str, tables: Sequence[Table]) -> None:
        """As the inner one."""
        self._killer.point("destination.prepare.before")
        self._inner.prepare(task, tables)
        self._killer.point("destination.prepare.after")

    def write(self, batches: Iterable[Batch], checkpoint: Checkpoint) -> None:
        """As the inner one."""
        self._killer.point("destination.write.before")
        self._inner.write(self._each(batches), checkpoint)
        self._killer.point("destination.write.after")

    def _each(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        for batch in batches:
            self._killer.point("destination.batch")
            yield batch

    def read(self, table: Table) -> Iterator[Columns]:
        """As the inner one."""
        return self._inner.read(table)

    def close(self) -> None:
        """The database outlives the process: nothing is closed."""
