"""Invariant 9 while two write at once: a fill puts the records of one moment, the log the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest
from tests.servers.postgres import postgres as postgres

from headrace.coding.streams import find
from headrace.core.ports import Batch, Checkpoint, Mirror
from headrace.destinations.memory import MemoryDestination, MemoryStorage
from headrace.engine.apply import Apply, Task
from headrace.engine.limits import Limits
from headrace.engine.modes import Deletes, Write
from headrace.mirror.urls import open_mirror
from headrace.testing.mirror_contract import START_MS, figures, gone, page, seen


class Interrupted(MemoryDestination):
    """Lets somebody act between a write's beginning and the first row that it takes."""

    def __init__(self, act: Callable[[], None]) -> None:
        super().__init__(MemoryStorage())
        self._acts = [act]

    def write(self, batches: Iterable[Batch], checkpoint: Checkpoint) -> None:
        """As the inner one."""
        super().write(self._after_the_act(batches), checkpoint)

    def _after_the_act(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        while self._acts:
            self._acts.pop()()
        yield from batches


@pytest.fixture(params=["folder", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str | Path:
    """Where the mirror lies."""
    if request.param == "folder":
        return tmp_path
    url: str = request.getfixturevalue("postgres").url()
    return url


@pytest.fixture
def two(store: str | Path) -> Iterator[tuple[Mirror, Mirror]]:
    """Two connections to one mirror: that of capture and that of a task."""
    name = f"moment-{uuid4().hex}"
    with (
        closing(open_mirror(store, name, START_MS)) as capture,
        closing(open_mirror(store, name, START_MS, make=False, lock=False)) as ours,
    ):
        yield capture, ours


@pytest.mark.parametrize("write", Write)
def test_what_comes_during_a_fill_is_counted_once(two: tuple[Mirror, Mirror], write: Write) -> None:
    capture, ours = two
    capture.commit(page(*(seen(n) for n in range(1, 6))))
    capture.commit(page(gone(5, at=2)))

    def meanwhile() -> None:
        capture.commit(page(seen(6, at=3), seen(1, "b", at=3), gone(2, at=3), seen(5, at=3)))

    apply = Apply(
        task=Task("copy", find(["issues"]), write, Deletes.HARD), mirror=ours,
        destination=Interrupted(meanwhile), limits=Limits(),
    )  # fmt: skip
    apply.open()
    assert figures(apply.progress.counts["issues"]) == {"read": 4}
    apply.drain()
    assert figures(apply.progress.counts["issues"]) == {
        "read": 4, "inserted": 2, "updated": 1, "deleted": 1,
    }  # fmt: skip
    assert ours.count("issues") == 4 + 2 - 1
