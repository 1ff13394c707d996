"""Is a task's copy right? Held against the mirror, against CODING read afresh, or by samples."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from headrace.app.mirrors import open_place, place_for
from headrace.app.place import open_client
from headrace.app.selection import refiner, streams_of
from headrace.app.session import Session, task_of
from headrace.app.system import SystemClock
from headrace.coding.source import CodingSource
from headrace.coding.streams import CATALOGUE
from headrace.config import ConnectionSettings, TaskSettings
from headrace.core.learning import Learned
from headrace.core.ports import Destination, Mirror
from headrace.core.record import OnFile
from headrace.destinations.urls import open_destination
from headrace.engine.apply import Apply
from headrace.engine.filters import Filters, kept, parse_filters
from headrace.engine.limits import Limits
from headrace.engine.modes import Deletes, Write
from headrace.engine.sampling import Sample, sample_stream
from headrace.engine.scopes import ScopeTree
from headrace.engine.tables import TaskTables
from headrace.engine.verify import Verdict, compare_stream
from headrace.errors import Refused

_LOOKS_MAX = 3  # at a table whose source moved meanwhile


@dataclass(frozen=True, slots=True)
class Verification:
    """One verdict a table; `repaired` names streams that were filled again; `samples` of CODING."""

    verdicts: tuple[Verdict, ...]
    repaired: tuple[str, ...] = ()
    samples: tuple[Sample, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether all tables are equal now and no sample speaks against them."""
        return all(v.equal for v in self.verdicts) and all(s.sound for s in self.samples)

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "equal": self.equal,
            "tables": [verdict.as_dict() for verdict in self.verdicts],
            "repaired": list(self.repaired),
            "samples": [sample.as_dict() for sample in self.samples],
        }


def verify(
    settings: ConnectionSettings,
    task: TaskSettings,
    *,
    state: Path,
    repair: bool = False,
    live: int = 0,
    clock: SystemClock | None = None,
) -> Verification:
    """Hold the task's tables against its mirror; without `live`, CODING is not asked.

    `repair` fills what differs again from the mirror; nothing else may hold the mirror then.
    `live`: so many records of each stream that can be asked for are compared with CODING. Raises
    `Refused` for a task that writes bare changes, where there is no mirror yet, and for a repair
    while a sync runs.
    """
    _refuse_bare_changes(task)
    clock = clock or SystemClock()
    with ExitStack() as stack:
        place = place_for(settings, state)
        mirror = stack.enter_context(closing(open_place(place, lock=repair)))
        destination = stack.enter_context(closing(open_destination(task.destination)))
        verdicts = _settled(mirror, task, destination)
        wrong = _streams_of(task, [v.table for v in verdicts if not v.equal])
        if repair and wrong:
            apply = Apply(
                task=task_of(task, streams_of(task)), mirror=mirror, destination=destination,
                limits=Limits(),
            )  # fmt: skip
            apply.open()
            apply.drain()
            apply.refill(wrong)
            verdicts = _settled(mirror, task, destination)
        samples: tuple[Sample, ...] = ()
        if live:
            client = open_client(settings, clock, stack)
            source = CodingSource(client, refiner(settings, state, streams_of(task)))
            samples = tuple(_samples(source, mirror, task, live))
    return Verification(tuple(verdicts), tuple(wrong) if repair else (), samples)


def prove(
    settings: ConnectionSettings,
    task: TaskSettings,
    *,
    state: Path,
    destination: Destination | None = None,
    clock: SystemClock | None = None,
) -> list[Verdict]:
    """Read the source afresh, in a mirror of its own, and hold the task's tables against it.

    `state` is the folder of the task's own mirror, where the key for masks lies. Pass the
    `destination` if this process has it open. The verdict is exact while CODING stands
    still. Raises `Refused` for a task that writes bare changes: a log equals no table.
    """
    _refuse_bare_changes(task)
    with ExitStack() as stack:
        if destination is None:
            destination = stack.enter_context(closing(open_destination(task.destination)))
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="headrace-proof-"))
        names = [stream.name for stream in streams_of(task)]
        session = Session(
            settings, (), streams=names, state=Path(folder), secrets=state, clock=clock
        )
        stack.enter_context(session)
        session.once()
        return list(_verdicts(session.mirror, task, destination, _learned(settings, state)))


def _learned(settings: ConnectionSettings, state: Path) -> Learned:
    """What the task's own mirror has learned; nothing where there is none."""
    try:
        with closing(open_place(place_for(settings, state), lock=False)) as mirror:
            return mirror.learned()
    except Refused:
        return {}


def verdicts(
    mirror: Mirror, task: TaskSettings, destination: Destination, stream: str
) -> list[Verdict]:
    """Those on one stream's tables, held against the mirror as it is now. Raises `Refused` for a
    task that writes bare changes."""
    _refuse_bare_changes(task)
    return list(_verdicts(mirror, task, destination, mirror.learned(), only=stream))


def _settled(mirror: Mirror, task: TaskSettings, destination: Destination) -> list[Verdict]:
    """The verdicts; looked at again while tables differ and the mirror goes on moving."""
    for _ in range(_LOOKS_MAX):
        head = mirror.head()
        verdicts = list(_verdicts(mirror, task, destination, mirror.learned()))
        if all(verdict.equal for verdict in verdicts) or head == mirror.head():
            break
    return verdicts


def _verdicts(
    mirror: Mirror, task: TaskSettings, destination: Destination, learned: Learned, only: str = ""
) -> Iterator[Verdict]:
    filters = parse_filters(task.filters, streams_of(task))
    tables = TaskTables(
        streams_of(task), Write(task.write), Deletes(task.deletes), learned=learned,
        lossy=destination.lossy,
    )  # fmt: skip
    for stream in streams_of(task):
        if only in ("", stream.name):
            yield from compare_stream(
                tables, stream.name, partial(_kept, mirror, stream.name, filters), destination
            )


def _kept(mirror: Mirror, stream: str, filters: Filters) -> Iterator[OnFile]:
    return kept(filters, stream, mirror.records(stream))


def _samples(
    source: CodingSource, mirror: Mirror, task: TaskSettings, wanted: int
) -> Iterator[Sample]:
    scopes, dice = ScopeTree(CATALOGUE, mirror), Random()
    for stream in streams_of(task):
        sample = sample_stream(source, mirror, stream, scopes.of(stream), wanted, dice)
        if sample is not None and sample.asked:
            yield sample


def _streams_of(task: TaskSettings, tables: Sequence[str]) -> list[str]:
    """The streams that these tables belong to."""
    return [
        stream.name
        for stream in streams_of(task)
        if {stream.name, *(child.name for child in stream.schema.children)} & set(tables)
    ]


def _refuse_bare_changes(task: TaskSettings) -> None:
    if task.write == Write.CHANGES:
        raise Refused(
            f"Task {task.name} writes bare changes, which equal no table of CODING.",
            advice="Verify a task with write = mirror or history.",
        )
