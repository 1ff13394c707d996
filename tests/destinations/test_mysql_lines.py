"""MySQL when lines break, servers die and others are at work."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from tests.servers.mariadb import Database, opened
from tests.servers.mariadb import database as database
from tests.servers.mariadb import mariadb as mariadb
from tests.servers.proxy import holding, proxy_to

from headrace.core.ports import Batch, Checkpoint
from headrace.core.schema import Type
from headrace.destinations.mysql import MySqlDestination
from headrace.destinations.mysql import connecting as mysql_connect
from headrace.destinations.mysql.address import parse_url
from headrace.errors import Fenced, Stopped, Unavailable
from headrace.testing.destination_contract import (
    ITEMS,
    LABELS,
    TASK,
    label,
    put,
    rows_of,
    start,
)

AT = Checkpoint(TASK, 1, {"items": 1})


def ids(destination: MySqlDestination) -> list[int]:
    return [row["id"] for row in rows_of(destination, ITEMS)]


# --- lines that break


def test_an_answer_that_is_lost(database: Database) -> None:
    """The server committed, we do not know it: the same write again leaves the same."""
    with proxy_to(database.server.port) as proxy, closing(opened(database, port=proxy.port)) as one:
        start(one, ITEMS, LABELS)
        write = [put(1, 2), label((1, "a"))]
        trap = proxy.drop_answer(holding(b"COMMIT"))
        with pytest.raises(Unavailable):
            one.write(write, AT)
        assert trap.sprung
        assert database.execute("SELECT COUNT(*) FROM items") == [(2,)]
        one.write(write, AT)
        assert ids(one) == [1, 2] and len(rows_of(one, LABELS)) == 1
        assert one.claim(TASK).offsets == {"items": 1}


def test_an_answer_to_a_claim_that_is_lost(database: Database) -> None:
    with proxy_to(database.server.port) as proxy, closing(opened(database, port=proxy.port)) as one:
        trap = proxy.drop_answer(holding(b"COMMIT"))
        with pytest.raises(Unavailable):
            one.claim(TASK)
        assert trap.sprung
        assert one.claim(TASK).epoch == 2


def test_a_line_that_breaks_before_the_commit(database: Database) -> None:
    with proxy_to(database.server.port) as proxy, closing(opened(database, port=proxy.port)) as one:
        start(one, ITEMS)
        proxy.cut_before(holding(b"COMMIT"))
        with pytest.raises(Unavailable):
            one.write([put(1)], AT)
        assert ids(one) == []
        one.write([put(2)], AT)
        assert ids(one) == [2]


def test_a_connection_that_ended_meanwhile_is_made_anew(database: Database) -> None:
    """As servers end those that were idle for long."""
    with closing(opened(database)) as one:
        start(one, ITEMS)
        server = database.server
        for (thread,) in server.execute(
            f"SELECT id FROM information_schema.processlist WHERE db = '{database.name}'"
        ):
            server.execute(f"KILL {thread}")
        one.write([put(1)], AT)
        assert ids(one) == [1]


def test_a_server_that_dies_and_comes_back(database: Database) -> None:
    server = database.server
    with closing(opened(database)) as one:
        start(one, ITEMS)
        one.write([put(1)], AT)

        def batches() -> Iterator[Batch]:
            yield put(2)
            server.stop()
            yield put(3)

        try:
            with pytest.raises(Unavailable):
                one.write(batches(), AT)
            with pytest.raises(Unavailable, match="cannot be reached"):
                one.claim(TASK)
        finally:
            server.start()
        assert ids(one) == [1]
        one.write([put(2)], AT)
        assert ids(one) == [1, 2]


def test_whoever_is_interrupted_does_not_read_an_old_answer(database: Database) -> None:
    def interrupt(*_: object) -> None:
        raise Stopped

    with closing(opened(database)) as one, closing(opened(database)) as other:
        start(one, ITEMS)
        with closing(database.server.connect(database.name)) as person:
            person.begin()
            person.cursor().execute("SELECT * FROM _headrace_checkpoint FOR UPDATE")
            before = signal.signal(signal.SIGALRM, interrupt)
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            try:
                with pytest.raises(Stopped):
                    one.write([put(1)], AT)
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
                signal.signal(signal.SIGALRM, before)
        one.write([put(2)], AT)
        assert ids(one) == ids(other) == [2]


@pytest.mark.parametrize("call", [mysql_connect.is_alive, lambda c: mysql_connect.send(c, "DO 1")])
def test_an_answer_under_way_is_never_read(
    database: Database, monkeypatch: pytest.MonkeyPatch, call: Callable[[Any], object]
) -> None:
    """Not as the next one's, when a signal came between sending and reading."""

    def interrupted(*_: object, **__: object) -> None:
        raise Stopped

    connection = mysql_connect.connect(parse_url(database.url), 1)
    with monkeypatch.context() as patch:
        patch.setattr(connection, "_read_packet", interrupted)
        with pytest.raises(Stopped):
            call(connection)
    assert not mysql_connect.is_alive(connection)


