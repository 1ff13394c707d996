"""A list as it is answered: a part of it, and where the next begins."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

One = TypeVar("One")


class Page(msgspec.Struct, Generic[One], kw_only=True):
    """Some of a list. `next`, sent as `after`, leads to those that follow; null at the end."""

    items: list[One]
    next: str | None = None
