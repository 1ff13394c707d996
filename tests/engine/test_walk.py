"""Walks over a list that moves: what stands still is seen, and a walk that saw less says so."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.coding.auth import PersonalToken
from headrace.coding.client import Client
from headrace.coding.pacing import Pacer
from headrace.coding.source import CodingSource
from headrace.coding.streams import find
from headrace.core.retry import RetryPolicy
from headrace.core.stamp import Stamps
from headrace.core.stream import Paging, Scope
from headrace.core.transport import Request, Response
from headrace.engine.walk import Walk
from headrace.errors import Unavailable
from headrace.testing.clock import VirtualClock
from headrace.testing.world import InlineWorkers

SCOPE = Scope("[1]", {"ProjectId": 1, "ProjectName": "one"}, {"ProjectId": 1})
Step = Callable[["Shelf"], None]


class Shelf:
    """CODING's side of one listing: numbered rows, a largest page, and acts between requests.

    `acts` are done one by one, each before the answer to the request of its place in the list.
    `spoil` may change an answer.
    """

    def __init__(
        self,
        rows: Sequence[int],
        *,
        cap: int = 3,
        acts: Sequence[Step | None] = (),
        spoil: Callable[[int, dict[str, Any]], None] = lambda _page, _data: None,
        echo: bool = True,
    ) -> None:
        self.rows = list(rows)
        self.cap = cap
        self.pages: list[int] = []
        self._acts = list(acts)
        self.spoil = spoil
        self._echo = echo

    def send(self, request: Request) -> Response:
        asked = json.loads(request.body)
        if self._acts and (act := self._acts.pop(0)):
            act(self)
        size = min(asked.get("PageSize", asked.get("Limit")), self.cap)
        start = asked["Offset"] if "Offset" in asked else (asked["PageNumber"] - 1) * size
        self.pages.append(start // size + 1)
        rows = [row(code) for code in self.rows[start : start + size]]
        data = {"List": rows, "TotalCount": len(self.rows), "TotalRow": len(self.rows)}
        if self._echo:
            data["PageSize"] = size
        self.spoil(start // size + 1, data)
        return Response(200, {}, json.dumps({"Response": {"Data": data}}).encode())


def row(code: int) -> dict[str, Any]:
    """The higher its code, the later a row was updated."""
    return {"Code": code, "UpdatedAt": updated_ms(code)}


def updated_ms(code: int) -> int:
    return 1_790_000_000_000 + code * 10_000


def walk(
    shelf: Shelf, name: str = "issues", *, since: int | None = None, paging: Paging | None = None
) -> tuple[list[int], bool]:
    """The codes in the order they were shown, and whether the walk calls itself whole. `since`: it
    asks for rows that were updated when this one was, or later; `paging`: another than its own."""
    stream = find([name])[0]
    if paging is not None:
        stream = replace(stream, listing=replace(stream.listing, paging=paging, total=""))
    clock = VirtualClock(1_795_000_000_000)
    client = Client(
        shelf, "http://127.0.0.1", PersonalToken("t"), Pacer(clock), clock,
        retry=RetryPolicy(attempts=2), dice=Random(1),
    )  # fmt: skip
    one = Walk(
        source=CodingSource(client), stamps=Stamps(clock), workers=InlineWorkers(),
        stream=stream, scope=SCOPE,
        window=(updated_ms(since), clock.now_ms()) if since is not None else None,
    )  # fmt: skip
    shown = [each["Code"] for sent in one for each in sent.listed.rows]
    return shown, one.whole(len(set(shown)))


def delete(*codes: int) -> Step:
    return lambda shelf: [shelf.rows.remove(code) for code in codes] and None


def append(*codes: int) -> Step:
    return lambda shelf: shelf.rows.extend(codes)


def prepend(*codes: int) -> Step:
    return lambda shelf: shelf.rows.__setitem__(slice(0, 0), codes)


def touch(*codes: int) -> Step:
    """Rows move to the end, as updated ones do in an order by update time."""

    def move(shelf: Shelf) -> None:
        for code in codes:
            shelf.rows.remove(code)
            shelf.rows.append(code)

    return move


@pytest.mark.parametrize("stream", ["issues", "iterations"])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 20])
@pytest.mark.parametrize("echo", [True, False])
def test_quiet_list(stream: str, count: int, echo: bool) -> None:
    shown, whole = walk(Shelf(range(count), echo=echo), stream)
    assert set(shown) == set(range(count))
    assert whole


def test_pages_are_read_last_to_first() -> None:
    shelf = Shelf(range(9))
    walk(shelf)
    assert shelf.pages == [1, 3, 2, 1, 4] or shelf.pages[:3] == [1, 3, 2]


def test_page_size_that_the_server_cuts() -> None:
    """500 are asked, 3 are given: the next page begins at 3, not at 500."""
    shown, whole = walk(Shelf(range(10)))
    assert set(shown) == set(range(10))
    assert whole


def test_a_total_that_ends_where_the_server_cuts_the_page() -> None:
    """3 of 500 asked for are given, and 3 are counted for once: there are more behind them, so the
    walk is not whole, and the pass walks again."""

    asked: list[int] = []

    def too_few(page: int, data: dict[str, Any]) -> None:
        asked.append(page)
        if len(asked) == 1:
            data.update(TotalCount=3, TotalRow=3)

    shown, whole = walk(Shelf(range(10), spoil=too_few, echo=False))
    assert {3, 4, 5} < set(shown)
    assert not whole


def test_size_cut_in_the_middle_of_a_walk() -> None:
    """The cap falls from 4 to 2 while pages are read: what was left out is missed, and noticed."""
    shelf = Shelf(range(12), cap=4, acts=[None, None, lambda s: setattr(s, "cap", 2)])
    shown, whole = walk(shelf)
    assert whole is (set(shown) == set(range(12)))


MOVES = {
    "delete in front of the page to come": delete(0),
    "delete on a page already read": delete(8),
    "delete two": delete(1, 7),
    "a new row at the end": append(50),
    "a page of new rows at the end": append(50, 51, 52),
    "rows move to the end": touch(0, 4),
    "the last row goes": delete(8),
    "all of the last page goes": delete(6, 7, 8),
}


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("at", range(5))
def test_drift_in_an_order_that_grows_at_its_end(move: str, at: int) -> None:
    """By code or by update time: every row that stays is shown. One that is touched meanwhile is
    shown, or has a time later than the walk's begin, or the walk is not whole."""
    before = list(range(9))
    shelf = Shelf(before, acts=[*[None] * at, MOVES[move]])
    shown, whole = walk(shelf)
    stayed = set(before) & set(shelf.rows)
    touched = {0, 4} if "move" in move else set()
    assert set(shown) >= stayed - touched
    assert set(shown) >= stayed or not whole


