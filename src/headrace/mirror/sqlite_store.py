"""SQLite under the mirror, and what SQLite's errors mean for a person."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

import msgspec

from headrace.errors import HeadraceError, Refused, Unavailable
from headrace.mirror.store import Row

_TRY_AGAIN = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PROTOCOL,
}
_MEND_FILE = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
}
_DAMAGES_MAX = 20


class SqliteStore:
    """`mirror.store.Store` on a connection in autocommit mode, which it owns.

    Asks no more of the connection than `execute`, `executemany`, `in_transaction` and `close`.
    """

    among = "key IN (SELECT value FROM json_each(?))"
    arrival = "rowid"
    mirror_script = "schema.sql"
    inbox_script = "inbox.sql"

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def listed(self, keys: Sequence[str]) -> str:
        """See `Store.listed`."""
        return msgspec.json.encode(keys).decode()

    def rows(self, sql: str, arguments: Sequence[Any] = ()) -> list[Row]:
        """See `Store.rows`."""
        try:
            return self._db.execute(sql, arguments).fetchall()
        except sqlite3.Error as error:
            _raise_sorted(error)

    def run(self, sql: str, arguments: Sequence[Any] = ()) -> int:
        """See `Store.run`."""
        try:
            return self._db.execute(sql, arguments).rowcount
        except sqlite3.Error as error:
            _raise_sorted(error)

    def run_each(self, sql: str, arguments: Iterable[Sequence[Any]]) -> int:
        """See `Store.run_each`."""
        try:
            return self._db.executemany(sql, arguments).rowcount
        except sqlite3.Error as error:
            _raise_sorted(error)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """See `Store.transaction`."""
        self.run("BEGIN IMMEDIATE")
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """See `Store.snapshot`."""
        self.run("BEGIN")
        try:
            yield
        finally:
            self._roll_back()

    def _roll_back(self) -> None:
        """An error that ended the transaction by itself leaves nothing to roll back."""
        if self._db.in_transaction:
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")

    def tables(self) -> set[str]:
        """See `Store.tables`."""
        return {
            name for (name,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        }

    def bytes_used(self) -> int:
        """See `Store.bytes_used`: pages, those of the write-ahead log not counted twice."""
        sql = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
        return int(self.rows(sql)[0][0])

    def damages(self) -> list[str]:
        """See `Store.damages`."""
        found = [str(line) for (line,) in self.rows(f"PRAGMA integrity_check({_DAMAGES_MAX})")]
        return [] if found == ["ok"] else found

    def vacuum(self) -> None:
        """See `Store.vacuum`."""
        self.run("VACUUM")
        self.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """See `Store.close`."""
        self._db.close()


def _raise_sorted(error: sqlite3.Error) -> NoReturn:
    found = sorted_error(error)
    if found is None:
        raise error
    raise found from error


def sorted_error(error: sqlite3.Error) -> HeadraceError | None:
    """Which of our errors a failed statement is; None for a mistake of our own."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte: without the details
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    if code in _TRY_AGAIN:
        return Unavailable(
            f"The mirror could not be read or written: {error} ({name}).",
            advice="Nothing was stored; look for another writer, or for free space.",
        )
    if code in _MEND_FILE:
        return Refused(
            f"The mirror's file cannot be used: {error} ({name}).",
            advice="Mend its rights, or move it away: a new one is filled from CODING.",
        )
    return None
