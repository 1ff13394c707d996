"""Opening a SQLite file, and what SQLite's errors mean for a person."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from headrace.errors import BadRows, Bug, HeadraceError, Refused, TablesChanged, Unavailable

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
    sqlite3.SQLITE_AUTH,
}
_VALUES = {sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH}
_ALTERED = {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_SCHEMA}


def connect(path: Path, busy_seconds: float) -> sqlite3.Connection:
    """Open or make the file. Raises `Refused`, `Unavailable`.

    Calls may come from any thread, one at a time. Transactions are begun by hand.
    """
    if not path.parent.is_dir():
        raise Refused(
            f"The folder {path.parent} does not exist.", advice="Make it, or name another file."
        )
    connection = None
    try:
        connection = sqlite3.connect(
            path, timeout=busy_seconds, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        raise sorted_error(error, path) from error
    return connection


def sorted_error(error: Exception, path: Path, table: str = "") -> HeadraceError:
    """See `Dialect.sorted_error`."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte: without the details
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    if code in _TRY_AGAIN:
        return Unavailable(
            f"SQLite could not finish on {path}: {error} ({name}).",
            advice="Nothing was written; look for another writer, or for free space.",
        )
    if code in _MEND_FILE:
        return Refused(
            f"SQLite cannot use {path}: {error} ({name}).",
            advice="Mend the file or its rights, or name another one.",
        )
    if table and code in _VALUES:
        return BadRows(
            f"SQLite refused a row of table {table} ({name}).", table=table,
            advice="Look for a rule (an index, a trigger) that somebody added to the table.",
        )  # fmt: skip
    if code in _ALTERED:
        return TablesChanged(
            f"A table in {path} is not as Headrace made it ({name}).",
            advice="Start the task again: missing tables and columns are made and filled.",
        )
    return Bug(f"SQLite refused a statement on {path} ({name}).")
