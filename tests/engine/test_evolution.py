"""Fields that appear, records that are refused, tables that a person touched: the task goes on."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.engine.bench_world import Bench

from headrace.core.learning import COLUMNS_MAX
from headrace.core.rejects import REJECTS, OnReject
from headrace.core.schema import Type
from headrace.destinations.memory import MemoryDestination, MemoryStorage
from headrace.destinations.sqlite import SqliteDestination
from headrace.engine.apply import Apply
from headrace.engine.modes import Deletes, Write
from headrace.errors import Refused

Edit = Callable[[dict[str, Any]], None]


def every_issue(change: Callable[[dict[str, Any]], None]) -> Edit:
    """Edits every row of the list of issues, as CODING would with a new release."""

    def edit(response: dict[str, Any]) -> None:
        for row in response["Data"]["List"]:
            change(row)

    return edit


def with_field(bench: Bench, **fields: Callable[[int], Any]) -> None:
    """From now on every issue shows these fields, made of its number."""

    def change(row: dict[str, Any]) -> None:
        row.update({name: make(row["Code"]) for name, make in fields.items()})

    bench.wire.edit("DescribeIssueListWithPage", every_issue(change))


@pytest.mark.parametrize("write", [Write.MIRROR, Write.HISTORY, Write.CHANGES])
def test_a_field_that_appears_gets_a_column_and_fills_old_rows(write: Write) -> None:
    bench = Bench(issues=6, write=write)
    bench.turn()
    with_field(bench, Severity=lambda code: code * 10)
    bench.update(2, name="shows the field first")
    bench.poll()
    assert ("issues", "Severity") in bench.apply.progress.learned
    bench.census()
    calls = len(bench.wire.asked)
    current = {row["code"]: row["severity"] for row in open_rows(bench)}
    assert current == {code: code * 10 for code in range(1, 7)}
    bench.boot()
    assert bench.apply.progress.filled == []
    assert len(bench.wire.asked) == calls


def open_rows(bench: Bench) -> list[dict[str, Any]]:
    """The row of each issue that is current, in every mode."""
    rows = sorted(bench.rows("issues"), key=lambda row: row["_offset"])
    return list({row["code"]: row for row in rows}.values())


def test_a_type_gets_wider_and_old_rows_follow() -> None:
    bench = Bench(issues=4)
    with_field(bench, Severity=lambda code: code)
    bench.turn()
    assert dict(bench.table("issues").columns)["severity"] is Type.INTEGER
    with_field(bench, Severity=lambda code: f"S{code}" if code == 3 else code)
    bench.census()
    assert dict(bench.table("issues").columns)["severity"] is Type.TEXT
    assert {row["code"]: row["severity"] for row in bench.rows("issues")} == {
        1: "1", 2: "2", 3: "S3", 4: "4",
    }  # fmt: skip


def test_a_value_that_fits_no_type_is_kept_and_counted() -> None:
    bench = Bench(issues=4)
    with_field(bench, Severity=lambda code: code)
    bench.turn()
    with_field(bench, Severity=lambda code: {"odd": code} if code == 3 else code)
    bench.census()
    row = bench.row(3)
    assert row["severity"] is None and json.loads(row["_extra"]) == {"Severity": {"odd": 3}}
    assert bench.apply.progress.lossy.misfits["issues", "Severity"] == 1


def test_a_field_that_goes_leaves_its_column() -> None:
    bench = Bench(issues=3)
    with_field(bench, Severity=lambda code: code)
    bench.turn()
    bench.wire.edit("DescribeIssueListWithPage", None)
    bench.census()
    assert [row["severity"] for row in bench.rows("issues")] == [None] * 3
    bench.assert_exact()


def test_a_thousand_fields_end_in_the_json_column() -> None:
    bench = Bench(issues=3)
    with_field(bench, **{f"F{n}": lambda code: code for n in range(COLUMNS_MAX + 50)})
    bench.turn()
    assert len(json.loads(bench.row(1)["_extra"])) == 50
    assert sum(bench.row(1).get(f"f{n}") == 1 for n in range(COLUMNS_MAX + 50)) == COLUMNS_MAX


def test_two_tasks_learn_from_each_other() -> None:
    """What one task found is known to the next, which needs no second look."""
    bench = Bench(issues=3)
    with_field(bench, Severity=lambda code: code)
    bench.turn()
    late = second(bench, MemoryDestination(MemoryStorage()))
    assert late.progress.learned == []
    assert "severity" in dict(late._tables.all()[1].columns)


def second(bench: Bench, destination: Any, **changes: Any) -> Apply:
    """Another task on the bench's mirror."""
    task = replace(bench.task, name="another", **changes)
    apply = Apply(task=task, mirror=bench.mirror, destination=destination, limits=bench.limits)
    apply.open()
    return apply


