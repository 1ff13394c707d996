"""Files that are locked, broken, missing or full: a sentence for a person, nothing half-done."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb
import pytest

from headrace.core.ports import Batch, Checkpoint, Destination
from headrace.destinations.duckdb import DuckDbDestination
from headrace.destinations.sqlite import SqliteDestination
from headrace.errors import Refused, Unavailable
from headrace.testing.destination_contract import ITEMS, TASK, columns, put, rows_of, start

Make = Callable[[Path], Destination]
BOTH = pytest.mark.parametrize("make", [DuckDbDestination, SqliteDestination])

HOLD = """
import sys
from headrace.destinations.{module} import {kind}
one = {kind}(sys.argv[1])
print("open", flush=True)
sys.stdin.readline()
"""

FULL = """
import resource, signal, sys
from headrace.core.ports import Checkpoint
from headrace.destinations.{module} import {kind}
from headrace.errors import Unavailable
from headrace.testing.destination_contract import ITEMS, LABELS, TASK, label, put, rows_of, start
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
one = {kind}(sys.argv[1])
start(one, ITEMS, LABELS)
one.write([put(1)], Checkpoint(TASK, 1, {{"items": 1}}))
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY))
many = (label(*((n, "{text}" + str(n), n) for n in range(k, k + 20_000)))
        for k in range(0, 400_000, 20_000))
try:
    one.write(many, Checkpoint(TASK, 1, {{"items": 2}}))
except Unavailable as error:
    print("Unavailable")
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
one.write([put(2)], Checkpoint(TASK, 1, {{"items": 2}}))
print(len(rows_of(one, ITEMS)), len(rows_of(one, LABELS)), flush=True)
"""


@contextmanager
def child(script: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    """A Python of its own, ended with the block."""
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def script(code: str, make: Make, **more: str) -> str:
    module = "duckdb" if make is DuckDbDestination else "sqlite"
    return code.format(module=module, kind=make.__name__, **more)


def test_a_locked_duckdb_file_names_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "held.duckdb"
    with child(script(HOLD, DuckDbDestination), path) as holder:
        assert holder.stdout and holder.stdout.readline() == "open\n"
        with pytest.raises(Refused) as caught:
            DuckDbDestination(path)
        assert str(path) in str(caught.value)
        assert f"PID {holder.pid}" in str(caught.value)
        assert caught.value.advice
        holder.communicate("\n")
    DuckDbDestination(path).close()


def test_a_busy_sqlite_file_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "busy.db"
    with closing(SqliteDestination(path, busy_seconds=0.01)) as one:
        start(one, ITEMS)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(Unavailable, match="locked"):
                one.write([put(1)], Checkpoint(TASK, 1, {}))
        one.write([put(1)], Checkpoint(TASK, 1, {}))


@BOTH
@pytest.mark.parametrize("content", [b"hello", b"x" * 20_000, b"\0" * 9000])
def test_another_kind_of_file_is_refused_and_kept(
    tmp_path: Path, make: Make, content: bytes
) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(Refused, match=r"notes\.txt") as caught:
        make(path)
    assert caught.value.advice
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_an_empty_file_is_no_duckdb_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.duckdb"
    path.touch()
    with pytest.raises(Refused, match="not a DuckDB file"):
        DuckDbDestination(path)


def test_the_files_of_one_are_refused_by_the_other(tmp_path: Path) -> None:
    duck, lite = tmp_path / "a", tmp_path / "b"
    DuckDbDestination(duck).close()
    SqliteDestination(lite).close()
    for make, path in ((SqliteDestination, duck), (DuckDbDestination, lite)):
        before = path.read_bytes()
        with pytest.raises(Refused):
            make(path)
        assert path.read_bytes() == before


def test_a_cut_off_duckdb_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.duckdb"
    with closing(DuckDbDestination(path)) as one:
        start(one, ITEMS)
    path.write_bytes(path.read_bytes()[:8200])
    with pytest.raises(Refused, match=r"cut\.duckdb"):
        DuckDbDestination(path)


@BOTH
def test_a_missing_folder_is_refused(tmp_path: Path, make: Make) -> None:
    with pytest.raises(Refused, match="folder") as caught:
        make(tmp_path / "nowhere" / "x.db")
    assert "nowhere" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@BOTH
def test_a_folder_is_refused(tmp_path: Path, make: Make) -> None:
    with pytest.raises(Refused):
        make(tmp_path)


@BOTH
@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_refused(tmp_path: Path, make: Make) -> None:
    path = tmp_path / "secret.db"
    make(path).close()
    path.chmod(0)
    with pytest.raises(Refused):
        make(path)


@BOTH
@pytest.mark.skipif(sys.platform == "win32", reason="no limit on file sizes there")
def test_a_full_disk_is_unavailable_and_leaves_nothing(tmp_path: Path, make: Make) -> None:
    with child(script(FULL, make, text="some text " * 8), tmp_path / "full.db") as process:
        said, _ = process.communicate(timeout=60)
    assert said.split() == ["Unavailable", "2", "0"]


@BOTH
def test_other_names_of_files_are_no_trouble(tmp_path: Path, make: Make) -> None:
    for name in ("main.db", "temp", "system.db", "items", "名字 'x\".db", ":memory:"):
        with closing(make(tmp_path / name)) as one:
            start(one, ITEMS)
            one.write(
                [Batch(ITEMS, rows=columns(ITEMS, (1, "x", None, 5)))], Checkpoint(TASK, 1, {})
            )
            assert len(rows_of(one, ITEMS)) == 1
        assert (tmp_path / name).is_file()


def test_a_relative_path_stays_where_it_was_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(DuckDbDestination("here.duckdb")):
        assert (tmp_path / "here.duckdb").is_file()


def test_duckdb_shares_a_file_within_one_process(tmp_path: Path) -> None:
    path = tmp_path / "shared.duckdb"
    with closing(DuckDbDestination(path)) as one, duckdb.connect(str(path)) as notebook:
        start(one, ITEMS)
        one.write([put(1)], Checkpoint(TASK, 1, {}))
        assert notebook.execute("SELECT name FROM items").fetchall() == [("item 1",)]
