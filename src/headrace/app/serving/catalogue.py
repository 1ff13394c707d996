"""The streams there are, as plain data: what each is, its tables and their columns."""

from __future__ import annotations

from typing import Any

from headrace.coding.streams import CATALOGUE
from headrace.core.schema import Child, Column
from headrace.core.stream import Stream


def streams() -> list[dict[str, Any]]:
    """All, a parent before its children."""
    return [stream(one) for one in CATALOGUE]


def stream(one: Stream) -> dict[str, Any]:
    """One, with the columns of its table and of its child tables."""
    return {
        "name": one.name,
        "title": {"zh": one.title.zh, "en": one.title.en},
        "strategy": one.strategy.value,
        "optional": one.optional,
        "parents": list(one.leans_on),
        "key": list(one.schema.key),
        "scopes": list(one.scopes),
        "hooks": [event for rule in one.hooks for event in rule.events],
        "columns": [_column(column) for column in one.schema.columns],
        "children": [_child(child) for child in one.schema.children],
    }


def _child(child: Child) -> dict[str, Any]:
    columns = [_column(column) for column in child.columns]
    title = {"zh": child.zh, "en": child.en}
    return {"name": child.name, "title": title, "key": list(child.key), "columns": columns}


def _column(column: Column) -> dict[str, Any]:
    meaning = {"zh": column.zh, "en": column.en}
    return {"name": column.name, "type": column.type.value, "meaning": meaning}