@pytest.mark.parametrize("at", range(1, 5))
def test_rows_in_front_are_seen_or_missed_aloud(at: int) -> None:
    """Newest first: a new row pushes others onto pages already read."""
    shelf = Shelf(range(9), acts=[*[None] * at, prepend(50)])
    shown, whole = walk(shelf)
    assert set(shown) >= set(shelf.rows) or not whole


@given(
    st.integers(0, 14), st.integers(1, 5),
    st.lists(st.tuples(st.sampled_from("dat."), st.integers(0, 30)), max_size=12),
)  # fmt: skip
def test_any_drift_in_an_order_that_grows_at_its_end(
    count: int, cap: int, moves: list[tuple[str, int]]
) -> None:
    """Deletes anywhere, new and touched rows at the end: whoever stayed in place is shown."""
    fresh = iter(range(100, 200))
    moved: set[int] = set()

    def act(kind: str, place: int) -> Step:
        def do(shelf: Shelf) -> None:
            if kind == "a":
                shelf.rows.append(next(fresh))
            elif shelf.rows and kind in "dt":
                code = shelf.rows.pop(place % len(shelf.rows))
                moved.add(code)
                shelf.rows.extend([code] if kind == "t" else [])

        return do

    shelf = Shelf(range(count), cap=cap, acts=[act(*move) for move in moves])
    before = set(shelf.rows)
    shown, _ = walk(shelf)
    assert set(shown) >= (before & set(shelf.rows)) - moved


