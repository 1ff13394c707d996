"""The jobs as Headrace does them: values in lists, rows and checkpoint in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from bench.writing import data
from headrace.core.ports import Batch, Checkpoint
from headrace.destinations.urls import open_destination

Jobs = Mapping[str, Callable[[], None]]


def jobs(url: str) -> Jobs:
    """What is timed, by name."""
    destination = open_destination(url)
    destination.prepare("bench", [data.ISSUES])
    at = Checkpoint("bench", destination.claim("bench").epoch, {"issues": 1})
    chunks = data.chunks()
    version = 0

    def write(*batches: Batch) -> None:
        destination.write(batches, at)

    def fill() -> None:
        batches = (Batch(data.ISSUES, c, truncate=i == 0) for i, c in enumerate(chunks))
        destination.write(batches, at)

    def upsert(count: int) -> Callable[[], None]:
        def job() -> None:
            nonlocal version
            version += 1
            write(Batch(data.ISSUES, data.rows(count, version=version)))

        return job

    def delete() -> None:
        write(Batch(data.ISSUES, deletes=data.keys(data.DELETED_ROWS)))

    return {
        "fill": fill,
        "upsert": upsert(data.UPSERT_ROWS),
        "small": upsert(data.SMALL_ROWS),
        "single": upsert(1),
        "delete": delete,
        "million": lambda: destination.write(_million(), at),
    }


def _million() -> Iterator[Batch]:
    for place, first in enumerate(range(0, 1_000_000, data.CHUNK_ROWS)):
        chunk = data.rows(data.CHUNK_ROWS, first=first)
        yield Batch(data.ISSUES, chunk, truncate=place == 0)
