"""From a destination's URL to the destination. To add a kind, add a line to `SCHEMES`."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from urllib.parse import unquote, urlsplit

from headrace.core.ports import Destination
from headrace.destinations.duckdb import DuckDbDestination
from headrace.destinations.memory import MemoryDestination
from headrace.destinations.sqlite import SqliteDestination
from headrace.errors import Refused


def open_destination(url: str) -> Destination:
    """Open `duckdb:///relative.db`, `duckdb:////absolute/path.db`, `sqlite:///...` or `memory:`.

    Percent-escapes in a path are decoded. Raises `Refused` for anything else, without repeating
    the URL (it may hold a password), and whatever the destination raises on opening.
    """
    scheme, colon, rest = url.partition(":")
    opener = SCHEMES.get(scheme.lower()) if colon else None
    if opener is None:
        raise _unknown(scheme if colon else "")
    return opener(scheme.lower(), rest)


def _memory(scheme: str, rest: str) -> Destination:
    if rest.strip("/"):
        raise Refused(f"A {scheme}: destination takes no name.", advice=f"Write {scheme}: alone.")
    return MemoryDestination()


def _file(make: Callable[[str], Destination]) -> Callable[[str, str], Destination]:
    def open_file(scheme: str, rest: str) -> Destination:
        return make(_path(scheme, rest))

    return open_file


def _path(scheme: str, rest: str) -> str:
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
            advice=f"Write {scheme}:///name.db or {scheme}:////absolute/path/name.db.",
        )
    return path.removeprefix("/")


def _unknown(scheme: str) -> Refused:
    near = difflib.get_close_matches(scheme.lower(), SCHEMES, n=1, cutoff=0.5)
    known = ", ".join(f"{name}:" for name in SCHEMES)
    hint = f" Did you mean {near[0]}:?" if near else ""
    what = f"There is no destination of the kind {scheme}:." if near else "Unknown destination."
    return Refused(what, advice=f"Known kinds: {known}.{hint}")


SCHEMES: Mapping[str, Callable[[str, str], Destination]] = {
    "duckdb": _file(DuckDbDestination),
    "memory": _memory,
    "sqlite": _file(SqliteDestination),
}
