"""SIGKILL in the middle of a write: what was committed before is whole, the rest is not there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from headrace.core.ports import Destination
from headrace.destinations.duckdb import DuckDbDestination
from headrace.destinations.folder.jsonl import JsonLinesDestination
from headrace.destinations.folder.parquet import ParquetDestination
from headrace.destinations.sqlite import SqliteDestination
from headrace.testing.destination_contract import ITEMS, LABELS, TASK, rows_of

pytestmark = pytest.mark.long

WRITE = """
import os, signal, sys
from dataclasses import replace
from headrace.core.ports import Checkpoint
from headrace.destinations.{module} import {kind}
from headrace.testing.destination_contract import ITEMS, LABELS, TASK, label, put, start
one = {kind}(sys.argv[1])
start(one, ITEMS, LABELS)
one.write([put(*range(50)), label((1, "a"))], Checkpoint(TASK, 1, {{"items": 50}}))
def batches():
    yield replace(put(*range(1000, 9000)), truncate=True)
    yield label(*((n, "x" * 99, n) for n in range({rows})))
    if {inside}:
        os.kill(os.getpid(), signal.SIGKILL)
one.write(batches(), Checkpoint(TASK, 1, {{"items": 99}}))
os.kill(os.getpid(), signal.SIGKILL)
"""

MAKERS = {
    "duckdb": DuckDbDestination,
    "jsonl": JsonLinesDestination,
    "parquet": ParquetDestination,
    "sqlite": SqliteDestination,
}


def run_until_killed(kind: str, path: Path, *, rows: int, inside: bool) -> None:
    module = MAKERS[kind].__module__.removeprefix("headrace.destinations.")
    script = WRITE.format(module=module, kind=MAKERS[kind].__name__, rows=rows, inside=inside)
    done = subprocess.run([sys.executable, "-c", script, str(path)], check=False, timeout=60)
    assert done.returncode == -9


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("rows", [10, 200_000])
def test_killed_before_the_commit(tmp_path: Path, kind: str, rows: int) -> None:
    """Also when so much is under way that the database has begun to spill it to the file."""
    run_until_killed(kind, tmp_path / "x.db", rows=rows, inside=True)
    make: Callable[[Path], Destination] = MAKERS[kind]
    with closing(make(tmp_path / "x.db")) as one:
        assert [row["id"] for row in rows_of(one, ITEMS)] == sorted(range(50), key=key_order)
        assert len(rows_of(one, LABELS)) == 1
        assert one.claim(TASK).offsets == {"items": 50}


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("kind", MAKERS)
def test_killed_after_the_commit(tmp_path: Path, kind: str) -> None:
    run_until_killed(kind, tmp_path / "x.db", rows=10, inside=False)
    make: Callable[[Path], Destination] = MAKERS[kind]
    with closing(make(tmp_path / "x.db")) as one:
        assert len(rows_of(one, ITEMS)) == 8000
        assert len(rows_of(one, LABELS)) == 11
        assert one.claim(TASK).offsets == {"items": 99}


def key_order(number: int) -> str:
    """The order of `rows_of`."""
    return repr([("int", number)])
