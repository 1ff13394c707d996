"""What PostgreSQL's errors mean for a person. No address is repeated: it may hold a password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from headrace.errors import HeadraceError, Refused, Unavailable

_TRY_AGAIN_CLASSES = {"08", "25", "40", "53", "55", "57", "58"}
_TRY_AGAIN = {"23505", "42P06", "42P07"}  # two made the same table at the same moment
_MEND_CLASSES = {"28", "3D", "3F", "42", "XX"}
_MEND_WORDS = ("authentication failed", "does not exist", "permission denied", "no password")


@contextmanager
def sorted_errors() -> Iterator[None]:
    """Raise psycopg's errors as `Unavailable` or `Refused`; a mistake of our own stays as it is."""
    try:
        yield
    except psycopg.Error as error:
        found = _sorted_error(error)
        if found is None:
            raise
        raise found from error


def _sorted_error(error: psycopg.Error) -> HeadraceError | None:
    code = error.sqlstate or ""
    said = str(error).split("\n")[0].strip()
    if code in _TRY_AGAIN or code[:2] in _TRY_AGAIN_CLASSES:
        return _unavailable(f"{said} ({code})")
    if code[:2] in _MEND_CLASSES:
        return _refused(f"{said} ({code})")
    if code:
        return None
    if isinstance(error, psycopg.ProgrammingError):
        return _refused("the address of the store cannot be read")
    if any(words in str(error) for words in _MEND_WORDS):
        return _refused(said)
    return _unavailable(said) if isinstance(error, psycopg.OperationalError) else None


def _unavailable(said: str) -> Unavailable:
    return Unavailable(
        f"PostgreSQL could not read or write the mirror: {said}.",
        advice="Look whether the server runs, can be reached and has free space.",
    )


def _refused(said: str) -> Refused:
    return Refused(
        f"PostgreSQL refuses the mirror: {said}.",
        advice="Mend the store's address, its user or its rights; the user must be allowed to"
        " create a schema.",
    )
