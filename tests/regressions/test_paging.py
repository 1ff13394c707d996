"""What page walks of others lost, doubled or never ended."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine.bench_world import Bench, numbers

from headrace.core.stream import Paging
from headrace.engine.capture import Kind
from headrace.errors import Unavailable

LIST = "DescribeIssueListWithPage"


def test_offset_paging_drift() -> None:
    """An issue updated between two pages shifted the rest forward and one was skipped for good
    (singer-io/tap-jira#109); here pages are read last to first, and the poll sees every one."""
    bench = Bench(issues=12, page=3)
    bench.turn()
    bench.clock.advance(10_000)
    changed = bench.team.projects[bench.project].codes()
    for code in changed:
        bench.update(code, priority="3")
    for nth in range(2, 6):
        bench.wire.before(LIST, nth, lambda nth=nth: bench.update(nth, name=f"again {nth}"))
    bench.poll()
    assert {bench.row(code)["priority"] for code in changed} == {"3"}
    bench.poll().assert_exact()


def test_offset_paging_drift_by_deletes() -> None:
    """A delete on a page already read pulled an unread row onto it, where nobody looked again;
    here a delete shifts rows towards the pages still to come."""
    bench = Bench(issues=12, page=3)
    for nth, code in enumerate((1, 5, 9), 2):
        bench.wire.before(LIST, nth, lambda code=code: bench.delete(code))
    bench.turn()
    assert set(bench.codes()) >= set(bench.team.projects[bench.project].codes())
    bench.settle().assert_exact()


def test_server_caps_the_page_size() -> None:
    """A server gave 100 rows where 500 were asked, and the reader computed the next offset from
    500, so four fifths were never read; here the size that the server really gave counts."""
    bench = Bench(issues=23, page=4)
    bench.turn()
    assert len(bench.codes()) == 23


def test_server_caps_the_page_size_without_a_word() -> None:
    """The same, with an answer that repeats the size that was asked for."""
    bench = Bench("iterations", page=3)
    for _ in range(20):
        bench.team.create_iteration(bench.project, now_ms=bench.now_ms)
    bench.wire.edit("DescribeIterationList", lambda r: r["Data"].update(PageSize=100))
    bench.turn()
    bench.assert_exact()


def test_server_that_caps_a_page_at_one_row() -> None:
    """A default page size of 1 made a reader believe that every list had one row."""
    bench = Bench(issues=7, page=1)
    bench.turn()
    assert len(bench.codes()) == 7


def test_page_size_one_by_default() -> None:
    """Left out, PageSize was 1 on the server's side, and a sync took hours; here every paged
    request names its size."""
    bench = Bench("issues", "iterations", "project_members")
    bench.turn()
    paged = {s.listing.action for s in bench.streams if s.listing.paging is not Paging.NONE}
    asked = [question for question in bench.wire.asked if question["Action"] in paged]
    assert {question["Action"] for question in asked} == paged
    assert all(q.get("PageSize", q.get("Limit", 0)) >= 100 for q in asked)


def test_offset_counts_rows_not_pages() -> None:
    """A page number was sent as the offset, so pages overlapped and the end was never reached
    (apache/devlake#5032); here the offset counts rows."""
    bench = Bench("iterations", page=3)
    for _ in range(20):
        bench.team.create_iteration(bench.project, now_ms=bench.now_ms)
    bench.turn()
    bench.assert_exact()
    offsets = [q["Offset"] for q in bench.wire.asked if q["Action"] == "DescribeIterationList"]
    assert max(offsets) >= 18


def test_offset_taken_for_a_page_loses_nothing_silently() -> None:
    """A server counting pages where rows are meant: the pass fails visibly, nothing is deleted."""
    bench = Bench("iterations", page=3)
    for _ in range(20):
        bench.team.create_iteration(bench.project, now_ms=bench.now_ms)
    bench.turn()
    before = len(bench.rows("iterations"))
    bench.set(offset_counts_pages=True)
    bench.settle()
    assert ("iterations", f"[{bench.project}]") in bench.worker.report.failures
    assert len(bench.rows("iterations")) == before


def test_total_missing() -> None:
    """Without a total a reader stopped after the first page and called it the whole list; here a
    paged answer without its count is no answer."""
    bench = Bench(issues=12, page=3)
    bench.wire.edit(LIST, lambda r: r["Data"].pop("TotalCount"))
    with pytest.raises(Unavailable, match="without its total"):
        bench.worker.once()
    assert not bench.mirror.cursor("issues", bench.scope("issues").key).snapshot_done
    bench.wire.edit(LIST, None)
    bench.settle().assert_exact()


@pytest.mark.parametrize("by", [-5, 7])
def test_total_that_is_wrong(by: int) -> None:
    """A list ended before its claimed total and the sync reported success with fewer records
    (elastic/integrations#7898); here a walk is whole when keys and count agree, or it fails."""
    bench = Bench(issues=12, page=4)

    def wrong(response: dict[str, Any]) -> None:
        response["Data"]["TotalCount"] = max(0, response["Data"]["TotalCount"] + by)

    bench.wire.edit(LIST, wrong)
    bench.turn()
    assert len(bench.codes()) == 12
    failed = ("issues", bench.scope("issues").key) in bench.worker.report.failures
    assert failed is (by > 0)
    bench.wire.edit(LIST, None)
    bench.settle().assert_exact()


def test_page_that_repeats() -> None:
    """A cache answered every page with the first one and the reader looped until it was killed;
    here such a pass ends, is not believed, and deletes nothing."""
    bench = Bench(issues=12, page=4)
    bench.turn()
    first = bench.team.projects[bench.project].codes()[:4]

    def repeat(response: dict[str, Any]) -> None:
        rows = bench.team.rows("issues")
        response["Data"]["List"] = [dict(rows[bench.project, code]) for code in first]

    bench.wire.edit(LIST, repeat)
    before = bench.wire.times(LIST)
    bench.census()
    assert bench.wire.times(LIST) - before < 40
    assert len(bench.codes()) == 12
    assert bench.worker.report.failures
    bench.wire.edit(LIST, None)
    bench.settle().assert_exact()


def test_update_on_a_short_page_while_rows_go() -> None:
    """A page came back short while rows of an earlier page were deleted: the sum of keys was right,
    the mark passed the update that was left out, and no poll saw it again. Here a page that is
    short by its own count is looked at again."""
    bench = Bench(issues=12, page=3)
    bench.settle()
    for code in range(1, 13):
        bench.update(code, priority="3")
        bench.clock.advance(1000)
    bench.clock.advance(60_000)
    answers = 0

    def cut_the_third(response: dict[str, Any]) -> None:
        nonlocal answers
        answers += 1
        if answers == 3:  # page 1, the last one, this one
            assert len(response["Data"]["List"]) == 3
            del response["Data"]["List"][1:]

    bench.wire.edit(LIST, cut_the_third)
    bench.wire.before(LIST, 4, lambda: bench.delete(1))
    bench.wire.before(LIST, 5, lambda: bench.delete(2))
    bench.turn()
    bench.wire.edit(LIST, None)
    assert answers > 5
    left = bench.team.projects[bench.project].codes()
    assert len(left) < 11
    assert {bench.row(code)["priority"] for code in left} == {"3"}


def test_full_last_page() -> None:
    """A list of exactly two pages ended in an empty third one, which was taken for an error."""
    bench = Bench(issues=8, page=4)
    bench.turn()
    assert len(bench.codes()) == 8
    assert not bench.worker.report.failures


def test_list_that_grows_while_it_is_read() -> None:
    """New rows behind the last page were left for a next sync whose window began after them."""
    bench = Bench(issues=8, page=4)
    for nth in (1, 2, 3):
        bench.wire.before(LIST, nth, lambda: bench.create() and None)
    outcome = bench.turn().run("issues", Kind.POLL)
    assert outcome.hidden == ""
    bench.apply.drain()
    assert len(bench.codes()) == 11
    assert numbers(bench.rows("issues"), "_deleted_at") == [None] * 11
