"""Tasks: what is carried from where to where, and what people have them do."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from litestar.params import JSONBody
from litestar.response import Stream

from headrace.app.serving import looking, views
from headrace.coding.streams import find
from headrace.web.api.lines import check_lines
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


class Settings(Body, omit_defaults=True):
    """How to write. `start`: what there is and what changes (""), only what there is, or only what
    changes from now on. `streams` by name or pattern; none for all. `agent`: "" for any."""

    streams: list[Text] = msgspec.field(default_factory=list)
    write: Literal["mirror", "history", "changes"] = "mirror"
    deletes: Literal["soft", "hard"] = "soft"
    rejects: Literal["aside", "stop"] = "aside"
    start: Literal["", "snapshot", "now"] = ""
    agent: Text = ""

    def checked(self) -> dict[str, Any]:
        """As they are kept. Raises `Refused` for a stream that there is not."""
        find(self.streams)
        values: dict[str, Any] = msgspec.to_builtins(self)
        return values


class NewTask(Body):
    """From a source to a destination, by their numbers."""

    name: Text
    source_id: Number
    destination_id: Number
    settings: Settings = msgspec.field(default_factory=Settings)


class TaskChange(Body):
    """What is to be otherwise since `version`. `settings`, if given, replace all there are."""

    version: Number
    name: Text = ""
    settings: Settings | None = None


class Streams(Body):
    """Some streams by name; none for all."""

    streams: list[Text] = msgspec.field(default_factory=list)


@look("/tasks")
def tasks(platform: The) -> list[dict[str, Any]]:
    """All, each with what it does now."""
    return views.tasks(platform)


@look("/tasks/{task_id:int}")
def task(task_id: Id, platform: The) -> dict[str, Any]:
    """One, with its figures stream by stream."""
    return views.task(platform, task_id)


@make("/tasks")
def add(data: JSONBody[NewTask], by: By, platform: The) -> dict[str, Any]:
    """Save a new one; it is not started."""
    settings = data.settings.checked()
    row = platform.tasks.save(by, data.name, data.source_id, data.destination_id, settings)
    return views.task(platform, row.id)


@change("/tasks/{task_id:int}")
def edit(task_id: Id, data: JSONBody[TaskChange], by: By, platform: The) -> dict[str, Any]:
    """Change one that does not run, unless somebody else did meanwhile."""
    settings: dict[str, Any] = {}
    if data.settings is not None:
        settings = {**dict.fromkeys(data.settings.__struct_fields__), **data.settings.checked()}
    platform.tasks.change(by, task_id, data.version, settings, name=data.name)
    return views.task(platform, task_id)


@make("/tasks/{task_id:int}/copy")
def copy(task_id: Id, data: JSONBody[Named], by: By, platform: The) -> dict[str, Any]:
    """The same under another name, not started."""
    return views.task(platform, platform.tasks.copy(by, task_id, data.name).id)


@remove("/tasks/{task_id:int}")
def delete(task_id: Id, by: By, platform: The) -> None:
    """The tables at the destination stay. Refused while it runs."""
    platform.tasks.delete(by, task_id)


@act("/tasks/{task_id:int}/start")
def start(task_id: Id, by: By, platform: The) -> dict[str, Any]:
    """Let it run."""
    platform.tasks.start(by, task_id)
    return views.task(platform, task_id)


@act("/tasks/{task_id:int}/stop")
def stop(task_id: Id, by: By, platform: The) -> dict[str, Any]:
    """Let it drain and end."""
    platform.tasks.stop(by, task_id)
    return views.task(platform, task_id)


@act("/tasks/{task_id:int}/reset")
def reset(task_id: Id, data: JSONBody[Streams], by: By, platform: The) -> dict[str, Any]:
    """At its next start these tables, or all, are filled anew (one of them: a backfill)."""
    chosen = [stream.name for stream in find(data.streams)]
    platform.tasks.reset(by, task_id, chosen)
    return views.task(platform, task_id)


@act("/tasks/{task_id:int}/precheck")
def precheck(task_id: Id, platform: The) -> Stream:
    """What would stand in its way: a line of JSON for each item, then one with the result."""
    platform.tasks.get(task_id)
    return check_lines(looking.precheck(platform, task_id))


HANDLERS = (tasks, task, add, edit, copy, delete, start, stop, reset, precheck)
