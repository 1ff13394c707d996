"""The mirror on SQLite: one file a connection."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from headrace.mirror.schema import create_mirror
from headrace.mirror.sqlite_store import SqliteStore
from headrace.mirror.stored import StoredMirror


class SqliteMirror(StoredMirror):
    """`core.ports.Mirror` on one SQLite connection in autocommit mode, which it owns.

    Makes what is missing of its tables. Raises `Refused` for a database of another program and for
    another format of the mirror.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        *,
        now_ms: int,
        closing: Callable[[], None] = lambda: None,
    ) -> None:
        store = SqliteStore(connection)
        create_mirror(store, now_ms)
        super().__init__(store, closing)
