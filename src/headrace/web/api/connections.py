"""Connections: sources and destinations alike."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response
from litestar.params import FromQuery, JSONBody
from litestar.response import Stream

from headrace.app.serving import views
from headrace.app.serving.connecting import looking
from headrace.control.connections import ConnectionRole
from headrace.control.people import Role
from headrace.web.api.answers import LINES, all_shown, shown
from headrace.web.api.lines import check_lines
from headrace.web.api.pages import After, Limit, listed, whole
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
from headrace.wire.connections import Connection, ConnectionDetail
from headrace.wire.page import Page

Detail = Response[ConnectionDetail]


class NewConnection(Body):
    """`values` as the keys of a connection in `headrace.toml`; of a destination `url`."""

    name: Text
    role: ConnectionRole
    type: Text
    values: dict[str, Any]


class ConnectionChange(Body):
    """What is to be otherwise since `version`, which `If-Match` may say instead; a value that is
    null is taken away."""

    version: Number | None = None
    name: Text = ""
    values: dict[str, Any] = msgspec.field(default_factory=dict)


@look("/connections")
def connections(
    platform: The,
    role: FromQuery[ConnectionRole | None] = None,
    after: After = "",
    limit: Limit = 100,
) -> Page[Connection]:
    """All, or those of one role, by name."""
    found = all_shown(Connection, views.connections(platform, role))
    return listed(found, lambda one: one.name, after=after, limit=limit)


def _answer(platform: The, connection_id: int, if_none_match: str = "") -> Detail:
    one = shown(ConnectionDetail, views.connection(platform, connection_id))
    return tagged(one, if_none_match)


@look("/connections/{connection_id:int}", responses=UNCHANGED)
def connection(connection_id: Id, platform: The, if_none_match: IfNoneMatch = "") -> Detail:
    """One, with what its last test found."""
    return _answer(platform, connection_id, if_none_match)


@make("/connections")
def add(data: JSONBody[NewConnection], by: By, platform: The) -> Detail:
    """Save a new one."""
    saved = platform.connections.save(by, data.name, data.role, data.type, data.values)
    return _answer(platform, saved.id)


@change("/connections/{connection_id:int}")
def edit(
    connection_id: Id,
    data: JSONBody[ConnectionChange],
    by: By,
    platform: The,
    if_match: IfMatch = "",
) -> Detail:
    """Change it, unless somebody else did meanwhile."""
    present = platform.connections.get(connection_id).version
    version = expected_version(if_match, data.version, present)
    platform.connections.change(by, connection_id, version, data.values, name=data.name)
    return _answer(platform, connection_id)


@make("/connections/{connection_id:int}/copy")
def copy(connection_id: Id, data: JSONBody[Named], by: By, platform: The) -> Detail:
    """The same under another name, secrets included."""
    made = platform.connections.copy(by, connection_id, data.name)
    return _answer(platform, made.id)


@remove("/connections/{connection_id:int}")
def delete(connection_id: Id, by: By, platform: The, if_match: IfMatch = "") -> None:
    """Refused while tasks use it."""
    version = matched(if_match, platform.connections.get(connection_id).version)
    platform.delete_connection(by, connection_id, version)


@act("/connections/{connection_id:int}/check", responses=LINES)
def check(connection_id: Id, platform: The) -> Stream:
    """Test it: a line of JSON for each item, then one with the whole result, which is kept."""
    platform.connections.get(connection_id)
    return check_lines(platform.check(connection_id))


@look("/connections/{connection_id:int}/projects", needs=Role.OPERATOR)
def projects(connection_id: Id, platform: The) -> Page[str]:
    """The projects that its token may see, to choose from."""
    return whole(looking.projects(platform, connection_id))


HANDLERS = (connections, connection, add, edit, copy, delete, check, projects)
