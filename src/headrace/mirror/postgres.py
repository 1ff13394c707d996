"""The mirror and its inbox in PostgreSQL: one schema a mirror. Needs psycopg 3."""

from __future__ import annotations

import hashlib
import re

from headrace.mirror.inbox import StoredInbox
from headrace.mirror.postgres_store import PostgresStore
from headrace.mirror.schema import create_inbox, create_mirror
from headrace.mirror.stored import StoredMirror

_NAME_BYTES_MAX = 63  # of an identifier in PostgreSQL
_PLAIN_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")  # the only ones that need no digest


class PostgresMirror(StoredMirror):
    """`core.ports.Mirror` in the schema `headrace_<name>` of a database.

    Makes what is missing of it (with `make`), and holds it for this process (with `lock`). Raises
    `Refused` and `Unavailable` as `mirror.urls.open_mirror`.
    """

    def __init__(
        self, url: str, name: str, *, now_ms: int, make: bool = True, lock: bool = True
    ) -> None:
        store = PostgresStore(url, schema_name(name), lock=lock, make=make)
        try:
            create_mirror(store, now_ms)
        except BaseException:
            store.close()
            raise
        super().__init__(store)


class PostgresInbox(StoredInbox):
    """`core.ports.Inbox` beside that mirror, on a connection of its own, without its lock."""

    def __init__(self, url: str, name: str) -> None:
        store = PostgresStore(url, schema_name(name), lock=False)
        try:
            create_inbox(store)
        except BaseException:
            store.close()
            raise
        super().__init__(store)


def schema_name(name: str) -> str:
    """The schema of a mirror: readable, and another one for every other name."""
    schema = "headrace_" + re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    if _PLAIN_NAME.fullmatch(name) and len(schema) <= _NAME_BYTES_MAX:
        return schema
    digest = hashlib.blake2b(name.encode(), digest_size=4).hexdigest()
    return f"{schema[: _NAME_BYTES_MAX - 9]}_{digest}"