def test_list_that_never_stops_growing() -> None:
    """A page more at every request: after ROUNDS_MAX looks at its end the walk gives up, and says
    that it is not whole."""
    fresh = iter(range(100, 1000))
    grow = lambda shelf: shelf.rows.extend(next(fresh) for _ in range(3))  # noqa: E731
    shelf = Shelf(range(3), acts=[grow] * 200)
    _, whole = walk(shelf)
    assert not whole
    assert len(shelf.pages) < 60


def test_list_that_shrinks_to_nothing() -> None:
    shelf = Shelf(range(9), acts=[None, lambda s: s.rows.clear()])
    shown, _ = walk(shelf)
    assert set(shown) <= set(range(9))


@pytest.mark.parametrize("by", [-5, -4, -1, 1, 4])
def test_wrong_total(by: int) -> None:
    """Too small: the walk looks behind the last page. Too large: it is not whole."""
    shelf = Shelf(range(9), spoil=lambda _p, data: data.update(TotalCount=9 + by))
    shown, whole = walk(shelf)
    assert set(shown) == set(range(9))
    assert whole is (by < 0)


def test_wrong_total_once() -> None:
    """The total counts that was given last."""
    shelf = Shelf(range(9), spoil=lambda page, d: page == 1 or d.update(TotalCount=9))
    shown, whole = walk(shelf)
    assert set(shown) == set(range(9))
    assert whole


@pytest.mark.parametrize("page", [2, 3])
def test_repeated_page(page: int) -> None:
    """A page shows the first one again: fewer different keys than the total."""

    def repeat(number: int, data: dict[str, Any]) -> None:
        if number == page:
            data["List"] = [row(code) for code in (0, 1, 2)]

    shown, whole = walk(Shelf(range(9), spoil=repeat))
    assert len(set(shown)) == 6
    assert not whole


def test_a_page_of_another_window_does_not_make_up_for_rows_left_out() -> None:
    """A poll asks for what was updated lately, and one page shows three older rows instead."""
    answers = itertools.count()

    def stale(_page: int, data: dict[str, Any]) -> None:
        if next(answers) == 2:
            data["List"] = [row(code) for code in (1, 2, 3)]

    shelf = Shelf(range(10, 19), spoil=stale)
    shown, whole = walk(shelf, since=10)
    assert set(shown) >= set(range(10, 19))
    assert whole


def test_a_filter_that_is_wider_than_the_window_costs_one_look() -> None:
    """Of day-wide filters all pages but the first show older rows."""
    rows = range(19, 0, -1)
    shown, whole = walk(narrow := Shelf(rows), since=17)
    assert (set(shown), whole) == (set(rows), True)
    walk(wide := Shelf(rows))
    assert len(narrow.pages) == len(wide.pages) + 1


@pytest.mark.parametrize("page", [1, 2, 3])
@pytest.mark.parametrize("left", [0, 1, 2])
def test_short_page(page: int, left: int) -> None:
    """A page that comes back short is never the end, nor called whole."""

    def cut(number: int, data: dict[str, Any]) -> None:
        if number == page:
            data["List"] = data["List"][:left]

    shown, whole = walk(Shelf(range(9), spoil=cut))
    assert whole is (set(shown) == set(range(9)))


@given(
    st.integers(1, 14), st.integers(1, 5),
    st.lists(st.integers(0, 40), max_size=12), st.lists(st.integers(0, 6), max_size=12),
)  # fmt: skip
def test_a_row_that_went_never_makes_up_for_one_left_out(
    count: int, cap: int, places: list[int], kept: list[int]
) -> None:
    """Rows are deleted between pages that come back short, no page twice in a row: a walk that
    calls itself whole has shown all that stayed."""
    cuts, cut_before = iter(kept), set[int]()

    def cut(page: int, data: dict[str, Any]) -> None:
        left = cap if page in cut_before else next(cuts, cap)
        cut_before.symmetric_difference_update({page} if page in cut_before or left < cap else ())
        data["List"] = data["List"][:left]

    def go(place: int) -> Step:
        return lambda shelf: shelf.rows and shelf.rows.pop(place % len(shelf.rows)) and None

    acts = [go(place) if place <= 20 else None for place in places]
    shelf = Shelf(range(count), cap=cap, acts=acts, spoil=cut)
    shown, whole = walk(shelf)
    assert set(shown) >= set(shelf.rows) or not whole


