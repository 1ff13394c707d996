"""Getting many things from the other side, a few at a time, and giving up when the line is down."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from headrace.errors import Refused, Unavailable

FAILURES_MAX = 20
_NOT_TRIED = f"Not tried: the {FAILURES_MAX} before it could not be had, one after another."

T = TypeVar("T")
W = TypeVar("W")


def results(
    wanted: Sequence[W], get: Callable[[W], T], *, parallel: int
) -> Generator[tuple[W, Callable[[], T]], None, None]:
    """Each thing, in order, and how to have its result: it waits, and raises what `get` raised.

    When the caller leaves off, nothing more is begun; what is under way is waited for.
    """
    line = _Line()
    pool = ThreadPoolExecutor(parallel, thread_name_prefix="headrace-archive")
    try:
        tasks = [pool.submit(line.get, get, one) for one in wanted]
        for one, task in zip(wanted, tasks, strict=True):
            yield one, task.result
    finally:
        pool.shutdown(cancel_futures=True)


class _Line:
    """The line to the other side: it is given up after many failures one after another."""

    def __init__(self) -> None:
        self._failures = 0

    def get(self, call: Callable[[W], T], one: W) -> T:
        """Make the call. Raises `Refused` without a call once the line is given up."""
        if self._failures >= FAILURES_MAX:
            raise Refused(_NOT_TRIED)
        try:
            found = call(one)
        except Unavailable:
            self._failures += 1
            raise
        except Refused:
            self._failures = 0  # somebody answered
            raise
        self._failures = 0
        return found