# --- another mode ------------------------------------------------------------------------------


@pytest.mark.parametrize("later", [Write.HISTORY, Write.CHANGES, Write.MIRROR])
def test_another_mode_is_filled_from_the_mirror(later: Write) -> None:
    bench = Bench(issues=5)
    bench.turn()
    bench.update(1, name="new")
    bench.poll()
    bench.delete(2)
    bench.settle()
    calls = len(bench.wire.asked)
    deletes = Deletes.HARD if later is Write.MIRROR else Deletes.SOFT
    bench.task = replace(bench.task, write=later, deletes=deletes)
    bench.boot()
    assert sorted(row["code"] for row in bench.rows("issues", dead=True)) == [1, 3, 4, 5]
    assert len(bench.wire.asked) == calls
    bench.update(3, name="goes on")
    bench.poll()
    assert [r["name"] for r in open_rows(bench) if r["code"] == 3] == ["goes on"]


def test_history_survives_a_log_that_was_missed() -> None:
    """Older versions stay; those that ended meanwhile are closed, with no gap and no overlap."""
    bench = Bench(issues=4, write=Write.HISTORY)
    bench.turn()
    bench.update(1, name="second")
    bench.poll()
    bench.update(1, name="third, pruned")
    bench.clock.advance(1000)
    bench.run("issues", bench_kind())
    bench.delete(2)
    bench.clock.advance(60_000)
    for _ in range(3):
        bench.run("issues", bench_kind(census=True))
    bench.mirror.prune(before_ms=bench.now_ms + 1, tombstones_before_ms=0)
    bench.apply.drain()
    assert "issues" in bench.apply.progress.refilled
    one = sorted(
        (row for row in bench.rows("issues", dead=True) if row["code"] == 1),
        key=lambda row: row["_offset"],
    )
    assert [row["name"] for row in one][1:] == ["second", "third, pruned"]
    assert [row["valid_to"] for row in one] == [*(row["valid_from"] for row in one[1:]), None]
    gone = [row for row in bench.rows("issues", dead=True) if row["code"] == 2]
    assert [row["valid_to"] is None for row in gone] == [False]
    for table in ("issue_assignees", "issue_labels"):
        still = {row["_offset"] for row in bench.rows(table, dead=True) if not row["valid_to"]}
        assert still <= {row["_offset"] for row in bench.rows("issues") if not row["valid_to"]}


def bench_kind(*, census: bool = False) -> Any:
    from headrace.engine.capture import Kind

    return Kind.CENSUS if census else Kind.POLL


# --- what the destination refuses --------------------------------------------------------------


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "copy.db"