@pytest.mark.parametrize("goes", [0, 1, 2])
def test_a_short_page_is_looked_at_again_though_the_sum_is_right(goes: int) -> None:
    """The second page leaves out as many rows as have just gone from the first."""
    cut = iter([None, None, 3 - goes])

    def spoil(_page: int, data: dict[str, Any]) -> None:
        data["List"] = data["List"][: next(cut, None)]

    gone = list(range(goes))
    shelf = Shelf(range(9), acts=[None, None, None, delete(*gone)], spoil=spoil)
    shown, whole = walk(shelf)
    assert set(shown) == set(range(9))
    assert whole
    assert shelf.pages.count(2) == 1 + bool(goes)


def test_an_empty_page_with_a_count_of_zero_is_looked_at_again() -> None:
    """It says of itself that nothing is left out; the page before counted more."""
    empty = iter([False, False, True])

    def spoil(_page: int, data: dict[str, Any]) -> None:
        if next(empty, False):
            data.update(List=[], TotalCount=0, TotalRow=0)

    shown, whole = walk(Shelf(range(9), spoil=spoil))
    assert set(shown) == set(range(9))
    assert whole


LIES: dict[str, Callable[[int, int], int]] = {
    "as it is": lambda total, _cut: total,
    "zero": lambda _total, _cut: 0,
    "what is shown": lambda total, cut: total - cut,
    "one too small": lambda total, _cut: max(0, total - 1),
    "three too small": lambda total, _cut: max(0, total - 3),
    "four too large": lambda total, _cut: total + 4,
}


class BadAnswer:
    """The first rows of a page, with another count, in the answer of one place."""

    def __init__(self, at: int, rows: int, lie: str) -> None:
        self.is_first_and_agrees = False
        self._at = at
        self._rows = rows
        self._total = LIES[lie]
        self._answers = itertools.count()

    def __call__(self, _page: int, data: dict[str, Any]) -> None:
        if next(self._answers) == self._at:
            shown = data["List"][: self._rows]
            total = self._total(data["TotalCount"], len(data["List"]) - len(shown))
            data.update(List=shown, TotalCount=total, TotalRow=total)
            self.is_first_and_agrees = self._at == 0 and len(shown) == total


@pytest.mark.parametrize("stream", ["issues", "iterations"])
@pytest.mark.parametrize("cap", [1, 2, 3, 9])
@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("echo", [True, False])
def test_one_bad_answer_at_any_place_never_makes_a_whole_walk_of_a_part(
    stream: str, cap: int, count: int, echo: bool
) -> None:
    """Some rows of a page, with any count. Only a first page that agrees with itself is believed:
    no reader can tell it from the truth."""
    for bad in (BadAnswer(*how) for how in itertools.product(range(7), range(cap + 1), LIES)):
        shown, whole = walk(Shelf(range(count), cap=cap, spoil=bad, echo=echo), stream)
        assert not whole or bad.is_first_and_agrees or set(shown) == set(range(count)), vars(bad)


@pytest.mark.parametrize("at", [0, 1])
def test_a_page_that_shows_more_than_it_counts_is_looked_at_again(at: int) -> None:
    """Of the first two answers one shows three rows and says that there are none."""
    shown, whole = walk(Shelf(range(9), spoil=BadAnswer(at, 3, "zero")), "iterations")
    assert set(shown) == set(range(9))
    assert whole


BARE = pytest.mark.parametrize("paging", [Paging.BARE, Paging.BARE_OFFSET])


