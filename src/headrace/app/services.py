"""What the edges ask for besides a sync: the connection test, the catalogue, the proof."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from headrace.app.authorize import authorization_check
from headrace.app.place import open_client
from headrace.app.selection import streams_of
from headrace.app.session import Session
from headrace.app.system import SystemClock
from headrace.coding.checks import Check, run_checks
from headrace.coding.streams import DEFAULTS, find
from headrace.config import ConnectionSettings, TaskSettings
from headrace.core.ports import Destination
from headrace.destinations.urls import open_destination
from headrace.engine.modes import Deletes, TableWriter, Write
from headrace.engine.verify import Verdict, compare_stream
from headrace.errors import Refused

_TEST_ATTEMPTS = 2  # a connection test is watched by a person who wants to know now


def check(
    settings: ConnectionSettings, *, streams: Sequence[str] = (), clock: SystemClock | None = None
) -> Iterator[Check]:
    """The connection test, item by item. Raises `Refused` for an impossible address or token."""
    clock = clock or SystemClock()
    quick = replace(settings, attempts=min(settings.attempts, _TEST_ATTEMPTS))
    with ExitStack() as closing:
        client = open_client(quick, clock, closing)
        chosen = find(streams) if streams else DEFAULTS
        first = (authorization_check(quick, clock),) if quick.oauth else ()
        yield from run_checks(
            client, clock, streams=chosen, projects=settings.projects, first=first
        )


def prove(
    settings: ConnectionSettings,
    task: TaskSettings,
    *,
    state: Path,
    destination: Destination | None = None,
    clock: SystemClock | None = None,
) -> list[Verdict]:
    """Read the source afresh, in a mirror of its own, and hold the task's tables against it.

    `state` is the folder of the task's own mirror, where the key for masks lies. Pass the
    `destination` if this process has it open. The verdict is exact while CODING stands
    still. Raises `Refused` for a task that writes bare changes: a log equals no table.
    """
    if task.write == Write.CHANGES:
        raise Refused(
            f"Task {task.name} writes bare changes, which equal no table of CODING.",
            advice="Verify a task with write = mirror or history.",
        )
    with ExitStack() as closing:
        if destination is None:
            destination = open_destination(task.destination)
            closing.callback(destination.close)
        folder = closing.enter_context(tempfile.TemporaryDirectory(prefix="headrace-proof-"))
        names = [stream.name for stream in streams_of(task)]
        session = Session(
            settings, (), streams=names, state=Path(folder), secrets=state, clock=clock
        )
        closing.enter_context(session)
        session.once()
        return list(_verdicts(session, task, destination))


def _verdicts(session: Session, task: TaskSettings, destination: Destination) -> Iterator[Verdict]:
    for stream in streams_of(task):
        writer = TableWriter(stream, Write(task.write), Deletes(task.deletes))
        records = partial(session.mirror.records, stream.name)
        yield from compare_stream(writer, records, destination)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query gave: the names of its columns and its rows."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


def ask_duckdb(path: Path, sql: str) -> Answer:
    """Run one query on a DuckDB file, read-only."""
    import duckdb

    with duckdb.connect(str(path), read_only=True) as connection:
        found = connection.execute(sql)
        columns = tuple(str(column[0]) for column in found.description or ())
        return Answer(columns, tuple(found.fetchall()))


def made_by_task(path: Path, task: str) -> bool:
    """Whether a DuckDB file holds nothing but what this task wrote. False for any other file.

    Raises `Refused` for one that another process has open.
    """
    import duckdb

    try:
        tables = ask_duckdb(path, "SELECT table_name FROM duckdb_tables()").rows
        noted = ask_duckdb(path, "SELECT name, task FROM _headrace_tables").rows
    except duckdb.Error as error:
        if "lock on file" in str(error):
            advice = "Close it there and try again."
            raise Refused(f"{path} is in use by another process.", advice=advice) from None
        return False
    own = {name for name, owner in noted if owner == task}
    others = {name for (name,) in tables if not name.startswith("_headrace_")} - own
    return not others and len(own) == len(noted)
