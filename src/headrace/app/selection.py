"""What of the team is copied: which rows to keep, and whether the projects are in sight."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path

from headrace.app.sealing import mask_key
from headrace.coding.refine import Personal, Refiner, Wishes
from headrace.coding.source import Refine
from headrace.coding.streams import DEFAULTS, find
from headrace.coding.streams.issue import ISSUES
from headrace.coding.streams.team import PROJECTS
from headrace.config import ConnectionSettings, TaskSettings, key_from_environment
from headrace.core.ports import Ask, Mirror, Source
from headrace.core.record import Body
from headrace.core.stream import TEAM_SCOPE, Strategy, Stream, at_path
from headrace.errors import Refused

_PAGES_MAX = 200
_SHOWN_MAX = 5


_CODING_DAY = timezone(timedelta(hours=8))
# When a row was last touched, as far as it says so; the first that is there counts.
_TIMES = ("UpdatedAt", "UpdateAt", "CommitDate", "CreatedAt", "CreateAt")
EVERY = "*"


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Which rows of the chosen projects to copy. Empty means all.

    `iterations` and `issue_types` are names that an issue must have one of; `start` maps a stream
    to the first day (in CODING's time) whose rows are wanted; `*` stands for all that grow with
    time, so not for projects, depots and what else others hang on. `since_ms` is the same as `*`,
    to the millisecond; the later of both counts.
    """

    iterations: Sequence[str] = ()
    issue_types: Sequence[str] = ()
    start: Mapping[str, date] = field(default_factory=dict)
    since_ms: int = 0


def streams_of(task: TaskSettings) -> Sequence[Stream]:
    """The streams a task names; all but the optional ones if it names none."""
    return find(task.streams) if task.streams else DEFAULTS


def narrowing_of(settings: ConnectionSettings, since_ms: int = 0) -> Narrowing:
    """What the connection's settings say. Raises `Refused` for a stream there is not."""
    start: dict[str, date] = {}
    for item in settings.start:
        name, _, day = item.rpartition("=")
        for stream in find([name]) if name else ():
            start[stream.name] = date.fromisoformat(day)
        if not name:
            start[EVERY] = date.fromisoformat(day)
    return Narrowing(settings.iterations, settings.issue_types, start, since_ms)


def wishes_of(settings: ConnectionSettings) -> Wishes:
    """What is left out and masked. Raises `Refused` for a stream there is not."""
    return Wishes(
        Personal(settings.personal), _by_stream(settings.leave_out), _by_stream(settings.mask)
    )


def _by_stream(places: Sequence[str]) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for place in places:
        name, _, path = place.partition(".")
        for stream in find([name]):
            if path.partition(".")[0] in stream.key:
                raise Refused(f"{place} is part of the key of {name}: it has to stay as it is.")
            found.setdefault(stream.name, []).append(path)
    return found


class Selection:
    """Projects by name (none: all in sight), and what is narrowed within them."""

    def __init__(
        self, names: Sequence[str], mirror: Mirror, narrowing: Narrowing | None = None
    ) -> None:
        self._names = frozenset(names)
        self._mirror = mirror
        narrowing = narrowing or Narrowing()
        self._issues = {
            "Iteration.Name": frozenset(narrowing.iterations),
            "IssueTypeDetail.Name": frozenset(narrowing.issue_types),
        }
        self._start_ms = {name: _midnight_ms(day) for name, day in narrowing.start.items()}
        self._every_ms = max(self._start_ms.get(EVERY, 0), narrowing.since_ms)

    def keep(self, stream: Stream, row: Body) -> bool:
        """Whether a row belongs to the selection; a project once known stays, however renamed."""
        if stream.name == PROJECTS.name:
            return self._keep_project(row)
        if stream.name == ISSUES.name and not self._keep_issue(row):
            return False
        every = 0 if stream.strategy is Strategy.FULL else self._every_ms
        start_ms = self._start_ms.get(stream.name, every)
        touched = next((row[name] for name in _TIMES if isinstance(row.get(name), int)), None)
        return not start_ms or touched is None or touched >= start_ms

    def _keep_project(self, row: Body) -> bool:
        if not self._names or row.get("Name") in self._names:
            return True
        return self._mirror.get(PROJECTS.name, f"[{row.get('Id')}]") is not None

    def _keep_issue(self, row: Body) -> bool:
        return all(
            not wanted or at_path(row, path) in wanted for path, wanted in self._issues.items()
        )

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


def _midnight_ms(day: date) -> int:
    return int(datetime.combine(day, time(), _CODING_DAY).timestamp() * 1000)


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


def refiner(settings: ConnectionSettings, secrets: Path, streams: Sequence[Stream]) -> Refine:
    """What is done to every row of CODING. The key for masks, which lies in `secrets`, is made
    only where something is to be masked."""
    wishes = wishes_of(settings)
    masks = wishes.personal is Personal.MASK and any(s.personal for s in streams)
    key = mask_key(secrets, key_from_environment()) if masks or wishes.mask else b""
    return Refiner(wishes, key)
