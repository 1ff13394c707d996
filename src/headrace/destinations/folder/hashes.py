"""The index of a data file: for each row, in order, 64 bits of its key and of its owner's key.

It says which rows may be meant; their keys are then read and compared. 8 bytes a row (16 where
rows have owners) are what a table of any width costs in memory.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

Values = tuple[Any, ...]


Span = tuple[Values, Values] | None  # the lowest and the highest; None where that is unknown


@dataclass(frozen=True, slots=True)
class Hashes:
    """Of rows, as Arrow arrays. `owner`: how many leading values of a key are its owner's; where
    that is 0, `owners` is empty. `span`: no key lies outside of it.
    """

    keys: Any
    owners: Any
    owner: int
    span: Span

    def __len__(self) -> int:
        return len(self.keys)

    @classmethod
    def of(cls, keys: Sequence[Values], owner: int = 0) -> Hashes:
        """Of rows with these keys."""
        owners = _hashed(key[:owner] for key in keys if owner)
        return cls(_hashed(keys), owners, owner, _span(keys))

    def take(self, places: Sequence[int]) -> Hashes:
        """Of the rows at these places."""
        at = pa.array(places, pa.int64())
        owners = self.owners.take(at) if self.owner else self.owners
        return Hashes(self.keys.take(at), owners, self.owner, self.span)

    def join(self, other: Hashes) -> Hashes:
        """Of both."""
        keys = pa.concat_arrays([self.keys, other.keys])
        owners = pa.concat_arrays([self.owners, other.owners])
        spans = [hashes.span for hashes in (self, other) if len(hashes)]
        known = [end for span in spans if span for end in span]
        whole = len(known) == 2 * len(spans)
        return Hashes(keys, owners, self.owner, _span(known) if whole else None)


def matches(parts: Sequence[Hashes], keys: Hashes, owners: Hashes) -> list[list[int]]:
    """For each part the places, rising, whose key or whose owner may be among these."""
    near = [_meet(part.span, keys) or _meet(part.span, owners, part.owner) for part in parts]
    places = iter(_places(list(compress(parts, near)), keys, owners))
    return [next(places) if is_near else [] for is_near in near]


def _places(parts: Sequence[Hashes], keys: Hashes, owners: Hashes) -> list[list[int]]:
    found = _marked([part.keys for part in parts], keys)
    if len(owners):
        by_owner = _marked([part.owners for part in parts], owners)
        found = by_owner if found is None else pc.or_(found, by_owner)
    places = [] if found is None else pc.indices_nonzero(found).to_pylist()
    return _split(places, [len(part) for part in parts])


def _marked(arrays: Sequence[Any], wanted: Hashes) -> Any:
    if not len(wanted):
        return None
    return pc.is_in(pa.chunked_array(arrays, pa.int64()), value_set=wanted.keys)


def _split(places: list[int], lengths: Sequence[int]) -> list[list[int]]:
    """Places in all parts together, as places in each."""
    split: list[list[int]] = [[] for _ in lengths]
    part, start = 0, 0
    for place in places:
        while place >= start + lengths[part]:
            start += lengths[part]
            part += 1
        split[part].append(place - start)
    return split


def _hashed(values: Iterable[Values]) -> Any:
    """Python's own hash, which differs from process to process: never stored."""
    numbers = array("q", map(hash, values))
    return pa.Array.from_buffers(pa.int64(), len(numbers), [None, pa.py_buffer(numbers)])


def _span(keys: Sequence[Values]) -> Span:
    try:
        return (min(keys), max(keys)) if keys else None
    except TypeError:  # NULL is neither lower nor higher
        return None


def _meet(span: Span, wanted: Hashes, length: int | None = None) -> bool:
    """Whether something wanted may lie within the span (of so many leading values)."""
    if not len(wanted) or span is None or wanted.span is None:
        return len(wanted) > 0
    try:
        return span[0][:length] <= wanted.span[1] and wanted.span[0] <= span[1][:length]
    except TypeError:
        return True
