"""Whether a mirror is sound: its records, bodies and counters held against its log.

Read only; memory for one short entry per key that the log still names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from headrace.core.change import Change, Op
from headrace.core.ports import Mirror
from headrace.core.record import Key, OnFile, digest_of

PROBLEMS_MAX = 20
_STEP = 1000
_Place = tuple[str, Key]


@dataclass(frozen=True, slots=True)
class Last:
    """The last change of a key that the log still holds; `digest` is None for a delete."""

    offset: int
    digest: bytes | None


@dataclass(slots=True)
class Fold:
    """What the log adds up to."""

    last: dict[_Place, Last] = field(default_factory=dict)
    ops: dict[str, Counter[Op]] = field(default_factory=dict)
    changes: int = 0


@dataclass(slots=True)
class Findings:
    """What was looked at, and what is wrong: the first sentences, and how many there are."""

    records: int = 0
    changes: int = 0
    count: int = 0
    problems: list[str] = field(default_factory=list)

    def note(self, problem: str) -> None:
        """One more."""
        self.count += 1
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(problem)


def examine(mirror: Mirror) -> Findings:
    """Look at every log entry and every living record. Nobody may write meanwhile.

    * each entry's `before` names the entry before it of the same key;
    * the record of each key in the log is what its last entry says; a deleted one is gone;
    * each body fits its digest;
    * per stream, inserts less deletes are the living records, and no counter is below the log.
    """
    findings = Findings()
    fold = _fold(mirror, findings)
    findings.changes = fold.changes
    living: Counter[str] = Counter()
    for stream in sorted({*mirror.counts(), *fold.ops}):
        for filed in mirror.records(stream):
            living[stream] += 1
            _look_at(filed, fold, findings)
    findings.records = living.total()
    _look_for_the_rest(mirror, fold, findings)
    _count(mirror, fold, living, findings)
    return findings


def _fold(mirror: Mirror, findings: Findings) -> Fold:
    fold = Fold()
    for change in _changes(mirror):
        place = (change.stream, change.key)
        previous = fold.last.get(place)
        if previous is not None:
            before = previous.offset if previous.digest is not None else 0
            if change.before_offset != before:
                findings.note(f"{_name(place)}: entry {change.offset} does not follow {before}")
        digest = None if change.after is None else digest_of(change.after)
        fold.last[place] = Last(change.offset, digest)
        fold.ops.setdefault(change.stream, Counter())[change.op] += 1
        fold.changes += 1
    return fold


def _changes(mirror: Mirror) -> Iterator[Change]:
    offset = 0
    while changes := mirror.log(offset, _STEP):
        yield from changes
        offset = changes[-1].offset


def _look_at(filed: OnFile, fold: Fold, findings: Findings) -> None:
    """One living record. What matches leaves the fold."""
    record, place = filed.record, (filed.record.stream, filed.record.key)
    if digest_of(record.body) != record.digest:
        findings.note(f"{_name(place)}: the body does not fit its digest")
    last = fold.last.pop(place, None)
    if last is not None and last != Last(filed.offset, record.digest):
        findings.note(f"{_name(place)}: the record is not what the log says last")


def _look_for_the_rest(mirror: Mirror, fold: Fold, findings: Findings) -> None:
    """Keys of the log without a living record: they must end in a delete."""
    for place, last in fold.last.items():
        filed = mirror.get(*place)
        if last.digest is not None:
            findings.note(f"{_name(place)}: the log has it, the records have not")
        elif filed is not None and filed.offset != last.offset:
            findings.note(f"{_name(place)}: the tombstone is not of the log's last delete")


def _count(mirror: Mirror, fold: Fold, living: Counter[str], findings: Findings) -> None:
    for stream, counts in mirror.counts().items():
        if counts.inserted - counts.deleted != living[stream]:
            findings.note(
                f"{stream}: {counts.inserted} inserts less {counts.deleted} deletes are not the"
                f" {living[stream]} records"
            )
    for stream, ops in fold.ops.items():
        told = mirror.counts().get(stream)
        logged = (ops[Op.READ] + ops[Op.INSERT], ops[Op.UPDATE], ops[Op.DELETE])
        known = (told.inserted, told.updated, told.deleted) if told else (0, 0, 0)
        if any(count < there for count, there in zip(known, logged, strict=True)):
            findings.note(f"{stream}: the counters {known} are below the log's {logged}")


def _name(place: _Place) -> str:
    return f"{place[0]} {place[1]}"
