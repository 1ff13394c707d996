"""The ways CODING pages its lists: what is asked for, which window that is, how it is answered.

NUMBERED: PageNumber + PageSize, total beside the list. PAGE_OBJECT: the same, in a `Page` object.
OFFSET: Offset + Limit. BARE: PageNumber + PageSize, no total. WHOLE: everything at once.
CONTINUED: ContinuationToken + PageSize, an empty token on the last page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple, TypeVar

from .envelope import ApiError

Item = TypeVar("Item")
STATED_NOWHERE = 100  # our cap where the document states no maximum


class Style(Enum):
    NUMBERED = "P1"
    PAGE_OBJECT = "P2"
    OFFSET = "P3"
    BARE = "P4"
    WHOLE = "P5"
    CONTINUED = "P6"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """`rows`: the list's name. `under`: the object around it, "" for none.

    `total`, `pages`: the names of the row count and the page count, "" where none is told.
    `as_text`: page number and size are asked for as texts.
    """

    style: Style
    rows: str
    under: str = "Data"
    total: str = "TotalCount"
    pages: str = ""
    number: str = "PageNumber"
    default: int = 20
    maximum: int = STATED_NOWHERE
    required: bool = True
    as_text: bool = False

    def parameters(self) -> tuple[tuple[str, str, bool], ...]:
        """(name, type, required) of the request fields this style adds."""
        if self.style is Style.WHOLE:
            return ()
        if self.style is Style.OFFSET:
            return (("Offset", "integer", False), ("Limit", "integer", False))
        if self.style is Style.CONTINUED:
            return (("ContinuationToken", "string", False), ("PageSize", "integer", False))
        kind = "string" if self.as_text else "integer"
        return ((self.number, kind, self.required), ("PageSize", kind, self.required))


class Window(NamedTuple):
    """Rows `start` to `start + size`; `number` counts pages from 1."""

    number: int
    start: int
    size: int


def window(
    paging: Paging,
    asked: Mapping[str, Any],
    *,
    maximum: int,
    cap: bool,
    offset_counts_pages: bool = False,
) -> Window:
    """Which rows are meant. ApiError InvalidParameterValue, or LimitExceeded without `cap`."""
    if paging.as_text:
        asked = _as_numbers(asked, (paging.number, "PageSize"))
    size_name = "Limit" if paging.style is Style.OFFSET else "PageSize"
    size = asked.get(size_name, min(paging.default, maximum))
    if size < 1:
        raise ApiError("InvalidParameterValue", f"{size_name} must be at least 1")
    if size > maximum and not cap:
        raise ApiError("LimitExceeded", f"{size_name} must be at most {maximum}")
    size = min(size, maximum)
    if paging.style is Style.OFFSET:
        start = asked.get("Offset", 0) * (size if offset_counts_pages else 1)
        number = start // size + 1
    elif paging.style is Style.CONTINUED:
        start = _continued(asked.get("ContinuationToken", ""))
        number = start // size + 1
    else:
        number = asked.get(paging.number, 1)
        start = (number - 1) * size
    if start < 0:
        raise ApiError("InvalidParameterValue", "Pages are counted from 1, offsets from 0")
    return Window(number, start, size)


def frame(
    paging: Paging, wanted: Window, items: Sequence[Item], render: Callable[[Item], Any]
) -> dict[str, Any]:
    """The answer's fields for one window of `items`; a page beyond the end is empty."""
    whole = paging.style is Style.WHOLE
    chosen = items if whole else items[wanted.start : wanted.start + wanted.size]
    rows = [render(item) for item in chosen]
    total, pages = len(items), -(-len(items) // wanted.size)
    fields: dict[str, Any] = {paging.rows: rows}
    if paging.style is Style.NUMBERED:
        fields |= {"PageNumber": wanted.number, "PageSize": wanted.size, paging.total: total}
        fields |= {paging.pages: pages} if paging.pages else {}
    elif paging.style is Style.PAGE_OBJECT:
        fields["Page"] = {
            "PageNumber": wanted.number,
            "PageSize": wanted.size,
            "TotalPage": pages,
            "TotalRow": total,
        }
    elif paging.style is Style.OFFSET and paging.total:
        fields[paging.total] = total
    elif paging.style is Style.CONTINUED:
        end = wanted.start + wanted.size
        fields["ContinuationToken"] = str(end) if end < total else ""
    return {paging.under: fields} if paging.under else fields


def _as_numbers(asked: Mapping[str, Any], names: Sequence[str]) -> Mapping[str, Any]:
    for name in names:
        if not str(asked.get(name, 0)).isdecimal():
            raise ApiError("InvalidParameterValue", f"{name} is no number")
    return {**asked, **{name: int(asked[name]) for name in names if name in asked}}


def _continued(token: str) -> int:
    if token and not token.isdecimal():
        raise ApiError("InvalidParameterValue", "ContinuationToken is not one of ours")
    return int(token or 0)
