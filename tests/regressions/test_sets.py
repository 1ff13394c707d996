"""What left a list, a sprint or a column, and stayed in the copies of others."""

from __future__ import annotations

import json
from typing import Any

from tests.engine.bench_world import Bench

from headrace.core.change import Op
from headrace.engine.modes import Deletes


def labels(bench: Bench, code: int) -> set[str]:
    return {row["label_name"] for row in bench.rows("issue_labels") if row["code"] == code}


def test_labels_removed() -> None:
    """Labels taken off an issue stayed in the table of labels (apache/devlake#7510); here the set
    is replaced as a whole, the empty set too."""
    for deletes in Deletes:
        bench = Bench(issues=6, deletes=deletes)
        bench.team.set_labels(bench.project, 1, ["a", "b", "c"], now_ms=bench.now_ms)
        bench.turn()
        assert labels(bench, 1) == {"a", "b", "c"}
        bench.team.set_labels(bench.project, 1, ["b"], now_ms=bench.now_ms)
        bench.poll()
        assert labels(bench, 1) == {"b"}
        bench.team.set_labels(bench.project, 1, [], now_ms=bench.now_ms)
        bench.poll().assert_exact()
        assert labels(bench, 1) == set()


def test_labels_removed_without_an_update_time() -> None:
    """Taking a label off did not touch the issue's update time, so no sync saw it; here the census
    compares contents."""
    bench = Bench(issues=6)
    bench.team.set_labels(bench.project, 1, ["a"], now_ms=bench.now_ms)
    bench.turn()
    bench.clock.advance(3_600_000)
    bench.team.set_labels(bench.project, 1, [], now_ms=bench.now_ms, touch=False)
    bench.census().assert_exact()
    assert labels(bench, 1) == set()


def test_children_of_a_deleted_row() -> None:
    """Worklogs that were gone in the source stayed and were summed up (airbytehq/airbyte#29796);
    here children go, or are marked, with their parent."""
    for deletes in Deletes:
        bench = Bench(issues=6, deletes=deletes)
        code = bench.team.projects[bench.project].codes()[-1]
        bench.team.set_labels(bench.project, code, ["a", "b"], now_ms=bench.now_ms)
        bench.turn()
        bench.delete(code)
        bench.census().assert_exact()
        assert labels(bench, code) == set()
        dead = [r for r in bench.rows("issue_labels", dead=True) if r["code"] == code]
        assert len(dead) == (2 if deletes is Deletes.SOFT else 0)


def test_rows_leaving_a_sprint() -> None:
    """Who had left a sprint was computed from a log of changes and came out wrong
    (apache/devlake#1938); here the sprint is a column of the issue, as CODING shows it."""
    bench = Bench("issues", "iterations", issues=6)
    sprint = next(iter(bench.team.projects[bench.project].iterations))
    bench.update(1, iteration_code=sprint)
    bench.turn()
    assert bench.row(1)["iteration_code"] == sprint
    bench.update(1, iteration_code=0)
    bench.poll().assert_exact()
    row = bench.row(1)
    assert [row["iteration_id"], row["iteration_code"], row["iteration_name"]] == [None] * 3


def test_rows_of_a_deleted_sprint() -> None:
    """A sprint was deleted; its issues, untouched by their update time, pointed at it for ever."""
    bench = Bench("issues", "iterations", issues=6)
    sprint = next(iter(bench.team.projects[bench.project].iterations))
    bench.update(1, iteration_code=sprint)
    bench.turn()
    bench.team.delete_iteration(bench.project, sprint, now_ms=bench.now_ms)
    bench.settle().assert_exact()
    assert bench.row(1)["iteration_code"] is None


