"""Plain data and rows made into the documents of this package."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

One = TypeVar("One", bound=msgspec.Struct)


def shown(kind: type[One], what: Any) -> One:
    """Plain data or a row as a document. Whatever it tells has its place in the document."""
    if isinstance(what, dict):
        more = what.keys() - set(kind.__struct_fields__)
        assert not more, f"{kind.__module__}.{kind.__name__} has no field for {sorted(more)}"
    return msgspec.convert(what, kind, from_attributes=True)


def all_shown(kind: type[One], rows: Iterable[Any]) -> list[One]:
    """Each of them."""
    return [shown(kind, one) for one in rows]
