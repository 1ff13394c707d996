"""How a page is asked for and how its size is read from the answer. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.core.ports import Ask
from headrace.core.stream import Paging


def page_params(paging: Paging, ask: Ask) -> Mapping[str, Any]:
    """The request parameters that select a page.

    Offset counts rows, as the document of DescribeIterationList says.
    """
    if paging is Paging.NUMBER:
        return {"PageNumber": ask.page, "PageSize": ask.size}
    if paging is Paging.OFFSET:
        return {"Offset": (ask.page - 1) * ask.size, "Limit": ask.size}
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
