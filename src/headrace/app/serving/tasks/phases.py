"""Which phase a task is in: its state while it does not run, and what it does while it does."""

from __future__ import annotations

from headrace.app.serving.mining.mining import Mining
from headrace.app.serving.tasks.runner import Runner
from headrace.control.states import State
from headrace.control.tasks import TaskRow

OPENING, SNAPSHOT, FILLING, FOLLOWING = "opening", "snapshot", "filling", "following"
_AT_WORK = (State.RUNNING, State.STOPPING)


def phase_of(row: TaskRow, runner: Runner | None, mining: Mining | None) -> str:
    """Of the task as a whole, without a look at anything on file."""
    if row.state not in _AT_WORK:
        return str(row.state)
    if runner is None or mining is None or not mining.ready.is_set():
        return OPENING
    if runner.progress.filling is not None:
        return FILLING
    if not runner.works.is_set():
        return OPENING
    return FOLLOWING if runner.snapshot_done.is_set() else SNAPSHOT
