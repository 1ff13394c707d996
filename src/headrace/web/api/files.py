"""Connections and tasks as a TOML file: taken out whole, without secrets, and put in."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Response
from litestar.params import JSONBody

from headrace.web.api.answers import shown
from headrace.web.api.verbs import Body, By, Id, The, act, look
from headrace.wire.models import Applied, Rehearsed


class File(Body):
    """The text of a file. `${NAME}` is not filled in here: the environment is the server's."""

    toml: Annotated[str, msgspec.Meta(max_length=1_000_000, pattern="^[^\\x00]*$")]


@look("/export", media_type="application/toml")
def export(platform: The) -> Response[str]:
    """All connections and tasks."""
    headers = {"content-disposition": 'attachment; filename="headrace.toml"'}
    return Response(
        platform.files.export(), media_type="application/toml; charset=utf-8", headers=headers
    )


@look("/tasks/{task_id:int}/export", media_type="application/toml")
def export_task(task_id: Id, platform: The) -> Response[str]:
    """One task; the connections it names are not in it."""
    headers = {"content-disposition": f'attachment; filename="task-{task_id}.toml"'}
    text = platform.files.export_task(task_id)
    return Response(text, media_type="application/toml; charset=utf-8", headers=headers)


@act("/import")
def apply(data: JSONBody[File], by: By, platform: The) -> Applied:
    """Make and change what the file says; what it does not name stays. Where something in it cannot
    be, what came before that is applied."""
    return shown(Applied, platform.files.apply_text(by, data.toml).as_dict())


@act("/import/rehearsal")
def rehearse(data: JSONBody[File], by: By, platform: The) -> Rehearsed:
    """What importing the file would change. Nothing of it is done."""
    return shown(Rehearsed, platform.rehearsal.of(by, data.toml))


HANDLERS = (export, export_task, apply, rehearse)