@BARE
@pytest.mark.parametrize("count", [0, 1, 3, 4, 6, 9])
def test_a_list_without_a_count_ends_where_a_page_is_empty_twice(
    paging: Paging, count: int
) -> None:
    shelf = Shelf(range(count))
    assert walk(shelf, paging=paging) == (list(range(count)), True)
    assert len(shelf.pages) == -(-count // 3) + 2


@BARE
@pytest.mark.parametrize("count", [1, 3, 8])
@pytest.mark.parametrize("last", [1, 3])
def test_a_list_that_gives_a_page_for_all_beyond_it(paging: Paging, count: int, last: int) -> None:
    """Its only page, or its last: `last` is the number of it."""
    shelf = Shelf(range(count * last), cap=count)

    def clamp(page: int, data: dict[str, Any]) -> None:
        start = (min(page, last) - 1) * count
        data["List"] = [row(code) for code in shelf.rows[start : start + count]]

    shelf.spoil = clamp
    assert walk(shelf, paging=paging) == (list(range(count * last)), True)
    assert len(shelf.pages) == last + 2


@BARE
@pytest.mark.parametrize("at", range(5))
@pytest.mark.parametrize("bad", ["empty", "repeated"])
def test_one_bad_page_of_a_list_without_a_count(paging: Paging, at: int, bad: str) -> None:
    """It is empty, or the page before it: seen through wherever it stands."""
    shelf, answers = Shelf(range(9)), itertools.count()

    def spoil(page: int, data: dict[str, Any]) -> None:
        if next(answers) == at:
            again = shelf.rows[max(0, page - 2) * 3 :][:3]
            data["List"] = [] if bad == "empty" else [row(code) for code in again]

    shelf.spoil = spoil
    shown, whole = walk(shelf, paging=paging)
    assert whole
    assert set(shown) == set(range(9))


def test_doubled_rows_do_not_make_up_for_missing_ones() -> None:
    def double(number: int, data: dict[str, Any]) -> None:
        if number == 2:
            data["List"] = data["List"][:1] * 3

    _, whole = walk(Shelf(range(9), spoil=double))
    assert not whole


def test_missing_total() -> None:
    with pytest.raises(Unavailable, match="without its total"):
        walk(Shelf(range(9), spoil=lambda _p, data: data.pop("TotalCount")))


@pytest.mark.parametrize("total", ["9", -1, None, 9.5, [9]])
def test_total_of_another_kind(total: Any) -> None:
    with pytest.raises(Unavailable, match="without its total"):
        walk(Shelf(range(9), spoil=lambda _p, data: data.update(TotalCount=total)))


def test_stamps_are_of_the_moment_of_sending() -> None:
    """A page read later has a higher stamp, though its number is lower."""
    clock = VirtualClock(1_795_000_000_000)
    client = Client(
        Shelf(range(9)), "http://127.0.0.1", PersonalToken("t"), Pacer(clock), clock, dice=Random(1)
    )
    stamps = Stamps(clock)
    before = stamps.next()
    one = Walk(
        source=CodingSource(client), stamps=stamps, workers=InlineWorkers(),
        stream=find(["issues"])[0], scope=SCOPE,
    )  # fmt: skip
    given_out = [sent.stamp for sent in one]
    assert given_out == sorted(set(given_out))
    assert before < given_out[0]


def test_a_list_in_which_something_always_happens_is_read_whole() -> None:
    """A row is added before every single answer: the walk owes what was there when it began."""
    acts = [append(100 + number) for number in range(40)]
    shown, whole = walk(Shelf(range(10), cap=7, acts=acts))
    assert set(shown) >= set(range(10))
    assert whole


@pytest.mark.parametrize("lost_at", range(1, 4))
def test_a_growing_list_with_a_short_page_is_not_whole(lost_at: int) -> None:
    """What grows must not hide what a bad answer left out."""

    def spoil(page: int, data: dict[str, Any]) -> None:
        if page == lost_at:
            data["List"] = data["List"][1:]

    acts = [append(100 + number) for number in range(40)]
    shown, whole = walk(Shelf(range(14), cap=7, acts=acts, spoil=spoil))
    assert not whole or set(shown) >= set(range(14))
