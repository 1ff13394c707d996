"""The receiver under load: `wrk` posts signed deliveries, each answered only once it is durable.

Receiver and load are processes of their own on one machine, so they share its cores. As a module
with an argument (`python -m bench.receiver FOLDER`) this is that receiver's process.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from bench.figures import Chapter, Figure
from headrace.app import SystemClock
from headrace.coding.hook_secrets import HookSecrets, signature_of
from headrace.mirror.files import connect
from headrace.mirror.inbox import SqliteInbox
from headrace.playground import Team, events
from headrace.web.server import HookServer

CONNECTIONS, SECONDS, RUNS = 64, 5, 3
SMALL_BYTES, LARGE_BYTES = 85, 6_400
FAST = ("uvloop", "httptools")
SECRETS = HookSecrets("bench-url-secret-0123456789", ("bench-token-0123456789",))
_LOAD = Path(__file__).with_name("deliver.lua")
_START_MS = 1_795_000_000_000


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of `wrk` saw, and what it cost the receiver's process."""

    per_second: float
    p99_ms: float
    cpu_us: float


def run() -> Chapter:
    """Both sizes with uvloop and httptools, and without them."""
    return Chapter(
        "receiver",
        f"receiver, {CONNECTIONS} connections, {SECONDS} s a run",
        list(_figures()),
        [
            f"Bodies of {SMALL_BYTES} and about {LARGE_BYTES:,} bytes; every delivery is new and"
            " signed, and answered after its transaction is flushed to the disk.",
            "plain: without uvloop and httptools, as where they cannot be installed.",
            "CPU is that of the receiver's process for one delivery. wrk runs on the same cores.",
        ],
    )


def _figures() -> Iterator[Figure]:
    if shutil.which("wrk") is None:
        yield Figure("receiver", "/s", skipped="skipped: wrk is not installed")
        return
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as name:
        for size in (SMALL_BYTES, LARGE_BYTES):
            yield from _of(f"{size:,} B", _runs(Path(name), body_of(size), RUNS))
        for size in (SMALL_BYTES, LARGE_BYTES):
            plain = _runs(Path(name), body_of(size), 1, without=FAST)
            yield from _of(f"{size:,} B, plain", plain)


def _of(name: str, runs: Sequence[Run]) -> Iterator[Figure]:
    yield Figure(f"{name}: durable deliveries", "/s", [one.per_second for one in runs])
    yield Figure(f"{name}: p99", "ms", [one.p99_ms for one in runs])
    yield Figure(f"{name}: CPU", "us", [one.cpu_us for one in runs])


def _runs(folder: Path, body: bytes, times: int, *, without: Sequence[str] = ()) -> list[Run]:
    (folder / "body").write_bytes(body)
    return [_one_run(folder, body, without) for _ in range(times)]


def _one_run(folder: Path, body: bytes, without: Sequence[str]) -> Run:
    """A fresh inbox; afterwards all that was answered 200 must be in it."""
    with tempfile.TemporaryDirectory(dir=folder) as state:
        with _receiver(Path(state), without) as (port, spent):
            seen = _loaded(folder, port, signature_of(SECRETS.tokens[0], body))
        with closing(SqliteInbox(connect(Path(state) / "bench.inbox"))) as inbox:
            stored = inbox.counts()["waiting"]
    assert seen["refused"] == seen["failed"] == 0, seen
    assert stored >= seen["requests"], "a delivery that got 200 is not on file"
    cpu_us = spent["cpu_seconds"] / stored * 1e6
    return Run(seen["requests"] / seen["seconds"], seen["p99_ms"], cpu_us)


def _loaded(folder: Path, port: int, signature: str) -> Mapping[str, Any]:
    """Run `wrk` with one thread: it leaves the other core to the receiver."""
    url = f"http://127.0.0.1:{port}/hooks/{SECRETS.url_secret}"
    load = ["-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", str(_LOAD), url]
    done = subprocess.run(
        ["wrk", *load, "--", str(folder / "body"), signature],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    told: Mapping[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def body_of(size: int) -> bytes:
    """An ISSUE_UPDATED as the playground sends it, its description as long as is needed; where
    that is too long already, the least that names an issue."""
    least = b'{"event":"ISSUE_UPDATED","project":{"id":101},"issue":{"project_id":101,"code":41}}'
    if size <= len(least) + 2:
        return least.ljust(size)
    team = Team(1, 1, 50, _START_MS)
    project = next(iter(team.projects.values()))
    issue = project.issues[project.codes()[-1]]
    text = "Open the cart, press pay, wait. 打开购物车，点击付款，等待。\n" * 200
    body = b""
    for length in range(0, len(text), 5):
        told = msgspec.structs.replace(issue, description=text[:length])
        event = events.issue_event(team, project, "ISSUE_UPDATED", told)
        body = msgspec.json.encode(event.body)
        if len(body) >= size:
            break
    return body


# --- the receiver's process ----------------------------------------------------------------------


@contextmanager
def _receiver(state: Path, without: Sequence[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """A receiver in a process of its own: its port; afterwards what it spent."""
    spent: dict[str, Any] = {}
    with subprocess.Popen(
        [sys.executable, "-m", "bench.receiver", str(state), *without],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None and process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["port"], spent
        finally:
            process.stdin.close()
            spent.update(json.loads(process.stdout.readline() or "{}"))
    assert process.returncode == 0


def main(state: str, *without: str) -> None:
    """Receive until the standard input ends. `without`: modules that are not to be found."""
    for name in without:
        sys.modules[name] = None  # type: ignore[assignment]
    with closing(SqliteInbox(connect(Path(state) / "bench.inbox"))) as inbox:
        with HookServer(inbox, SECRETS, SystemClock(), listen="127.0.0.1:0") as server:
            began = _cpu_seconds()
            print(json.dumps({"port": server.port}), flush=True)
            sys.stdin.read()
        print(json.dumps({"cpu_seconds": _cpu_seconds() - began}))


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main(*sys.argv[1:])
