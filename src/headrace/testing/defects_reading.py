"""Planted defects of the strategies that follow parents and histories.

What only delays (a parent that failed is forgotten, a running build is not looked up again) the
slow pass and the census make good: the simulation cannot tell it from a late answer.
"""

from __future__ import annotations

from typing import Any

from headrace.engine import history
from headrace.engine.children import Children

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


READING_DEFECTS = (
    _child_removal_overlooked, _children_outlive_their_parent, _slow_pass_never_made,
    _force_push_leaves_the_old,
)  # fmt: skip
