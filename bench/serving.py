"""One server with many tasks: what it costs at rest, how soon it is there again, how it answers.

The server is a process of its own (`headrace serve`), the look-alike another; this one asks.
"""

from __future__ import annotations

import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import urllib3

from bench.figures import Chapter, Figure
from headrace.app import SystemClock
from headrace.app.serving.platform import Platform
from headrace.control.connections import ConnectionRole
from headrace.control.people import Person, Role
from headrace.playground import DEFAULT_TOKEN, Playground, Server, Team, serve

TASKS, CONNECTIONS, ISSUES = 200, 20, 200
STREAMS = ("projects", "issues", "iterations")
REST_SECONDS, EDITS, ASKED = 30, 10, 100
_LONGEST_SECONDS = 90.0
_TICKS = os.sysconf("SC_CLK_TCK")
_PATHS = {
    "GET /tasks": "/api/v1/tasks?limit=200", "GET /tasks/1": "/api/v1/tasks/1",
    "GET /tasks/1/progress": "/api/v1/tasks/1/progress",
    "GET /figures": "/api/v1/figures?subject=task:1",
    "page /": "/", "page /tasks": "/tasks", "page /tasks/1": "/tasks/1",
    "page /connections": "/connections", "page /minings": "/minings",
}  # fmt: skip


def run() -> Chapter:
    """Start, let it come to rest, ask, edit, stop, start again."""
    clock = SystemClock()
    team = Team(1, 2, ISSUES, clock.now_ms())
    found: dict[str, list[float]] = {}
    with (
        tempfile.TemporaryDirectory(prefix="headrace-bench-") as folder,
        serve(Playground(team, clock), deliver_hooks=False) as look_alike,
    ):
        data = Path(folder) / "data"
        token = _prepare(data, look_alike.url)
        began = time.perf_counter()
        with server(data) as (ready, process):
            ask = _Asking(ready["url"], token)
            found["start to answer"] = [time.perf_counter() - began]
            _until(lambda: _level(data), "all tasks level")
            found["start to all level"] = [time.perf_counter() - began]
            _rest(process, found)
            for name, path in _PATHS.items():
                found[name] = [ask.timed(path) for _ in range(ASKED)]
            found["edit to row"] = list(_edits(look_alike, team, data))
            began = time.perf_counter()
            process.terminate()
            process.wait(_LONGEST_SECONDS)
            found["SIGTERM to end"] = [time.perf_counter() - began]
        project, code = next(iter(team.rows("issues")))
        with look_alike.lock:
            team.update_issue(project, code, now_ms=clock.now_ms(), name="while it was down")
        began = time.perf_counter()
        with server(data) as (_, process):
            _until(lambda: _has(data, 1, "while it was down"), "the first row")
            found["restart to first row"] = [time.perf_counter() - began]
    return _chapter(found)


def _chapter(found: dict[str, list[float]]) -> Chapter:
    figures = [
        Figure(f"{name} {kind}", "ms", [value])
        for name in _PATHS
        for kind, value in (
            ("p50", statistics.median(found[name])),
            ("p95", statistics.quantiles(found[name], n=100)[94]),
            ("p99", statistics.quantiles(found[name], n=100)[98]),
        )
    ]
    figures += [Figure("CPU at rest", "%", found["cpu"]), Figure("memory", "MB", found["memory"])]
    seconds = ("start to answer", "start to all level", "edit to row", "SIGTERM to end",
               "restart to first row")  # fmt: skip
    figures += [Figure(name, "s", found[name]) for name in seconds]
    return Chapter(
        "serve", f"{TASKS} tasks, {CONNECTIONS} connections", figures,
        [
            f"{ISSUES} issues; streams {', '.join(STREAMS)}; polls every 5 s; SQLite destinations,"
            " one a task.",
            f"CPU in per cent of a core over {REST_SECONDS} s without a change;"
            f" {ASKED} requests, one after another.",
        ],
    )  # fmt: skip


