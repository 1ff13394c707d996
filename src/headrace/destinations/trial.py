"""Trying a destination out before a task begins: may tables be made there, and whose are they?"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, runtime_checkable

from headrace.core.schema import Table, Type
from headrace.destinations.tables import RESERVED
from headrace.errors import Refused


@runtime_checkable
class CanBeTried(Protocol):
    """A destination that can say beforehand what it would refuse."""

    def try_out(self, task: str, tables: Sequence[Table]) -> list[Refused]:
        """Make a table of no meaning, write to it and drop it again, where that can be done; and
        tell what `prepare` would refuse of these tables. Leaves nothing behind.

        Raises `Refused` where nothing may be written, `Unavailable` where it is not known.
        """
        ...


def probe_table() -> Table:
    """A table that nobody else makes."""
    return Table(f"{RESERVED}probe_{secrets.token_hex(4)}", (("id", Type.INTEGER),), ("id",))


def refusals(attempts: Iterable[Callable[[], object]]) -> list[Refused]:
    """What these attempts refuse, one after another."""
    found = []
    for attempt in attempts:
        try:
            attempt()
        except Refused as error:
            found.append(error)
    return found
