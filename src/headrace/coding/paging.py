"""How a page is asked for and how its size is read from the answer. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.core.ports import Ask
from headrace.core.stream import Listing, Paging


def page_params(listing: Listing, ask: Ask) -> Mapping[str, Any]:
    """The request parameters that select a page.

    Offset counts rows, as the document of DescribeIterationList says.
    """
    kind = str if listing.as_text else int
    if listing.paging in (Paging.NUMBER, Paging.BARE):
        return {listing.number: kind(ask.page), "PageSize": kind(ask.size)}
    if listing.paging in (Paging.OFFSET, Paging.BARE_OFFSET):
        return {"Offset": (ask.page - 1) * ask.size, "Limit": ask.size}
    if listing.paging is Paging.TOKEN:
        return {"PageSize": ask.size, **({"ContinuationToken": ask.token} if ask.token else {})}
    return {}


def size_in_force(ask: Ask, *, echoed: Any, rows: int, total: int | None) -> int:
    """The page size the server used: the echoed `PageSize` where it is smaller than asked.

    In the official examples the echo of a last page is sometimes its number of rows; so it is
    believed only where the asked size does not explain the page.
    """
    if not isinstance(echoed, int) or not 0 < echoed < ask.size or rows > echoed:
        return ask.size
    explained = total is not None and (ask.page - 1) * ask.size + rows >= total
    return ask.size if explained else echoed
