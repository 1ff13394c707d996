"""The data files of one Delta table: Parquet, written and read as Arrow, and what is known of each.

Files are never changed. One that a write makes counts only once a commit names it, and is taken
away by the table's next vacuum if none ever does.
"""

from __future__ import annotations

import json
import time
import uuid
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.transaction import AddAction, RemoveAction

from headrace.destinations.delta.store import Store, plainly

READ_ROWS = 5_000
_FORMAT: Mapping[
    str, Any
] = {  # without dictionaries: half the time, and zstd finds repeats as well
    "compression": "zstd",
    "compression_level": 1,
    "use_dictionary": False,
}
_TEXT_BOUND_MAX = 64  # longer texts get no bounds: they would fill the log
_BOUNDED = (pa.types.is_int64, pa.types.is_string)


@dataclass(slots=True)
class Part:
    """A data file. `bounds`: smallest and largest value of key columns, where known. `gone`: rows,
    by number, that the next version leaves out. `add`: for a file not committed yet."""

    path: str
    size: int
    rows: int
    bounds: Mapping[str, tuple[Any, Any]]
    gone: set[int] = field(default_factory=set)
    add: AddAction | None = None

    def may_hold(self, wanted: Mapping[str, Sequence[Any]]) -> bool:
        """Whether a row may have one of the wanted values (sorted) in each of these columns."""
        for name, values in wanted.items():
            low, high = self.bounds.get(name, (None, None))
            if low is not None and high is not None:
                place = bisect_left(values, low)
                if place == len(values) or values[place] > high:
                    return False
        return True

    def removal(self) -> RemoveAction:
        """What takes the file out of the table."""
        return RemoveAction(self.path, True, _now_ms(), size=self.size, partition_values={})


class Files:
    """Reads and writes the data files of the table `name`; all have (a part of) `schema`."""

    def __init__(self, store: Store, name: str, schema: Any) -> None:
        self.schema = schema
        self._name = name
        self._system = store.files(name)

    def parts(self, table: DeltaTable, names: Sequence[str] = ()) -> list[Part]:
        """The files of the table as opened, with the bounds of these columns."""
        with plainly(self._name):
            rows = pa.table(table.get_add_actions(flatten=True)).to_pylist()
            return [self._part(row, names) for row in rows]

    def read(self, part: Part, names: Sequence[str] = ()) -> Any:
        """All rows of a file, as a `pyarrow.Table`; of the columns `names` alone if given."""
        wanted = pa.schema([self.schema.field(name) for name in names]) if names else self.schema
        with plainly(self._name), self._opened(part.path) as file:
            present = [name for name in wanted.names if name in file.schema_arrow.names]
            return fitted(file.read(columns=present), wanted)

    def chunks(self, part: Part, rows_max: int = READ_ROWS) -> Iterator[Any]:
        """The rows of a file in order, some at a time."""
        with plainly(self._name), self._opened(part.path) as file:
            for batch in file.iter_batches(batch_size=rows_max):
                yield fitted(pa.Table.from_batches([batch]), self.schema)

    def write(self, rows: Any, key: Sequence[str]) -> Part:
        """A new file of these rows."""
        path = f"part-{uuid.uuid4()}.zstd.parquet"
        with plainly(self._name):
            pq.write_table(rows, path, filesystem=self._system, **_FORMAT)
            size = self._system.get_file_info(path).size
        bounds = {name: _bounds(rows[name]) for name in rows.column_names if name in key}
        add = AddAction(path, size, {}, _now_ms(), True, _stats(rows, bounds))
        return Part(path, size, len(rows), bounds, add=add)

    def remove(self, part: Part) -> None:
        """Delete a file that no commit has named."""
        with plainly(self._name):
            self._system.delete_file(part.path)

    def _part(self, row: Mapping[str, Any], names: Sequence[str]) -> Part:
        count = row["num_records"]
        if count is None:  # written by somebody who keeps no statistics
            with self._opened(row["path"]) as file:
                count = file.metadata.num_rows
        bounds = {n: (row.get(f"min.{n}"), row.get(f"max.{n}")) for n in names}
        return Part(row["path"], row["size_bytes"], count, bounds)

    def _opened(self, path: str) -> Any:
        source = self._system.open_input_file(path)
        return pq.ParquetFile(source, coerce_int96_timestamp_unit="us")


def fitted(rows: Any, schema: Any) -> Any:
    """The rows with just the columns of the schema, in its order and types; NULL where missing."""
    empty = {f.name: pa.nulls(len(rows), f.type) for f in schema if f.name not in rows.column_names}
    columns = [empty[f.name] if f.name in empty else rows[f.name].cast(f.type) for f in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _bounds(values: Any) -> tuple[Any, Any]:
    if not any(is_one(values.type) for is_one in _BOUNDED):
        return None, None
    found = pc.min_max(values).as_py()
    low, high = found["min"], found["max"]
    if isinstance(high, str) and max(len(low), len(high)) > _TEXT_BOUND_MAX:
        return None, None
    return low, high


def _stats(rows: Any, bounds: Mapping[str, tuple[Any, Any]]) -> str:
    """What engines skip files by: counts, and bounds of keys, numbers and times."""
    known = dict(bounds)
    for column in rows.schema:
        if pa.types.is_int64(column.type):
            known.setdefault(column.name, _bounds(rows[column.name]))
        elif pa.types.is_timestamp(column.type):
            found = pc.min_max(rows[column.name]).as_py()
            known[column.name] = (_iso(found["min"]), _iso(found["max"]))
    bounded = {name: both for name, both in known.items() if both[0] is not None}
    return json.dumps(
        {
            "numRecords": len(rows),
            "minValues": {name: low for name, (low, _) in bounded.items()},
            "maxValues": {name: high for name, (_, high) in bounded.items()},
            "nullCount": {name: rows[name].null_count for name in rows.column_names},
        },
        ensure_ascii=False,
    )


def _iso(moment: Any) -> str | None:
    """A time as Delta's statistics spell it: ours are whole milliseconds."""
    if moment is None:
        return None
    text: str = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    return f"{text}Z"


def _now_ms() -> int:
    return int(time.time() * 1000)
