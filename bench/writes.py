"""Writing to DuckDB: Headrace's destination, the bare insert it stands on, and dlt."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from bench.figures import Chapter, Figure, timed
from headrace.core.ports import Batch, Checkpoint
from headrace.core.schema import Columns, Table, Type
from headrace.destinations.arrow import to_arrow
from headrace.destinations.duckdb import DuckDbDestination

FILL_ROWS, UPSERT_ROWS, SMALL_ROWS, CHUNK_ROWS = 100_000, 1_000, 10, 5_000
FILLS, UPSERTS, SMALLS, DLT_RUNS = 3, 15, 15, 5
TABLES = tuple(
    Table(
        name,
        (
            ("project_id", Type.INTEGER), ("code", Type.INTEGER), ("name", Type.TEXT),
            ("description", Type.TEXT), ("status", Type.TEXT), ("assignee_id", Type.INTEGER),
            ("hours", Type.DECIMAL), ("is_system", Type.BOOLEAN), ("created_at", Type.TIMESTAMP),
            ("updated_at", Type.TIMESTAMP), ("_extra", Type.JSON), ("_offset", Type.INTEGER),
        ),
        ("project_id", "code"),
    )
    for name in ("issues", "iterations", "members", "labels")
)  # fmt: skip
_KEY = ("project_id", "code")


def run() -> Chapter:
    """Fill, upsert and small batch, by each writer into a file of its own."""
    figures = [*_headrace(), *_plain(), *_dlt()]
    return Chapter(
        "writes",
        "DuckDB writes, a transaction each",
        figures,
        [
            f"fill: {FILL_ROWS:,} rows after emptying the table; upsert: {UPSERT_ROWS:,} of them"
            f" by key; small: {SMALL_ROWS} rows over 4 tables by key. 12 columns.",
            "Headrace starts from lists of values and writes its checkpoint too. The plain writer"
            " is the floor: Arrow tables made beforehand, no checkpoint, no care for doubled keys.",
            "dlt is given Arrow tables made beforehand and merges by delete-insert; each run is a"
            " pipeline run (normalize, load) with its own state.",
        ],
    )


def rows(count: int, *, version: int = 0, first: int = 0) -> Columns:
    """Artificial rows as canonical values."""
    numbers = range(first, first + count)
    return Columns({
        "project_id": [n % 5 for n in numbers],
        "code": [n // 5 for n in numbers],
        "name": [f"Issue {n}, version {version}" for n in numbers],
        "description": [f"Step {n}: open the cart, press pay, wait. " * 8 for n in numbers],
        "status": [("todo", "doing", "done")[n % 3] for n in numbers],
        "assignee_id": [n % 40 or None for n in numbers],
        "hours": [Decimal(n % 16) / 2 for n in numbers],
        "is_system": [n % 7 == 0 for n in numbers],
        "created_at": [1_700_000_000_000 + n for n in numbers],
        "updated_at": [1_700_000_000_000 + n + version for n in numbers],
        "_extra": [None for _ in numbers],
        "_offset": [n + version for n in numbers],
    })  # fmt: skip


# --- Headrace ------------------------------------------------------------------------------------


def _headrace() -> Iterator[Figure]:
    chunks = [rows(CHUNK_ROWS, first=at) for at in range(0, FILL_ROWS, CHUNK_ROWS)]
    updates, small = rows(UPSERT_ROWS, version=1), rows(SMALL_ROWS, version=1)
    with _folder() as folder, closing(DuckDbDestination(folder / "copy.duckdb")) as destination:
        destination.prepare("bench", TABLES)
        epoch = destination.claim("bench").epoch
        checkpoint = Checkpoint("bench", epoch, {"issues": 1})

        def fill() -> None:
            batches = (Batch(TABLES[0], c, truncate=i == 0) for i, c in enumerate(chunks))
            destination.write(batches, checkpoint)

        def upsert() -> None:
            destination.write([Batch(TABLES[0], updates)], checkpoint)

        def few() -> None:
            destination.write([Batch(table, small) for table in TABLES], checkpoint)

        few()
        yield Figure("Headrace: fill", "ms", timed(fill, times=FILLS))
        yield Figure("Headrace: upsert", "ms", timed(upsert, times=UPSERTS))
        yield Figure("Headrace: small", "ms", timed(few, times=SMALLS))


# --- the floor -----------------------------------------------------------------------------------


def _plain() -> Iterator[Figure]:
    filling = to_arrow(TABLES[0], rows(FILL_ROWS))
    updates = to_arrow(TABLES[0], rows(UPSERT_ROWS, version=1))
    small = to_arrow(TABLES[0], rows(SMALL_ROWS, version=1))
    with _folder() as folder, closing(duckdb.connect(str(folder / "plain.duckdb"))) as db:
        for name, data in (("filling", filling), ("updates", updates), ("small", small)):
            db.register(name, data)
        for table in TABLES:
            db.execute(f"CREATE TABLE {table.name} AS SELECT * FROM updates LIMIT 0")

        def put(name: str, incoming: str) -> None:
            same = " AND ".join(f"t.{key} = k.{key}" for key in _KEY)
            db.execute(f"DELETE FROM {name} AS t USING {incoming} AS k WHERE {same}")
            db.execute(f"INSERT INTO {name} SELECT * FROM {incoming}")

        def fill() -> None:
            db.execute("DELETE FROM issues")
            db.execute("INSERT INTO issues SELECT * FROM filling")

        def few() -> None:
            for table in TABLES:
                put(table.name, "small")

        yield Figure("plain DuckDB: fill", "ms", timed(_in(db, fill), times=FILLS))
        upsert = _in(db, lambda: put("issues", "updates"))
        yield Figure("plain DuckDB: upsert", "ms", timed(upsert, times=UPSERTS))
        yield Figure("plain DuckDB: small", "ms", timed(_in(db, few), times=SMALLS))
        yield _executemany(db, updates)


def _executemany(db: Any, updates: pa.Table) -> Figure:
    """The same rows without Arrow, one parameter list a row."""
    values = list(zip(*(column.to_pylist() for column in updates.columns), strict=True))
    marks = ", ".join("?" for _ in values[0])
    db.execute("CREATE TABLE slow AS SELECT * FROM issues LIMIT 0")

    def insert() -> None:
        db.execute("DELETE FROM slow")
        db.executemany(f"INSERT INTO slow VALUES ({marks})", values)

    return Figure("plain DuckDB: executemany", "ms", timed(_in(db, insert), times=FILLS))


def _in(db: Any, work: Callable[[], None]) -> Callable[[], None]:
    def transaction() -> None:
        db.execute("BEGIN")
        work()
        db.execute("COMMIT")

    return transaction


# --- dlt -----------------------------------------------------------------------------------------


def _dlt() -> Iterator[Figure]:
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"  # before it is imported
    os.environ["RUNTIME__LOG_LEVEL"] = "CRITICAL"
    names = ("fill", "upsert", "small")
    try:
        import dlt  # type: ignore[import-not-found]
    except ImportError:
        reason = "skipped: dlt is not installed (pip install --group bench)"
        yield from (Figure(f"dlt: {name}", "ms", skipped=reason) for name in names)
        return
    try:
        yield from _with_dlt(dlt)
    except Exception as error:  # noqa: BLE001 - the other product's failure is a finding, not ours
        yield Figure("dlt", "ms", skipped=f"skipped: it failed with {type(error).__name__}")


def _with_dlt(dlt: Any) -> Iterator[Figure]:
    filling = to_arrow(TABLES[0], rows(FILL_ROWS))
    updates = to_arrow(TABLES[0], rows(UPSERT_ROWS, version=1))
    small = to_arrow(TABLES[0], rows(SMALL_ROWS, version=1))
    with _folder() as folder:
        pipeline = dlt.pipeline(
            "bench",
            pipelines_dir=str(folder / "pipelines"),
            destination=dlt.destinations.duckdb(str(folder / "dlt.duckdb")),
            dataset_name="copy",
        )

        def resource(name: str, data: pa.Table, disposition: str) -> Any:
            return dlt.resource(
                [data], name=name, write_disposition=disposition, primary_key=list(_KEY)
            )

        def fill() -> None:
            pipeline.run(resource("issues", filling, "replace"))

        def upsert() -> None:
            pipeline.run(resource("issues", updates, "merge"))

        def few() -> None:
            pipeline.run([resource(table.name, small, "merge") for table in TABLES])

        few()
        yield Figure("dlt: fill", "ms", timed(fill, times=FILLS))
        yield Figure("dlt: upsert", "ms", timed(upsert, times=DLT_RUNS))
        yield Figure("dlt: small", "ms", timed(few, times=DLT_RUNS))


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as name:
        yield Path(name)
