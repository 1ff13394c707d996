"""The inbox in a SQLite file: the contract, and what a file adds to it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from headrace.core.ports import Inbox
from headrace.errors import Refused, Unavailable
from headrace.mirror.files import connect
from headrace.mirror.inbox import SqliteInbox
from headrace.mirror.sqlite import SqliteMirror
from headrace.testing.inbox_contract import START_MS, InboxContract, Opened, deliveries, numbers


def open_inbox(path: Path) -> SqliteInbox:
    return SqliteInbox(connect(path))


class TestSqliteInbox(InboxContract):
    @pytest.fixture
    def inbox(self, tmp_path: Path) -> Opened:
        return lambda: open_inbox(tmp_path / "team.mirror")


class TestBesideAMirror(InboxContract):
    @pytest.fixture
    def inbox(self, tmp_path: Path) -> Opened:
        path = tmp_path / "team.mirror"
        SqliteMirror(connect(path), now_ms=START_MS).close()
        return lambda: open_inbox(path)


def test_a_mirror_without_an_inbox_gets_one(tmp_path: Path) -> None:
    path = tmp_path / "older.mirror"
    SqliteMirror(connect(path), now_ms=START_MS).close()
    with closing(sqlite3.connect(path)) as file:
        file.execute("DROP TABLE delivery")
    with closing(SqliteMirror(connect(path), now_ms=START_MS)), closing(open_inbox(path)) as one:
        assert one.put(deliveries(1)) == 1


def test_how_many_came_over_time(tmp_path: Path) -> None:
    with closing(open_inbox(tmp_path / "team.inbox")) as inbox:
        at = [one.received_at for one in deliveries(1, 2, 3)]
        span = 60_000
        inbox.put(deliveries(1, 2, 3))
        inbox.settle(["delivery-2"], state="dead", reason="why")
        found = inbox.came(0, span)
        assert sum(count for _, _, count in found) == 3
        assert {(start, state) for start, state, _ in found} == {
            (at[0] // span * span, "waiting"), (at[1] // span * span, "dead"),
            (at[2] // span * span, "waiting"),
        }  # fmt: skip
        assert inbox.came(max(at) + 1, span) == []
        inbox.prune(before_ms=max(at) + 1)
        assert {state for _, state, _ in inbox.came(0, span)} == {"waiting"}


def test_it_may_be_opened_before_its_mirror(tmp_path: Path) -> None:
    path = tmp_path / "new.mirror"
    with closing(open_inbox(path)) as one:
        one.put(deliveries(1))
        with closing(SqliteMirror(connect(path), now_ms=START_MS)) as mirror:
            assert mirror.head() == START_MS * 1000
        assert numbers(one.waiting(10)) == [1]


def test_a_locked_file_is_unavailable_and_nothing_is_stored(tmp_path: Path) -> None:
    path = tmp_path / "team.mirror"
    connection = connect(path)
    with closing(SqliteInbox(connection)) as one, closing(sqlite3.connect(path)) as other:
        connection.execute("PRAGMA busy_timeout = 1")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="locked"):
            one.put(deliveries(1))
        other.rollback()
        assert one.put(deliveries(1)) == 1


def test_a_full_disk_is_unavailable_and_nothing_is_stored(tmp_path: Path) -> None:
    connection = connect(tmp_path / "team.mirror")
    with closing(SqliteInbox(connection)) as one:
        one.put(deliveries(1))
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(Unavailable, match="full"):
            one.put(deliveries(*range(10_000)))
        assert numbers(one.list()) == [1]
        connection.execute("PRAGMA max_page_count = 1000000")
        assert one.put(deliveries(1, 2)) == 1


def test_a_file_that_may_not_be_written_is_unavailable(tmp_path: Path) -> None:
    connection = connect(tmp_path / "team.mirror")
    with closing(SqliteInbox(connection)) as one:
        connection.execute("PRAGMA query_only = ON")
        with pytest.raises(Unavailable, match="readonly"):
            one.put(deliveries(1))


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    with closing(sqlite3.connect(path)) as file:
        file.execute("CREATE TABLE note (text)")
    before = path.read_bytes()
    with pytest.raises(Refused, match="another program"):
        open_inbox(path)
    connection = sqlite3.connect(path, isolation_level=None)
    with closing(connection), pytest.raises(Refused, match="another program"):
        SqliteInbox(connection)
    assert path.read_bytes() == before


def test_it_is_an_inbox(tmp_path: Path) -> None:
    with closing(open_inbox(tmp_path / "x.mirror")) as one:
        inbox: Inbox = one
        assert inbox.counts()["waiting"] == 0
