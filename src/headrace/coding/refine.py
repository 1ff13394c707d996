"""What is left out or masked of each row before anything of it is stored.

Secrets and signed addresses always go; people's phone and e-mail are masked unless told otherwise;
any other field may be left out or masked by name.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from headrace.core.record import Body, encode_body
from headrace.core.stream import Stream, at_path

MASK_CHARS = 16


class Personal(StrEnum):
    """What becomes of people's phone numbers and e-mail addresses."""

    MASK = "mask"
    KEEP = "keep"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a connection wants. `leave_out` and `mask` map a stream's name to paths in its rows."""

    personal: Personal = Personal.MASK
    leave_out: Mapping[str, Sequence[str]] = field(default_factory=dict)
    mask: Mapping[str, Sequence[str]] = field(default_factory=dict)


class Refiner:
    """Trims rows. `key` makes masks that nobody without it can guess back; the same value gives the
    same mask, so masked columns can still be joined and counted."""

    def __init__(self, wishes: Wishes, key: bytes) -> None:
        self._wishes = wishes
        self._key = key
        self._plans: dict[str, tuple[Sequence[str], Sequence[str]]] = {}

    def __call__(self, stream: Stream, row: Body) -> Body:
        """The row as it may be stored; the one given is left as it is."""
        dropped, masked = self._plan(stream)
        if dropped or masked:
            row = _changed(row, dropped, lambda holder, name: holder.pop(name, None))
            row = _changed(row, masked, self._mask_at)
        return row

    def _plan(self, stream: Stream) -> tuple[Sequence[str], Sequence[str]]:
        known = self._plans.get(stream.name)
        if known is None:
            wishes = self._wishes
            dropped = [*stream.volatile, *wishes.leave_out.get(stream.name, ())]
            masked = [*wishes.mask.get(stream.name, ())]
            if wishes.personal is Personal.DROP:
                dropped += stream.personal
            elif wishes.personal is Personal.MASK:
                masked += stream.personal
            known = self._plans[stream.name] = (dropped, masked)
        return known

    def _mask_at(self, holder: Body, name: str) -> None:
        value = holder.get(name)
        if value not in (None, "", 0, [], {}):
            content = encode_body({"": value})
            holder[name] = hmac.digest(self._key, content, "sha256").hex()[:MASK_CHARS]


def without_volatile(stream: Stream, row: Body) -> Body:
    """The row without what its stream never keeps."""
    return _changed(row, stream.volatile, lambda holder, name: holder.pop(name, None))


def _changed(row: Body, paths: Iterable[str], change: Callable[[Body, str], Any]) -> Body:
    """A copy of the row, changed at every place that the paths name."""
    for path in paths:
        row = _copied(row, path.split("."))
        above, _, name = path.rpartition(".")
        for holder in _holders(row, above):
            change(holder, name)
    return row


def _copied(value: Any, names: Sequence[str]) -> Any:
    """Copies of the objects and lists on the way to a path."""
    if isinstance(value, list):
        return [_copied(item, names) for item in value]
    if not isinstance(value, dict) or not names:
        return value
    made = dict(value)
    if len(names) > 1 and names[0] in made:
        made[names[0]] = _copied(made[names[0]], names[1:])
    return made


def _holders(row: Body, path: str) -> list[Body]:
    """The objects at a path; where a list stands on the way, those in it."""
    found: list[Any] = [row]
    for name in path.split(".") if path else ():
        inner = [at_path(holder, name) for holder in found if isinstance(holder, dict)]
        found = [item for one in inner for item in (one if isinstance(one, list) else [one])]
    return [holder for holder in found if isinstance(holder, dict)]
