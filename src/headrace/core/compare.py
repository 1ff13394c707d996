"""The comparison: the only place where a change is born.

A sighting is held against the record on file. Snapshot, poll, census and hook all come through
here, so an unchanged row makes no event and the counts are true.
"""

from __future__ import annotations

import enum

import msgspec

from headrace.core.change import Op
from headrace.core.record import (
    Gone,
    OnFile,
    Origin,
    Record,
    Seen,
    Sighting,
    digest_of,
    encode_body,
)


class Nothing(enum.Enum):
    """Why a sighting changed nothing."""

    UNCHANGED = "unchanged"
    STALE = "stale"
    ABSENT = "absent"


class Verdict(msgspec.Struct, frozen=True):
    """What a sighting means. `record` is the content to keep on file (None for a delete)."""

    op: Op
    record: Record | None


def compare(on_file: OnFile | None, sighting: Sighting) -> Verdict | Nothing:
    """Hold one sighting against the record on file. Pure.

    * A sighting sent before the last accepted one, or showing an older update time, is stale: it
      never overrules (Invariant 4 for records).
    * Content decides, not the update time: same time and other content is an update.
    * A key with a tombstone that is seen again later is an insert.
    """
    if on_file is not None and sighting.seen_at < on_file.seen_at:
        return Nothing.STALE
    if isinstance(sighting, Gone):
        if on_file is None or on_file.deleted:
            return Nothing.ABSENT
        return Verdict(Op.DELETE, None)
    if on_file is None:
        return Verdict(_first_op(sighting), sighting.record)
    if on_file.deleted:
        return Verdict(Op.INSERT, sighting.record)
    return _compare_living(on_file.record, sighting)


def _first_op(sighting: Seen) -> Op:
    return Op.READ if sighting.origin is Origin.SNAPSHOT else Op.INSERT


def _compare_living(filed: Record, sighting: Seen) -> Verdict | Nothing:
    seen = _complete(filed, sighting.record) if sighting.partial else sighting.record
    if filed.version is not None and seen.version is not None and seen.version < filed.version:
        return Nothing.STALE
    if seen.digest == filed.digest:
        return Nothing.UNCHANGED
    return Verdict(Op.UPDATE, seen)


def _complete(filed: Record, seen: Record) -> Record:
    """A partial sighting speaks for its own fields; the rest stays as it is on file."""
    body = encode_body({**filed.value(), **seen.value()})
    return Record(seen.stream, seen.key, seen.scope, seen.version, digest_of(body), body)
