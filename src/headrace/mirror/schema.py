"""The mirror's tables: made when they are missing, refused when they are not ours."""

from __future__ import annotations

from functools import cache
from importlib import resources

from headrace.errors import Refused
from headrace.mirror.store import Store

FORMAT = "1"


def check(store: Store) -> None:
    """Read only. Raises `Refused` for a database of another program and for another format."""
    _check(store, store.tables())


def _check(store: Store, tables: set[str]) -> None:
    if tables and not tables & {"meta", "delivery"}:
        raise Refused(
            "This is a database of another program, not a mirror.",
            advice="It was left as it is. Point --state at a folder of its own.",
        )
    found = _meta(store, "format") if "meta" in tables else FORMAT
    if found != FORMAT:
        raise Refused(
            f"This mirror has format {found}, this Headrace reads format {FORMAT}.",
            advice="Use the Headrace that made it, or point --state at a new folder.",
        )


def create_mirror(store: Store, now_ms: int) -> None:
    """Make what is missing of the mirror's tables. Offsets start at `now_ms` in microseconds."""
    tables = store.tables()
    _check(store, tables)
    if "record" not in tables:
        with store.transaction():
            if "record" not in store.tables():  # two may open a new file at the same time
                _run_script(store, store.mirror_script)
                meta = [("format", FORMAT), ("stamp", "0"), ("head", str(now_ms * 1000))]
                store.run_each("INSERT INTO meta VALUES (?, ?)", meta)
    elif _meta(store, "head") is None:  # as it was before the head was noted
        with store.transaction():
            head = "SELECT 'head', seq FROM sqlite_sequence WHERE name = 'change'"
            store.run(f"INSERT INTO meta {head}")
    if "delivery" not in tables:
        create_inbox(store)


def create_inbox(store: Store) -> None:
    """Make the inbox's table when it is missing, in an older mirror too."""
    tables = store.tables()
    if "delivery" in tables:
        return
    _check(store, tables)
    with store.transaction():
        if "delivery" not in store.tables():  # two may open a new file at the same time
            _run_script(store, store.inbox_script)


def _meta(store: Store, name: str) -> str | None:
    rows = store.rows("SELECT value FROM meta WHERE name = ?", (name,))
    return str(rows[0][0]) if rows else None


def _run_script(store: Store, name: str) -> None:
    for statement in _statements(name):
        store.run(statement)


@cache
def _statements(name: str) -> tuple[str, ...]:
    script = resources.files(__package__).joinpath(name).read_text("utf-8")
    return tuple(filter(str.strip, script.split(";")))
