"""A whole first run: `headrace sync --once` as a process, 20,000 issues from a playground."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.figures import Chapter, Figure

ISSUES = 20_000
PROJECTS = 3
RUNS = 3
# Issues and what they name. What hangs on each issue costs a call for each: see `big_team`.
STREAMS = ("project_members", "iterations", "issue_fields", "issue_statuses", "issues")


def run() -> Chapter:
    """Minimum, median and maximum of three runs, each with a fresh state and destination."""
    with playground() as (url, token):
        runs = [one_run(url, token) for _ in range(RUNS)]
    wall, cpu, memory, calls, records = zip(*runs, strict=True)
    return Chapter(
        "snapshot",
        f"first run, {ISSUES:,} issues",
        [
            Figure("wall", "s", wall),
            Figure("CPU (user + system)", "s", cpu),
            Figure("peak resident memory", "MB", memory),
            Figure("API calls", "", calls),
            Figure("records of all streams", "", records),
        ],
        [
            "The whole process, interpreter start included: snapshot, census, DuckDB file with 11"
            " tables.",
            "The playground is a process of its own on the same machine and shares its cores; its"
            " requests are paced as CODING's would be.",
        ],
    )


@contextmanager
def playground() -> Iterator[tuple[str, str]]:
    """A look-alike team that stands still, in a process of its own: address and token."""
    args = ["--rate", "0", "--projects", str(PROJECTS), "--issues", str(ISSUES), "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "headrace", "playground", *args], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            yield ready["url"], ready["token"]
        finally:
            process.terminate()


def one_run(url: str, token: str) -> tuple[float, float, float, float, float]:
    """Wall and CPU seconds, megabytes, calls and records of one run."""
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as folder:
        out = Path(folder) / "out.json"
        args = ["sync", "--url", url, "--to", "duckdb:///copy.duckdb", "--once", "--json"]
        args += [word for name in STREAMS for word in ("--stream", name)]
        with out.open("w") as stdout:
            began = time.perf_counter()
            process = subprocess.Popen(
                [sys.executable, "-m", "headrace", *args],
                cwd=folder,
                stdout=stdout,
                env={**os.environ, "CODING_TOKEN": token},
            )
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, out.read_text()
        document = json.loads(out.read_text())
    records = sum(counts["inserted"] for counts in document["streams"].values())
    per_mb = 1024 * 1024 if sys.platform == "darwin" else 1024
    cpu = usage.ru_utime + usage.ru_stime
    return wall, cpu, usage.ru_maxrss / per_mb, document["calls"], records
