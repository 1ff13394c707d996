"""Answers that others took for something they were not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.engine.bench_world import Bench, Step, failing

from headrace.core.transport import Response
from headrace.errors import HeadraceError, Unavailable

LIST = "DescribeIssueListWithPage"
PLACE_OF_LIST = ("issues", "[101]")


def says(body: bytes, status: int = 200, **headers: str) -> Step:
    return lambda: Response(status, headers, body)


NO_ANSWERS = {
    "an error inside HTTP 200": failing("InternalError"),
    "a login page": says(b"<!DOCTYPE html><html><title>Log in</title></html>"),
    "a redirect to a login page": says(b"", 302, location="https://example.org/login"),
    "nothing": says(b""),
    "half an answer": says(b'{"Response":{"Data":{"List":[{"Code":1'),
    "an answer without the list": says(b'{"Response":{"RequestId":"r"}}'),
    "a null list": says(b'{"Response":{"Data":{"List":null,"TotalCount":9},"RequestId":"r"}}'),
    "a list that is an object": says(b'{"Response":{"Data":{"List":{},"TotalCount":0}}}'),
    "NaN": says(b'{"Response":{"Data":{"List":[NaN],"TotalCount":1}}}'),
    "a bare 404": says(b"<h1>404</h1>", 404),
    "a gateway's 502": says(b"<h1>Bad Gateway</h1>", 502),
}


@pytest.mark.parametrize("what", NO_ANSWERS)
def test_no_answer_is_not_an_empty_list(what: str) -> None:
    """Errors inside HTTP 200, login pages and null lists were taken for an empty success, and the
    copy was emptied; here they are tried again, then reported, and delete nothing."""
    bench = Bench(issues=10)
    bench.turn()
    for nth in range(1, 12):
        bench.wire.before(LIST, nth, NO_ANSWERS[what])
    bench.census()
    assert len(bench.codes()) == 10
    failure = bench.worker.report.failures[PLACE_OF_LIST]
    assert isinstance(failure.error, Unavailable)
    assert LIST in str(failure.error)
    bench.create()
    bench.clock.advance(3_600_000)
    bench.turn()
    bench.settle().assert_exact()


@pytest.mark.parametrize("what", NO_ANSWERS)
def test_one_bad_answer_is_tried_again(what: str) -> None:
    """One hiccup ended a night's sync; here the next attempt of the same request goes on."""
    bench = Bench(issues=10, page=4)
    bench.wire.before(LIST, 2, NO_ANSWERS[what])
    bench.turn().assert_exact()
    assert not bench.worker.report.failures


def test_succeeded_though_cut_short() -> None:
    """A job that broke off in the middle was marked as succeeded, and what it had not reached was
    deleted (elastic/connectors#2393); here it ends with the error and without a new mark."""
    bench = Bench(issues=12, page=3)
    for nth in range(3, 20):
        bench.wire.before(LIST, nth, failing("InternalError"))
    with pytest.raises(HeadraceError, match="InternalError"):
        bench.worker.once()
    cursor = bench.mirror.cursor("issues", bench.scope("issues").key)
    assert not cursor.snapshot_done
    assert cursor.mark == 0
    bench.clock.advance(3_600_000)
    bench.boot().worker.once()
    bench.assert_exact()


def test_cut_short_in_a_later_sync_keeps_the_rows() -> None:
    """The same in a sync that came after a good one: the pages it did not reach are not gone."""
    bench = Bench(issues=12, page=3)
    bench.turn()
    for nth in range(2, 20):
        bench.wire.before(LIST, nth, failing("InternalError"))
    bench.census()
    assert len(bench.codes()) == 12
    assert bench.counts("issues").deleted == 0