def _prepare(data: Path, team_url: str) -> str:
    """Connections and tasks, started, and an admin's token."""
    with Platform(data) as platform:
        by = platform.people.set_up(platform.people.make_setup_code(), "admin-1", "bench bench 1")
        sources = [_source(platform, by, team_url, number) for number in range(CONNECTIONS)]
        for number in range(1, TASKS + 1):
            url = {"url": f"sqlite:///copy-{number}.db"}
            destination = platform.connections.save(
                by, f"copy-{number:03}", ConnectionRole.DESTINATION, "sqlite", url
            )
            row = platform.tasks.save(
                by, f"task-{number:03}", sources[number % CONNECTIONS], destination.id,
                {"streams": list(STREAMS)},
            )  # fmt: skip
            platform.tasks.start(by, row.id)
        return platform.people.make_token(by, "bench", Role.ADMIN, days=1)


def _source(platform: Platform, by: Person, url: str, number: int) -> int:
    values = {
        "url": url, "token": DEFAULT_TOKEN, "poll_interval": "5s", "census_interval": "1h",
    }  # fmt: skip
    name, role = f"team-{number:02}", ConnectionRole.SOURCE
    return platform.connections.save(by, name, role, "coding", values).id


@contextmanager
def server(data: Path) -> Iterator[tuple[dict[str, str], subprocess.Popen[str]]]:
    """`headrace serve` over a folder: what it says when it is ready, and its process."""
    command = [sys.executable, "-m", "headrace", "serve", "--data", str(data),
               "--port", "0", "--json"]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline() or "{}")
        assert "url" in ready, "the server did not come up"
        yield ready, process
    finally:
        process.terminate()
        try:
            process.wait(_LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


class _Asking:
    """Asks one thing after another, over one connection."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._headers = {"authorization": f"Bearer {token}"}
        self._pool = urllib3.PoolManager(retries=False, timeout=30)

    def timed(self, path: str) -> float:
        """How long the answer took, in ms."""
        began = time.perf_counter()
        got = self._pool.request("GET", self._url + path, headers=self._headers)
        assert got.status == 200, (got.status, got.data[:200])
        if path.startswith("/api/"):
            json.loads(got.data)
        return (time.perf_counter() - began) * 1000


def _rest(process: subprocess.Popen[str], found: dict[str, list[float]]) -> None:
    """CPU in parts of 10 s, and memory, while nothing changes."""
    found["cpu"], found["memory"] = [], []
    for _ in range(REST_SECONDS // 10):
        before = _ticks(process.pid)
        time.sleep(10)
        found["cpu"].append((_ticks(process.pid) - before) / _TICKS / 10 * 100)
        pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
        found["memory"].append(pages * os.sysconf("SC_PAGE_SIZE") / 1024**2)


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _edits(look_alike: Server, team: Team, data: Path) -> Iterator[float]:
    """Seconds from an edit until the row is in the copy of a task, one task after another."""
    codes = list(team.rows("issues"))
    for number in range(EDITS):
        project, code = codes[number % len(codes)]
        name = f"edited {number}"
        with look_alike.lock:
            team.update_issue(project, code, now_ms=look_alike.playground.clock.now_ms(), name=name)
        began = time.perf_counter()
        task = number * (TASKS // EDITS) + 1
        _until(lambda t=task, n=name: _has(data, t, n), name)
        yield time.perf_counter() - began


def _level(data: Path) -> bool:
    return all(_count(data, number) == ISSUES for number in range(TASKS, 0, -1))


def _count(data: Path, number: int) -> int:
    [(count,)] = _rows(data, number, "SELECT count(*) FROM issues") or [(0,)]
    return int(count)


def _has(data: Path, number: int, name: str) -> bool:
    return bool(_rows(data, number, "SELECT 1 FROM issues WHERE name = ?", name))


def _rows(data: Path, number: int, sql: str, *values: str) -> list[Any]:
    path = data / f"copy-{number}.db"
    if not path.exists():
        return []
    with closing(sqlite3.connect(path)) as db:
        try:
            return db.execute(sql, values).fetchall()
        except sqlite3.OperationalError:  # not made yet, or being written
            return []


def _until(seen: Callable[[], object], what: str) -> None:
    ends = time.perf_counter() + _LONGEST_SECONDS
    while not seen():
        assert time.perf_counter() < ends, f"{what}: not within {_LONGEST_SECONDS:g} s"
        time.sleep(0.05)
