"""Mirror files: where they are, who holds them, and whether they are sound."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from pathlib import Path
from types import TracebackType

from headrace.errors import Refused


def connect(path: Path) -> sqlite3.Connection:
    """Open a mirror file, crash-safe (WAL, synchronous=FULL), and check that it is sound.

    Raises `Refused` for a file that is damaged or not a mirror, and leaves it untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        _check(connection)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise Refused(
            f"The mirror {path} cannot be used: {error}.",
            advice="Move it away and run again: a new one is filled from CODING.",
        ) from error
    return connection


def _check(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA busy_timeout = 10000")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise sqlite3.DatabaseError(verdict)


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
