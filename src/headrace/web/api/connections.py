"""Connections: sources and destinations alike."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar.params import FromQuery, JSONBody
from litestar.response import Stream

from headrace.app.serving import looking, views
from headrace.control.connections import ConnectionRole
from headrace.control.people import Role
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


class NewConnection(Body):
    """`values` as the keys of a connection in `headrace.toml`; of a destination `url`."""

    name: Text
    role: ConnectionRole
    type: Text
    values: dict[str, Any]


class ConnectionChange(Body):
    """What is to be otherwise since `version`; a value that is null is taken away."""

    version: Number
    name: Text = ""
    values: dict[str, Any] = msgspec.field(default_factory=dict)


@look("/connections")
def connections(
    platform: The, role: FromQuery[ConnectionRole | None] = None
) -> list[dict[str, Any]]:
    """All, or those of one role."""
    return views.connections(platform, role)


@look("/connections/{connection_id:int}")
def connection(connection_id: Id, platform: The) -> dict[str, Any]:
    """One, with what its last test found."""
    return views.connection(platform, connection_id)


@make("/connections")
def add(data: JSONBody[NewConnection], by: By, platform: The) -> dict[str, Any]:
    """Save a new one."""
    saved = platform.connections.save(by, data.name, data.role, data.type, data.values)
    return views.connection(platform, saved.id)


@change("/connections/{connection_id:int}")
def edit(
    connection_id: Id, data: JSONBody[ConnectionChange], by: By, platform: The
) -> dict[str, Any]:
    """Change it, unless somebody else did meanwhile."""
    platform.connections.change(by, connection_id, data.version, data.values, name=data.name)
    return views.connection(platform, connection_id)


@make("/connections/{connection_id:int}/copy")
def copy(connection_id: Id, data: JSONBody[Named], by: By, platform: The) -> dict[str, Any]:
    """The same under another name, secrets included."""
    made = platform.connections.copy(by, connection_id, data.name)
    return views.connection(platform, made.id)


@remove("/connections/{connection_id:int}")
def delete(connection_id: Id, by: By, platform: The) -> None:
    """Refused while tasks use it."""
    platform.connections.delete(by, connection_id)


@act("/connections/{connection_id:int}/check")
def check(connection_id: Id, platform: The) -> Stream:
    """Test it: a line of JSON for each item, then one with the whole result, which is kept."""
    platform.connections.get(connection_id)
    return check_lines(platform.check(connection_id))


@look("/connections/{connection_id:int}/projects", needs=Role.OPERATOR)
def projects(connection_id: Id, platform: The) -> list[str]:
    """The projects that its token may see, to choose from."""
    return looking.projects(platform, connection_id)


HANDLERS = (connections, connection, add, edit, copy, delete, check, projects)
