"""What has to happen to a table before rows go in: made, widened, left alone or refused. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headrace.core.rejects import REJECTS
from headrace.core.schema import Table, Type
from headrace.errors import Bug, Refused

RESERVED = "_headrace_"
Pairs = tuple[tuple[str, Type], ...]
Found = Mapping[str, str | None]  # column name -> the database's type; None: the same as declared


@dataclass(frozen=True, slots=True)
class Noted:
    """A table as Headrace made it: for which task, with which columns, key and mode."""

    task: str
    columns: Pairs
    key: tuple[str, ...]
    mode: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, in this order: drop the table, make it, drop columns, add columns.

    `noted` is what is to be noted. `lost`: rows or values that the table should hold are not there
    or mean something else now, so its stream has to be filled again.
    """

    noted: Noted
    drop: bool = False
    create: bool = False
    remove: tuple[str, ...] = ()
    add: Pairs = ()
    lost: bool = False


def quoted(name: str) -> str:
    """A name as SQL reads it in every dialect here: the only place where one enters SQL text."""
    return '"' + name.replace('"', '""') + '"'


def check_tables(tables: Sequence[Table], *, names_bytes_max: int = 2**31) -> None:
    """Refuse names no database here can tell apart or take; a table without a key is a `Bug`."""
    _check_names("table", "", [table.name for table in tables], names_bytes_max)
    for table in tables:
        names = [name for name, _ in table.columns]
        _check_names("column", f" of table {table.name}", names, names_bytes_max)
        if table.name.lower().startswith((RESERVED, "sqlite_")) and table != REJECTS:
            raise Refused(
                f"The table name {table.name} is reserved.", advice="Give the table another name."
            )
        if not table.key or not set(table.key) <= set(names):
            raise Bug(f"Table {table.name} has no key among its columns.")


def _check_names(kind: str, of: str, names: Sequence[str], bytes_max: int) -> None:
    seen: dict[str, str] = {}
    for name in names:
        if len(name.encode()) > bytes_max:
            raise Refused(
                f"The {kind} name {name[:20]}...{of} is longer than {bytes_max} bytes.",
                advice="Give it a shorter name.",
            )
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

    `found` is None where the database has no such table. Ours is brought into shape, whatever it
    takes: the mirror fills it again. Raises `Refused` for a table that is not ours, belongs to
    another task, or has a column that a person altered.
    """
    if noted is not None and noted.task != task and found is not None and table != REJECTS:
        raise Refused(
            f"Table {table.name} is written by task {noted.task}.",
            advice="Let each task write to its own tables, or drop the table first.",
        )
    fresh = Noted(task, table.columns, table.key, table.mode)
    if found is None:
        return Plan(fresh, create=True, lost=noted is not None and noted.task == task)
    if noted is None:
        raise Refused(
            f"A table {table.name} already exists and was not made by Headrace.",
            advice="Rename or drop it, or choose another destination: it was not touched.",
        )
    kinds = {name.lower(): kind for name, kind in found.items()}
    if any(name.lower() not in kinds for name in noted.key):
        _refuse_altered(table, f"its key was ({', '.join(noted.key)})")
    if noted.key != table.key:
        return Plan(fresh, drop=True, create=True, lost=True)
    return _reshape(task, table, noted, kinds, types)


def _reshape(
    task: str, table: Table, noted: Noted, found: Found, types: Mapping[Type, str] | None
) -> Plan:
    """The same key: columns may be missing, new, or of another type by now."""
    before = {name.lower(): kind for name, kind in noted.columns}
    for name, kind in noted.columns:
        actual = found.get(name.lower())
        if types and actual is not None and actual != types[kind]:
            _refuse_altered(table, f"column {name} was altered to {actual}")
    retyped = [name for name, kind in table.columns if before.get(name.lower(), kind) is not kind]
    if set(retyped) & set(table.key):
        fresh = Noted(task, table.columns, table.key, table.mode)
        return Plan(fresh, drop=True, create=True, lost=True)
    new = tuple((name, kind) for name, kind in table.columns if name.lower() not in before)
    for name, kind in new:
        actual = found.get(name.lower())
        if types and actual is not None and actual != types[kind]:
            _refuse_altered(table, f"column {name} was altered to {actual}")
    missing = [name for name, _ in table.columns if name.lower() not in found]
    wanted = dict(table.columns)
    columns = tuple((name, wanted.get(name, kind)) for name, kind in noted.columns)
    return Plan(
        Noted(task, (*columns, *new), table.key, table.mode),
        remove=tuple(name for name in retyped if name not in missing),
        add=tuple((name, wanted[name]) for name in wanted if name in {*missing, *retyped}),
        lost=bool(retyped or missing or new) or noted.mode != table.mode,
    )


def _refuse_altered(table: Table, what: str) -> None:
    raise Refused(
        f"Table {table.name} no longer fits: {what}.",
        advice="Undo the change, or drop the table: it is made and filled again.",
    )
