"""Connecting to a MySQL or MariaDB server, and sending it a statement."""

from __future__ import annotations

import math
import selectors
import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pymysql
from pymysql.constants import FIELD_TYPE
from pymysql.converters import conversions

from headrace.destinations.mysql.address import Address
from headrace.destinations.mysql.errors import sorted_error
from headrace.errors import HeadraceError, Refused, Unavailable

CONNECT_SECONDS = 10
ANSWER_SECONDS_MAX = 3600  # of one statement; a server that is gone is noticed in a minute
IDLE_SECONDS_MAX = 600  # then the server ends a connection and lets go of its locks
COLLATIONS = ("utf8mb4_nopad_bin", "utf8mb4_0900_bin")  # MariaDB's and MySQL's: every text differs
_KEEP_ALIVE = {
    "TCP_KEEPIDLE": 30,
    "TCP_KEEPINTVL": 10,
    "TCP_KEEPCNT": 3,
    "TCP_USER_TIMEOUT": 60_000,
}
_MODES = "ANSI_QUOTES,NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION"
_PROBE = "\\'\"`%?\0\n\x1a名字😀 "
_TEXT_TIMES = {**conversions, FIELD_TYPE.DATETIME: str}
_NO_GREETING = (struct.error, LookupError, ValueError, TypeError, AssertionError)


def connect(address: Address, lock_seconds: float) -> Any:
    """A connection on which each statement commits by itself unless a transaction is begun.

    Its `max_allowed_packet` is the server's. Raises `Refused`, `Unavailable`.
    """
    connection = _logged_in(address)
    try:
        _settle(connection, lock_seconds)
        _check_server(connection)
    except pymysql.Error as error:
        close(connection)
        raise sorted_error(error, address) from error
    except BaseException:
        close(connection)
        raise
    return connection


def send(connection: Any, sql: str | bytes) -> list[tuple[Any, ...]]:
    """Run one statement; all rows of its answer."""
    with _undivided(connection), connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def is_alive(connection: Any) -> bool:
    """Whether the server answers on this connection."""
    try:
        with _undivided(connection):
            connection.ping(reconnect=False)
    except pymysql.Error:
        return False
    return True


def close(connection: Any) -> None:
    """Let go of a connection, whatever state it is in."""
    with suppress(pymysql.Error):
        connection.close()


@contextmanager
def _undivided(connection: Any) -> Iterator[None]:
    """Whoever is interrupted while an answer is under way would take it for the next one's: then
    the connection is closed."""
    try:
        yield
    except pymysql.Error:
        raise
    except BaseException:
        close(connection)
        raise


def _logged_in(address: Address) -> Any:
    connection = pymysql.Connection(
        host=address.host, port=address.port, user=address.user, database=address.database,
        password=address.password.encode(), charset="utf8mb4", autocommit=True, conv=_TEXT_TIMES,
        read_timeout=ANSWER_SECONDS_MAX, write_timeout=ANSWER_SECONDS_MAX, defer_connect=True,
        program_name="headrace", **_tls(address),
    )  # fmt: skip
    try:
        connection.connect(_greeted(address))
    except pymysql.Error as error:
        raise sorted_error(error, address, connecting=True) from error
    except _NO_GREETING:
        raise _no_greeting(address) from None
    except RuntimeError as error:  # a way of logging in whose package is not installed
        raise Refused(
            f"PyMySQL cannot log in to {address}: {error}.",
            advice="Install what it needs, or give the user a password of the usual kind.",
        ) from None
    return connection


def _greeted(address: Address) -> socket.socket:
    """A socket on which the server has begun to speak, which in MySQL it does first."""
    path = address.options.get("socket")
    try:
        made = _local(path) if path else _remote(address)
    except OSError as error:
        raise Unavailable(
            f"MySQL cannot be reached: {address} ({error.strerror or error}).",
            advice="Look whether the server runs there and lets this machine in.",
        ) from None
    with selectors.DefaultSelector() as selector:
        selector.register(made, selectors.EVENT_READ)
        if selector.select(CONNECT_SECONDS):
            return made
    made.close()
    raise _no_greeting(address)


def _local(path: str) -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    try:
        made.settimeout(CONNECT_SECONDS)
        made.connect(path)
    except OSError:
        made.close()
        raise
    return made


def _remote(address: Address) -> socket.socket:
    """It notices in a minute that the other machine is gone."""
    made = socket.create_connection((address.host, address.port), CONNECT_SECONDS)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEP_ALIVE.items():
        if option := getattr(socket, name, None):  # not every system has them
            made.setsockopt(socket.IPPROTO_TCP, option, value)
    return made


def _no_greeting(address: Address) -> HeadraceError:
    return Refused(
        f"What answers for {address} does not greet like MySQL or MariaDB.",
        advice="Mend the host or the port.",
    )


def _tls(address: Address) -> dict[str, Any]:
    """Without any option: encrypted where the server can, and no certificate is checked."""
    options = address.options
    least = "required" if "ssl_cert" in options else "preferred"
    mode = options.get("ssl_mode", "verify_ca" if "ssl_ca" in options else least)
    if mode == "disabled":
        return {"ssl_disabled": True}
    if mode == "preferred":
        return {}
    try:
        context = ssl.create_default_context(cafile=options.get("ssl_ca"))
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # MySQL's own certificates fail it
        context.check_hostname = mode == "verify_identity"
        context.verify_mode = ssl.CERT_NONE if mode == "required" else ssl.CERT_REQUIRED
        if cert := options.get("ssl_cert"):
            context.load_cert_chain(cert, options.get("ssl_key"))
    except OSError as error:
        raise Refused(
            f"A certificate for MySQL cannot be read ({error.strerror or type(error).__name__}).",
            advice="Mend the files named by ssl_ca, ssl_cert and ssl_key.",
        ) from None
    return {"ssl": context}


def _settle(connection: Any, lock_seconds: float) -> None:
    """READ COMMITTED, so that a claim that waited goes on from what the other one wrote."""
    seconds = max(1, math.ceil(lock_seconds))
    send(
        connection,
        f"SET SESSION sql_mode = '{_MODES}', time_zone = '+00:00',"
        f" wait_timeout = {IDLE_SECONDS_MAX}, lock_wait_timeout = {seconds},"
        f" innodb_lock_wait_timeout = {seconds}",
    )
    send(connection, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")


def _check_server(connection: Any) -> None:
    names = ", ".join(f"'{name}'" for name in COLLATIONS)
    ((packet_bytes, collations, text),) = send(
        connection,
        "SELECT @@max_allowed_packet, (SELECT COUNT(*) FROM information_schema.COLLATIONS"
        f" WHERE COLLATION_NAME IN ({names})), {connection.escape(_PROBE)}",
    )
    if not collations:
        raise Refused(
            "The server is too old: it cannot tell texts apart that end in spaces.",
            advice="MySQL from 8.0.17 and MariaDB from 10.3 on can be written to.",
        )
    if text != _PROBE:
        raise Refused(
            "Texts do not come through to the server as they are.",
            advice="If a proxy stands before the server, name the server itself.",
        )
    connection.max_allowed_packet = packet_bytes
