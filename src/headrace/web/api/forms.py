"""A connection before it is saved, and as a file of its own."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from litestar import Response
from litestar.params import FromQuery, JSONBody
from litestar.response import Stream

from headrace.app.serving import views
from headrace.app.serving.connecting import carrying, trying
from headrace.control.connections import ConnectionRole
from headrace.web.api.answers import LINES, shown
from headrace.web.api.lines import check_lines
from headrace.web.api.pages import whole
from headrace.web.api.verbs import Body, By, Id, Number, Text, The, act, look, make
from headrace.wire.connections import ConnectionDetail
from headrace.wire.page import Page


class Form(Body):
    """A connection as it would be saved. `id`: the saved one that the form changes, if it does;
    secrets that come back hidden are then that one's."""

    type: Text
    values: dict[str, Any]
    role: ConnectionRole = ConnectionRole.SOURCE
    id: Number | None = None


class OneFile(Body):
    """A file of one connection, TOML or JSON, and the secrets that it has not got."""

    text: Annotated[str, msgspec.Meta(max_length=100_000, pattern="^[^\\x00]*$")]
    name: Text = ""
    secrets: dict[str, Text] = msgspec.field(default_factory=dict)


@act("/connections/check", responses=LINES)
def check(data: JSONBody[Form], platform: The) -> Stream:
    """Test it without saving it: a line of JSON for each item, then one with the whole result."""
    items = trying.check(platform, data.role, data.type, data.values, saved=data.id)
    return check_lines(items)


@act("/connections/projects")
def projects(data: JSONBody[Form], platform: The) -> Page[str]:
    """The projects that its token may see, to choose from before it is saved."""
    return whole(trying.projects(platform, data.type, data.values, saved=data.id))


@look("/connections/{connection_id:int}/export", media_type="text/plain")
def export(
    connection_id: Id, platform: The, format: FromQuery[Literal["toml", "json"]] = "toml"
) -> Response[str]:
    """One connection as a file, without secrets."""
    text = carrying.export(platform, connection_id, format)
    headers = {"content-disposition": f'attachment; filename="connection-{connection_id}.{format}"'}
    return Response(text, media_type="text/plain; charset=utf-8", headers=headers)


@make("/connections/import")
def take_in(data: JSONBody[OneFile], by: By, platform: The) -> ConnectionDetail:
    """Save the one connection of a file as a new one, under `name` if that is given."""
    made = carrying.take_in(platform, by, data.text, name=data.name, secrets=data.secrets)
    return shown(ConnectionDetail, views.connection(platform, made.id))


HANDLERS = (check, projects, export, take_in)
