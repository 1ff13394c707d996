"""What a source's mirror holds: how many records of each stream, and the first of them as rows.

Rows are those that a task in mirror mode writes: typed, with masks applied, child tables beside
them. CODING is not asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from headrace.app.serving.platform import Platform
from headrace.app.serving.views import source
from headrace.coding.streams import CATALOGUE, find
from headrace.core.learning import Learned, extended
from headrace.core.ports import Batch
from headrace.core.record import OnFile
from headrace.core.schema import META, Column, Type
from headrace.core.stream import Stream
from headrace.engine.modes import Deletes, TableWriter, Write
from headrace.errors import Refused
from headrace.mirror.stored import StoredMirror

View = dict[str, Any]
ROWS_MAX = 100
TEXT_MAX = 2_000
_CHILD_ROWS_MAX = 500
_WHOLE_MAX = 2**53


def streams(platform: Platform, connection_id: int) -> list[View]:
    """Every stream, with how many records the mirror holds of it; None without a mirror."""
    with _mirror(platform, connection_id) as mirror:
        counts = None if mirror is None else {s.name: mirror.count(s.name) for s in CATALOGUE}
    return [
        {
            "name": one.name, "title": {"zh": one.title.zh, "en": one.title.en},
            "records": counts[one.name] if counts is not None else None,
            "tables": [one.name, *(child.name for child in one.schema.children)],
        }
        for one in CATALOGUE
    ]  # fmt: skip


def rows(platform: Platform, connection_id: int, name: str, limit: int) -> View:
    """The first rows of a stream's table and its child tables. Long texts are cut, and it is said.

    Raises `Refused` for a stream there is not.
    """
    if not any(one.name == name for one in CATALOGUE):
        raise Refused(f"There is no stream {name!r}.", advice="See the list of streams.")
    [stream] = find([name])
    with _mirror(platform, connection_id) as mirror:
        if mirror is None:
            filed: list[OnFile] = []
            learned: Learned = {}
            total = None
        else:
            filed = list(islice(mirror.records(name), limit))
            learned, total = mirror.learned(), mirror.count(name)
    whole = replace(stream, schema=extended(stream.schema, stream.name, learned))
    batches = TableWriter(whole, Write.MIRROR, Deletes.SOFT).fill(filed)
    return {
        "stream": name, "records": total,
        "tables": [_table(batch, whole, learned) for batch in batches],
    }  # fmt: skip


@contextmanager
def _mirror(platform: Platform, connection_id: int) -> Iterator[StoredMirror | None]:
    connection = source(platform, connection_id)
    whole = platform.connections.whole(connection_id)
    with platform.mirrors.at(platform.doors.places(connection, whole)[0]) as mirror:
        yield mirror


def _table(batch: Batch, stream: Stream, learned: Learned) -> View:
    table = batch.table
    children = {child.name: child.columns for child in stream.schema.children}
    known = {c.name: c for c in children.get(table.name, stream.schema.columns)}
    known = {**{c.name: c for c in stream.schema.columns if c.name in table.key}, **known}
    new = {column.name for column in learned.get(table.name, ())}
    columns = [_column(name, kind, known.get(name), name in new) for name, kind in table.columns]
    values = [batch.rows.values.get(name, []) for name, _ in table.columns]
    shown = list(islice(zip(*values, strict=True), _CHILD_ROWS_MAX)) if values else []
    kinds = [kind for _, kind in table.columns]
    return {
        "name": table.name, "key": list(table.key), "columns": columns,
        "rows": [[_plain(v, k) for v, k in zip(row, kinds, strict=True)] for row in shown],
        "cut": len(batch.rows) > len(shown),
    }  # fmt: skip


def _column(name: str, kind: Type, known: Column | None, learned: bool) -> View:
    meaning = {"zh": known.zh, "en": known.en} if known is not None else _META.get(name)
    return {"name": name, "type": kind.value, "meaning": meaning, "learned": learned}


def _plain(value: Any, kind: Type) -> Any:
    """A value for JSON: times as ISO 8601 in UTC; decimals and what is no number to a browser as
    texts."""
    if value is None:
        return None
    if kind is Type.TIMESTAMP:
        moment = datetime.fromtimestamp(value / 1000, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, int) and abs(value) >= _WHOLE_MAX:
        return str(value)
    if isinstance(value, str) and len(value) > TEXT_MAX:
        return f"{value[:TEXT_MAX]}…"
    return value


_WORDS = (
    ("CODING 不再有此行的时间", "when the row was gone at CODING"),
    ("最近一次变更被发现的时间", "when its last change was noticed"),
    ("该变更在日志中的位点", "the place of that change in the log"),
)
_META = {
    "_extra": {"zh": "没有对应列的字段", "en": "fields that have no column"},
    **{name: {"zh": zh, "en": en} for (name, _), (zh, en) in zip(META, _WORDS, strict=True)},
}
