"""MySQL and what it is set to: rights, limits, modes, TLS; and what is no MySQL."""

from __future__ import annotations

import socket
import threading
from contextlib import closing
from dataclasses import replace

import pymysql
import pytest
from tests.servers.mariadb import USUAL_RIGHTS, Database, opened, user_with
from tests.servers.mariadb import database as database
from tests.servers.mariadb import mariadb as mariadb

from headrace.core.ports import Batch, Checkpoint
from headrace.core.schema import Columns, Table, Type
from headrace.destinations.mysql import MySqlDestination
from headrace.destinations.mysql import connecting as mysql_connect
from headrace.destinations.mysql.address import parse_url
from headrace.errors import BadRows, HeadraceError, Refused, Unavailable
from headrace.testing.destination_contract import (
    ITEMS,
    LABELS,
    TASK,
    columns,
    put,
    rows_of,
    start,
)

AT = Checkpoint(TASK, 1, {"items": 1})
RESHAPED = [
    replace(ITEMS, key=("id", "name")),
    replace(LABELS, columns=(*LABELS.columns[:2], ("n", Type.TEXT))),
]


def ids(destination: MySqlDestination) -> list[int]:
    return [row["id"] for row in rows_of(destination, ITEMS)]


# --- what the server is set to


def test_the_usual_rights_are_enough(database: Database) -> None:
    with user_with(database) as url, closing(MySqlDestination(url)) as one:
        start(one, ITEMS, LABELS)
        one.write([put(1)], AT)
        one.prepare(TASK, RESHAPED)
        assert rows_of(one, RESHAPED[0]) == []


@pytest.mark.parametrize("right", ["SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER"])
def test_a_missing_right_is_named(database: Database, right: str) -> None:
    with closing(opened(database)) as one:
        start(one, ITEMS, LABELS)
    rights = ", ".join(each for each in USUAL_RIGHTS.split(", ") if each != right)

    def work(url: str) -> None:
        with closing(MySqlDestination(url)) as one:
            at = Checkpoint(TASK, one.claim(TASK).epoch, {})
            one.write([replace(put(1), truncate=True)], at)
            one.prepare(TASK, RESHAPED)

    with user_with(database, rights) as url, pytest.raises(Refused) as caught:
        work(url)
    assert right in caught.value.message and right in caught.value.advice
    assert "nter" not in str(caught.value)


def test_wrong_addresses_and_passwords_are_refused(database: Database) -> None:
    """Invariant 11."""
    with user_with(database) as url:
        for wrong in (
            url.replace("nter", "nter_wrong"),
            url.replace("clerk:", "nobody:"),
            url.replace(f"/{database.name}", "/nowhere"),
            url.replace("disabled", "required"),
        ):
            with pytest.raises(Refused) as caught:
                MySqlDestination(wrong)
            assert caught.value.advice and "nter" not in str(caught.value)


def test_a_row_too_large_for_the_server(database: Database) -> None:
    """A body that never goes through must not stop the other tables."""
    server, bodies = (
        database.server,
        Table("bodies", (("id", Type.INTEGER), ("t", Type.TEXT)), ("id",)),
    )
    ((usual,),) = server.execute("SELECT @@GLOBAL.max_allowed_packet")
    server.execute(f"SET GLOBAL max_allowed_packet = {1 << 20}")
    try:
        with closing(opened(database)) as one:
            start(one, ITEMS, bodies)
            for size, fits in ((1 << 20, False), ((1 << 20) - 400, True), ((1 << 19) + 1, True)):
                some = Batch(bodies, rows=Columns({"id": [1, 2, 3], "t": ["x", "y" * size, "z"]}))
                if fits:
                    one.write([some], AT)
                    continue
                with pytest.raises(BadRows, match="max_allowed_packet") as caught:
                    one.write([put(1), some], AT)
                assert caught.value.table == "bodies" and caught.value.advice
                assert ids(one) == [] == rows_of(one, bodies)
            assert len(rows_of(one, bodies)) == 3
    finally:
        server.execute(f"SET GLOBAL max_allowed_packet = {usual}")


