"""Inboxes and mirrors to look into, kept open: each is opened once, and used by one at a time.

Opening checks a whole file, which takes its time with a large one.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from headrace.core.clock import Clock
from headrace.mirror.inbox import StoredInbox
from headrace.mirror.stored import StoredMirror
from headrace.mirror.urls import Store, mirror_file, open_inbox, open_mirror

OPEN_MAX = 32
Place = tuple[Store, str]  # of a mirror, beside which its inbox lies


class _Closes(Protocol):
    def close(self) -> None: ...


T = TypeVar("T", bound=_Closes)


class Kept(Generic[T]):
    """What `opens` gives, by place. `suffix` is that of its file, where it is one."""

    def __init__(self, opens: Callable[[Place], T], suffix: str) -> None:
        self._opens = opens
        self._suffix = suffix
        self._lock = threading.Lock()
        self._open: OrderedDict[Place, tuple[int, T]] = OrderedDict()

    @contextmanager
    def at(self, place: Place) -> Iterator[T | None]:
        """What lies there; None where no file does. Raises as `opens` does."""
        with self._lock:
            yield self._found(place)

    def _found(self, place: Place) -> T | None:
        number = self._number(place)
        known = self._open.get(place)
        if known is not None and known[0] != number:  # it went, or another came in its place
            self._open.pop(place)[1].close()
            known = None
        if number < 0:
            return None
        if known is None:
            known = self._open[place] = number, self._opens(place)
        self._open.move_to_end(place)
        while len(self._open) > OPEN_MAX:
            self._open.popitem(last=False)[1][1].close()
        return known[1]

    def _number(self, place: Place) -> int:
        """Which file it is, -1 for none; 0 in a database."""
        if not isinstance(place[0], Path):
            return 0
        try:
            return mirror_file(*place).with_suffix(self._suffix).stat().st_ino
        except OSError:
            return -1

    def close(self) -> None:
        """Close all."""
        with self._lock:
            for _, one in self._open.values():
                one.close()
            self._open.clear()


def kept_inboxes() -> Kept[StoredInbox]:
    """Inboxes by the place of their mirror."""
    return Kept(lambda place: open_inbox(*place), ".inbox")


def kept_mirrors(clock: Clock) -> Kept[StoredMirror]:
    """Mirrors, to look only."""

    def opens(place: Place) -> StoredMirror:
        return open_mirror(*place, clock.now_ms(), make=False, lock=False)

    return Kept(opens, ".mirror")
