"""Tables of dlt's filesystem: Delta tables, each in a folder of its own, in a folder or a bucket.

dlt merges and replaces them; here they are made, read and looked after with delta-rs, with the
credentials that dlt found. A commit is atomic for its table, and a reader keeps its version.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable, Field, write_deltalake
from deltalake.exceptions import DeltaError, TableNotFoundError
from dlt.common.configuration.specs.mixins import WithObjectStoreRsCredentials
from dlt.common.destination.exceptions import (
    DestinationTransientException,
    DestinationUndefinedEntity,
)
from dlt.common.libs.deltalake import deltalake_storage_options

from headrace.destinations.dlt.tables import CHUNK_ROWS, Found, Rows
from headrace.errors import Refused

_CONFIG: Mapping[str, str | None] = {
    "delta.checkpointInterval": "10",
    "delta.logRetentionDuration": "interval 1 days",
    "delta.deletedFileRetentionDuration": "interval 1 days",
}
_SMALL_BYTES = 32 * 2**20
_SMALL_FILES_MAX = 30
_LOADS_MAX = 100  # dlt leaves a file for each load
_ARROW: Mapping[str, Any] = {
    "text": pa.string(),
    "bigint": pa.int64(),
    "bool": pa.bool_(),
    "timestamp": pa.timestamp("us", "UTC"),
}


def is_reachable(config: Any) -> bool:
    """Whether delta-rs reaches the files that dlt's settings name."""
    known = isinstance(config.credentials, WithObjectStoreRsCredentials)
    return bool(config.is_local_filesystem) or known


class DeltaTables:
    """See `Tables`."""

    def __init__(self, client: Any, known: Sequence[str]) -> None:
        self._client = client
        self._known = known
        config = client.config
        self._options = deltalake_storage_options(
            config.credentials, config.deltalake_storage_options
        )

    def make(self) -> None:
        """See `Tables.make`."""
        self._check_free()
        self._client.initialize_storage()
        for name in self._known:
            fields = pa.schema(
                [
                    (column, _arrow(described))
                    for column, described in self._client.schema.get_table_columns(name).items()
                ]
            )
            with _sorted():
                if self._is_delta(name):
                    _widen(self._open(name), fields)
                else:
                    DeltaTable.create(
                        self._uri(name), fields, mode="ignore", configuration=_CONFIG,
                        storage_options=self._options,
                    )  # fmt: skip

    def drop(self, names: Sequence[str]) -> None:
        """See `Tables.drop`. There is no staging dataset."""
        self._client.drop_tables(*names, delete_schema=False)

    def find(self, names: Sequence[str]) -> Found:
        """See `Tables.find`. What is no Delta table but has files is there, too."""
        with _sorted():
            return {name: self._columns(name) for name in names}

    def select(
        self, name: str, columns: Sequence[str], where: str = "", among: Sequence[str] = ()
    ) -> Iterator[Rows]:
        """See `Tables.select`. Rows of one version."""
        if where and not among:
            return
        read = [*columns, *([where] if where and where not in columns else [])]
        with _sorted():
            found = self._open(name).to_pyarrow_dataset()
            for batch in found.to_batches(read, batch_size=CHUNK_ROWS, batch_readahead=1):
                # Sorted out here: a filter of the data set's fails on delta-rs' statistics.
                chosen = _among(batch, where, among) if where else batch
                if len(chosen):
                    yield list(zip(*(chosen[c].to_pylist() for c in columns), strict=True))

    def insert(self, name: str, row: Mapping[str, Any]) -> None:
        """See `Tables.insert`."""
        with _sorted():
            table = self._open(name)
            schema = pa.schema(table.schema())
            write_deltalake(table, pa.Table.from_pylist([dict(row)], schema), mode="append")

    def delete_older(self, name: str, task: str, epoch: int, number: int) -> None:
        """See `Tables.delete_older`. The notes' older versions go, too."""
        literal = "'" + task.replace("'", "''") + "'"
        with suppress(DestinationTransientException), _sorted():
            table = self._open(name)
            table.delete(
                f"task = {literal} AND (epoch < {epoch} OR (epoch = {epoch} AND number < {number}))"
            )
            self._tidy(table)

    def tend(self, names: Sequence[str]) -> None:
        """See `Tables.tend`. What fails here harms nobody."""
        for name in names:
            with suppress(DestinationTransientException), _sorted():
                table = self._open(name)
                sizes = pa.table(table.get_add_actions(flatten=True))["size_bytes"].to_pylist()
                if sum(size < _SMALL_BYTES for size in sizes) > _SMALL_FILES_MAX:
                    self._tidy(table)
                    self._drop_loads()

    def _check_free(self) -> None:
        """dlt takes no folder that it did not make; an empty one does not matter."""
        client = self._client
        if not client.config.is_local_filesystem or client.is_storage_initialized():
            return
        if client.fs_client.exists(client.dataset_path):
            try:
                client.fs_client.rmdir(client.dataset_path)
            except OSError as error:
                raise Refused(
                    f"There is a {client.dataset_name} in the folder that dlt did not make.",
                    advice="Move it away, or choose another dataset: it was not touched.",
                ) from error

    def _tidy(self, table: DeltaTable) -> None:
        table.optimize.compact()
        table.vacuum(dry_run=False)

    def _drop_loads(self) -> None:
        files = sorted(self._client.list_table_files(self._client.schema.loads_table_name))
        for path in files[:-_LOADS_MAX]:
            self._client.fs_client.rm_file(path)

    def _columns(self, name: str) -> dict[str, str | None]:
        if self._is_delta(name):
            fields = self._open(name).schema().fields
            return {field.name.lower(): None for field in fields}
        [(_, columns)] = self._client.get_storage_tables([name])
        return dict.fromkeys(columns and ["?"])

    def _uri(self, name: str) -> str:
        return str(self._client.get_open_table_location("delta", name))

    def _is_delta(self, name: str) -> bool:
        return bool(DeltaTable.is_deltatable(self._uri(name), self._options))

    def _open(self, name: str) -> DeltaTable:
        return DeltaTable(self._uri(name), storage_options=self._options)


def _among(rows: Any, where: str, among: Sequence[str]) -> Any:
    values = rows[where].cast(pa.string())
    return rows.filter(pc.is_in(values, pa.array(among, pa.string())))


def _widen(table: DeltaTable, wanted: Any) -> None:
    found = {field.name.lower() for field in table.schema().fields}
    new = [Field.from_arrow(field) for field in wanted if field.name.lower() not in found]
    if new:
        table.alter.add_columns(new)


def _arrow(described: Mapping[str, Any]) -> Any:
    if described["data_type"] == "decimal":
        return pa.decimal128(described["precision"], described["scale"])
    return _ARROW[described["data_type"]]


@contextmanager
def _sorted() -> Iterator[None]:
    """In dlt's words what delta-rs raises."""
    try:
        yield
    except TableNotFoundError as error:
        raise DestinationUndefinedEntity(error) from error
    except (DeltaError, pa.ArrowException) as error:
        raise DestinationTransientException(type(error).__name__) from error
