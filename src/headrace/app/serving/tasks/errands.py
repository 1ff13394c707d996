"""What others want done with a task's tables: its runner alone writes them, so it does it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from headrace.engine.apply import Apply
from headrace.errors import Refused, Unavailable

T = TypeVar("T")
Work = Callable[[Apply], T]


class Errands:
    """A queue of work, done one after another in the runner's thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[tuple[Work[Any], Future[Any]]] = []
        self._closed = False

    def put(self, work: Work[T]) -> Future[T]:
        """Have it done. The future raises what it raises, and `Unavailable` where nobody will."""
        future: Future[T] = Future()
        with self._lock:
            if not self._closed:
                self._waiting.append((work, future))
                return future
        future.set_exception(_ended())
        return future

    def do(self, apply: Apply) -> None:
        """All that waits. Raises what ends a runner; a refusal is told to who asked alone."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for index, (work, future) in enumerate(waiting):
            try:
                future.set_result(work(apply))
            except Refused as error:
                future.set_exception(error)
            except BaseException as error:
                future.set_exception(error)
                with self._lock:
                    self._waiting = [*waiting[index + 1 :], *self._waiting]
                raise

    def close(self) -> None:
        """Nothing is done any more."""
        with self._lock:
            self._closed = True
            waiting, self._waiting = self._waiting, []
        for _, future in waiting:
            future.set_exception(_ended())


def _ended() -> Unavailable:
    return Unavailable("The task ended before.", advice="Try again when it runs.")
