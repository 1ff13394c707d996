"""From a destination's URL to the destination. To add a kind, add a line to `KINDS`.

Packages of others add kinds by the entry point `headrace.destinations`: its name is the scheme, and
what it names is called with the whole URL.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from headrace.core.ports import Destination
from headrace.destinations.addresses import (
    DLT_PREFIX,
    STORES,
    delta_root,
    dlt_address,
    file_of,
    folder_of,
    nothing,
    whole,
)
from headrace.errors import Refused

GROUP = "headrace.destinations"
ANY_DLT = f"{DLT_PREFIX}NAME"  # NAME: one of dlt's destinations


@dataclass(frozen=True, slots=True)
class Kind:
    """A class of a module below this one, and what it is made from. `needs`: the package that may
    be missing, and the extra that brings it."""

    module: str
    name: str
    address: Callable[[str, str], Any]
    needs: tuple[str, str] | None = None

    def open(self, scheme: str, rest: str) -> Destination:
        """See `open_destination`."""
        address = self.address(scheme, rest)
        try:
            module = import_module(f"{__package__}.{self.module}")
        except ImportError as error:
            if self.needs is None:
                raise
            package, extra = self.needs
            raise Refused(
                f"A {scheme} destination needs {package}, which is not installed.",
                advice=f'Install it: pip install "headrace[{extra}]".',
            ) from error
        made: Destination = getattr(module, self.name)(address)
        return made


_POSTGRES = Kind("postgres", "PostgresDestination", whole, ("psycopg", "postgres"))
_MYSQL = Kind("mysql", "MySqlDestination", whole, ("PyMySQL", "mysql"))
_DELTA = Kind("delta", "DeltaDestination", delta_root, ("deltalake 1.6.6 or newer", "delta"))
KINDS: Mapping[str, Kind] = {
    "delta": _DELTA,
    **dict.fromkeys(STORES, _DELTA),
    ANY_DLT: Kind("dlt", "DltDestination", dlt_address, ("dlt", "dlt")),
    "duckdb": Kind("duckdb", "DuckDbDestination", file_of),
    "jsonl": Kind("folder.jsonl", "JsonLinesDestination", folder_of),
    "mariadb": _MYSQL,
    "memory": Kind("memory", "MemoryDestination", nothing),
    "mysql": _MYSQL,
    "parquet": Kind("folder.parquet", "ParquetDestination", folder_of),
    "postgres": _POSTGRES,
    "postgresql": _POSTGRES,
    "sqlite": Kind("sqlite", "SqliteDestination", file_of),
}


def open_destination(url: str) -> Destination:
    """Open `duckdb:///relative.db`, `duckdb:////absolute/path.db`, `sqlite:///...`,
    `parquet:///folder`, `jsonl:///folder`, `postgresql://user@host/database`,
    `mysql://user@host/database`, `delta:///folder`, `delta+s3://bucket/prefix` (gs, az alike),
    `dlt+NAME://...` or `memory:`.

    Percent-escapes in a path are decoded. Raises `Refused` for anything else, without repeating
    the URL (it may hold a password), and whatever the destination raises on opening.
    """
    scheme, colon, rest = url.partition(":")
    scheme = scheme.lower()
    kind = KINDS.get(ANY_DLT if scheme.startswith(DLT_PREFIX) else scheme) if colon else None
    if kind is not None:
        return kind.open(scheme, rest)
    for found in entry_points(group=GROUP, name=scheme) if colon else ():
        opened: Destination = found.load()(url)
        return opened
    raise _unknown(scheme if colon else "")


def schemes() -> Sequence[str]:
    """Every scheme that can be opened, those of other packages included."""
    return sorted({*KINDS, *(found.name for found in entry_points(group=GROUP))})


def known_scheme(scheme: str) -> bool:
    """Whether it can be opened."""
    return scheme.startswith(DLT_PREFIX) or scheme in schemes()


def _unknown(scheme: str) -> Refused:
    known = schemes()
    near = difflib.get_close_matches(scheme, known, n=1, cutoff=0.5)
    hint = f" Did you mean {near[0]}:?" if near else ""
    what = f"There is no destination of the kind {scheme}:." if near else "Unknown destination."
    return Refused(what, advice=f"Known kinds: {', '.join(f'{name}:' for name in known)}.{hint}")
