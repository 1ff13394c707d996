"""Whole worlds with faults and crashes, drawn from seeds: each must end exact."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path

import pytest

from headrace.testing.run import Result, run_seeds

SEEDS = int(os.environ.get("HEADRACE_SEEDS") or (2000 if os.environ.get("HEADRACE_CI") else 60))
BATCH = 10
KEPT = Path(__file__).with_name("failed_seeds.txt")


def kept_seeds() -> list[int]:
    lines = KEPT.read_text(encoding="utf-8").splitlines()
    return [int(line.split("#")[0]) for line in lines if line.split("#")[0].strip()]


def played(seeds: list[int], *, harsh: bool = False) -> Result:
    """All seeds, on two processes."""
    waiting = iter(seeds)
    batches = iter(lambda: tuple(islice(waiting, BATCH)), ())
    total = Result()
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        for result in pool.map(partial(run_seeds, harsh=harsh), batches):
            total.add(result)
    return total


def test_every_seed_ends_exact() -> None:
    seeds = [*kept_seeds(), *range(1, SEEDS + 1)]
    result = played(seeds)
    assert not result.failures, "".join(result.failure_lines())
    assert result.seeds == len(seeds)
    if SEEDS >= 2000:
        crashed = {point: result.crashed[point] for point in result.passed}
        assert min(crashed.values()) >= 50, crashed


def test_every_harsh_seed_ends_exact() -> None:
    """Many of their answers lie: two bad ones meet where others need a hundred thousand."""
    seeds = list(range(1, SEEDS // 5 + 1))
    result = played(seeds, harsh=True)
    assert not result.failures, "".join(result.failure_lines(harsh=True))
    assert result.seeds == len(seeds)


@pytest.mark.long
def test_the_simulation_is_not_tame() -> None:
    """A simulation without crashes and lies would prove nothing."""
    result = played(list(range(1, 41)))
    assert sum(result.crashed.values()) >= 40
    assert len(result.faults) >= 15
