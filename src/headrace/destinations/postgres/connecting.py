"""Connecting to a PostgreSQL database, and to one schema of it."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import unquote

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from headrace.destinations.postgres.errors import sorted_error
from headrace.destinations.tables import quoted
from headrace.errors import Refused

OLDEST_VERSION = 12
_NAME_BYTES_MAX = 63
_DEFAULTS = {  # of libpq; a URL may say otherwise. A server that is gone is noticed in a minute.
    "fallback_application_name": "headrace",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
_CONNECT_SECONDS = "10"
_SETTINGS = """
    SET timezone = 'UTC';
    SET synchronous_commit = on;
    SET client_min_messages = warning;
    SET standard_conforming_strings = on;
    SET array_nulls = on;
    SET jit = off;
    SET idle_in_transaction_session_timeout = '10min';
    SET tcp_keepalives_idle = 30;
    SET tcp_keepalives_interval = 10;
    SET tcp_keepalives_count = 3;
"""


def split_url(url: str) -> tuple[str, str]:
    """The URL as libpq takes it, and the schema that `?schema=NAME` chose ("" for none).

    Raises `Refused`, without repeating anything of the URL.
    """
    start = url.find("//") + 2
    at, slash = url.find("@", start), url.find("/", start)
    if at >= 0 and (slash < 0 or at < slash):  # a password may hold a question mark
        start = at
    mark = url.find("?", start)
    pairs = url[mark + 1 :].split("&") if mark >= 0 else []
    others = [pair for pair in pairs if pair.partition("=")[0] != "schema"]
    chosen = [unquote(pair.partition("=")[2]) for pair in pairs if pair not in others]
    plain = url[:mark] + ("?" + "&".join(others) if others else "") if mark >= 0 else url
    schema = chosen[-1] if chosen else ""
    if chosen and (not 0 < len(schema.encode()) <= _NAME_BYTES_MAX or "\0" in schema):
        raise Refused(
            f"The schema of a PostgreSQL URL has 1 to {_NAME_BYTES_MAX} bytes.",
            advice="Write ?schema=NAME at the end of the URL.",
        )
    try:
        conninfo_to_dict(plain)
    except (psycopg.Error, UnicodeError):
        raise Refused(
            "The URL of a PostgreSQL destination cannot be read.",
            advice="Write postgresql://USER:PASSWORD@HOST:PORT/DATABASE?schema=NAME; characters"
            " like @ : / ? # % in a user, password or name are percent-escaped.",
        ) from None
    return plain, schema


def connect(url: str, schema: str, lock_seconds: float) -> Any:
    """A connection whose names are those of one schema, which is made if it is not there.

    Each statement commits by itself unless a transaction is begun by hand; nothing is prepared at
    the server. Raises `Refused`, `Unavailable`.
    """
    given = conninfo_to_dict(url)
    options = {name: value for name, value in _DEFAULTS.items() if name not in given}
    if "connect_timeout" not in given and "PGCONNECT_TIMEOUT" not in os.environ:
        options["connect_timeout"] = _CONNECT_SECONDS
    try:
        connection = psycopg.connect(
            make_conninfo(url, client_encoding="UTF8", **options),
            autocommit=True, prepare_threshold=None, cursor_factory=psycopg.RawCursor,
        )  # fmt: skip
    except psycopg.Error as error:
        raise sorted_error(error) from None  # what libpq says may hold parts of the URL
    try:
        _check_server(connection)
        lock_ms = max(1, round(lock_seconds * 1000))
        connection.execute(f"{_SETTINGS} SET lock_timeout = {lock_ms}".encode())
        _enter_schema(connection, schema)
    except psycopg.Error as error:
        connection.close()
        raise sorted_error(error) from error
    except BaseException:
        connection.close()
        raise
    return connection


def _check_server(connection: psycopg.Connection[Any]) -> None:
    version = connection.info.server_version // 10000
    if version < OLDEST_VERSION:
        raise Refused(
            f"The server speaks like PostgreSQL {version}; {OLDEST_VERSION} is the oldest one"
            " that can be written to.",
            advice="Name a newer server.",
        )
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise Refused(
            f"The database is encoded in {encoding}, which does not hold every text.",
            advice="Name a database made with ENCODING 'UTF8'.",
        )


def _enter_schema(connection: psycopg.Connection[Any], schema: str) -> None:
    """From here on only one schema is looked at: the one named, else the server's first choice."""
    if schema:
        connection.execute(f"SET search_path = {quoted(schema)}".encode())
    ((current,),) = connection.execute("SELECT current_schema()").fetchall()
    if current is None and not schema:
        raise Refused(
            "The database offers no schema to write to.",
            advice="Choose one: add ?schema=NAME to the URL; it is made if it is missing.",
        )
    if current is None:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}".encode())
    elif not schema:
        connection.execute(f"SET search_path = {quoted(current)}".encode())
