"""The control store: one database for what people manage, SQLite by default, PostgreSQL by URL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from headrace.errors import HeadraceError, Refused, Unavailable

_HERE = Path(__file__).parent
_BUSY_MS = 5000
_WRITER = 7_236_317  # the advisory lock of who writes; any number that is nobody else's


class ControlStore:
    """Opens the store and brings its tables up to date. Usable from any thread.

    `place` is a file's path, or a `postgresql://` URL. Raises `Refused` for a place that cannot be
    used or was written by a newer Headrace, `Unavailable` while it cannot be reached.

    One transaction writes at a time, in PostgreSQL as in SQLite: what it read holds until it ends.
    """

    def __init__(self, place: Path | str) -> None:
        self.url = _url_of(place)
        # Errors name no values: there may be secrets among them.
        self.engine = sa.create_engine(self.url, pool_pre_ping=True, hide_parameters=True)
        if self.is_sqlite:
            sa.event.listen(self.engine, "connect", _prepare_sqlite)
        sa.event.listen(self.engine, "begin", _begin_sqlite if self.is_sqlite else _begin_postgres)
        self._reader = self.engine.execution_options(reading=True)
        try:
            with _sorted_errors():
                self._upgrade()
        except BaseException:
            self.close()
            raise

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file."""
        return bool(self.url.get_backend_name() == "sqlite")

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """To write: all or nothing. Raises `Unavailable` where the database does not do."""
        with _sorted_errors(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """To look only: waits for no writer, and no writer for it. Raises `Unavailable`."""
        with _sorted_errors(), self._reader.begin() as connection:
            yield connection

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    def _upgrade(self) -> None:
        """In one transaction, so that whoever opens finds the old tables or the new ones."""
        config = Config()
        config.set_main_option("script_location", str(_HERE / "migrations"))
        newest = ScriptDirectory.from_config(config).get_current_head()
        with self._reader.begin() as connection:
            if MigrationContext.configure(connection).get_current_revision() == newest:
                return
        with self.engine.execution_options(upgrading=True).begin() as connection:
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as error:
                raise Refused(
                    "The control store was written by a newer Headrace.",
                    advice="Start the Headrace that wrote it; it was left as it is.",
                ) from error
            if self.is_sqlite:
                lost = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
                assert not lost, "a migration tore rows apart"


def _url_of(place: Path | str) -> URL:
    if isinstance(place, Path):
        return URL.create("sqlite", database=str(place))
    try:
        url = make_url(place)
    except ArgumentError:
        raise Refused(
            "The address of the control store cannot be read.",
            advice="Give a folder, or postgresql://user@host/database.",
        ) from None
    if url.get_backend_name() != "postgresql":
        raise Refused(
            "The control store is a file or a PostgreSQL database.",
            advice="Give a folder, or postgresql://user@host/database.",
        )
    return url.set(drivername="postgresql+psycopg")


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    for pragma in (f"busy_timeout = {_BUSY_MS}", "journal_mode = WAL", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    options = connection.get_execution_options()
    reading, upgrading = options.get("reading", False), options.get("upgrading", False)
    for statement in (
        f"PRAGMA query_only = {int(reading)}",
        # A migration makes tables anew: with the old one, its rows would take theirs along.
        f"PRAGMA foreign_keys = {int(not upgrading)}",
        "BEGIN" if reading else "BEGIN IMMEDIATE",
    ):
        connection.exec_driver_sql(statement)


def _begin_postgres(connection: sa.Connection) -> None:
    if connection.get_execution_options().get("reading"):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    else:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_BUSY_MS}")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER})")


@contextmanager
def _sorted_errors() -> Iterator[None]:
    try:
        yield
    except HeadraceError:
        raise
    except OperationalError as error:
        raise Unavailable(
            f"The control store cannot be used: {type(error.orig).__name__}.",
            advice="Look whether its folder can be written, or its server runs.",
        ) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable("The connection to the control store broke.") from error
        raise
