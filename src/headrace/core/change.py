"""Changes: the entries of the mirror's log, born in `compare` and nowhere else."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import msgspec

from headrace.core.record import Key, Origin


class Op(enum.StrEnum):
    """What happened to a key. `READ` is the first sight of a record, in a snapshot."""

    READ = "read"
    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"

    @property
    def letter(self) -> str:
        """The letter used by Debezium: r, c, u, d."""
        return {"read": "r", "insert": "c", "update": "u", "delete": "d"}[self.value]


class Change(msgspec.Struct, frozen=True):
    """One entry of the log.

    `after` is None for a delete, `before` None for a first sight; both are canonical JSON.
    `before_offset` and `before_at` tell the previous change of this key (0 for none); `at` is the
    moment of noticing in ms UTC.
    """

    offset: int
    stream: str
    key: Key
    op: Op
    after: bytes | None
    before: bytes | None
    before_offset: int
    before_at: int
    at: int
    origin: Origin


@dataclass(slots=True)
class Counts:
    """What a pass, a task or a table did. Sums of what `compare` said (Invariant 9)."""

    read: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0
    stale: int = 0
    rejected: int = 0
    calls: int = 0

    def add(self, other: Counts) -> None:
        """Add another's figures to these."""
        self.read += other.read
        self.inserted += other.inserted
        self.updated += other.updated
        self.deleted += other.deleted
        self.unchanged += other.unchanged
        self.stale += other.stale
        self.rejected += other.rejected
        self.calls += other.calls

    def as_dict(self) -> dict[str, int]:
        """Names and figures, for `--json` and tables."""
        return {name: getattr(self, name) for name in self.__slots__}
