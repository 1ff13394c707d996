"""The real clock and the real threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from headrace.errors import Stopped

T = TypeVar("T")
R = TypeVar("R")

PARALLEL_READS = 4


class SystemClock:
    """The real clock. `stop()` wakes every sleeper with `Stopped`."""

    def __init__(self) -> None:
        self._stop = threading.Event()

    def now_ms(self) -> int:
        """Milliseconds since 1970 UTC."""
        return time.time_ns() // 1_000_000

    def sleep(self, seconds: float) -> None:
        """Wait, 0 for not at all; raises `Stopped` once `stop` was called."""
        if self._stop.wait(seconds):
            raise Stopped

    def stop(self) -> None:
        """Ask everything that waits on this clock to end. From any thread; a signal handler would
        wait for itself (`cli.signals`)."""
        self._stop.set()


class ThreadWorkers:
    """Reads side by side in a few threads."""

    def __init__(self, threads: int = PARALLEL_READS) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="headrace-read")

    def map(self, call: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
        """See `core.ports.Workers.map`."""
        return self._pool.map(call, items)

    def close(self) -> None:
        """Finish what is under way, start nothing more."""
        self._pool.shutdown(cancel_futures=True)
