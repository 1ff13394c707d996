"""Channels: where alerts are told. For operators, for they say where messages of a server go."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar.params import JSONBody

from headrace.control.people import Role
from headrace.web.api.answers import all_shown, shown
from headrace.web.api.pages import After, Limit, listed
from headrace.web.api.verbs import Body, By, Id, Text, The, act, change, look, make, remove
from headrace.wire.page import Page
from headrace.wire.watching import Channel


class NewChannel(Body):
    """`type`: webhook (`url`, `secret`) or email (`host`, `port`, `user`, `password`, `from`, `to`,
    `security`); of both `language`."""

    name: Text
    type: Text
    settings: dict[str, Any]


class ChannelChange(Body):
    """What is to be otherwise; a setting that is null is taken away."""

    settings: dict[str, Any] = msgspec.field(default_factory=dict)
    enabled: bool | None = None


@look("/channels", needs=Role.OPERATOR)
def channels(platform: The, after: After = "", limit: Limit = 100) -> Page[Channel]:
    """All, each with what became of its last message."""
    found = all_shown(Channel, (one.as_dict() for one in platform.channels.all()))
    return listed(found, lambda one: one.name, after=after, limit=limit)


@look("/channels/{channel_id:int}", needs=Role.OPERATOR)
def channel(channel_id: Id, platform: The) -> Channel:
    """One."""
    return shown(Channel, platform.channels.get(channel_id).as_dict())


@make("/channels")
def add(data: JSONBody[NewChannel], by: By, platform: The) -> Channel:
    """A new one."""
    return shown(Channel, platform.channels.save(by, data.name, data.type, data.settings).as_dict())


@change("/channels/{channel_id:int}")
def edit(channel_id: Id, data: JSONBody[ChannelChange], by: By, platform: The) -> Channel:
    """Change what is given."""
    changed = platform.channels.change(by, channel_id, data.settings, enabled=data.enabled)
    return shown(Channel, changed.as_dict())


@remove("/channels/{channel_id:int}")
def delete(channel_id: Id, by: By, platform: The) -> None:
    """Nothing is told there any more."""
    platform.channels.delete(by, channel_id)


@act("/channels/{channel_id:int}/test")
def test(channel_id: Id, platform: The) -> Channel:
    """Send a test message now. What came of it is kept, good or bad."""
    platform.notifier.test(channel_id)
    return shown(Channel, platform.channels.get(channel_id).as_dict())


HANDLERS = (channels, channel, add, edit, delete, test)
