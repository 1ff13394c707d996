"""A task at work: it follows its source's mirror and writes its destination, in a thread."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, closing
from typing import NamedTuple, TypeVar

from headrace.app.serving.tasks.errands import Errands, Work
from headrace.app.system import SystemClock
from headrace.core.ports import Mirror
from headrace.destinations.urls import open_destination
from headrace.engine.apply import Apply, Task
from headrace.engine.limits import Limits
from headrace.engine.progress import Progress
from headrace.errors import HeadraceError, Stopped
from headrace.mirror.urls import Store, open_mirror

T = TypeVar("T")

_LOOK_SECONDS = 0.2
_LOOK_AFTER_MS = 3_600_000


class Ground(NamedTuple):
    """Where a task works: its mirror's store and name there, and its destination's URL."""

    store: Store
    mirror: str
    destination: str

    @property
    def place(self) -> tuple[Store, str]:
        """Where its mirror lies."""
        return self.store, self.mirror


class _Refill(NamedTuple):
    """Streams to fill again, () for all, and when that was asked for."""

    streams: Sequence[str]
    asked_at: int


class Runner:
    """Carries one task's changes over from when it is started until it is stopped.

    `reset`: streams that are filled anew first; () for all, None for none; `asked_at` is when that
    was asked for, and `refilled_at` tells which was done last. `once`: it ends when it is level
    and `snapshot_done` says that the source was read whole. `error` is why it ended by itself;
    `finished`, that it was through.
    """

    def __init__(
        self,
        task: Task,
        ground: Ground,
        *,
        reset: Sequence[str] | None,
        asked_at: int = 1,
        once: bool = False,
    ) -> None:
        self.task = task
        self.error: HeadraceError | None = None
        self.finished = False
        self.works = threading.Event()
        self.snapshot_done = threading.Event()
        self.progress = Progress()
        self.lag = 0
        self.refilled_at = 0
        self._wanted = _Refill(reset, asked_at) if reset is not None else None
        self._errands = Errands()
        self._apply: Apply | None = None
        self._ground = ground
        self._once = once
        self._clock = SystemClock()
        self._thread = threading.Thread(target=self._run, name=f"headrace-task-{task.name}")

    @property
    def running(self) -> bool:
        """Whether its thread lives."""
        return self._thread.is_alive()

    @property
    def ground(self) -> Ground:
        """Where it works."""
        return self._ground

    @property
    def offsets(self) -> Mapping[str, int]:
        """Up to which offset each stream is written; none before it `works`."""
        return self._apply.offsets if self._apply is not None else {}

    @property
    def aside(self) -> int:
        """How many records its destination refused and that lie aside."""
        return self._apply.rejected if self._apply is not None else 0

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Carry over what is committed in the mirror, then end."""
        self._clock.stop()

    def ask(self, work: Work[T]) -> Future[T]:
        """Have something done with its tables, between two rounds. The future raises what the work
        raises, and `Unavailable` where the runner ends before."""
        return self._errands.put(work)

    def refill(self, streams: Sequence[str], *, asked_at: int) -> None:
        """Fill these streams again, () for all. What was `asked_at` that moment is done once."""
        self._wanted = _Refill(streams, asked_at)

    def join(self, seconds: float) -> None:
        """Wait until it has ended."""
        self._thread.join(seconds)

    def _run(self) -> None:
        try:
            with ExitStack() as stack:
                mirror = stack.enter_context(closing(self._open_mirror()))
                destination = stack.enter_context(
                    closing(open_destination(self._ground.destination))
                )
                apply = Apply(
                    task=self.task, mirror=mirror, destination=destination, limits=Limits()
                )
                self.progress = apply.progress
                apply.open()
                self._refill(apply)
                self._apply = apply
                self.works.set()
                self._follow(apply, mirror)
        except Stopped:
            pass
        except HeadraceError as error:
            self.error = error
        except Exception as error:  # noqa: BLE001 - whatever it is, it is shown and tried again
            self.error = HeadraceError(f"{type(error).__name__}: {error}", advice="Report it.")
        finally:
            self._errands.close()

    def _refill(self, apply: Apply) -> None:
        wanted = self._wanted
        if wanted is not None and wanted.asked_at != self.refilled_at:
            own = [stream.name for stream in self.task.streams]
            apply.refill([name for name in own if not wanted.streams or name in wanted.streams])
            self.refilled_at = wanted.asked_at

    def _open_mirror(self) -> Mirror:
        now_ms = self._clock.now_ms()
        return open_mirror(*self._ground.place, now_ms, make=False, lock=False)

    def _follow(self, apply: Apply, mirror: Mirror) -> None:
        """Round after round; one in which nothing is new asks the mirror for its head alone."""
        looked_after_ms, level_at = self._clock.now_ms(), -1
        try:
            while True:
                whole, head = self.snapshot_done.is_set(), mirror.head()
                if head != level_at:
                    apply.drain()
                    self.lag, level_at = apply.lag, head
                self._refill(apply)
                self._errands.do(apply)
                if self._once and whole:
                    self.finished = True
                    return
                if self._clock.now_ms() - looked_after_ms >= _LOOK_AFTER_MS:
                    looked_after_ms = self._clock.now_ms()
                    apply.look_after_tables()
                self._clock.sleep(_LOOK_SECONDS)
        except Stopped:
            apply.drain()
            self.lag = apply.lag
