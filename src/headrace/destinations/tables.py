"""What has to happen to a table before rows go in: made, widened, left alone or refused. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headrace.core.schema import Table, Type
from headrace.errors import Bug, Refused

RESERVED = "_headrace_"
Pairs = tuple[tuple[str, Type], ...]
Found = Mapping[str, str | None]  # column name -> the database's type; None: the same as declared


@dataclass(frozen=True, slots=True)
class Noted:
    """A table as Headrace made it: for which task, with which columns and key."""

    task: str
    columns: Pairs
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do: make the table, or add columns. `columns` is what is to be noted.

    `lost`: rows or values that a task had written are gone, so the task has to be filled again.
    """

    create: bool
    add: Pairs
    columns: Pairs
    lost: bool = False


def quoted(name: str) -> str:
    """A name as both DuckDB and SQLite read it: the only place where one enters SQL text."""
    return '"' + name.replace('"', '""') + '"'


def check_tables(tables: Sequence[Table]) -> None:
    """Refuse names no database here can tell apart or take; a table without a key is a `Bug`."""
    _check_names("table", "", [table.name for table in tables])
    for table in tables:
        names = [name for name, _ in table.columns]
        _check_names("column", f" of table {table.name}", names)
        if table.name.lower().startswith((RESERVED, "sqlite_")):
            raise Refused(
                f"The table name {table.name} is reserved.", advice="Give the table another name."
            )
        if not table.key or not set(table.key) <= set(names):
            raise Bug(f"Table {table.name} has no key among its columns.")


def _check_names(kind: str, of: str, names: Sequence[str]) -> None:
    seen: dict[str, str] = {}
    for name in names:
        if not name or "\0" in name:
            raise Refused(
                f"A {kind}{of} has an empty name or a NUL character in it.", advice="Rename it."
            )
        other = seen.get(name.lower())
        if other is not None:
            raise Refused(
                f"The {kind}s {other} and {name}{of} are the same but for case,"
                " which this destination cannot tell apart.",
                advice="Rename one of them.",
            )
        seen[name.lower()] = name


def plan(
    task: str,
    table: Table,
    noted: Noted | None,
    found: Found | None,
    types: Mapping[Type, str] | None = None,
) -> Plan:
    """Hold the wanted table against what is noted and what the database shows.

    `found` is None where the database has no such table. Raises `Refused` for a table that is not
    ours, belongs to another task, or was altered so that rows no longer fit.
    """
    if noted is not None and noted.task != task and found is not None:
        raise Refused(
            f"Table {table.name} is written by task {noted.task}.",
            advice="Let each task write to its own tables, or drop the table first.",
        )
    if found is None:
        return Plan(True, (), table.columns, lost=noted is not None and noted.task == task)
    if noted is None:
        raise Refused(
            f"A table {table.name} already exists and was not made by Headrace.",
            advice="Rename or drop it, or choose another destination: it was not touched.",
        )
    return _widen(table, noted, {name.lower(): kind for name, kind in found.items()}, types)


def _widen(table: Table, noted: Noted, found: Found, types: Mapping[Type, str] | None) -> Plan:
    before = {name.lower(): kind for name, kind in noted.columns}
    gone = [name for name in before if name not in found]
    if noted.key != table.key or any(name.lower() in gone for name in table.key):
        _refuse_shape(table, f"its key was ({', '.join(noted.key)})")
    add = []
    for name, kind in table.columns:
        actual = found.get(name.lower(), "")
        if before.get(name.lower(), kind) is not kind:
            _refuse_shape(table, f"column {name} was {before[name.lower()]} and is now {kind}")
        if actual == "":
            add.append((name, kind))
        elif types and actual != types[kind]:
            _refuse_shape(table, f"column {name} was altered to {actual}")
    new = tuple((name, kind) for name, kind in table.columns if name.lower() not in before)
    lost = any(name.lower() in gone for name, _ in table.columns)
    return Plan(False, tuple(add), (*noted.columns, *new), lost)


def _refuse_shape(table: Table, what: str) -> None:
    raise Refused(
        f"Table {table.name} no longer fits: {what}.",
        advice="Drop the table (it is made and filled again) or undo the change.",
    )
