"""Planted defects of the strategies that follow parents, fronts of lists and histories."""

from __future__ import annotations

from typing import Any

from headrace.engine import children, history, newest
from headrace.engine.children import Children
from headrace.engine.history import History
from headrace.engine.newest import Newest

Patch = tuple[Any, str, Any]


def _child_removal_overlooked() -> Patch:
    return Children, "_removed", lambda *_: []


def _children_outlive_their_parent() -> Patch:
    return Children, "_orphans", lambda *_: iter(())


def _slow_pass_never_made() -> Patch:
    def sweep(
        self: Any, stream: Any, _parent: Any, place: Any, cursor: Any, outcome: Any
    ) -> None:
        self._rest(stream, place, cursor, outcome, swept=True)

    return Children, "_sweep", sweep


def _failed_parent_forgotten() -> Patch:
    return children, "OPEN_MAX", 0


def _running_rows_forgotten() -> Patch:
    return newest, "OPEN_MAX", 0


def _front_page_only() -> Patch:
    true = Newest._take

    def take(self: Any, *args: Any) -> bool:
        true(self, *args)
        return True

    return Newest, "_take", take


def _force_push_leaves_the_old() -> Patch:
    return history, "gone", lambda *_: []


def _head_on_file_is_enough() -> Patch:
    """Commits are committed page by page: after a crash the ancestors of a head may be wanting."""
    true = History._is_missing

    def is_missing(self: Any, stream: Any, scope: Any, node: str) -> bool:
        return true(self, stream, scope, node) and node.endswith(("0", "1", "2", "3", "4", "5"))

    return History, "_is_missing", is_missing


READING_DEFECTS = (
    _child_removal_overlooked, _children_outlive_their_parent, _slow_pass_never_made,
    _failed_parent_forgotten, _running_rows_forgotten, _front_page_only,
    _force_push_leaves_the_old, _head_on_file_is_enough,
)  # fmt: skip