def person(path: Path, *sql: str) -> list[tuple[Any, ...]]:
    """What somebody does with a shell of their own."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        return [row for one in sql for row in db.execute(one).fetchall()]


RULE = (
    "CREATE TRIGGER rule BEFORE INSERT ON issues WHEN NEW.name LIKE '%refused%'"
    " BEGIN SELECT raise(ABORT, 'a rule of the house'); END"
)
ASIDE = 'SELECT stream, record_key, table_name, reason, body FROM "_headrace_rejects"'


def test_a_refused_record_is_set_aside_and_the_others_go_on(path: Path) -> None:
    bench = Bench(issues=8)
    bench.turn()
    apply = second(bench, SqliteDestination(path))
    person(path, RULE)
    for code in range(1, 9):
        bench.update(code, name="refused" if code in (3, 6) else "good")
    bench.poll()
    assert apply.drain() > 0
    found = person(path, ASIDE)
    assert [(row[0], json.loads(row[1])[1], row[2]) for row in found] == [
        ("issues", 3, "issues"), ("issues", 6, "issues"),
    ]  # fmt: skip
    assert all("refused" in json.loads(row[4])["Name"] for row in found)
    assert person(path, "SELECT count(*) FROM issues WHERE name = 'good'") == [(6,)]
    assert apply.lag == 0
    assert apply.progress.rejected == {"issues": 2}
    bench.update(3, name="good again")
    bench.poll()
    apply.drain()
    assert [json.loads(row[1])[1] for row in person(path, ASIDE)] == [6]
    person(path, "DROP TRIGGER rule")
    again = second(bench, SqliteDestination(path))
    assert again.replay_rejects() == 1
    assert person(path, ASIDE) == []
    assert person(path, "SELECT name FROM issues WHERE code = 6") == [("refused",)]


def test_a_record_refused_in_a_fill_is_set_aside(path: Path) -> None:
    bench = Bench(issues=30)
    bench.turn()
    second(bench, SqliteDestination(path))
    for code in (7, 19):
        bench.update(code, name="refused")
    bench.poll()
    person(path, RULE, "DELETE FROM issues")
    apply = second(bench, SqliteDestination(path))
    assert apply.progress.refilled == ["issues"]
    assert [json.loads(row[1])[1] for row in person(path, ASIDE)] == [7, 19]
    assert person(path, "SELECT count(*) FROM issues") == [(28,)]
    person(path, "DROP TRIGGER rule", "DELETE FROM issues")
    second(bench, SqliteDestination(path))
    assert person(path, ASIDE) == []
    assert person(path, "SELECT count(*) FROM issues") == [(30,)]


def test_by_policy_the_stream_stops_and_others_go_on(path: Path) -> None:
    bench = Bench("issues", "iterations", issues=5)
    bench.turn()
    apply = second(bench, SqliteDestination(path), rejects=OnReject.STOP)
    person(path, RULE)
    bench.update(1, name="refused")
    iteration = next(iter(bench.team.projects[bench.project].iterations))
    bench.team.update_iteration(bench.project, iteration, now_ms=bench.now_ms, name="moves on")
    bench.poll()
    apply.drain()
    assert list(apply.progress.stopped) == ["issues"]
    assert person(path, ASIDE) == []
    assert person(path, "SELECT count(*) FROM iterations WHERE name = 'moves on'") == [(1,)]
    assert apply.lag > 0
    person(path, "DROP TRIGGER rule")
    apply.open()
    apply.drain()
    assert apply.progress.stopped == {} and apply.lag == 0
    assert person(path, "SELECT name FROM issues WHERE code = 1") == [("refused",)]


# --- what a person did to a table ----------------------------------------------------------------


@pytest.mark.parametrize(
    "act", ["DELETE FROM issues", "DROP TABLE issues", "ALTER TABLE issues DROP priority"]
)
def test_a_touched_table_is_mended_while_the_task_runs(path: Path, act: str) -> None:
    bench = Bench(issues=5)
    bench.turn()
    apply = second(bench, SqliteDestination(path))
    wanted = person(path, "SELECT code, name, priority FROM issues ORDER BY code")
    person(path, act)
    apply.look_after_tables()
    bench.update(1, priority="3")
    bench.poll()
    apply.drain()
    found = person(path, "SELECT code, name, priority FROM issues ORDER BY code")
    assert [row[:2] for row in found] == [row[:2] for row in wanted]
    assert found[0][2] == "3"


def test_an_altered_column_is_reported(path: Path) -> None:
    bench = Bench(issues=3)
    bench.turn()
    second(bench, SqliteDestination(path)).drain()
    person(path, "ALTER TABLE issues DROP name", "ALTER TABLE issues ADD name REAL")
    with pytest.raises(Refused, match=r"name was altered to REAL") as caught:
        second(bench, SqliteDestination(path))
    assert caught.value.advice


def test_rejects_of_another_task_stay(path: Path) -> None:
    bench = Bench(issues=3)
    bench.turn()
    second(bench, SqliteDestination(path))
    person(path, RULE)
    bench.update(1, name="refused")
    bench.poll()
    second(bench, SqliteDestination(path)).drain()
    task = replace(bench.task, name="third", streams=(bench.stream("projects"),))
    with pytest.raises(Refused, match="another"):
        Apply(
            task=task, mirror=bench.mirror, destination=SqliteDestination(path),
            limits=bench.limits,
        ).open()  # fmt: skip
    assert len(person(path, ASIDE)) == 1
    assert REJECTS.name.startswith("_headrace_")


def test_what_a_task_wrote_is_counted() -> None:
    """Invariant 9, at the destination's side."""
    bench = Bench(issues=6)
    bench.turn()
    task = second(bench, MemoryDestination(MemoryStorage()))
    assert task.progress.counts["issues"].read == 6
    bench.update(1, name="new")
    bench.create()
    bench.delete(2)
    bench.settle()
    task.drain()
    counts = task.progress.counts["issues"]
    assert (counts.read, counts.inserted, counts.updated, counts.deleted) == (6, 1, 1, 1)
