"""Service Hooks of a source: its Service URL, our hooks in CODING, and what was delivered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody, PathParameter, QueryParameter
from litestar.response import Stream

from headrace.app.serving.hooks import deliveries, hook_setting, hook_views, service_urls
from headrace.app.serving.hooks.deliveries import REPLAY_MAX
from headrace.control.people import Role
from headrace.web.api.answers import all_shown, shown
from headrace.web.api.lines import lines
from headrace.web.api.pages import Limit, whole
from headrace.web.api.verbs import Body, By, Id, SearchText, The, act, look, remove
from headrace.wire.hooks import (
    Delivery,
    DeliveryDetail,
    HookLine,
    HookOverview,
    Replayed,
    ServiceUrl,
    SourceHooks,
)
from headrace.wire.page import Page

DeliveryId = Annotated[str, PathParameter(max_length=128)]
Before = Annotated[
    str, QueryParameter(max_length=128, pattern="^[!-~]*$", description="`next` of a page")
]
StateName = Annotated[str, QueryParameter(name="state", max_length=20)]
_AT = "/connections/{connection_id:int}"
_LINES = {
    200: ResponseSpec(
        HookLine, media_type="application/x-ndjson", generate_examples=False,
        description="A line of JSON for each project, then one with the result",
    )
}  # fmt: skip


class Replay(Body):
    """Which deliveries to read again."""

    ids: Annotated[
        list[Annotated[str, msgspec.Meta(max_length=128)]],
        msgspec.Meta(min_length=1, max_length=REPLAY_MAX),
    ]


@look("/hooks")
def hooks_of_all(platform: The) -> Page[SourceHooks]:
    """How those of every source stand, by name."""
    return whole(all_shown(SourceHooks, hook_views.all_hooks(platform)))


@look(f"{_AT}/hooks")
def hooks(connection_id: Id, platform: The) -> HookOverview:
    """How they stand, without secrets: `light` turns `green` at CODING's test event."""
    found = service_urls.status(platform, connection_id)
    return shown(HookOverview, {**found, "events": deliveries.events(platform, connection_id)})


@look(f"{_AT}/service-url", needs=Role.OPERATOR)
def service_url(connection_id: Id, platform: The) -> ServiceUrl:
    """The URL to copy, if there is one, and the steps in CODING; never the signing token."""
    return shown(ServiceUrl, service_urls.show(platform, connection_id))


@act(f"{_AT}/service-url")
def generate(connection_id: Id, by: By, platform: The) -> ServiceUrl:
    """Make it, if there is none. The signing token is told once, in the answer that makes it."""
    return shown(ServiceUrl, service_urls.generate(platform, by, connection_id))


@act(f"{_AT}/service-url/rotate")
def rotate(connection_id: Id, by: By, platform: The) -> ServiceUrl:
    """Make another URL and signing token; those of before go on for a day."""
    return shown(ServiceUrl, service_urls.rotate(platform, by, connection_id))


@remove(f"{_AT}/service-url/old", status_code=200)
def retire(connection_id: Id, by: By, platform: The) -> ServiceUrl:
    """End the URL and signing token of before now."""
    return shown(ServiceUrl, service_urls.retire(platform, by, connection_id))


@act(f"{_AT}/hooks/set-up", responses=_LINES)
def set_up(connection_id: Id, by: By, platform: The) -> Stream:
    """Make, mend and test our hook in every chosen project: a line of JSON for each."""
    return _lines(hook_setting.set_up(platform, by, connection_id))


@act(f"{_AT}/hooks/inspect", responses=_LINES)
def inspect(connection_id: Id, platform: The) -> Stream:
    """What is wrong with our hook in every chosen project: a line of JSON for each."""
    return _lines(hook_setting.inspect(platform, connection_id))


@act(f"{_AT}/hooks/ping", responses=_LINES)
def ping(connection_id: Id, by: By, platform: The) -> Stream:
    """Have CODING send its test event by every hook of ours: a line of JSON for each project."""
    return _lines(hook_setting.ping(platform, by, connection_id))


@act(f"{_AT}/hooks/remove", responses=_LINES)
def remove_hooks(connection_id: Id, by: By, platform: The) -> Stream:
    """Delete our hooks, and no others: a line of JSON for each project."""
    return _lines(hook_setting.remove(platform, by, connection_id))


@look(f"{_AT}/deliveries")
def found_deliveries(
    connection_id: Id,
    platform: The,
    only: StateName = "",
    event: SearchText = "",
    text: SearchText = "",
    after: Before = "",
    limit: Limit = 100,
) -> Page[Delivery]:
    """The newest first, of one state (waiting, done, dead) or event, or with a text in them. A
    search may answer less than `limit` and still have a `next`."""
    wanted = deliveries.Wanted(only, event, text)
    items, following = deliveries.page(platform, connection_id, wanted, before=after, limit=limit)
    return Page(items=all_shown(Delivery, items), next=following)


@look(f"{_AT}/deliveries/{{delivery_id:str}}")
def delivery(connection_id: Id, delivery_id: DeliveryId, platform: The) -> DeliveryDetail:
    """One in full, its secrets masked."""
    return shown(DeliveryDetail, deliveries.one(platform, connection_id, delivery_id))


@act(f"{_AT}/deliveries/replay")
def replay(connection_id: Id, data: JSONBody[Replay], by: By, platform: The) -> Replayed:
    """Have them read again; all or none."""
    return shown(Replayed, deliveries.replay(platform, by, connection_id, data.ids))


@act(f"{_AT}/deliveries/replay-dead")
def replay_dead(connection_id: Id, by: By, platform: The) -> Replayed:
    """Have the dead ones read again, the newest first, up to 1,000 at a time."""
    return shown(Replayed, deliveries.replay_dead(platform, by, connection_id))


def _lines(found: Iterator[dict[str, Any]]) -> Stream:
    return lines((shown(HookLine, one) for one in found), HookLine)


HANDLERS = (
    hooks_of_all, hooks, service_url, generate, rotate, retire, set_up, inspect, ping, remove_hooks,
    found_deliveries, delivery, replay, replay_dead,
)  # fmt: skip
