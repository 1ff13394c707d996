"""Tasks: what is carried from where to where, and what people have them do."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from litestar import Response
from litestar.params import JSONBody
from litestar.response import Stream

from headrace.app.serving import views
from headrace.app.serving.tasks import prechecking, task_settings
from headrace.coding.streams import find
from headrace.web.api.answers import LINES, all_shown, shown
from headrace.web.api.lines import check_lines
from headrace.web.api.pages import After, Limit, listed
from headrace.web.api.tags import UNCHANGED, IfMatch, IfNoneMatch, expected_version, matched, tagged
from headrace.web.api.verbs import (
    Body,
    By,
    Id,
    Named,
    Number,
    Text,
    The,
    act,
    change,
    look,
    make,
    remove,
)
from headrace.wire.page import Page
from headrace.wire.tasks import Task, TaskDetail

Detail = Response[TaskDetail]


class Settings(Body, omit_defaults=True):
    """How to write. `start`: what there is and what changes (""), only what there is ("snapshot"),
    or only what changes from "now" or from a time on. `streams` by name or pattern, none for all;
    `new_streams`: those of later releases join. `filters` as `stream.Field=value`. `agent`: ""
    for any."""

    streams: list[Text] = msgspec.field(default_factory=list)
    write: Literal["mirror", "history", "changes"] = "mirror"
    deletes: Literal["soft", "hard"] = "soft"
    rejects: Literal["aside", "stop"] = "aside"
    start: Text = ""
    new_streams: bool = True
    filters: list[Text] = msgspec.field(default_factory=list)
    agent: Text = ""

    def checked(self) -> dict[str, Any]:
        """As they are kept. Raises `Refused` for what cannot be."""
        return task_settings.checked(msgspec.to_builtins(self))


class NewTask(Body):
    """From a source to a destination, by their numbers."""

    name: Text
    source_id: Number
    destination_id: Number
    settings: Settings = msgspec.field(default_factory=Settings)


class TaskChange(Body):
    """What is to be otherwise since `version`, which `If-Match` may say instead. `settings`, if
    given, replace all there are."""

    version: Number | None = None
    name: Text = ""
    settings: Settings | None = None


class Streams(Body):
    """Some streams by name; none for all."""

    streams: list[Text] = msgspec.field(default_factory=list)


@look("/tasks")
def tasks(platform: The, after: After = "", limit: Limit = 100) -> Page[Task]:
    """All, by name, each with what it does now."""
    return listed(
        all_shown(Task, views.tasks(platform)), lambda one: one.name, after=after, limit=limit
    )


def _answer(platform: The, task_id: int, if_none_match: str = "") -> Detail:
    return tagged(shown(TaskDetail, views.task(platform, task_id)), if_none_match)


@look("/tasks/{task_id:int}", responses=UNCHANGED)
def task(task_id: Id, platform: The, if_none_match: IfNoneMatch = "") -> Detail:
    """One, with its figures stream by stream."""
    return _answer(platform, task_id, if_none_match)


@make("/tasks")
def add(data: JSONBody[NewTask], by: By, platform: The) -> Detail:
    """Save a new one; it is not started."""
    settings = data.settings.checked()
    row = platform.tasks.save(by, data.name, data.source_id, data.destination_id, settings)
    return _answer(platform, row.id)


@change("/tasks/{task_id:int}")
def edit(
    task_id: Id, data: JSONBody[TaskChange], by: By, platform: The, if_match: IfMatch = ""
) -> Detail:
    """Change one that does not run, unless somebody else did meanwhile."""
    version = expected_version(if_match, data.version, platform.tasks.get(task_id).version)
    settings: dict[str, Any] = {}
    if data.settings is not None:
        settings = {**dict.fromkeys(data.settings.__struct_fields__), **data.settings.checked()}
    platform.tasks.change(by, task_id, version, settings, name=data.name)
    return _answer(platform, task_id)


@make("/tasks/{task_id:int}/copy")
def copy(task_id: Id, data: JSONBody[Named], by: By, platform: The) -> Detail:
    """The same under another name, not started."""
    return _answer(platform, platform.tasks.copy(by, task_id, data.name).id)


@remove("/tasks/{task_id:int}")
def delete(task_id: Id, by: By, platform: The, if_match: IfMatch = "") -> None:
    """The tables at the destination stay. Refused while it runs."""
    version = matched(if_match, platform.tasks.get(task_id).version)
    platform.tasks.delete(by, task_id, version)


@act("/tasks/{task_id:int}/start")
def start(task_id: Id, by: By, platform: The) -> Detail:
    """Let it run."""
    platform.tasks.start(by, task_id)
    return _answer(platform, task_id)


@act("/tasks/{task_id:int}/stop")
def stop(task_id: Id, by: By, platform: The) -> Detail:
    """Let it drain and end."""
    platform.tasks.stop(by, task_id)
    return _answer(platform, task_id)


@act("/tasks/{task_id:int}/reset")
def reset(task_id: Id, data: JSONBody[Streams], by: By, platform: The) -> Detail:
    """At its next start these tables, or all, are filled anew. See also `backfill`."""
    chosen = [stream.name for stream in find(data.streams)]
    platform.tasks.reset(by, task_id, chosen)
    return _answer(platform, task_id)


@act("/tasks/{task_id:int}/precheck", responses=LINES)
def precheck(task_id: Id, platform: The) -> Stream:
    """What would stand in its way: a line of JSON for each item, then one with the result."""
    platform.tasks.get(task_id)
    return check_lines(prechecking.precheck(platform, task_id))


HANDLERS = (tasks, task, add, edit, copy, delete, start, stop, reset, precheck)
