"""A sentence in both languages."""

from __future__ import annotations

from typing import NamedTuple


class Both(NamedTuple):
    """One sentence in both languages, with the same `{places}`."""

    en: str
    zh: str
