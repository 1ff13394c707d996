from __future__ import annotations

from typing import Any

import pytest

from headrace.playground.envelope import ApiError
from headrace.playground.paging import Paging, Style, frame, window

ITEMS = list(range(7))


def page(style: Style, *, maximum: int = 100, cap: bool = True, **asked: Any) -> dict[str, Any]:
    paging = Paging(style=style, rows="List", pages="TotalPage", default=3)
    return frame(paging, window(paging, asked, maximum=maximum, cap=cap), ITEMS, lambda item: item)


def test_numbered_pages_tell_the_total_beside_the_list() -> None:
    answer = page(Style.NUMBERED, PageNumber=3, PageSize=3)
    assert answer == {
        "Data": {"List": [6], "PageNumber": 3, "PageSize": 3, "TotalCount": 7, "TotalPage": 3}
    }


def test_the_page_object_tells_all_four() -> None:
    told = page(Style.PAGE_OBJECT, PageNumber=1, PageSize=4)["Data"]["Page"]
    assert told == {"PageNumber": 1, "PageSize": 4, "TotalPage": 2, "TotalRow": 7}


def test_offsets_count_rows() -> None:
    assert page(Style.OFFSET, Offset=5, Limit=4)["Data"] == {"List": [5, 6], "TotalCount": 7}


def test_offsets_can_count_pages() -> None:
    paging = Paging(style=Style.OFFSET, rows="List")
    asked = {"Offset": 1, "Limit": 4}
    wanted = window(paging, asked, maximum=100, cap=True, offset_counts_pages=True)
    assert frame(paging, wanted, ITEMS, lambda item: item)["Data"]["List"] == [4, 5, 6]


def test_bare_pages_tell_nothing_but_rows() -> None:
    assert page(Style.BARE, PageNumber=2, PageSize=4)["Data"] == {"List": [4, 5, 6]}


def test_whole_lists_ignore_pages() -> None:
    assert page(Style.WHOLE)["Data"] == {"List": ITEMS}


def test_continuation_tokens_lead_to_the_end() -> None:
    rows: list[int] = []
    token = ""
    for _ in range(4):
        data = page(Style.CONTINUED, ContinuationToken=token, PageSize=2)["Data"]
        rows += data["List"]
        token = data["ContinuationToken"]
    assert rows == ITEMS
    assert token == ""


@pytest.mark.parametrize("style", [Style.NUMBERED, Style.PAGE_OBJECT, Style.BARE])
def test_a_page_beyond_the_end_is_empty(style: Style) -> None:
    assert page(style, PageNumber=9, PageSize=3)["Data"]["List"] == []


def test_too_large_a_page_is_cut_and_echoed() -> None:
    data = page(Style.NUMBERED, maximum=2, PageNumber=1, PageSize=500)["Data"]
    assert (data["PageSize"], data["List"]) == (2, [0, 1])


def test_or_refused() -> None:
    with pytest.raises(ApiError) as caught:
        page(Style.NUMBERED, maximum=2, cap=False, PageNumber=1, PageSize=3)
    assert caught.value.code == "LimitExceeded"


@pytest.mark.parametrize(
    ("style", "asked"),
    [
        (Style.NUMBERED, {"PageNumber": 0, "PageSize": 3}),
        (Style.NUMBERED, {"PageNumber": 1, "PageSize": 0}),
        (Style.OFFSET, {"Offset": -1, "Limit": 3}),
        (Style.CONTINUED, {"ContinuationToken": "abc", "PageSize": 3}),
    ],
)
def test_pages_that_cannot_be(style: Style, asked: dict[str, Any]) -> None:
    with pytest.raises(ApiError) as caught:
        page(style, **asked)
    assert caught.value.code == "InvalidParameterValue"


def test_an_empty_list_has_no_pages() -> None:
    paging = Paging(style=Style.NUMBERED, rows="List", pages="TotalPage")
    wanted = window(paging, {"PageNumber": 1}, maximum=10, cap=True)
    data = frame(paging, wanted, [], lambda item: item)["Data"]
    assert (data["TotalCount"], data["TotalPage"], data["List"]) == (0, 0, [])