def test_empty_value_clears_its_column() -> None:
    """Empty values were skipped on update, so a cleared due date, assignee or story point never
    became empty in the copy."""
    bench = Bench(issues=6)
    day = bench.now_ms
    bench.update(1, due_date=day, assignee_ids=(1,), story_point="3", description="long")
    bench.turn()
    full = bench.row(1)
    assert all(full[name] for name in ("due_date", "assignee_id", "story_point", "description"))
    bench.update(1, due_date=0, assignee_ids=(), story_point="", description="")
    bench.poll().assert_exact()
    empty = bench.row(1)
    assert [empty["due_date"], empty["assignee_id"], empty["story_point"]] == [None] * 3
    assert empty["description"] == ""
    assert not [row for row in bench.rows("issue_assignees") if row["code"] == 1]


def test_custom_field_added_later() -> None:
    """A custom field made after the first sync had no column, and its values were dropped; here
    each value is a row of its own."""
    bench = Bench(issues=6)
    bench.turn()
    field = bench.team.add_field(bench.project, "Severity", "SELECT_SINGLE", now_ms=bench.now_ms,
                                 options=("low", "high"))  # fmt: skip
    issue = bench.team.projects[bench.project].issues[1]
    bench.update(1, custom=(*issue.custom, (field, "2")))
    bench.poll().assert_exact()
    values = {
        r["field_id"]: r["value"] for r in bench.rows("issue_custom_fields") if r["code"] == 1
    }
    assert values[field]
    assert field in {entry["Id"] for entry in json.loads(bench.row(1)["custom_fields"])}
    bench.update(1, custom=issue.custom)
    bench.poll().assert_exact()
    assert field not in {r["field_id"] for r in bench.rows("issue_custom_fields") if r["code"] == 1}


def test_field_that_codings_document_does_not_know() -> None:
    """A new field of the API was dropped until the next release of the tool; here it has a column
    from the moment it appears."""
    bench = Bench(issues=6)

    def more(response: dict[str, Any]) -> None:
        for row in response["Data"]["List"]:
            row["Brandnew"] = {"Level": row["Code"]}

    bench.wire.edit("DescribeIssueListWithPage", more)
    bench.turn()
    assert json.loads(bench.row(3)["brandnew"]) == {"Level": 3}
    assert bench.row(3)["_extra"] is None


def test_member_email_is_not_overwritten() -> None:
    """A partial answer without the e-mail wrote an empty one over the one on file; here a partial
    reading speaks only for the fields it has."""
    bench = Bench(issues=6)
    bench.turn()
    bench.team.set_labels(bench.project, 1, ["kept"], now_ms=bench.now_ms, touch=False)
    bench.poll()
    bench.census()
    before = bench.row(1)
    bench.clock.advance(5_000)
    bench.update(1, name="by its detail")
    outcome = bench.capture.reread(
        bench.stream("issues"), bench.scope("issues"), [f"[{bench.project},1]"]
    )
    bench.apply.drain()
    after = bench.row(1)
    assert outcome.counts.updated == 1
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"name", "updated_at", "_changed_at", "_offset"}
    assert labels(bench, 1) == {"kept"}
    bench.assert_exact()


def test_comment_is_not_counted_as_an_insert() -> None:
    """A comment's event carried the issue and was counted as a new one; here an event only leads
    to a second look, and an unchanged issue makes no change at all."""
    bench = Bench(issues=6)
    bench.turn()
    head = bench.mirror.head()
    outcome = bench.capture.reread(
        bench.stream("issues"), bench.scope("issues"), [f"[{bench.project},1]"]
    )
    assert (outcome.counts.inserted, outcome.counts.unchanged) == (0, 1)
    assert bench.mirror.head() == head


def test_unchanged_rows_make_no_events() -> None:
    """Every poll "updated" all rows of its window, so triggers ran and counts meant nothing."""
    bench = Bench("issues", "iterations", "project_members", projects=2, issues=12)
    bench.turn()
    head = bench.mirror.head()
    for _ in range(3):
        bench.poll()
        bench.census()
    assert bench.mirror.head() == head
    assert {change.op for change in bench.mirror.log(0, 10_000)} == {Op.READ}
