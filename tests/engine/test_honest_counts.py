"""Invariant 9: the counts are exactly what the team did, by polling too."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from tests.engine.bench_world import Bench

from headrace.core.change import Op
from headrace.engine.limits import Limits

TABLES = ("projects", "project_members", "iterations", "issues")  # the others stand still here
ACTS = 300
Rows = dict[Any, str]


def state(bench: Bench) -> dict[str, Rows]:
    """Every table of the team, by key, as text."""
    return {
        name: {key: json.dumps(row, sort_keys=True) for key, row in bench.team.rows(name).items()}
        for name in TABLES
    }


def difference(before: Rows, after: Rows) -> tuple[int, int, int]:
    """Inserted, updated, deleted."""
    kept = before.keys() & after.keys()
    updated = sum(before[key] != after[key] for key in kept)
    return len(after.keys() - kept), updated, len(before.keys() - kept)


def counted(bench: Bench) -> dict[str, tuple[int, int, int]]:
    counts = {name: bench.counts(name) for name in TABLES}
    return {name: (c.inserted, c.updated, c.deleted) for name, c in counts.items()}


def minus(
    after: dict[str, tuple[int, int, int]], before: dict[str, tuple[int, int, int]]
) -> dict[str, tuple[int, ...]]:
    return {
        name: tuple(a - b for a, b in zip(after[name], before[name], strict=True)) for name in after
    }


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_act_is_counted_as_what_it_was(seed: int) -> None:
    """After each of 300 random acts: the poll tells inserts and updates, the census the rest, and
    together they are the difference of the team's tables, no more and no less."""
    limits = Limits(poll_seconds=60, census_seconds=600, vanish_rows=1000)
    bench = Bench(*TABLES, projects=2, issues=24, seed=seed, limits=limits)
    bench.turn()
    told, now = 0, state(bench)
    for _ in range(ACTS):
        before, already = now, counted(bench)
        bench.clock.advance(1500)
        act = bench.team.step(bench.now_ms)
        now = state(bench)
        wanted = {name: difference(before[name], rows) for name, rows in now.items()}
        bench.poll()
        polled = minus(counted(bench), already)
        for name in TABLES:
            done = zip(polled[name], wanted[name], strict=True)
            assert all(seen <= true for seen, true in done), f"{act}: {name} told too much"
        for _ in range(3):
            if minus(counted(bench), already) != wanted:
                bench.census()
        assert minus(counted(bench), already) == wanted, act
        told += sum(map(sum, wanted.values()))
    assert told >= ACTS * 0.9
    bench.assert_exact()
    log = Counter((change.stream, change.op) for change in bench.mirror.log(0, 10**6))
    for name in TABLES:
        ops = (log[name, Op.INSERT] + log[name, Op.READ], log[name, Op.UPDATE])
        assert ops == counted(bench)[name][:2]
        assert log[name, Op.DELETE] == counted(bench)[name][2]


def test_an_update_is_told_by_the_very_next_poll() -> None:
    """Not only in the sum: updates with a new update time need no census."""
    bench = Bench(issues=12)
    bench.turn()
    for code in range(1, 13):
        before = bench.counts("issues").updated
        bench.update(code, name=f"now {code}")
        bench.poll()
        assert bench.counts("issues").updated == before + 1


def test_what_was_looked_at_and_not_changed_is_counted_too() -> None:
    bench = Bench(issues=12)
    bench.turn()
    bench.census()
    counts = bench.counts("issues")
    assert (counts.inserted, counts.unchanged, counts.updated) == (12, 12, 0)
    assert counts.read == 24
    report = bench.worker.report.counts["issues"]
    assert report == counts
