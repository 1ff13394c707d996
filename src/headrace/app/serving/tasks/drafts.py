"""A task that is being made or changed, looked at before it is saved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from headrace.app.serving.platform import Platform
from headrace.app.serving.tasks.prechecking import precheck, precheck_draft
from headrace.app.serving.tasks.task_settings import choose
from headrace.app.serving.views import source
from headrace.coding.checks import Check
from headrace.control.connections import ConnectionRole, Values
from headrace.control.states import State
from headrace.control.tasks import TaskRow
from headrace.errors import Refused

_ARROW = " → "
_NAMES_MAX = 100


def check_draft(
    platform: Platform, source_id: int, destination_id: int, settings: Values
) -> Iterator[Check]:
    """The pre-check of a task that is not there yet. Raises `Missing` and `Refused` at once for
    connections that cannot be its ends."""
    source(platform, source_id)
    _destination(platform, destination_id)
    row = TaskRow(
        id=0, name="", source_id=source_id, destination_id=destination_id, settings=settings,
        state=State.NEW, reason="", advice="", agent="", tries=0, due_at=0, reset_streams=None,
        version=0, created_at=0, updated_at=0, chosen=choose(settings),
    )  # fmt: skip
    return precheck_draft(platform, row)


def check_change(platform: Platform, task_id: int, settings: Values) -> Iterator[Check]:
    """The pre-check of a saved task with other settings; of the same, the result is kept."""
    row = platform.tasks.get(task_id)
    if dict(row.settings) == dict(settings):
        return precheck(platform, task_id)
    return precheck_draft(platform, replace(row, settings=settings, chosen=choose(settings)))


def name_for(platform: Platform, source_id: int, destination_id: int) -> str:
    """A name that no task has yet, of what it leads from and to; "" while an end is open."""
    known = {one.id: one.name for one in platform.connections.all()}
    if source_id not in known or destination_id not in known:
        return ""
    taken = {row.name for row in platform.tasks.all()}
    name = f"{known[source_id]}{_ARROW}{known[destination_id]}"
    numbered = (f"{name} {number}" for number in range(2, _NAMES_MAX))
    return next((one for one in (name, *numbered) if one not in taken), "")


def _destination(platform: Platform, connection_id: int) -> None:
    found = platform.connections.get(connection_id)
    if found.role is not ConnectionRole.DESTINATION:
        raise Refused(f"{found.name} is a source.", advice="Choose a destination.")
