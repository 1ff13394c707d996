"""A sampled check against CODING itself: some records are asked for, one by one, and compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from headrace.core.compare import Nothing, compare
from headrace.core.ports import Mirror, Source
from headrace.core.record import Key, OnFile, Origin, Record, Seen
from headrace.core.stream import Scope, Strategy, Stream, to_record
from headrace.errors import NotFound, NotPermitted


@dataclass(slots=True)
class Sample:
    """What was found for one stream: how many records are the `same` at CODING.

    `newer`: changed there since they were read (a poll will bring them). `gone`: not there any
    more. `hidden`: not shown to this token. `different`: other content at the same update time,
    in a stream that is read by update times.
    """

    stream: str
    asked: int = 0
    same: int = 0
    newer: int = 0
    gone: int = 0
    hidden: int = 0
    different: list[Key] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Nothing speaks against the copy."""
        return not self.different

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {name: getattr(self, name) for name in self.__slots__}


def sample_stream(
    source: Source,
    mirror: Mirror,
    stream: Stream,
    scopes: Sequence[Scope],
    wanted: int,
    dice: Random,
) -> Sample | None:
    """Ask for up to `wanted` living records, drawn evenly. None where no Action shows one record.

    Sends a request for each. Raises `Unavailable` and `BadToken`.
    """
    if stream.lookup is None or stream.lookup.project is None:
        return None
    by_key = {scope.key: scope for scope in scopes}
    sample = Sample(stream.name)
    for filed in _drawn(mirror.records(stream.name), wanted, dice):
        scope = by_key.get(filed.record.scope)
        if scope is not None:
            sample.asked += 1
            _ask(source, stream, scope, filed, sample)
    return sample


def _drawn(records: Iterable[OnFile], wanted: int, dice: Random) -> list[OnFile]:
    """Reservoir sampling: one pass, each record as likely as any other."""
    drawn: list[OnFile] = []
    for number, record in enumerate(records):
        if number < wanted:
            drawn.append(record)
        elif (place := dice.randrange(number + 1)) < wanted:
            drawn[place] = record
    return drawn


def _ask(source: Source, stream: Stream, scope: Scope, filed: OnFile, sample: Sample) -> None:
    try:
        row = source.look_up(stream, scope, filed.record.key)
    except NotFound:
        sample.gone += 1
        return
    except NotPermitted:
        sample.hidden += 1
        return
    record = to_record(stream, scope, row)
    if not isinstance(record, Record):
        sample.different.append(filed.record.key)
        return
    verdict = compare(filed, Seen(record, filed.seen_at, Origin.CENSUS, partial=True))
    if verdict is Nothing.UNCHANGED:
        sample.same += 1
    elif stream.strategy is Strategy.DELTA and record.version == filed.record.version:
        sample.different.append(filed.record.key)
    else:
        sample.newer += 1
