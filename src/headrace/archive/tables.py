"""The tables: every record of the mirror, one JSON line each, as CODING sent it and as it was kept.

No schema stands between: what the mirror knows is here in full, and opens with any tool.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from headrace.archive.durable import Stored, write_whole
from headrace.core.clock import Clock
from headrace.core.ports import Mirror

FOLDER = "tables"


def write_table(root: Path, mirror: Mirror, stream: str, clock: Clock) -> tuple[Stored, int]:
    """Write a stream's records. Returns the file and how many they are."""
    rows = 0

    def lines() -> Iterator[bytes]:
        nonlocal rows
        for filed in mirror.records(stream):
            rows += 1
            clock.sleep(0)
            yield filed.record.body + b"\n"

    return write_whole(root, f"{FOLDER}/{stream}.jsonl", lines()), rows


def write_rejects(root: Path, mirror: Mirror) -> Stored | None:
    """Write the rows that were set aside, with their reasons; None where there are none."""
    rejects = [
        {"stream": r.stream, "scope": r.scope, "reason": r.reason, "row": msgspec.Raw(r.body)}
        for r in mirror.rejects()
    ]
    if not rejects:
        return None
    lines = (msgspec.json.encode(reject) + b"\n" for reject in rejects)
    return write_whole(root, f"{FOLDER}/_set_aside.jsonl", lines)