def test_throttled_in_the_middle_of_a_pass() -> None:
    """Throttled on page 7, a reader started over at page 1 and never got past it; here it waits as
    long as CODING asks, and asks for the same page again."""
    bench = Bench(issues=12, page=3)
    wait = Response(200, {"retry-after": "7"}, failing("RequestLimitExceeded")().body)  # type: ignore[union-attr]
    bench.wire.before(LIST, 3, lambda: wait)
    began = bench.now_ms
    bench.turn().assert_exact()
    assert bench.now_ms - began >= 7000
    pages = [q["PageNumber"] for q in bench.wire.asked if q["Action"] == LIST]
    assert pages[2] == pages[3]


def test_numbers_as_strings() -> None:
    """One deployment wrote ids as strings: every row got a second key beside its first; here a key
    is the same however it is spelled."""
    bench = Bench(issues=6)
    bench.turn()

    def as_text(response: dict[str, Any]) -> None:
        for row in response["Data"]["List"]:
            row.update(Code=str(row["Code"]), DueDate=str(row["DueDate"]))

    bench.wire.edit(LIST, as_text)
    bench.census()
    assert bench.codes() == [1, 2, 3, 4, 5, 6]
    assert bench.counts("issues").deleted == 0
    assert all(isinstance(row["code"], int) for row in bench.rows("issues"))


def test_number_too_large_for_its_column() -> None:
    """An id over 64 bits stopped a whole load; here the value stays readable beside its column."""
    bench = Bench(issues=6)
    huge = 2**70
    bench.wire.edit(
        LIST, lambda r: [row.update(IssueStatusId=huge) for row in r["Data"]["List"][:1]]
    )
    bench.turn()
    odd = [
        row for row in bench.rows("issues") if row["_extra"] and "IssueStatusId" in row["_extra"]
    ]
    assert len(odd) == 1
    assert odd[0]["issue_status_id"] is None
    assert json.loads(odd[0]["_extra"])["IssueStatusId"] == huge


def test_text_that_utf8_cannot_hold() -> None:
    """Half an emoji in a title (a lone surrogate) broke the writer in the middle of a batch; here
    it becomes a replacement character and all else stays as it is."""
    bench = Bench(issues=6)
    bench.turn()
    others = [dict(row) for row in bench.team.rows("issues").values()]
    others[0]["Name"] = "cut \ud83d"
    page = {"Data": {"List": others, "TotalCount": len(others)}, "RequestId": "r"}
    bench.wire.before(LIST, 1, says(json.dumps({"Response": page}).encode()))
    bench.census()
    assert bench.row(1)["name"] == "cut \ufffd"
    assert bench.counts("issues").updated == 1


def test_row_without_a_key_is_set_aside() -> None:
    """One row without an id was dropped without a word; here it is kept with its reason, the rest
    goes on, and the record it may have been is not taken for deleted."""
    bench = Bench(issues=6, page=3)

    def strip(response: dict[str, Any]) -> None:
        for row in response["Data"]["List"]:
            if row["Code"] == 2:
                del row["Code"]

    bench.turn()
    bench.wire.edit(LIST, strip)
    bench.settle()
    assert len(bench.codes()) == 6
    assert [reject.stream for reject in bench.mirror.rejects()] == ["issues"]
    assert "Code" in bench.mirror.rejects()[0].reason
    assert bench.counts("issues").rejected >= 1


@pytest.mark.parametrize("name", [7, None, "", 1.5, True, {"Odd": "shop"}, ["shop"]])
@pytest.mark.parametrize("stream", ["issues", "artifact_versions", "iterations"])
def test_a_projects_name_of_another_type_does_not_end_the_sync(stream: str, name: object) -> None:
    """Sent on as it was, CODING called the request wrong, and the connector gave up for good."""
    bench = Bench(stream, issues=6)
    bench.settle()

    def oddly(response: dict[str, Any]) -> None:
        for row in response["Data"]["ProjectList"]:
            row.update(Name=name)

    bench.wire.edit("DescribeCodingProjects", oddly)
    bench.census()
    errors = [failure.error for failure in bench.worker.report.failures.values()]
    assert {type(error) for error in errors} == {Unavailable}
    bench.wire.edit("DescribeCodingProjects", None)
    bench.settle().assert_exact()
    assert bench.worker.report.failures == {}
