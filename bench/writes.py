"""Writing to destinations, side by side: Headrace, the plain driver's bulk load, and dlt."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from tests.servers.mariadb import running_mariadb
from tests.servers.postgres import running_postgres

from bench.figures import Chapter, Figure
from bench.writing import data

FILE_KINDS = {
    "DuckDB": "duckdb:///{}/copy.duckdb",
    "SQLite": "sqlite:///{}/copy.db",
    "Delta": "delta:///{}/delta",
}
WRITERS = ("headrace", "plain", "dlt")
JOBS = ("fill", "upsert", "small", "single", "delete")
_LONGEST_SECONDS = 600


def run() -> Chapter:
    """Every writer on every kind, each on storage of its own; then a million rows by Headrace."""
    figures: list[Figure] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="headrace-bench-")))
        for kind, url in _places(folder, stack):
            for writer in WRITERS:
                figures += _measured(writer, kind, url(writer), folder / f"{kind}-{writer}")
            million = folder / f"{kind}-million"
            figures += _measured("headrace", kind, url("million"), million, "million")
    return Chapter(
        "writes",
        "Writing to destinations",
        figures,
        [
            f"fill: {data.FILL_ROWS:,} rows of {len(data.ISSUES.columns)} columns after emptying"
            f" the table; upsert: {data.UPSERT_ROWS:,} of them by key; small: {data.SMALL_ROWS};"
            f" single: 1; delete: {data.DELETED_ROWS:,} keys; million: 1,000,000 rows, made as"
            " they go.",
            "Headrace starts from lists of values and writes its checkpoint in the same"
            " transaction. The plain driver is the floor: the same values, turned into what it"
            " takes, no checkpoint, no care for doubled keys. dlt is given Arrow tables made"
            " beforehand and merges by key; each of its runs is a pipeline run.",
            "Servers commit durably (fsync on). Peaks are of the writing process, rows included.",
        ],
    )


def _places(folder: Path, stack: ExitStack) -> Iterator[tuple[str, Callable[[str], str]]]:
    for kind, form in FILE_KINDS.items():

        def file_url(writer: str, kind: str = kind, form: str = form) -> str:
            own = folder / f"{kind}-{writer}"
            own.mkdir(exist_ok=True)
            return form.format(f"/{str(own).lstrip('/')}")

        yield kind, file_url
    servers: dict[str, Any] = {"PostgreSQL": running_postgres, "MariaDB": running_mariadb}
    for kind, running in servers.items():
        try:
            server = stack.enter_context(running(durable=True))
        except OSError:
            continue
        yield kind, partial(_new_database, server)


def _new_database(server: Any, writer: str) -> str:
    return str(server.new_database(f"bench_{writer}"))


def _measured(writer: str, kind: str, url: str, folder: Path, names: str = "") -> Iterator[Figure]:
    folder.mkdir(exist_ok=True)
    words = [sys.executable, "-m", "bench.writing.worker", writer, kind, url, str(folder)]
    title = "Headrace" if writer == "headrace" else writer
    done = subprocess.run(
        [*words, names] if names else words, capture_output=True, text=True, check=False,
        timeout=_LONGEST_SECONDS, env=os.environ,
    )  # fmt: skip
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [""])[-1][:120]
        yield Figure(f"{kind}: {title}", "ms", skipped=f"skipped: {said}")
        return
    found = json.loads(done.stdout.splitlines()[-1])
    for job, values in found["ms"].items():
        yield Figure(f"{kind}, {job}: {title}", "ms", values)
    yield Figure(
        f"{kind}, peak{' of a million' if names else ''}: {title}", "MB", [found["peak_mb"]]
    )
