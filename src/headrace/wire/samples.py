"""What a source's mirror holds: records of each stream, and the first as rows."""

from __future__ import annotations

from typing import Any

import msgspec


class Words(msgspec.Struct, kw_only=True, frozen=True):
    """A text in Chinese and English."""

    zh: str
    en: str


class HeldStream(msgspec.Struct, kw_only=True, frozen=True):
    """A stream, its tables, and how many records are on file; None before anything was read."""

    name: str
    title: Words
    records: int | None
    tables: list[str]


class SampleColumn(msgspec.Struct, kw_only=True, frozen=True):
    """A column. `learned`: it is not of the catalogue, but was found in CODING's answers."""

    name: str
    type: str
    meaning: Words | None
    learned: bool


class SampleTable(msgspec.Struct, kw_only=True, frozen=True):
    """Rows as lists of values in the order of `columns`; times in ISO 8601, decimals as texts.
    `cut`: there are more rows than are shown."""

    name: str
    key: list[str]
    columns: list[SampleColumn]
    rows: list[list[Any]]
    cut: bool


class Sample(msgspec.Struct, kw_only=True, frozen=True):
    """The first rows of a stream's table, then of its child tables."""

    stream: str
    records: int | None
    tables: list[SampleTable]
