"""What a first copy costs: calls to CODING and time at our rates, told from one place of each
stream. An estimate by the order of magnitude: other places may hold more or less.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from headrace.coding.pacing import UNSTATED_PER_SECOND
from headrace.coding.rates import RATES_PER_SECOND
from headrace.core.stream import Paging, Stream


class Cost(NamedTuple):
    """What reading a stream whole takes. `calls` None: nothing tells how much there is."""

    stream: str
    calls: int | None
    seconds: float


def first_copy(streams: Sequence[Stream], rows: Mapping[str, int]) -> Iterator[Cost]:
    """The cost of each, one after another; parents come before their children. `rows`: how many
    there are in one place, for streams whose total CODING tells."""
    records: dict[str, float | None] = {}
    for stream in streams:
        places, each = _places(stream, records), rows.get(stream.name)
        records[stream.name] = places * each if None not in (places, each) else None  # type: ignore[operator]
        if stream.is_derived:
            yield Cost(stream.name, 0, 0.0)
        elif places is None:
            yield Cost(stream.name, None, 0.0)
        else:
            calls = math.ceil(places * _pages(stream, each))
            rate = RATES_PER_SECOND.get(stream.listing.action, UNSTATED_PER_SECOND)
            yield Cost(stream.name, calls, calls / rate)


def _places(stream: Stream, records: Mapping[str, float | None]) -> float | None:
    """In how many places it is listed."""
    if stream.parent is None:
        return 1
    fan = math.prod(len(values) for values in stream.parent.fan.values())
    if not stream.parent.stream:
        return fan
    parents = records.get(stream.parent.stream)
    return parents * fan if parents is not None else None


def _pages(stream: Stream, each: int | None) -> int:
    paged = stream.listing.paging not in (Paging.NONE, Paging.EACH)
    return max(1, math.ceil((each or 0) / stream.listing.size)) if paged else 1
