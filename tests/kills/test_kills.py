"""SIGKILL at random times over a living team: afterwards source equals copy. Real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest

from headrace.app import SystemClock
from headrace.playground import DEFAULT_TOKEN, Playground, Server, Settings, Team, serve

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL"),
]

CI = bool(os.environ.get("HEADRACE_CI"))
ACTS_PER_SECOND = 20
START_SECONDS = 0.5
LIFE_SECONDS = 2.2
END_SECONDS = 120
STREAMS = ("projects", "project_members", "iterations", "issues")
KEYS = {
    "projects": ("id",),
    "project_members": ("project_id", "id"),
    "iterations": ("project_id", "code"),
    "issues": ("project_id", "code"),
}


class Victim:
    """The program over a living team, started and killed again and again."""

    def __init__(self, folder: Path, server: Server, *options: str) -> None:
        self.folder = folder
        self.server = server
        streams = [word for name in STREAMS for word in ("--stream", name)]
        self.common = ("--url", server.url, "--to", "duckdb:///copy.duckdb", *streams, *options)
        self.busy_kills = 0

    def command(self, *args: str) -> dict[str, Any]:
        environment = {"CODING_TOKEN": DEFAULT_TOKEN, "PATH": "", "PYTHONUTF8": "1"}
        return {
            "args": [sys.executable, "-m", "headrace", *args],
            "cwd": self.folder,
            "env": environment,
        }

    def live_and_be_killed(self, seconds: float) -> None:
        """Follow for a while, then die without a word. Ending any other way is a failure."""
        calls = self.calls()
        pace = ("--poll-interval", "100ms", "--census-interval", "600ms", "--attempts", "2")
        with (self.folder / "last.log").open("wb") as log:
            follow = self.command("sync", *self.common, *pace)
            process = subprocess.Popen(**follow, stdout=log, stderr=subprocess.STDOUT)
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
            code = process.wait()
        assert code == -signal.SIGKILL, (self.folder / "last.log").read_text("utf-8")
        self.busy_kills += self.calls() > calls

    def calls(self) -> int:
        with self.server.lock:
            return self.server.playground.calls.total()

    def run(self, *args: str) -> None:
        done = subprocess.run(
            **self.command(*args), capture_output=True, timeout=END_SECONDS, check=False
        )
        assert done.returncode == 0, (done.stdout + done.stderr).decode()


def copied_keys(copy: duckdb.DuckDBPyConnection, table: str) -> list[tuple[Any, ...]]:
    names = ", ".join(KEYS[table])
    found = copy.execute(f"SELECT {names} FROM {table} WHERE _deleted_at IS NULL").fetchall()
    return sorted(found)


def kill_often(tmp_path: Path, *, kills: int, seed: int, options: tuple[str, ...]) -> Victim:
    """Kill, start again, and at last hold life still and let it catch up."""
    dice = Random(seed)
    clock = SystemClock()
    playground = Playground(
        Team(seed, 2, 120, clock.now_ms()), clock, settings=Settings(rate_limits=False)
    )
    with serve(playground, acts_per_second=ACTS_PER_SECOND, deliver_hooks=False) as server:
        victim = Victim(tmp_path, server, *options)
        for _ in range(kills):
            victim.live_and_be_killed(START_SECONDS + dice.random() * LIFE_SECONDS)
        with server.paused():
            victim.run("sync", *victim.common, "--once")
            victim.run("verify", *victim.common)
            truth = {table: sorted(playground.team.rows(table)) for table in STREAMS}
    assert victim.busy_kills >= kills // 2, "most kills came before there was anything to kill"
    if "history" not in options:
        with closing(duckdb.connect(str(tmp_path / "copy.duckdb"))) as copy:
            for table in STREAMS:
                assert copied_keys(copy, table) == truth[table], table
    return victim


def test_killed_again_and_again(tmp_path: Path) -> None:
    """Nothing doubled, nothing lost: the keys, too, are exactly those of the team."""
    kill_often(tmp_path, kills=55 if CI else 6, seed=7, options=())


@pytest.mark.skipif(not CI, reason="a minute of kills: HEADRACE_CI=1")
def test_history_without_gaps_after_kills(tmp_path: Path) -> None:
    """Versions of a key follow one another without gap or overlap; one at most is open."""
    kill_often(tmp_path, kills=20, seed=8, options=("--write", "history"))
    with closing(duckdb.connect(str(tmp_path / "copy.duckdb"))) as copy:
        versions = copy.execute(
            "SELECT project_id, code, _offset, epoch_us(valid_from), epoch_us(valid_to) FROM issues"
            " ORDER BY project_id, code, _offset"
        ).fetchall()
    assert len(versions) > 150
    for one, following in pairwise(versions):
        if one[:2] == following[:2]:
            assert one[4] == following[3], f"gap, overlap or two open versions of {one[:2]}"
