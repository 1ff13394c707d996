"""Rows that were gone only from sight, and rows that were gone and came back."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine.bench_world import Bench, failing

from headrace.core.change import Op
from headrace.core.ports import Page
from headrace.core.record import Origin, Record, Seen, make_key
from headrace.core.transport import Response

LIST = "DescribeIssueListWithPage"
MEMBERS = "DescribeProjectMembers"


def test_forbidden_table_deletes_nothing() -> None:
    """A token lost one scope, the source answered 403, and the table was emptied; here its rows
    stay, the table is marked as hidden with the reason, and the others go on."""
    bench = Bench("issues", "project_members", issues=6)
    bench.turn()
    members = len(bench.rows("project_members"))
    bench.set(failing={MEMBERS: "UnauthorizedOperation"})
    bench.create()
    bench.settle()
    assert len(bench.rows("project_members")) == members
    assert len(bench.codes()) == 7
    cursor = bench.mirror.cursor("project_members", f"[{bench.project}]")
    assert cursor.state == "hidden"
    assert MEMBERS in cursor.reason
    bench.set(failing={})
    bench.settle().assert_exact()
    assert bench.mirror.cursor("project_members", f"[{bench.project}]").state == ""


def test_bare_http_403() -> None:
    """The same with a firewall's HTTP 403 in place of CODING's own answer."""
    bench = Bench(issues=6)
    bench.turn()
    for nth in range(1, 30):
        bench.wire.before(LIST, nth, lambda: Response(403, {}, b"<h1>Forbidden</h1>"))
    bench.settle()
    assert len(bench.codes()) == 6


def test_withdrawn_module() -> None:
    """A product ended a module and its tables were emptied over night."""
    bench = Bench("iterations")
    bench.turn()
    count = len(bench.rows("iterations"))
    bench.set(withdrawn=frozenset({"DescribeIterationList"}))
    bench.settle()
    assert len(bench.rows("iterations")) == count > 0


def test_project_out_of_sight() -> None:
    """The token's owner left a project, and everything in it was deleted; here it is held."""
    bench = Bench("issues", "iterations", "project_members", projects=2, issues=12)
    bench.turn()
    before = {name: len(bench.rows(name)) for name in ("projects", "issues", "project_members")}
    bench.team.hide_project(bench.project)
    bench.settle()
    assert {name: len(bench.rows(name)) for name in before} == before
    assert bench.worker.report.hidden
    bench.team.hide_project(bench.project, False)
    bench.settle().assert_exact()
    assert not bench.worker.report.hidden


def test_archived_project() -> None:
    """Archived projects left the default listing and their history with them; here archiving is a
    changed column."""
    bench = Bench(projects=2, issues=12)
    bench.turn()
    bench.team.archive_project(bench.project, now_ms=bench.now_ms)
    bench.settle().assert_exact()
    assert len(bench.codes()) == 12
    archived = {row["id"]: row["archived"] for row in bench.rows("projects")}
    assert archived[bench.project] is True


def test_empty_list_where_there_were_rows() -> None:
    """For a minute an index answered an empty list with a count of 0, and the copy followed."""
    bench = Bench("issues", "project_members", issues=6)
    bench.turn()
    members = len(bench.rows("project_members"))

    def empty(response: dict[str, Any]) -> None:
        for name in ("List", "ProjectMembers"):
            if name in response["Data"]:
                response["Data"].update({name: [], "TotalCount": 0})

    bench.wire.edit(LIST, empty)
    bench.wire.edit(MEMBERS, empty)
    bench.census()
    bench.poll()
    assert len(bench.codes()) == 6
    assert len(bench.rows("project_members")) == members
    bench.wire.edit(LIST, None)
    bench.wire.edit(MEMBERS, None)
    bench.settle().assert_exact()


