"""What the edges ask for besides a sync: the connection test, and questions to a DuckDB file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from headrace.app.authorize import authorization_check
from headrace.app.place import open_client
from headrace.app.system import SystemClock
from headrace.coding.checks import Check, run_checks
from headrace.coding.streams import DEFAULTS, find
from headrace.config import ConnectionSettings
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


def made_by_tasks(path: Path, *tasks: str) -> bool:
    """Whether a DuckDB file holds nothing but what these wrote. False for any other file.

    Raises `Refused` for one that another process has open.
    """
    import duckdb

    try:
        there = ask_duckdb(path, "SELECT table_name FROM duckdb_tables()").rows
        noted = ask_duckdb(path, "SELECT name, task FROM _headrace_tables").rows
    except duckdb.Error as error:
        if "lock on file" in str(error):
            advice = "Close it there and try again."
            raise Refused(f"{path} is in use by another process.", advice=advice) from None
        return False
    own = {name for name, owner in noted if owner in tasks}
    others = {name for (name,) in there if not name.startswith("_headrace_")} - own
    return not others and len(own) == len(noted)
