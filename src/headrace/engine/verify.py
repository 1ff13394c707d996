"""Is the copy equal to the source? Counts and content digests, table by table.

A digest does not depend on the order of rows: every living row is hashed over its canonical values
and the hashes are added up modulo 2^128 (added, not xor-ed, so that a doubled row shows).

Canonical values, in the order of the table's columns: integers and booleans as they are, times as
ms since 1970 UTC, decimals as plain text without zeros at the end, JSON with its keys sorted, text
as it is, nothing as null. Left out are the columns Headrace adds: `_deleted_at`, `_changed_at`,
`_offset`, `valid_from` and `valid_to`; `_extra` holds CODING's content and counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from headrace.core.ports import Destination
from headrace.core.record import OnFile, decode_json
from headrace.core.schema import META, Columns, Table, Type
from headrace.engine.modes import TableWriter
from headrace.engine.tables import TaskTables

Chunks = Iterable[Columns]

DIFFERING_MAX = 10
_CHUNK_ROWS = 2000
_BITS = 128
_ADDED = frozenset({*(name for name, _ in META), "valid_from", "valid_to"})
_ENDED = ("_deleted_at", "valid_to")  # a row with one of these set no longer lives
_encoder = msgspec.json.Encoder(order="sorted")


class Digest(NamedTuple):
    """How many living rows there are, and 32 hex digits that stand for their content."""

    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """One table held against its source. `differing`: the first keys that are not alike."""

    table: str
    source: Digest
    copy: Digest
    differing: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether counts and contents are the same."""
        return self.source == self.copy

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "table": self.table,
            "source": self.source._asdict(),
            "copy": self.copy._asdict(),
            "equal": self.equal,
            "differing": list(self.differing),
        }


def digest_rows(table: Table, chunks: Chunks) -> Digest:
    """Count and digest of a table's living rows, in any order. Pure; one pass."""
    rows, total = 0, 0
    for _, content in _hashed(table, chunks):
        rows += 1
        total += int.from_bytes(content)
    return Digest(rows, f"{total % 2**_BITS:0{_BITS // 4}x}")


def compare_table(
    table: Table,
    source: Callable[[], Chunks],
    copy: Callable[[], Chunks],
    *,
    differing_max: int = DIFFERING_MAX,
) -> Verdict:
    """Hold a table's copy against its source. Both are read again only if their digests differ."""
    wanted, found = digest_rows(table, source()), digest_rows(table, copy())
    if wanted == found:
        return Verdict(table.name, wanted, found)
    keys = tuple(islice(_differing(table, source(), copy()), differing_max))
    return Verdict(table.name, wanted, found, keys)


def compare_stream(
    tables: TaskTables,
    stream: str,
    source: Callable[[], Iterable[OnFile]],
    destination: Destination,
) -> Iterator[Verdict]:
    """The verdicts on a stream's tables: records of the source against a task's destination.

    What the destination cannot keep is expected as it would be written.
    """
    writer = tables.writers[stream]
    for table in writer.tables:

        def wanted(table: Table = table) -> Chunks:
            rows = source_rows(writer, table, source())
            return (tables.fit(table, chunk) for chunk in rows)

        def found(table: Table = table) -> Chunks:
            return destination.read(table)

        yield compare_table(table, wanted, found)


def source_rows(writer: TableWriter, table: Table, records: Iterable[OnFile]) -> Iterator[Columns]:
    """What the task would write into one of its tables for these records."""
    left = iter(records)
    while chunk := list(islice(left, _CHUNK_ROWS)):
        for batch in writer.fill(chunk):
            if batch.table.name == table.name:
                yield batch.rows


def _differing(table: Table, source: Chunks, copy: Chunks) -> Iterator[str]:
    """Keys that are on one side only, doubled, or with another content: missing ones first."""
    expected = dict(_hashed(table, source))
    surplus = []
    for key, content in _hashed(table, copy):
        if expected.get(key) == content:
            del expected[key]
        else:
            surplus.append(key)
    yield from dict.fromkeys([*expected, *surplus])


def _hashed(table: Table, chunks: Chunks) -> Iterator[tuple[str, bytes]]:
    """Key and content hash of every living row."""
    columns = [(name, kind) for name, kind in table.columns if name not in _ADDED]
    names = [name for name, _ in columns]
    key = [names.index(name) for name in table.key if name in names]
    for chunk in chunks:
        if not len(chunk):
            continue
        values = [_canonical(kind, chunk.values[name]) for name, kind in columns]
        ended = [chunk.values[name] for name in _ENDED if name in chunk.values]
        for index, row in enumerate(zip(*values, strict=True)):
            if all(moments[index] is None for moments in ended):
                content = hashlib.blake2b(_encoder.encode(row), digest_size=_BITS // 8).digest()
                yield _encoder.encode([row[place] for place in key]).decode(), content


def _canonical(kind: Type, values: list[Any]) -> list[Any]:
    if kind is Type.DECIMAL:
        return [None if value is None else _plain(value) for value in values]
    if kind is Type.JSON:
        return [None if value is None else decode_json(value.encode()) for value in values]
    return values


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
