"""From a destination's URL to the destination. To add a kind, add a line to `SCHEMES`."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from urllib.parse import unquote, urlsplit

from headrace.core.ports import Destination
from headrace.destinations.delta_urls import STORES, store_of
from headrace.destinations.dlt_urls import PREFIX, address_of
from headrace.destinations.duckdb import DuckDbDestination
from headrace.destinations.jsonl import JsonLinesDestination
from headrace.destinations.memory import MemoryDestination
from headrace.destinations.parquet import ParquetDestination
from headrace.destinations.sqlite import SqliteDestination
from headrace.errors import Refused


def open_destination(url: str) -> Destination:
    """Open `duckdb:///relative.db`, `duckdb:////absolute/path.db`, `sqlite:///...`,
    `parquet:///folder`, `jsonl:///folder`, `postgresql://user@host/database`,
    `mysql://user@host/database`, `delta:///folder`, `delta+s3://bucket/prefix` (gs, az alike),
    `dlt+NAME://...` or `memory:`.

    Percent-escapes in a path are decoded. Raises `Refused` for anything else, without repeating
    the URL (it may hold a password), and whatever the destination raises on opening.
    """
    scheme, colon, rest = url.partition(":")
    kind = _ANY_DLT if scheme.lower().startswith(PREFIX) else scheme.lower()
    opener = SCHEMES.get(kind) if colon else None
    if opener is None:
        raise _unknown(scheme if colon else "")
    return opener(scheme.lower(), rest)


def _memory(scheme: str, rest: str) -> Destination:
    if rest.strip("/"):
        raise Refused(f"A {scheme}: destination takes no name.", advice=f"Write {scheme}: alone.")
    return MemoryDestination()


def _file(
    make: Callable[[str], Destination], example: str = "name.db"
) -> Callable[[str, str], Destination]:
    def open_file(scheme: str, rest: str) -> Destination:
        return make(_path(scheme, rest, example))

    return open_file


def _postgres(scheme: str, rest: str) -> Destination:
    try:
        from headrace.destinations.postgres import PostgresDestination
    except ImportError as error:
        raise Refused(
            "A destination in PostgreSQL needs psycopg, which is not installed.",
            advice='Install it: pip install "headrace[postgres]".',
        ) from error
    return PostgresDestination(f"{scheme}:{rest}")


def _mysql(scheme: str, rest: str) -> Destination:
    try:
        from headrace.destinations.mysql import MySqlDestination
    except ImportError as error:
        raise Refused(
            "A destination in MySQL or MariaDB needs PyMySQL, which is not installed.",
            advice='Install it: pip install "headrace[mysql]".',
        ) from error
    return MySqlDestination(f"{scheme}:{rest}")


def _delta(scheme: str, rest: str) -> Destination:
    root = store_of(scheme, rest) if scheme in STORES else _path(scheme, rest, "folder")
    try:
        from headrace.destinations.delta import DeltaDestination
    except ImportError as error:
        raise Refused(
            "A destination in Delta tables needs deltalake 1.6.6 or newer, which is not installed.",
            advice='Install it: pip install "headrace[delta]".',
        ) from error
    return DeltaDestination(root)


def _dlt(scheme: str, rest: str) -> Destination:
    address = address_of(scheme, rest)
    try:
        from headrace.destinations.dlt_loads import DltDestination
    except ImportError as error:
        raise Refused(
            "A destination by way of dlt needs dlt, which is not installed.",
            advice='Install it: pip install "headrace[dlt]".',
        ) from error
    return DltDestination(address)


def _path(scheme: str, rest: str, example: str) -> str:
    """The path behind three slashes: a fourth one makes it absolute."""
    try:
        parts = urlsplit(f"file:{rest}")
        path = unquote(parts.path, errors="strict")
    except ValueError:
        parts, path = None, ""
    usable = parts is not None and not (parts.netloc or parts.query or parts.fragment)
    if not usable or not rest.startswith("///") or path in ("", "/") or "\0" in path:
        raise Refused(
            f"A {scheme} destination is named by a path and nothing else.",
            advice=f"Write {scheme}:///{example} or {scheme}:////absolute/path/{example}.",
        )
    return path.removeprefix("/")


def _unknown(scheme: str) -> Refused:
    near = difflib.get_close_matches(scheme.lower(), SCHEMES, n=1, cutoff=0.5)
    known = ", ".join(f"{name}:" for name in SCHEMES)
    hint = f" Did you mean {near[0]}:?" if near else ""
    what = f"There is no destination of the kind {scheme}:." if near else "Unknown destination."
    return Refused(what, advice=f"Known kinds: {known}.{hint}")


_ANY_DLT = f"{PREFIX}NAME"  # NAME: one of dlt's destinations

SCHEMES: Mapping[str, Callable[[str, str], Destination]] = {
    "delta": _delta,
    **dict.fromkeys(STORES, _delta),
    _ANY_DLT: _dlt,
    "duckdb": _file(DuckDbDestination),
    "jsonl": _file(JsonLinesDestination, "folder"),
    "mariadb": _mysql,
    "memory": _memory,
    "mysql": _mysql,
    "parquet": _file(ParquetDestination, "folder"),
    "postgres": _postgres,
    "postgresql": _postgres,
    "sqlite": _file(SqliteDestination),
}
