"""From a Service Hook to the row in DuckDB: signed deliveries over HTTP while a session follows.

The team is a playground in a process of its own; as a module (`python -m bench.hooks ISSUES`) this
is that process. Receiver, worker, DuckDB and a reader share the measuring process, because DuckDB
lets one process write.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import urllib3

from bench.figures import Chapter, Figure
from headrace.app import Session, SystemClock, unnamed_task
from headrace.app.hook_desk import HookDesk
from headrace.app.hooks import open_inbox
from headrace.config import ConnectionSettings, Increments
from headrace.core.transport import Request
from headrace.playground import DEFAULT_TOKEN, Playground, Server, Team, serve
from headrace.web.server import receiving

PER_SECOND, SECONDS = 100, 20
PROJECTS, SENDERS = 2, 8
_LOOK_SECONDS = 0.01
_LONGEST_SECONDS = 60.0

Moments = Mapping[str, int]  # ms UTC, by the name that an edit gave


@dataclass(frozen=True, slots=True)
class Seen:
    """When each edit was made, received, and visible to a reader; and what it cost in calls."""

    made: Moments
    received: Moments
    visible: Moments
    calls: int


def run() -> Chapter:
    """Every edit is of another issue, so that each delivery has a row of its own to wait for."""
    seen = _measured(PER_SECOND * SECONDS)
    hook = _seconds(seen.received, seen.visible)
    edit = _seconds(seen.made, seen.visible)
    arrived = sorted(seen.received.values())
    per_second = (len(arrived) - 1) / (arrived[-1] - arrived[0]) * 1000
    return Chapter(
        "hooks",
        f"hook to row, {PER_SECOND} edits a second for {SECONDS} s",
        [
            Figure("hook to row: p50", "s", [statistics.median(hook)]),
            Figure("hook to row: p99", "s", [_p99(hook)]),
            Figure("edit to row: p50", "s", [statistics.median(edit)]),
            Figure("edit to row: p99", "s", [_p99(edit)]),
            Figure("deliveries received", "/s", [per_second]),
            Figure("API calls a row", "", [seen.calls / len(seen.visible)]),
        ],
        [
            "hook to row: from when the receiver had the whole delivery until a reader of the table"
            f" saw the row; it looks every {_LOOK_SECONDS * 1000:.0f} ms.",
            f"{PER_SECOND * SECONDS:,} issues in {PROJECTS} projects; hybrid; only issues copied.",
        ],
    )


def _measured(edits: int) -> Seen:
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as name, _team(edits) as team:
        settings = ConnectionSettings(
            name="bench", url=team.url, token=DEFAULT_TOKEN, increments=Increments.HYBRID,
            public_url="http://127.0.0.1", listen="127.0.0.1:0",
        )  # fmt: skip
        state, copy = Path(name), Path(name) / "copy.duckdb"
        with _following(settings, state, copy) as session:
            _until(lambda: copy.exists() and _count(copy) == edits)
            calls = session.client.calls
            made = team.edit()
            visible = _watch(copy, edits)
            calls = session.client.calls - calls
            received = _received(settings, state, edits)
        return Seen(made(), received, visible, calls)


@contextmanager
def _following(settings: ConnectionSettings, state: Path, copy: Path) -> Iterator[Session]:
    """A session that follows and receives, its hooks set up in every project."""
    task = unnamed_task(settings, f"duckdb:///{copy}", streams=["issues"])
    clock = SystemClock()
    with (
        Session(settings, [task], state=state, clock=clock) as session,
        receiving(session) as server,
    ):
        assert server is not None
        reached = replace(settings, public_url=f"http://127.0.0.1:{server.port}")
        with HookDesk(reached, state=state) as desk:
            for project in desk.projects():
                desk.set_up(project)
        follower = threading.Thread(target=session.follow)
        follower.start()
        try:
            yield session
        finally:
            clock.stop()
            follower.join()


def _watch(copy: Path, edits: int) -> Moments:
    """Look into the table until every edit was seen."""
    visible: dict[str, int] = {}
    last = 0
    ends = time.monotonic() + SECONDS + _LONGEST_SECONDS
    with duckdb.connect(str(copy)) as reader:
        while len(visible) < edits:
            assert time.monotonic() < ends, f"only {len(visible)} of {edits} edits arrived"
            time.sleep(_LOOK_SECONDS)
            query = "SELECT name, _offset FROM issues WHERE _offset > ? AND name LIKE 'edit %'"
            found = reader.execute(query, [last]).fetchall()
            now_ms = time.time_ns() // 1_000_000
            visible.update((name, now_ms) for name, _ in found)
            last = max([last, *(offset for _, offset in found)])
    return visible


def _received(settings: ConnectionSettings, state: Path, edits: int) -> Moments:
    """The last deliveries may come after their rows: a pass for others shows them as well."""
    with closing(open_inbox(settings, state)) as inbox:
        _until(lambda: len(inbox.list(event="ISSUE_UPDATED", limit=edits)) == edits)
        deliveries = inbox.list(event="ISSUE_UPDATED", limit=edits)
    return {json.loads(one.body)["issue"]["title"]: one.received_at for one in deliveries}


def _count(copy: Path) -> int:
    with duckdb.connect(str(copy)) as reader:
        tables = reader.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'issues'")
        if not tables.fetchall():
            return 0
        found = reader.execute("SELECT count(*) FROM issues").fetchone()
        return int(found[0]) if found else 0


def _until(seen: Callable[[], bool]) -> None:
    ends = time.monotonic() + _LONGEST_SECONDS
    while not seen():
        assert time.monotonic() < ends, "what was waited for did not come"
        time.sleep(0.05)


def _seconds(begun: Moments, ended: Moments) -> list[float]:
    return sorted((at - begun[name]) / 1000 for name, at in ended.items())


def _p99(values: Sequence[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]


# --- the team's process --------------------------------------------------------------------------


class _Team:
    """A playground in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.url: str = self._read()["url"]

    def edit(self) -> Callable[[], Moments]:
        """Let it begin. What is returned tells when each edit was made, once all are."""
        assert self._process.stdin is not None
        self._process.stdin.write("edit\n")
        self._process.stdin.flush()
        return self._read

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found


