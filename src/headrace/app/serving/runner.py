"""A task at work: it follows its source's mirror and writes its destination, in a thread."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple

from headrace.app.system import SystemClock
from headrace.core.ports import Mirror
from headrace.destinations.urls import open_destination
from headrace.engine.apply import Apply, Progress, Task
from headrace.engine.limits import Limits
from headrace.errors import HeadraceError, Stopped
from headrace.mirror.urls import open_mirror

_LOOK_SECONDS = 0.2
_LOOK_AFTER_MS = 3_600_000


class Ground(NamedTuple):
    """Where a task works: its mirror's store and name there, and its destination's URL."""

    state: Path
    mirror: str
    destination: str


class Runner:
    """Carries one task's changes over from when it is started until it is stopped.

    `reset`: streams that are filled anew first; () for all, None for none. `once`: it ends when it
    is level and `snapshot_done` says that the source was read whole. `error` is why it ended by
    itself; `finished`, that it was through.
    """

    def __init__(
        self, task: Task, ground: Ground, *, reset: Sequence[str] | None, once: bool = False
    ) -> None:
        self.task = task
        self.error: HeadraceError | None = None
        self.finished = False
        self.works = threading.Event()
        self.snapshot_done = threading.Event()
        self.progress = Progress()
        self.lag = 0
        self._apply: Apply | None = None
        self._ground = ground
        self._reset = reset
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
                if self._reset is not None:
                    apply.refill(self._reset or [stream.name for stream in self.task.streams])
                self._apply = apply
                self.works.set()
                self._follow(apply)
        except Stopped:
            pass
        except HeadraceError as error:
            self.error = error
        except Exception as error:  # noqa: BLE001 - whatever it is, it is shown and tried again
            self.error = HeadraceError(f"{type(error).__name__}: {error}", advice="Report it.")

    def _open_mirror(self) -> Mirror:
        now_ms = self._clock.now_ms()
        return open_mirror(self._ground.state, self._ground.mirror, now_ms, make=False, lock=False)

    def _follow(self, apply: Apply) -> None:
        looked_after_ms = self._clock.now_ms()
        try:
            while True:
                whole = self.snapshot_done.is_set()
                apply.drain()
                self.lag = apply.lag
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
