"""Reaching one of dlt's destinations: its SQL for our notes, loads for rows, errors in our words.

Nothing of dlt's stays on this machine: each load is a pipeline of its own in a private folder that
goes with it, telemetry is off, and its log is silent (it would show statements and values).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import unquote

import dlt
from dlt.common.configuration import resolve_configuration
from dlt.common.configuration.exceptions import ConfigurationException
from dlt.common.configuration.specs import RuntimeConfiguration
from dlt.common.destination.exceptions import (
    DestinationTerminalException,
    DestinationUndefinedEntity,
)
from dlt.common.exceptions import DltException, MissingDependencyException
from dlt.common.runtime.run_context import active
from dlt.common.schema import Schema
from dlt.common.schema.utils import new_table
from dlt.load.exceptions import LoadClientJobException
from dlt.pipeline.exceptions import PipelineStepFailed

from headrace.destinations.addresses import DltAddress
from headrace.destinations.dlt.tables import SqlTables, Tables
from headrace.errors import BadRows, HeadraceError, Refused, TablesChanged, Unavailable

_STRATEGY = "insert-from-staging"  # never a table emptied before its new rows are there
_FILES = "filesystem"
_NAMES = "direct"  # names as they are, in their case


class Place:
    """A dataset in a destination of dlt. Nothing is held open between calls."""

    def __init__(self, address: DltAddress) -> None:
        _be_quiet()
        self._address = address
        self._destination = _destination(address)
        with self.plainly():
            capabilities = self._destination.capabilities()
        self.names_bytes_max: int = min(
            capabilities.max_identifier_length or 2**31,
            capabilities.max_column_identifier_length or 2**31,
        )
        self._in_files = address.name == _FILES
        self.strategy = "upsert" if self._in_files else "delete-insert"
        formats = [None, *(capabilities.supported_table_formats or ())]
        able = [one for one in formats if _replaces(capabilities, one, self.strategy)]
        if not able:
            raise Refused(
                f"With dlt's {address.name} rows cannot be replaced by their key: each repeat would"
                " double them.",
                advice="Name a database or a warehouse, or dlt's filesystem.",
            )
        self.table_format: Any = able[0]  # Athena replaces rows in Iceberg only, files in Delta

    @contextmanager
    def tables(self, known: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[Tables]:
        """The dataset's tables, connected; dlt knows these (columns as it describes them)."""
        stored: Any = _schema(known, self.table_format).to_dict()  # as if it had been: dlt insists
        schema = Schema.from_dict(stored)
        config = self._destination.spec()._bind_dataset_name(dataset_name=self._address.dataset)
        with self.plainly(), self._destination.client(schema, config) as client:
            if self._in_files:
                yield self._files(client, list(known))
            else:
                yield SqlTables(client, list(known))

    def make(self, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Make the dataset, and these tables and columns where they are missing."""
        with self.tables(tables) as made:
            made.make()

    def load(self, resources: Sequence[Any]) -> None:
        """Load resources, each one table, in one package. Raises `BadRows` for a table's values."""
        with tempfile.TemporaryDirectory(prefix="headrace-dlt-") as folder, self.plainly():
            pipeline = dlt.pipeline(
                "headrace",
                pipelines_dir=folder,
                destination=self._destination,
                dataset_name=self._address.dataset,
            )
            pipeline.config.restore_from_destination = False
            pipeline.config.enable_runtime_trace = False
            pipeline.runtime_config.intercept_signals = False
            try:
                pipeline.extract(resources, schema=_schema({}))
                pipeline.normalize()
                pipeline.load(raise_on_failed_jobs=True)
            finally:
                pipeline.deactivate()

    def _files(self, client: Any, known: Sequence[str]) -> Tables:
        from headrace.destinations.dlt.files import DeltaTables, is_reachable

        if not is_reachable(client.config):
            raise Refused(
                "Delta tables cannot be kept in what dlt's filesystem is told to use.",
                advice="Name a folder, or a bucket of S3, Google Cloud Storage or Azure.",
            )
        return DeltaTables(client, known)

    @contextmanager
    def plainly(self) -> Iterator[None]:
        """Sort what dlt raises; its messages hold settings, statements and values, and stay out."""
        try:
            yield
        except (DltException, ImportError, OSError) as error:
            raise self._sorted(error) from error

    def _sorted(self, error: BaseException) -> HeadraceError:
        table = ""
        while isinstance(error, PipelineStepFailed | LoadClientJobException):
            if isinstance(error, PipelineStepFailed):
                error = error.exception
            else:
                table = error.job_id.partition(".")[0]  # names here have no dots
                error = error.client_exception
        if not isinstance(error, Exception):
            raise error  # Ctrl-C, which dlt takes for a failure
        return self._said(error, table)

    def _said(self, error: BaseException, table: str) -> HeadraceError:
        name, kind = self._address.name, type(error).__name__
        if isinstance(error, MissingDependencyException | ImportError):
            return Refused(
                f"dlt's {name} needs packages that are not installed.",
                advice=f'Install them: pip install "dlt[{name}]".',
            )
        if isinstance(error, ConfigurationException):
            return Refused(
                f"dlt finds no credentials for {name}, or they are incomplete ({kind}).",
                advice="Write them into the URL, or set them as dlt documents it for its"
                f" configuration and environment (DESTINATION__{name.upper()}__CREDENTIALS__...).",
            )
        if isinstance(error, DestinationUndefinedEntity):
            return TablesChanged(
                f"A table in {name} is not as Headrace made it ({kind}).",
                advice="Start the task again: missing tables and columns are made and filled.",
            )
        if table and isinstance(error, DestinationTerminalException):
            return BadRows(
                f"{name} refused a row of table {table} ({kind}).", table=table,
                advice="Look for a rule (an index, a constraint) that somebody added to the table.",
            )  # fmt: skip
        return Unavailable(
            f"{name} could not be reached, or did not finish ({kind}).",
            advice="Check the address, the credentials and the rights to make schemas and tables.",
        )


def _replaces(capabilities: Any, table_format: Any, strategy: str) -> bool:
    """Whether such tables can be merged into by key, and replaced by what was loaded beside."""
    sample: Any = {**new_table("sample"), "table_format": table_format}

    def offered(strategies: Any, selector: Any) -> Any:
        return selector(strategies or (), table_schema=sample) if selector else strategies or ()

    merges = offered(
        capabilities.supported_merge_strategies, capabilities.merge_strategies_selector
    )
    replaces = offered(
        capabilities.supported_replace_strategies, capabilities.replace_strategies_selector
    )
    return strategy in merges and _STRATEGY in replaces


def _schema(tables: Mapping[str, Sequence[Mapping[str, Any]]], table_format: Any = None) -> Schema:
    normalizers: Any = {
        "names": _NAMES,
        "json": {"module": "dlt.common.normalizers.json.relational"},
    }
    schema = Schema("headrace", normalizers=normalizers)
    for name, columns in tables.items():
        described: Any = [{**column} for column in columns]
        schema.update_table(new_table(name, columns=described, table_format=table_format))
    return schema


def _destination(address: DltAddress) -> Any:
    factory = getattr(dlt.destinations, address.name, None)
    if address.name not in dlt.destinations.__all__ or factory is None:
        raise Refused(
            f"dlt has no destination {address.name}.",
            advice=f"It has: {', '.join(sorted(dlt.destinations.__all__))}.",
        )
    settings: dict[str, Any] = {"replace_strategy": _STRATEGY}
    if address.credentials and address.name == _FILES:
        settings["bucket_url"] = _bucket(address.credentials)
    elif address.credentials:
        settings["credentials"] = address.credentials
    return factory(**settings)


def _bucket(url: str) -> str:
    """A folder behind `filesystem:///`, with a fourth slash an absolute one; or a bucket's URL."""
    own = f"{_FILES}:///"
    found = unquote(url.removeprefix(own)) if url.startswith(own) else url
    if not found or set("%?#") & set(found) or found.startswith((f"{_FILES}:", "file:")):
        raise Refused(
            "This is no folder and no bucket for dlt's filesystem.",
            advice="Write dlt+filesystem:///folder, dlt+filesystem:////absolute/folder or"
            " dlt+filesystem://s3://bucket/prefix, without one of %, ? and # in it.",
        )
    return found


@cache
def _be_quiet() -> None:
    """Once a process, before dlt does it in its own way."""
    quiet = {"dlthub_telemetry": False, "log_level": "CRITICAL"}
    active().initialize_runtime(resolve_configuration(RuntimeConfiguration(), explicit_value=quiet))
