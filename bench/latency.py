"""From an edit in CODING to the row in DuckDB, while a run follows with polls of one second."""

from __future__ import annotations

import random
import tempfile
import threading
import time
from pathlib import Path

import duckdb

import headrace
from bench.figures import Chapter, Figure
from headrace.app import SystemClock
from headrace.playground import DEFAULT_TOKEN, Playground, Server, Team, serve

EDITS = 15
ISSUES = 2_000
POLL_SECONDS = 1.0
_LONGEST_SECONDS = 30.0


def run() -> Chapter:
    """Edits at moments that fall anywhere between two polls."""
    clock = SystemClock()
    team = Team(1, 2, ISSUES, clock.now_ms())
    with (
        tempfile.TemporaryDirectory(prefix="headrace-bench-") as folder,
        serve(Playground(team, clock), deliver_hooks=False) as server,
    ):
        connection = headrace.connect(
            url=server.url, token=DEFAULT_TOKEN, state=folder, poll_seconds=POLL_SECONDS
        )
        path = Path(folder) / "copy.duckdb"
        follower = threading.Thread(
            target=connection.sync,
            args=(f"duckdb:///{path}",),
            kwargs={"streams": ["issues"], "once": False},
        )
        follower.start()
        try:
            values = _measure(server, team, path)
        finally:
            connection.stop()
            follower.join()
    return Chapter(
        "latency",
        f"edit to row, {EDITS} edits",
        [Figure("latency", "s", values)],
        [
            f"{ISSUES:,} issues in 2 projects; polls every {POLL_SECONDS:g} s, so half of that is"
            " the wait for the next poll.",
            "Playground, follower and reader share one process (DuckDB lets one process write).",
        ],
    )


def _measure(server: Server, team: Team, path: Path) -> list[float]:
    """Seconds from each edit until a reader of the table sees it."""
    dice = random.Random(1)
    _until(lambda: path.exists() and _count(path) == ISSUES)
    values = []
    for number in range(EDITS):
        time.sleep(0.3 + dice.random())
        project, code = dice.choice(list(team.rows("issues")))
        name = f"edited {number}"
        with server.lock:
            team.update_issue(project, code, now_ms=server.playground.clock.now_ms(), name=name)
        began = time.perf_counter()
        with duckdb.connect(str(path)) as reader:
            _until(lambda r=reader, n=name: bool(_named(r, n)))
        values.append(time.perf_counter() - began)
    return values


def _named(reader: duckdb.DuckDBPyConnection, name: str) -> list[object]:
    return reader.execute("SELECT 1 FROM issues WHERE name = ?", [name]).fetchall()


def _count(path: Path) -> int:
    with duckdb.connect(str(path)) as reader:
        tables = reader.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'issues'")
        if not tables.fetchall():
            return 0
        found = reader.execute("SELECT count(*) FROM issues").fetchone()
        return int(found[0]) if found else 0


def _until(seen: object) -> None:
    assert callable(seen)
    ends = time.perf_counter() + _LONGEST_SECONDS
    while not seen():
        assert time.perf_counter() < ends, "the edit did not arrive"
        time.sleep(0.005)
