"""Planted defects of walks, and of the strategies that follow parents and histories.

What only delays (a parent that failed is forgotten, a running build is not looked up again) the
slow pass and the census make good: the simulation cannot tell it from a late answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from headrace.engine import history
from headrace.engine.children import Children
from headrace.engine.walk import Sent, Walk

Patch = tuple[Any, str, Any]


def _child_removal_overlooked() -> Patch:
    return Children, "_removed", lambda *_: []


def _children_outlive_their_parent() -> Patch:
    return Children, "_orphans", lambda *_: iter(())


def _slow_pass_never_made() -> Patch:
    def sweep(self: Any, stream: Any, _parent: Any, place: Any, cursor: Any, outcome: Any) -> None:
        self._rest(stream, place, cursor, outcome, swept=True)

    return Children, "_sweep", sweep


def _force_push_leaves_the_old() -> Patch:
    return history, "closure", lambda graph, _nodes: set(graph)


def _sum_of_keys_is_believed() -> Patch:
    def looks(self: Any, _page: int, sent: Sent) -> Iterator[Sent]:
        self._last = sent.listed
        yield sent

    return Walk, "_looks", looks


READING_DEFECTS = (
    _sum_of_keys_is_believed,
    _child_removal_overlooked, _children_outlive_their_parent, _slow_pass_never_made,
    _force_push_leaves_the_old,
)  # fmt: skip
