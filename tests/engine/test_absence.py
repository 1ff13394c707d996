"""Absence is not deletion: only what is confirmed goes, and what is held back is said."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from tests.engine.bench_world import CENSUS_SECONDS, POLL_SECONDS, Bench

from headrace.core.change import Op
from headrace.engine.capture import Kind
from headrace.engine.limits import Limits

LIST = "DescribeIssueListWithPage"
MEMBERS = "DescribeProjectMembers"
FEW = Limits(poll_seconds=POLL_SECONDS, census_seconds=CENSUS_SECONDS, vanish_rows=3)


def without(*codes: int) -> Any:
    """The list leaves these issues out, and its count follows."""

    def leave_out(response: dict[str, Any]) -> None:
        data = response["Data"]
        data["List"] = [row for row in data["List"] if row["Code"] not in codes]
        data["TotalCount"] -= len(codes)

    return leave_out


def leave_out_the_last(response: dict[str, Any]) -> None:
    """The first list in an answer loses a row, and the count beside it follows."""
    for holder in (response, response.get("Data")):
        if isinstance(holder, dict):
            for value in holder.values():
                if isinstance(value, list) and value:
                    value.pop()
            if "TotalCount" in holder:
                holder["TotalCount"] -= 1


def of_another_kind(response: dict[str, Any]) -> None:
    """The first issue type looks different, and no longer opens the scope it opened."""
    response["IssueTypes"][0]["IssueType"] = "SOMETHING"


def members(bench: Bench) -> set[int]:
    return {row["id"] for row in bench.rows("project_members")}


def test_lookup_confirms_a_delete() -> None:
    bench = Bench(issues=8)
    bench.turn()
    code = bench.team.projects[bench.project].codes()[-1]
    bench.delete(code)
    bench.census()
    assert code not in bench.codes()
    assert bench.wire.times("DescribeIssue") == 1
    bench.assert_exact()


def test_lookup_saves_what_a_list_left_out() -> None:
    """The list does not show an issue, the call for it does: it stays, with its newest content."""
    bench = Bench(issues=8)
    bench.turn()
    bench.wire.edit(LIST, without(3))
    bench.update(3, name="alive")
    bench.census()
    assert bench.counts("issues").deleted == 0
    assert bench.row(3)["name"] == "alive"


def test_only_suspects_are_asked_for() -> None:
    bench = Bench(issues=30)
    bench.turn()
    for code in bench.team.projects[bench.project].codes()[-3:]:
        bench.delete(code)
    bench.census()
    assert bench.wire.times("DescribeIssue") <= 30 - len(bench.team.rows("issues"))
    bench.census()
    assert bench.wire.times("DescribeIssue") <= 30 - len(bench.team.rows("issues"))


def test_without_a_lookup_a_second_complete_pass_confirms() -> None:
    bench = Bench("project_members")
    bench.turn()
    member = list(bench.team.projects[bench.project].roles)[-1]
    bench.team.remove_member(bench.project, member, now_ms=bench.now_ms)
    first = bench.run("project_members", Kind.CENSUS)
    assert (first.unsettled, first.counts.deleted) == (1, 0)
    second = bench.run("project_members", Kind.CENSUS)
    assert (second.unsettled, second.counts.deleted) == (0, 1)


@pytest.mark.parametrize(
    ("stream", "action"),
    [
        ("project_members", MEMBERS),
        ("wiki_pages", "DescribeWikiList"),
        ("branches", "DescribeGitBranches"),
    ],
)
def test_nothing_goes_for_two_bad_answers_while_a_second_look_shows_it(
    stream: str, action: str
) -> None:
    """Two censuses get a list that leaves the same row out and agrees with itself."""
    bench = Bench(stream)
    bench.turn()
    rows, answers = len(bench.rows(stream)), count()
    assert rows > 1

    def leave_one_out(response: dict[str, Any]) -> None:
        if next(answers) in bad:
            leave_out_the_last(response)

    bad: Any = range(1)
    bench.wire.edit(action, leave_one_out)
    assert bench.run(stream, Kind.CENSUS).unsettled == 1
    answers = count()
    outcome = bench.run(stream, Kind.CENSUS)
    assert (outcome.counts.deleted, outcome.unsettled) == (0, 0)
    bad = range(100)
    for unsettled, deleted in ((1, 0), (0, 1)):
        outcome = bench.run(stream, Kind.CENSUS)
        assert (outcome.unsettled, outcome.counts.deleted) == (unsettled, deleted)


def test_missing_once_is_not_missing_twice() -> None:
    """Seen in between: the count of passes starts anew."""
    bench = Bench("project_members")
    bench.turn()
    member = list(bench.team.projects[bench.project].roles)[-1]
    for _ in range(3):
        bench.team.remove_member(bench.project, member, now_ms=bench.now_ms)
        assert bench.run("project_members", Kind.CENSUS).unsettled == 1
        bench.team.add_member(bench.project, member, now_ms=bench.now_ms)
        assert bench.run("project_members", Kind.CENSUS).unsettled == 0
    assert bench.counts("project_members").deleted == 0


def test_too_many_at_once_are_held_and_said() -> None:
    bench = Bench(issues=20, limits=FEW)
    bench.turn()
    bench.wire.edit(LIST, without(*range(1, 11)))
    bench.set(failing={"DescribeIssue": "ResourceNotFound"})
    bench.census()
    assert len(bench.codes()) == 20
    assert bench.worker.report.held == {("issues", "[101]"): 10}
    assert bench.mirror.cursor("issues", "[101]").held == 10


def test_what_is_held_goes_when_a_second_census_misses_it_too() -> None:
    bench = Bench(issues=20, limits=FEW)
    bench.turn()
    for code in bench.team.projects[bench.project].codes()[-8:]:
        if code in bench.team.projects[bench.project].issues:
            bench.delete(code)
    bench.census()
    assert len(bench.codes()) == 20
    bench.poll()
    assert len(bench.codes()) == 20
    bench.settle().assert_exact()
    assert not bench.worker.report.held


def test_what_is_held_comes_back() -> None:
    bench = Bench(issues=20, limits=FEW)
    bench.turn()
    bench.wire.edit(LIST, without(*range(1, 11)))
    bench.census()
    bench.wire.edit(LIST, None)
    bench.settle().assert_exact()
    assert bench.counts("issues").deleted == 0
    assert not bench.worker.report.held
    assert bench.mirror.cursor("issues", "[101]").held == 0


def test_hold_outlives_a_restart() -> None:
    bench = Bench(issues=20, limits=FEW)
    bench.turn()
    for code in bench.team.projects[bench.project].codes()[-8:]:
        if code in bench.team.projects[bench.project].issues:
            bench.delete(code)
    bench.census()
    bench.boot()
    assert bench.run("issues", Kind.CENSUS).held > 3
    bench.clock.advance(CENSUS_SECONDS * 1000 + 1)
    assert bench.boot().run("issues", Kind.CENSUS).held == 0
    bench.apply.drain()
    bench.assert_exact()


def test_empty_list_of_a_table_without_lookup_is_held_first() -> None:
    bench = Bench("project_members")
    bench.turn()
    before = members(bench)
    for member in before:
        bench.team.remove_member(bench.project, member, now_ms=bench.now_ms)
    bench.census()
    assert members(bench) == before
    assert bench.worker.report.held
    bench.settle()
    bench.settle()
    assert members(bench) == set()
    assert not bench.worker.report.held


@pytest.mark.parametrize("stream", ["issues", "iterations", "project_members", "issue_types"])
def test_hidden_project_keeps_its_rows_and_says_so(stream: str) -> None:
    bench = Bench(stream, projects=2, issues=12)
    bench.turn()
    rows = len(bench.rows(stream))
    bench.team.hide_project(bench.project)
    bench.settle()
    assert len(bench.rows(stream)) == rows
    assert bench.worker.report.hidden[stream, f"[{bench.project}]"]
    assert bench.mirror.cursor(stream, f"[{bench.project}]").state == "hidden"
    bench.team.hide_project(bench.project, False)
    bench.settle().assert_exact()
    assert not bench.worker.report.hidden


def test_hidden_project_is_not_asked_every_minute() -> None:
    bench = Bench(projects=2, issues=12)
    bench.turn()
    bench.team.hide_project(bench.project)
    bench.poll()
    before = bench.wire.times(LIST)
    for _ in range(5):
        bench.poll()
    assert bench.wire.times(LIST) - before <= 5 + 1  # the other project's polls


def test_deleted_project_takes_all_its_rows_along() -> None:
    bench = Bench("issues", "iterations", "project_members", "issue_fields", "issue_statuses",
                  projects=2, issues=12)  # fmt: skip
    bench.turn()
    bench.team.delete_project(bench.project, now_ms=bench.now_ms)
    bench.settle()
    bench.settle().assert_exact()
    assert not bench.worker.report.held
    assert not bench.worker.report.failures


def test_orphans_whose_parent_only_looks_different_are_held() -> None:
    """One bad answer changed the kind of an issue type: its fields lose their scope, not yet their
    life."""
    bench = Bench("issue_fields")
    bench.turn()
    fields = len(bench.rows("issue_fields"))

    bench.wire.edit("DescribeProjectIssueTypeList", of_another_kind)
    bench.census()
    assert len(bench.rows("issue_fields")) == fields
    bench.wire.edit("DescribeProjectIssueTypeList", None)
    bench.settle().assert_exact()
    assert bench.counts("issue_fields").deleted == 0


def test_rows_held_for_an_empty_list_are_not_taken_for_orphans_at_once() -> None:
    """First a list comes empty, then the parent looks different: each has to be seen twice."""
    bench = Bench("issue_statuses")
    bench.turn()
    statuses = len(bench.rows("issue_statuses"))

    def empty(response: dict[str, Any]) -> None:
        response["ProjectIssueStatusList"] = []

    bench.wire.edit("DescribeProjectIssueStatusList", empty)
    bench.census()
    assert bench.worker.report.held
    bench.wire.edit("DescribeProjectIssueStatusList", None)
    bench.wire.edit("DescribeProjectIssueTypeList", of_another_kind)
    bench.census()
    assert len(bench.rows("issue_statuses")) == statuses
    bench.wire.edit("DescribeProjectIssueTypeList", None)
    bench.settle().assert_exact()
    assert bench.counts("issue_statuses").deleted == 0


def test_row_with_an_older_time_is_still_there() -> None:
    """Its time went back (a restored backup): the list shows it, so nobody may call it gone."""
    bench = Bench("issue_statuses")
    bench.turn()
    count = len(bench.rows("issue_statuses"))

    def older(response: dict[str, Any]) -> None:
        response["ProjectIssueStatusList"][0]["UpdatedAt"] -= 60_000

    bench.wire.edit("DescribeProjectIssueStatusList", older)
    bench.settle()
    bench.settle()
    assert bench.counts("issue_statuses").deleted == 0
    assert len(bench.rows("issue_statuses")) == count


def test_row_that_lost_its_key_is_no_proof_of_absence() -> None:
    """A row came without its id, twice: it is set aside, and the record it may be is not gone."""
    bench = Bench("project_members")
    bench.turn()
    before = members(bench)

    def strip(response: dict[str, Any]) -> None:
        del response["Data"]["ProjectMembers"][0]["Id"]

    bench.wire.edit(MEMBERS, strip)
    bench.settle()
    assert bench.mirror.rejects()
    assert members(bench) == before


def test_every_delete_has_its_reason_and_its_last_content() -> None:
    bench = Bench(issues=8)
    bench.turn()
    bench.delete(bench.team.projects[bench.project].codes()[-1])
    bench.census()
    change = bench.log("issues")[-1]
    assert change.op is Op.DELETE
    assert change.after is None
    assert change.before is not None