def test_deletes_that_polling_never_sees() -> None:
    """A deleted issue never matches `updated since` again and stayed for ever (apache/devlake#7534,
    apache/devlake#9030); here a census finds that it is gone, and asks before it believes."""
    bench = Bench(issues=10)
    bench.turn()
    bench.delete(bench.team.projects[bench.project].codes()[-1])
    bench.poll()
    bench.census()
    bench.assert_exact()
    assert bench.counts("issues").deleted == 1
    assert bench.wire.times("DescribeIssue") == 1


def test_delete_then_late_update() -> None:
    """A delete was applied, then an older page that still showed the row arrived and brought it
    back to life; here a sighting asked for before the delete is stale."""
    bench = Bench(issues=6)
    bench.turn()
    code = bench.team.projects[bench.project].codes()[-1]
    key = make_key((bench.project, code))
    before = bench.mirror.get("issues", key)
    assert before is not None
    asked_at = bench.capture.stamp()
    bench.delete(code)
    bench.census()
    late = Record(
        "issues", key, before.record.scope, before.record.version, b"x", before.record.body
    )
    counts = bench.mirror.commit(
        Page("issues", before.record.scope, bench.now_ms, (Seen(late, asked_at, Origin.POLL),))
    )
    assert (counts.stale, counts.inserted) == (1, 0)
    bench.apply.drain()
    assert code not in bench.codes()


def test_deleted_and_made_again() -> None:
    """A member who left and came back stayed deleted, because the tombstone won for ever."""
    bench = Bench("project_members")
    bench.turn()
    member = list(bench.team.projects[bench.project].roles)[-1]
    bench.team.remove_member(bench.project, member, now_ms=bench.now_ms)
    bench.settle().assert_exact()
    bench.team.add_member(bench.project, member, now_ms=bench.now_ms)
    bench.settle().assert_exact()
    key = make_key((bench.project, member))
    ops = [change.op for change in bench.log("project_members") if change.key == key]
    assert ops == [Op.READ, Op.DELETE, Op.INSERT]


def test_soft_deleted_rows_keep_their_values() -> None:
    """A delete left a row of NULLs behind, or none at all, and reports over time broke; here the
    last values stay, with the moment of the delete."""
    bench = Bench(issues=6)
    bench.turn()
    code = bench.team.projects[bench.project].codes()[-1]
    name = bench.row(code)["name"]
    bench.delete(code)
    bench.census()
    row = bench.row(code)
    assert row["name"] == name
    assert row["_deleted_at"] is not None


def test_deleted_project_takes_its_rows_along() -> None:
    """Children of a deleted project were asked for by name for ever, and stayed."""
    bench = Bench("issues", "iterations", projects=2, issues=12)
    bench.turn()
    gone = bench.project
    bench.team.delete_project(gone, now_ms=bench.now_ms)
    bench.settle().assert_exact()
    assert all(row["project_id"] != gone for row in bench.rows("issues"))
    assert not bench.worker.report.failures


def test_lookup_refused_is_no_proof_of_absence() -> None:
    """The call that should confirm a delete was itself refused, and that counted as gone."""
    bench = Bench(issues=6)
    bench.turn()
    bench.delete(bench.team.projects[bench.project].codes()[-1])
    bench.set(failing={"DescribeIssue": "UnauthorizedOperation"})
    bench.settle()
    assert len(bench.codes()) == 6
    bench.set(failing={})
    bench.settle().assert_exact()


@pytest.mark.parametrize("code", ["InternalError", "RequestLimitExceeded"])
def test_lookup_that_fails_is_no_proof_of_absence(code: str) -> None:
    """The same with an outage."""
    bench = Bench(issues=6)
    bench.turn()
    bench.delete(bench.team.projects[bench.project].codes()[-1])
    for nth in range(1, 9):
        bench.wire.before("DescribeIssue", nth, failing(code))
    bench.census()
    assert len(bench.codes()) == 6
    bench.clock.advance(3_600_000)
    bench.turn()
    bench.settle().assert_exact()