def test_a_server_that_takes_no_writes_at_present(database: Database) -> None:
    """As after a failover. Trying again asks on a new connection who it is that answers."""
    server = database.server
    with user_with(database) as url, closing(MySqlDestination(url)) as one:
        start(one, ITEMS)
        (connection,) = server.execute(
            "SELECT id FROM information_schema.processlist WHERE user = 'clerk'"
        )
        server.execute("SET GLOBAL read_only = 1")
        try:
            with pytest.raises(Unavailable, match="no writes at present"):
                one.write([put(1)], AT)
        finally:
            server.execute("SET GLOBAL read_only = 0")
        one.write([put(1)], AT)
        assert [connection] != server.execute(
            "SELECT id FROM information_schema.processlist WHERE user = 'clerk'"
        )
        assert ids(one) == [1]


@pytest.mark.parametrize(
    "mode", ["", "ANSI", "NO_ZERO_DATE,NO_ZERO_IN_DATE", "PIPES_AS_CONCAT,TRADITIONAL", "ORACLE"]
)
def test_the_servers_own_mode_and_zone_do_not_matter(database: Database, mode: str) -> None:
    server = database.server
    ((usual, zone),) = server.execute("SELECT @@GLOBAL.sql_mode, @@GLOBAL.time_zone")
    server.execute(f"SET GLOBAL sql_mode = '{mode}', GLOBAL time_zone = '+08:00'")
    try:
        with closing(opened(database)) as one:
            start(one, ITEMS)
            row = (1, "\\'\"", None, -62_135_596_800_000)
            one.write([Batch(ITEMS, rows=columns(ITEMS, row))], AT)
            assert [tuple(row.values()) for row in rows_of(one, ITEMS)] == [row]
    finally:
        server.execute(f"SET GLOBAL sql_mode = '{usual}', GLOBAL time_zone = '{zone}'")
    assert database.execute("SELECT CAST(at AS CHAR) FROM items") == [("0001-01-01 00:00:00.000",)]


# --- what answers is no MySQL


@pytest.mark.parametrize(
    "greeting",
    [b"SSH-2.0-OpenSSH_9.2\r\n", b"220 smtp ready\r\n", b"\x03\0\0\0\x0ab\0", b"\0" * 9, b""],
)
def test_another_kind_of_server(monkeypatch: pytest.MonkeyPatch, greeting: bytes) -> None:
    monkeypatch.setattr(mysql_connect, "CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def greet() -> None:
            client, _ = listener.accept()
            with client:
                client.sendall(greeting)
                client.recv(1)

        thread = threading.Thread(target=greet)
        thread.start()
        with pytest.raises(Refused) as caught:
            MySqlDestination(f"mysql://clerk:hunter2@127.0.0.1:{port}/shop")
        thread.join()
    assert "hunter2" not in str(caught.value) and caught.value.advice


def test_nobody_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unavailable, match="cannot be reached") as caught:
        MySqlDestination(f"mysql://clerk:hunter2@127.0.0.1:{port}/shop")
    assert "hunter2" not in str(caught.value)


def test_a_socket_of_this_machine(database: Database) -> None:
    path = database.server.folder / "socket"
    url = f"mysql://root@/{database.name}?socket={path}"
    with closing(MySqlDestination(url)) as one:
        start(one, ITEMS)
    with pytest.raises(Unavailable, match="cannot be reached"):
        MySqlDestination(f"{url}x")


def test_every_error_is_sorted_without_its_values() -> None:
    """Also those that no test here can bring about."""
    address = parse_url("mysql://clerk:hunter2@db.example/shop")
    for code in (*range(1000, 2100), *range(3000, 5000), 0):
        for table in ("", "items"):
            error = pymysql.err.OperationalError(code, "Duplicate entry 'hunter2' for key")
            found: HeadraceError = mysql_connect.sorted_error(error, address, table)
            if isinstance(found, BadRows):
                assert table and "hunter2" not in str(found)
            assert found.message.endswith(".")
