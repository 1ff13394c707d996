"""Lists in parts: each answers a `Page`, and takes `limit` and `after`, the `next` of the one
before. What `after` holds is the server's business: a number or a name, by which lists go on where
they were even if something came or went meanwhile.
"""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any, TypeVar

from litestar.params import QueryParameter

from headrace.errors import Refused
from headrace.web.api.verbs import ID_MAX
from headrace.wire.page import Page

LIMIT_MAX = 1000
One = TypeVar("One")
After = Annotated[
    str,
    QueryParameter(max_length=1000, pattern="^[A-Za-z0-9_=-]*$", description="`next` of a page"),
]
Limit = Annotated[int, QueryParameter(ge=1, le=LIMIT_MAX)]


def newest(found: Callable[[int, int], Sequence[One]], *, after: str, limit: int) -> Page[One]:
    """Of a list whose newest come first, each with an `id`: `found` gives those before a number
    (0: from the newest on), at most so many."""
    items = found(_number(after), limit + 1)
    return Page(items=list(items[:limit]), next=_next(items, limit, lambda one: str(_id(one))))


def listed(items: Iterable[One], key: Callable[[One], str], *, after: str, limit: int) -> Page[One]:
    """Of a list that is at hand whole, in the order of a text that each has of its own."""
    begin = _text(after)
    rest = sorted((one for one in items if not after or key(one) > begin), key=key)
    return Page(items=rest[:limit], next=_next(rest, limit, lambda one: _cursor(key(one))))


def whole(items: Sequence[One]) -> Page[One]:
    """A list that is never long, in its own order."""
    return Page(items=list(items))


def _next(items: Sequence[One], limit: int, cursor: Callable[[One], str]) -> str | None:
    return cursor(items[limit - 1]) if len(items) > limit else None


def _id(one: Any) -> int:
    return int(one["id"] if isinstance(one, dict) else one.id)


def _number(after: str) -> int:
    if not after:
        return 0
    if not after.isdigit() or int(after) > ID_MAX:
        raise _no_cursor()
    return int(after)


def _cursor(value: str) -> str:
    return urlsafe_b64encode(value.encode()).decode()


def _text(after: str) -> str:
    try:
        return b64decode(after, altchars=b"-_", validate=True).decode()
    except ValueError:
        raise _no_cursor() from None


def _no_cursor() -> Refused:
    return Refused("`after` is not the `next` of a page.", advice="Leave it out to begin anew.")
