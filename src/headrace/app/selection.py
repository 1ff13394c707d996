"""The chosen projects: which rows to keep, and whether each is in sight at all."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from headrace.coding.streams.team import PROJECTS
from headrace.core.ports import Ask, Mirror, Source
from headrace.core.record import Body
from headrace.core.stream import TEAM_SCOPE, Stream
from headrace.errors import Refused

_PAGES_MAX = 200
_SHOWN_MAX = 5


class Selection:
    """Projects by name. No name at all means every project in sight."""

    def __init__(self, names: Sequence[str], mirror: Mirror) -> None:
        self._names = frozenset(names)
        self._mirror = mirror

    def keep(self, stream: Stream, row: Body) -> bool:
        """Whether a row belongs to the selection; a project once known stays, however renamed."""
        if not self._names or stream.name != PROJECTS.name or row.get("Name") in self._names:
            return True
        return self._mirror.get(PROJECTS.name, f"[{row.get('Id')}]") is not None

    def check(self, source: Source) -> None:
        """Ask CODING for the projects in sight, unless the mirror knows the chosen ones.

        So a fresh mirror begins with an answer of CODING, or with what the call raises. A name
        the mirror does not know may be the old name of a project it does: so many are let pass.
        Raises `Refused`, with the nearest name in sight, for one that is missing.
        """
        filed = {str(f.record.value().get("Name")) for f in self._mirror.records(PROJECTS.name)}
        unknown = sorted(self._names - filed)
        if filed and len(unknown) <= len(filed - self._names):
            return
        in_sight = names_in_sight(source)
        missing = [name for name in unknown if name not in in_sight]
        if len(missing) > len(filed - self._names):
            raise _not_in_sight(missing[0], in_sight)


def names_in_sight(source: Source) -> list[str]:
    """The names of all projects the token may see. Pages are limited."""
    names: list[str] = []
    size = PROJECTS.listing.size
    for number in range(1, _PAGES_MAX + 1):
        page = source.list_page(PROJECTS, TEAM_SCOPE, Ask(number, size))
        names += [str(row.get("Name")) for row in page.rows if isinstance(row, dict)]
        if not page.rows or len(names) >= (page.total or 0):
            break
    return names


def _not_in_sight(name: str, in_sight: Sequence[str]) -> Refused:
    near = difflib.get_close_matches(name, in_sight, n=1, cutoff=0.5)
    if near:
        advice = f"Did you mean {near[0]}?"
    elif in_sight:
        more = ", ..." if len(in_sight) > _SHOWN_MAX else ""
        advice = f"In sight are: {', '.join(in_sight[:_SHOWN_MAX])}{more}."
    else:
        advice = "The token sees no project: check its scopes and its owner's projects."
    return Refused(f"There is no project {name!r} in this token's sight.", advice=advice)
