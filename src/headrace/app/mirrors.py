"""The maintenance of mirrors: what is in one, whether it is sound, and making it small."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headrace.app.session import mirror_path
from headrace.app.system import SystemClock
from headrace.config import ConnectionSettings
from headrace.engine.limits import Limits
from headrace.mirror.soundness import examine
from headrace.mirror.stored import StoredMirror
from headrace.mirror.survey import Held, survey
from headrace.mirror.urls import open_inbox, open_mirror, place_of

_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Place:
    """Which mirror: the store it lies in (a folder, or a URL) and its name there."""

    store: str | Path
    name: str

    def __str__(self) -> str:
        return place_of(self.store, self.name)


@dataclass(frozen=True, slots=True)
class Info:
    """What a mirror holds. `head` and `tail` bound the log; `inbox`: deliveries by state."""

    place: str
    bytes_used: int
    head: int
    tail: int
    streams: tuple[Held, ...]
    inbox: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "place": self.place,
            "bytes": self.bytes_used,
            "head": self.head,
            "tail": self.tail,
            "streams": {held.stream: held.as_dict() for held in self.streams},
            "inbox": dict(self.inbox),
        }


@dataclass(frozen=True, slots=True)
class Verified:
    """How much was looked at; `count` problems were found, `problems` names the first of them."""

    place: str
    records: int
    changes: int
    count: int
    problems: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Nothing is wrong."""
        return not self.count

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "place": self.place,
            "sound": self.sound,
            "records": self.records,
            "changes": self.changes,
            "problems_total": self.count,
            "problems": list(self.problems),
        }


@dataclass(frozen=True, slots=True)
class Compacted:
    """What went, and the size on disk before and after."""

    place: str
    changes_dropped: int
    deliveries_dropped: int
    bytes_before: int
    bytes_after: int

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {name: getattr(self, name) for name in self.__slots__}


def place_for(settings: ConnectionSettings, state: Path) -> Place:
    """Where the mirror of a connection and its chosen projects lies."""
    return Place(state, mirror_path(state, settings).stem)


def info(place: Place) -> Info:
    """What the mirror holds. Also while a sync runs. Raises `Refused` when there is no mirror."""
    with ExitStack() as stack:
        mirror = stack.enter_context(closing(open_place(place, lock=False)))
        inbox = stack.enter_context(closing(open_inbox(place.store, place.name)))
        stack.enter_context(mirror.snapshot())
        return Info(
            str(place), mirror.store.bytes_used(), mirror.head(), mirror.tail(),
            tuple(survey(mirror)), inbox.counts(),
        )  # fmt: skip


def verify(place: Place) -> Verified:
    """Check the mirror against itself: files, bodies, log, counters. Also while a sync runs.

    Raises `Refused` when there is no mirror, or when its file is so damaged that it cannot be
    opened.
    """
    with closing(open_place(place, lock=False)) as mirror, mirror.snapshot():
        damages = mirror.store.damages()
        found = examine(mirror)
    return Verified(
        str(place), found.records, found.changes, found.count + len(damages),
        (*damages, *found.problems),
    )  # fmt: skip


def compact(place: Place, *, limits: Limits | None = None, now_ms: int | None = None) -> Compacted:
    """Drop what is older than the limits and give the room back to the disk.

    Raises `Refused` while a sync runs, and `Unavailable` when the disk has no room for a copy.
    """
    limits = limits or Limits()
    now_ms = SystemClock().now_ms() if now_ms is None else now_ms
    log_ms, tombstones_ms = (int(d * _DAY_MS) for d in (limits.log_days, limits.tombstone_days))
    with closing(open_place(place, lock=True)) as mirror:
        before = mirror.store.bytes_used()
        dropped = mirror.prune(
            before_ms=now_ms - log_ms, tombstones_before_ms=now_ms - tombstones_ms
        )
        with closing(open_inbox(place.store, place.name)) as inbox:
            deliveries = inbox.prune(before_ms=now_ms - log_ms)
        mirror.store.vacuum()
        return Compacted(str(place), dropped, deliveries, before, mirror.store.bytes_used())


def open_place(place: Place, *, lock: bool) -> StoredMirror:
    """The mirror that lies there. `Refused` where there is none; with `lock` while it is used."""
    now_ms = SystemClock().now_ms()
    return open_mirror(place.store, place.name, now_ms, make=False, lock=lock)