# --- others at work


def test_somebody_elses_lock_is_waited_for_in_vain(database: Database) -> None:
    with closing(opened(database)) as one:
        start(one, ITEMS)
        one.write([put(1)], AT)
        with closing(database.server.connect(database.name)) as person:
            person.begin()
            person.cursor().execute("UPDATE items SET name = 'mine'")
            with pytest.raises(Unavailable, match="1205"):
                one.write([put(2), put(1)], AT)
            person.rollback()
        assert ids(one) == [1]
        one.write([put(2), put(1)], AT)
        assert ids(one) == [1, 2]


def test_a_reader_in_a_transaction_holds_a_change_of_the_table_up(database: Database) -> None:
    wide = replace(ITEMS, columns=(*ITEMS.columns, ("more", Type.TEXT)))
    with closing(opened(database)) as one:
        start(one, ITEMS)
        with closing(database.server.connect(database.name)) as person:
            person.begin()
            person.cursor().execute("SELECT * FROM items")
            with pytest.raises(Unavailable, match="1205"):
                one.prepare(TASK, [wide])
        one.prepare(TASK, [wide])
        assert rows_of(one, wide) == []


def test_a_deadlock_is_tried_again(database: Database) -> None:
    with closing(opened(database)) as one:
        start(one, ITEMS)
        one.write([put(*range(300))], AT)
        with closing(database.server.connect(database.name)) as person:
            hand = person.cursor()
            hand.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
            person.begin()
            hand.execute("UPDATE items SET name = 'mine' WHERE id > 1")  # the heavier of the two
            waiting = threading.Thread(
                target=hand.execute, args=("UPDATE items SET name = 'mine' WHERE id = 0",)
            )

            def batches() -> Iterator[Batch]:
                yield put(0)
                waiting.start()
                while not database.execute("SELECT 1 FROM information_schema.innodb_lock_waits"):
                    time.sleep(0.01)
                yield put(299)

            with pytest.raises(Unavailable, match="1213"):
                one.write(batches(), AT)
            waiting.join()
            person.rollback()
        one.write([put(0), put(299)], AT)
        assert len(ids(one)) == 300


def test_two_first_claims_at_once(database: Database) -> None:
    """Never do both get the same epoch."""
    with closing(opened(database)) as one, closing(opened(database)) as other:
        for number in range(20):
            epochs: list[int] = []
            both = threading.Barrier(2)

            def claim(
                destination: MySqlDestination, task: str, both: threading.Barrier, got: list[int]
            ) -> None:
                both.wait()
                try:
                    got.append(destination.claim(task).epoch)
                except Unavailable:
                    got.append(-1)

            task = f"task {number}"
            threads = [
                threading.Thread(target=claim, args=(who, task, both, epochs))
                for who in (one, other)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert sorted(epochs) in ([1, 2], [-1, 1])


def test_another_task_begins_while_one_writes(database: Database) -> None:
    """A claim locks its own rows, not those that may come beside them."""
    with closing(opened(database)) as one, closing(opened(database)) as other:
        start(one, ITEMS)

        def batches() -> Iterator[Batch]:
            yield put(1)
            assert [other.claim(task).epoch for task in ("a", f"{TASK} 2", "z")] == [1, 1, 1]

        one.write(batches(), AT)
        assert ids(one) == [1]


def test_a_writer_thought_dead_is_fenced_after_its_line_broke(database: Database) -> None:
    with proxy_to(database.server.port) as proxy, closing(opened(database, port=proxy.port)) as one:
        start(one, ITEMS)
        proxy.cut_before(holding(b"COMMIT"))
        with pytest.raises(Unavailable):
            one.write([put(1)], AT)
        with closing(opened(database)) as other:
            other.claim(TASK)
        with pytest.raises(Fenced):
            one.write([put(1)], AT)
        assert ids(one) == []
