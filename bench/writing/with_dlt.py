"""The jobs as dlt does them: Arrow tables made beforehand, a pipeline run each, merge by key."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from bench.writing import data
from headrace.core.schema import Columns
from headrace.destinations.arrow import to_arrow

Jobs = Mapping[str, Callable[[], None]]


def jobs(kind: str, url: str, folder: Path) -> Jobs:
    """What is timed, by name. Deletes are a merge with dlt's `hard_delete` hint."""
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"  # before it is imported
    os.environ["RUNTIME__LOG_LEVEL"] = "CRITICAL"
    import dlt

    pipeline = dlt.pipeline(
        "bench", pipelines_dir=str(folder / "pipelines"), destination=_destination(dlt, kind, url),
        dataset_name="loaded",
    )  # fmt: skip
    filling = to_arrow(data.ISSUES, data.rows(data.FILL_ROWS))
    versions = iter(range(1, 1_000_000))
    table_format = {"table_format": "delta"} if kind == "Delta" else {}

    def run(incoming: Any, disposition: Any) -> None:
        resource = dlt.resource(
            [incoming], name="issues", write_disposition=disposition,
            primary_key=list(data.ISSUES.key), **table_format,
        )  # fmt: skip
        pipeline.run(resource, loader_file_format="parquet" if kind != "SQLite" else None)

    def upsert(count: int) -> Callable[[], None]:
        return lambda: run(_arrow(data.rows(count, version=next(versions))), _merge(kind))

    return {
        "fill": lambda: run(filling, "replace"),
        "upsert": upsert(data.UPSERT_ROWS),
        "small": upsert(data.SMALL_ROWS),
        "single": upsert(1),
    }


def _merge(kind: str) -> Any:
    return {"disposition": "merge", "strategy": "upsert" if kind == "Delta" else "delete-insert"}


def _arrow(columns: Columns) -> Any:
    return to_arrow(data.ISSUES, columns)


def _destination(dlt: Any, kind: str, url: str) -> Any:
    path = unquote(urlsplit(url).path)[1:]
    if kind == "DuckDB":
        return dlt.destinations.duckdb(path)
    if kind == "PostgreSQL":
        return dlt.destinations.postgres(url.replace("@", ":unused@"))  # it wants a password
    if kind == "MariaDB":
        bare = url.partition("?")[0].replace("mysql://", "mysql+pymysql://")
        return dlt.destinations.sqlalchemy(bare)
    if kind == "SQLite":
        return dlt.destinations.sqlalchemy(f"sqlite:///{path}")
    return dlt.destinations.filesystem(f"file://{path}")
