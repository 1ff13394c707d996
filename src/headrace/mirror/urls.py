"""Where mirrors live: from a store's address and a mirror's name to the mirror and its inbox.

A store is a folder, which holds one SQLite file a mirror, or `postgresql://...`, a database with
one schema a mirror. The name tells the mirrors of one store apart.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from headrace.errors import Refused
from headrace.mirror.files import MirrorLock, connect
from headrace.mirror.inbox import SqliteInbox, StoredInbox
from headrace.mirror.sqlite import SqliteMirror
from headrace.mirror.stored import StoredMirror

Store = str | Path


def open_mirror(
    store: Store, name: str, now_ms: int, *, make: bool = True, lock: bool = True
) -> StoredMirror:
    """Open a mirror for one process, until `close`.

    `store`: a folder or a `postgresql://` URL. `now_ms`: where the offsets of a new mirror begin.
    `make`: make a mirror that is not there; else `Refused`. `lock`: one process a mirror; a second
    one is `Refused`. Without the lock only look: write nothing but what a task `learn`s.

    Raises `Refused` for what a person has to mend (a damaged file, another format, no such
    database or right) and `Unavailable` when the database is down, locked or full.
    """
    if url := _postgres(store):
        from headrace.mirror.postgres import PostgresMirror

        return PostgresMirror(url, name, now_ms=now_ms, make=make, lock=lock)
    path = mirror_file(store, name)
    if not make:
        connect(path, make=False).close()
    held = MirrorLock(path.with_suffix(".lock")) if lock else None
    release = held.close if held else _nothing
    try:
        return SqliteMirror(connect(path, make=make), now_ms=now_ms, closing=release)
    except BaseException:
        release()
        raise


def open_inbox(store: Store, name: str) -> StoredInbox:
    """The hook inbox beside that mirror. Raises as `open_mirror`.

    In a folder it is a file of its own: a page being committed must not make a delivery wait.
    """
    if url := _postgres(store):
        from headrace.mirror.postgres import PostgresInbox

        return PostgresInbox(url, name)
    return SqliteInbox(connect(mirror_file(store, name).with_suffix(".inbox")))


def place_of(store: Store, name: str) -> str:
    """Where the mirror lies, for a person: never with a password (Invariant 11)."""
    if _postgres(store):
        from headrace.mirror.postgres import schema_name

        return f"PostgreSQL, schema {schema_name(name)}"
    return str(mirror_file(store, name).absolute())


def mirror_file(folder: Store, name: str) -> Path:
    """The file of a mirror in a folder."""
    return Path(folder) / f"{name}.mirror"


def _postgres(store: Store) -> str:
    """The URL of a database, or nothing for a folder. Raises `Refused` for another kind of URL."""
    scheme, colon, _ = str(store).partition("://")
    if isinstance(store, Path) or not colon:
        return ""
    if scheme not in ("postgresql", "postgres"):
        raise Refused(
            f"A mirror cannot be stored in {scheme}://.",
            advice="Name a folder, or postgresql://user@host/database.",
        )
    if importlib.util.find_spec("psycopg") is None:
        raise Refused(
            "A mirror in PostgreSQL needs psycopg, which is not installed.",
            advice='Install it: pip install "headrace[postgres]".',
        )
    return str(store)


def _nothing() -> None:
    """Nobody holds anything."""
