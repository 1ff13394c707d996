"""Mirror files: where they are, who holds them, and whether they are sound."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

from headrace.errors import HeadraceError, Refused, Unavailable
from headrace.mirror.schema import check
from headrace.mirror.sqlite_store import SqliteStore, sorted_error


def connect(path: Path, *, make: bool = True) -> sqlite3.Connection:
    """Open a mirror file, crash-safe (WAL, synchronous=FULL), and check that it is sound.

    `make`: a file that is not there is made, with its folder. Raises `Refused` for one that is
    damaged, not a mirror, of another format, or not there, and leaves it untouched; `Unavailable`
    when it is locked or the disk is full.
    """
    if not path.exists() and not make:
        raise Refused(
            f"There is no mirror {path}.", advice="The first `headrace sync` of its team makes it."
        )
    connection: sqlite3.Connection | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError("it is a folder")
        if path.exists() and path.stat().st_size:
            _check(path)
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        _use_wal(connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES_KEPT}")
    except (sqlite3.Error, OSError) as error:
        if connection is not None:
            connection.close()
        raise _unusable(path, error) from error
    return connection


_BUSY_MS = 10_000
_LOG_BYTES_KEPT = 64 * 1024**2  # of the write-ahead log, which grows while a snapshot is read


def _use_wal(connection: sqlite3.Connection) -> None:
    """SQLite does not wait by itself when two connections change the mode of a new file at once."""
    ends = time.monotonic() + _BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > ends:
                raise
            time.sleep(0.01)
        else:
            return


def _check(path: Path) -> None:
    """Look before touching. After a crash read-only, so that closing does not write the rest of
    the log into a file that may be damaged; else as usual, so that closing leaves no files behind.
    """
    crashed = path.with_name(f"{path.name}-wal").exists()
    uri = f"file:{quote(str(path.absolute()))}?mode={'ro' if crashed else 'rw'}"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise sqlite3.DatabaseError(str(verdict).replace("\n", " "))
        try:
            check(SqliteStore(connection))
        except Refused as error:
            raise Refused(f"{error.message} ({path})", advice=error.advice) from None


def _unusable(path: Path, error: Exception) -> HeadraceError:
    found = sorted_error(error) if isinstance(error, sqlite3.Error) else None
    if isinstance(found, Unavailable):
        return found
    return Refused(
        f"The mirror {path} cannot be used: {error}.",
        advice="Move it away and run again: a new one is filled from CODING.",
    )


class MirrorLock:
    """One process a mirror: a lock file that the system releases when its holder dies."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._file = path.open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.seek(0)
            holder = self._file.read().strip() or "another process"
            self._file.close()
            raise Refused(
                f"The mirror is in use by {holder} ({path}).",
                advice="Stop that one first, or give this run a --state folder of its own.",
            ) from error
        self._file.truncate(0)
        self._file.write(f"process {os.getpid()}")
        self._file.flush()

    def close(self) -> None:
        """Let go of the lock."""
        self._file.truncate(0)
        self._file.close()

    def __enter__(self) -> MirrorLock:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
