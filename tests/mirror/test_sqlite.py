"""The mirror on SQLite, in a file and in memory, against the contract."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from headrace.errors import Refused, Unavailable
from headrace.mirror.files import connect
from headrace.mirror.sqlite import SqliteMirror
from headrace.testing.mirror_contract import (
    START_MS,
    MirrorContract,
    Opened,
    everything,
    page,
    seen,
)


def open_mirror(path: Path, now_ms: int = START_MS) -> SqliteMirror:
    return SqliteMirror(connect(path), now_ms=now_ms)


class TestFile(MirrorContract):
    @pytest.fixture
    def mirror(self, tmp_path: Path) -> Opened:
        return lambda: open_mirror(tmp_path / "team.mirror")


class TestMemory(MirrorContract):
    LASTING = False

    @pytest.fixture
    def mirror(self) -> Opened:
        return lambda: SqliteMirror(
            sqlite3.connect(":memory:", isolation_level=None), now_ms=START_MS
        )


def test_offsets_of_a_mirror_made_anew_lie_above_the_old(tmp_path: Path) -> None:
    with closing(open_mirror(tmp_path / "old")) as old:
        old.commit(page(*(seen(n) for n in range(1000))))
        with closing(open_mirror(tmp_path / "new", START_MS + 1000)) as new:
            assert new.tail() == new.head() > old.head()


def test_a_mirror_that_noted_no_head_is_upgraded(tmp_path: Path) -> None:
    path = tmp_path / "older"
    with closing(open_mirror(path)) as one:
        one.commit(page(seen(1), seen(2)))
        before = everything(one)
    with closing(sqlite3.connect(path)) as file:
        file.executescript(
            "ALTER TABLE change RENAME TO old;"
            'CREATE TABLE change ("offset" INTEGER PRIMARY KEY AUTOINCREMENT, stream, key, op,'
            " after, before, before_offset, before_at, at, origin);"
            "INSERT INTO change SELECT * FROM old; DROP TABLE old; DROP TABLE delivery;"
            "DELETE FROM meta WHERE name = 'head';"
        )
    for _ in range(2):
        with closing(open_mirror(path, START_MS + 99)) as one:
            assert everything(one) == before
    with closing(open_mirror(path)) as one:
        one.commit(page(seen(3)))
        assert one.head() == before[3] + 1


def test_prune_by_size_keeps_the_newest(tmp_path: Path) -> None:
    with closing(open_mirror(tmp_path / "x")) as one:
        for n in range(10):
            one.commit(page(seen(1, "x" * 1000, at=n, n=n), at=START_MS + n))
        size = len(one.log(one.head() - 1, 1)[0].after or b"")
        assert one.prune(before_ms=0, tombstones_before_ms=0, log_bytes_max=100 * size) == 0
        assert one.prune(before_ms=0, tombstones_before_ms=0, log_bytes_max=6 * size) == 7
        assert one.tail() == one.head() - 3
        assert (
            one.prune(before_ms=START_MS + 9, tombstones_before_ms=0, log_bytes_max=6 * size) == 2
        )
        assert one.prune(before_ms=0, tombstones_before_ms=0, log_bytes_max=0) == 1
        assert one.tail() == one.head()


def test_a_locked_file_is_unavailable(tmp_path: Path) -> None:
    connection = connect(tmp_path / "x")
    with closing(SqliteMirror(connection, now_ms=START_MS)) as one:
        connection.execute("PRAGMA busy_timeout = 1")
        with closing(sqlite3.connect(tmp_path / "x")) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(Unavailable, match="locked"):
                one.commit(page(seen(1)))
        assert one.commit(page(seen(1))).inserted == 1


def test_a_full_disk_is_unavailable_and_leaves_nothing(tmp_path: Path) -> None:
    connection = connect(tmp_path / "x")
    with closing(SqliteMirror(connection, now_ms=START_MS)) as one:
        one.commit(page(seen(1)))
        before = everything(one)
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 5}")
        with pytest.raises(Unavailable, match="full"):
            one.commit(page(*(seen(n, "x" * 999, at=2) for n in range(500))))
        assert everything(one) == before


def test_a_path_with_odd_letters(tmp_path: Path) -> None:
    for name in ("100%.mirror", "a?b#c.mirror", "名字 'x\".mirror"):
        open_mirror(tmp_path / name).close()
        with closing(open_mirror(tmp_path / name)) as one:
            one.commit(page(seen(1)))
        assert (tmp_path / name).is_file()


def test_a_file_that_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no mirror"):
        connect(tmp_path / "x", make=False)
    assert list(tmp_path.iterdir()) == []
