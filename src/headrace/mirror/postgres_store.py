"""PostgreSQL under the mirror: one schema a mirror, one connection a store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

import psycopg

from headrace.errors import Bug, Refused
from headrace.mirror.postgres_errors import sorted_errors
from headrace.mirror.store import Row

_CONNECT_SECONDS = 10
_SETTINGS = (
    "SET client_encoding = 'UTF8'",
    "SET synchronous_commit = 'on'",
    "SET default_transaction_isolation = 'read committed'",
    "SET client_min_messages = 'warning'",
    "SET idle_in_transaction_session_timeout = 0",  # a snapshot lasts as long as a fill
)
_LOCK_WAIT = "SET LOCAL lock_timeout = '2s'"  # that a holder ended is noticed a moment later
_LOCK = "SELECT pg_advisory_lock(hashtextextended(?, 0))"  # for longer than the transaction
_SIZE = (
    "SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM pg_class"
    " WHERE relkind = 'r' AND relnamespace = to_regnamespace(?)"
)


class PostgresStore:
    """`mirror.store.Store` in one schema of a PostgreSQL database.

    `lock`: hold the mirror for this process, by an advisory lock that the server gives back when
    the connection ends; a second holder is `Refused` after two seconds. A lost connection is made
    again, lock included, by the first call after the one that noticed the loss.
    """

    among = "key = ANY(?)"
    arrival = "number"
    mirror_script = "schema_postgres.sql"
    inbox_script = "inbox_postgres.sql"

    def __init__(self, url: str, schema: str, *, lock: bool, make: bool = True) -> None:
        self._url = url
        self._schema = schema
        self._lock = lock
        self._closed = False
        self._db = self._connect()
        try:
            self._create_schema(make)
        except BaseException:
            self.close()
            raise

    def listed(self, keys: Sequence[str]) -> list[str]:
        """See `Store.listed`."""
        return list(keys)

    def rows(self, sql: str, arguments: Sequence[Any] = ()) -> list[Row]:
        """See `Store.rows`."""
        with sorted_errors():
            return self._live().execute(_text(sql), _storable(arguments)).fetchall()

    def run(self, sql: str, arguments: Sequence[Any] = ()) -> int:
        """See `Store.run`."""
        with sorted_errors():
            return max(0, self._live().execute(_text(sql), _storable(arguments)).rowcount)

    def run_each(self, sql: str, arguments: Iterable[Sequence[Any]]) -> int:
        """See `Store.run_each`."""
        with sorted_errors(), self._live().cursor() as cursor:
            cursor.executemany(_text(sql), map(_storable, arguments))
            return max(0, cursor.rowcount)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """See `Store.transaction`."""
        with sorted_errors(), self._live().transaction():
            yield

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """See `Store.snapshot`."""
        self.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            yield
        finally:
            with suppress(psycopg.Error):
                self._db.execute("ROLLBACK")

    def tables(self) -> set[str]:
        """See `Store.tables`."""
        sql = (
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = to_regnamespace(?)"
        )
        return {name for (name,) in self.rows(sql, (_quoted(self._schema),))}

    def bytes_used(self) -> int:
        """See `Store.bytes_used`."""
        return int(self.rows(_SIZE, (_quoted(self._schema),))[0][0])

    def damages(self) -> list[str]:
        """See `Store.damages`. The server answers for its files: nothing is looked at here."""
        return []

    def vacuum(self) -> None:
        """See `Store.vacuum`."""
        for table in sorted(self.tables()):
            self.run(f"VACUUM (FULL, ANALYZE) {_quoted(table)}")

    def close(self) -> None:
        """See `Store.close`. A second call does nothing."""
        self._closed = True
        self._db.close()

    # --- the connection ----------------------------------------------------------------------

    def _live(self) -> psycopg.Connection[Row]:
        if self._closed:
            raise Bug("The mirror was used after it was closed.")
        if self._db.closed:
            self._db = self._connect()
        return self._db

    def _connect(self) -> psycopg.Connection[Row]:
        with sorted_errors():
            db = psycopg.connect(
                self._url, autocommit=True, connect_timeout=_CONNECT_SECONDS,
                application_name="headrace",
            )  # fmt: skip
        try:
            with sorted_errors():
                for setting in (*_SETTINGS, f"SET search_path = {_quoted(self._schema)}"):
                    db.execute(_text(setting))
                self._hold(db)
        except BaseException:
            db.close()
            raise
        return db

    def _hold(self, db: psycopg.Connection[Row]) -> None:
        if not self._lock:
            return
        try:
            with db.transaction():
                db.execute(_text(_LOCK_WAIT))
                db.execute(_text(_LOCK), (f"headrace mirror {self._schema}",))
        except psycopg.errors.LockNotAvailable:
            raise Refused(
                f"The mirror is in use by another process (schema {self._schema}).",
                advice="Stop that one first.",
            ) from None

    def _create_schema(self, make: bool) -> None:
        if self.rows("SELECT to_regnamespace(?) IS NULL", (_quoted(self._schema),)) == [(False,)]:
            return
        if not make:
            raise Refused(
                f"There is no mirror: the database has no schema {self._schema}.",
                advice="The first `headrace sync` of its team makes it.",
            )
        self.run(f"CREATE SCHEMA IF NOT EXISTS {_quoted(self._schema)}")


@cache
def _text(sql: str) -> bytes:
    return sql.replace("?", "%s").encode()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _storable(arguments: Sequence[Any]) -> list[Any]:
    """PostgreSQL's texts hold no NUL: it becomes U+FFFD, in what is stored and what is sought."""
    return [a.replace("\0", "\ufffd") if isinstance(a, str) and "\0" in a else a for a in arguments]