@contextmanager
def _team(issues: int) -> Iterator[_Team]:
    with subprocess.Popen(
        [sys.executable, "-m", "bench.hooks", str(issues)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        try:
            yield _Team(process)
        finally:
            process.stdin.close()


def main(issues: int) -> None:
    """Serve a team that stands still; at a word, edit each of its issues once."""
    clock = SystemClock()
    team = Team(1, PROJECTS, issues, clock.now_ms())
    with serve(Playground(team, clock), deliver_hooks=False) as server:
        print(json.dumps({"url": server.url}), flush=True)
        if sys.stdin.readline():
            print(json.dumps(_edit_all(server, team)), flush=True)
        sys.stdin.read()


def _edit_all(server: Server, team: Team) -> Moments:
    """At an even pace; each delivery is sent at once, a few side by side."""
    made: dict[str, int] = {}
    began = time.monotonic()
    with ThreadPoolExecutor(SENDERS) as senders, urllib3.PoolManager(maxsize=SENDERS) as pool:
        for number, (project, code) in enumerate(list(team.rows("issues"))):
            time.sleep(max(0.0, began + number / PER_SECOND - time.monotonic()))
            name = f"edit {number}"
            with server.lock:
                made[name] = server.playground.clock.now_ms()
                team.update_issue(project, code, now_ms=made[name], name=name)
                due = server.playground.deliver_due()
            for delivery in due:
                senders.submit(_send, pool, delivery.request)
    return made


def _send(pool: urllib3.PoolManager, request: Request) -> None:
    headers = dict(request.headers)
    pool.request(request.method, request.url, body=request.body, headers=headers, retries=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
