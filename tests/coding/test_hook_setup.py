"""Our own hook in each project, and deliveries that were missed, against the playground."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.coding.fakes import FIRST, make_client, ok

from headrace.coding.auth import parse_token
from headrace.coding.client import Client
from headrace.coding.envelope import BadRequest
from headrace.coding.hook_logs import missed
from headrace.coding.hook_secrets import HookSecrets
from headrace.coding.hook_setup import HookSetup, Wanted, by_hand, events_of
from headrace.coding.hooks import hints_of
from headrace.coding.pacing import Pacer
from headrace.core.retry import RetryPolicy
from headrace.core.transport import Response
from headrace.errors import NotFound, NotPermitted
from headrace.playground import DEFAULT_TOKEN, Playground, Team
from headrace.testing.clock import VirtualClock

NOW_MS = 1_790_000_000_000
SECRETS = HookSecrets("url-secret-0123456789", ("token-of-today",))
URL = "https://hooks.example.com/hooks/url-secret-0123456789"
WANTED = Wanted("Headrace 0a1b2c3d", URL, SECRETS, events_of(FIRST))


@pytest.fixture
def playground() -> Playground:
    clock = VirtualClock(NOW_MS)
    return Playground(Team(3, 2, 20, NOW_MS), clock)


def client_of(playground: Playground, token: str = DEFAULT_TOKEN) -> Client:
    clock = playground.clock
    return Client(
        playground, "http://playground", parse_token(token), Pacer(clock), clock,
        retry=RetryPolicy(attempts=1),
    )  # fmt: skip


@pytest.fixture
def client(playground: Playground) -> Client:
    return client_of(playground)


@pytest.fixture
def setup(client: Client) -> HookSetup:
    return HookSetup(client, WANTED)


@pytest.fixture
def project_id(playground: Playground) -> int:
    return next(iter(playground.team.projects))


def spoil(playground: Playground, hook_id: str, **changes: Any) -> None:
    hooks = playground.hooks.hooks
    hooks[hook_id] = replace(hooks[hook_id], **changes)


# --- set-up --------------------------------------------------------------------------------------


def test_a_hook_is_made_once(playground: Playground, setup: HookSetup, project_id: int) -> None:
    assert setup.differences(project_id) == ("missing",)
    first, again = setup.ensure(project_id), setup.ensure(project_id)
    (hook,) = playground.hooks.hooks.values()
    assert (first.done, again.done) == ("created", "kept")
    assert first.hook_id == again.hook_id == hook.id
    assert (hook.name, hook.project_id, hook.enabled) == (WANTED.name, project_id, True)
    assert hook.properties == {"service_url": URL, "token": "token-of-today"}
    assert set(hook.events) == set(WANTED.events)
    assert setup.differences(project_id) == ()


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"enabled": False}, "disabled"),
        ({"events": ("GIT_PUSHED",)}, "events"),
        ({"properties": {"service_url": "https://other.example.com", "token": "x"}}, "url"),
        ({"properties": {"service_url": URL, "token": "other"}}, "secrets"),
        ({"properties": {"service_url": URL}}, "not shown"),
        ({"properties": {}}, "not shown"),
        ({"filters": {"type": "MISSION"}}, "filter"),
        ({"properties": {**WANTED.properties, "template": "${event}"}}, "template"),
        ({"action": "webhook_http_get"}, "action"),
    ],
)
def test_what_was_spoilt_is_mended(
    playground: Playground, setup: HookSetup, project_id: int, change: dict[str, Any], what: str
) -> None:
    hook_id = setup.ensure(project_id).hook_id
    spoil(playground, hook_id, **change)
    assert what in setup.differences(project_id)
    mended = setup.ensure(project_id)
    assert (mended.done, mended.hook_id) == ("mended", hook_id)
    assert what in mended.what
    assert setup.ensure(project_id).done == "kept"
    assert "template" not in playground.hooks.hooks[hook_id].properties


def test_only_our_own_are_touched(
    playground: Playground, setup: HookSetup, project_id: int
) -> None:
    ours = setup.ensure(project_id).hook_id
    hook = playground.hooks.hooks[ours]
    names = ("Headrace", f"{WANTED.name} 2", "theirs")
    others = {playground.hooks.create(replace(hook, name=name), NOW_MS).id for name in names}
    double = playground.hooks.create(hook, NOW_MS + 1).id
    assert setup.ensure(project_id).what == ("doubles removed",)
    assert set(playground.hooks.hooks) == {ours, *others}
    assert double not in playground.hooks.hooks
    assert (setup.remove(project_id), setup.remove(project_id)) == (1, 0)
    assert set(playground.hooks.hooks) == others


def test_events_that_coding_does_not_list_are_left_out(
    playground: Playground, client: Client, project_id: int
) -> None:
    wanted = replace(WANTED, events=("ISSUE_CREATED", "NOT_YET_INVENTED"))
    hook_id = HookSetup(client, wanted).ensure(project_id).hook_id
    assert playground.hooks.hooks[hook_id].events == ("ISSUE_CREATED",)


def test_a_new_token_and_url_reach_the_hook(
    playground: Playground, setup: HookSetup, client: Client, project_id: int
) -> None:
    hook_id = setup.ensure(project_id).hook_id
    secrets = HookSecrets(
        "url-secret-9876543210", ("token-new-one", "token-of-today"), "u", "p" * 9
    )
    mended = HookSetup(client, replace(WANTED, secrets=secrets)).ensure(project_id)
    assert (mended.hook_id, mended.what) == (hook_id, ("secrets", "not shown"))
    assert playground.hooks.hooks[hook_id].properties == {
        "service_url": URL, "token": "token-new-one", "username": "u", "password": "p" * 9,
    }  # fmt: skip


def test_without_the_scope_a_person_does_it(playground: Playground, project_id: int) -> None:
    token = playground.issue_token(scopes={"project:profile:ro", "service-hook:profile:ro"})
    with pytest.raises((NotPermitted, BadRequest)):
        HookSetup(client_of(playground, token), WANTED).ensure(project_id)
    secrets = replace(SECRETS, user="carol", password="password")
    for language in ("zh", "en"):
        plain = by_hand(WANTED, language)
        full = by_hand(replace(WANTED, secrets=secrets), language)
        assert URL in "".join(plain) and "token-of-today" in "".join(plain)
        assert "carol" in "".join(full) and len(full) == len(plain) + 1
        assert "{" not in "".join(full)


def test_a_ping_is_asked_for(playground: Playground, setup: HookSetup, project_id: int) -> None:
    setup.ping(project_id, setup.ensure(project_id).hook_id)
    (delivery,) = playground.deliver_due()
    assert (delivery.event, delivery.request.url) == ("PING", URL)


def test_wanted_shows_no_secret() -> None:
    assert "secret-0" not in repr(WANTED) and "today" not in repr(WANTED)


# --- missed --------------------------------------------------------------------------------------


@pytest.fixture
def look(client: Client, project_id: int) -> Callable[..., list[Any]]:
    def call(hook_id: str, since_ms: int = 0) -> list[Any]:
        return list(
            missed(
                client,
                project_id=project_id,
                hook_id=hook_id,
                since_ms=since_ms,
                now_ms=NOW_MS,
                secrets=SECRETS,
            )
        )

    return call


def test_missed_deliveries_are_found(
    playground: Playground,
    setup: HookSetup,
    project_id: int,
    look: Callable[..., list[Any]],
) -> None:
    hook_id = setup.ensure(project_id).hook_id
    setup.ping(project_id, hook_id)
    codes = [playground.team.create_issue(project_id, now_ms=NOW_MS + n) for n in range(3)]
    sent = playground.deliver_due()
    for delivery, response in zip(sent, (Response(200), Response(200), None, None), strict=True):
        playground.delivered(delivery.id, response)
    found = look(hook_id)
    assert [one.id for one in found] == [one.id for one in reversed(sent)][:3]
    assert {hints_of(one, FIRST)[0].key for one in found} == {
        f"[{project_id},{code}]" for code in codes
    }
    assert all(b"url-secret" not in one.body for one in found)
    assert look(hook_id, NOW_MS + 10_000_000) == []


def test_many_pages_are_read_until_they_are_too_old(
    playground: Playground,
    setup: HookSetup,
    project_id: int,
    look: Callable[..., list[Any]],
    client: Client,
) -> None:
    hook_id = setup.ensure(project_id).hook_id
    for number in range(250):
        if number == 150:
            playground.clock.sleep(3600)
        playground.team.create_issue(project_id, now_ms=playground.clock.now_ms())
        for delivery in playground.deliver_due():
            playground.delivered(delivery.id, None)
    before = client.calls
    assert len(look(hook_id, NOW_MS + 1_800_000)) == 100
    assert client.calls - before == 2, "the second page is too old, a third is not read"
    assert len(look(hook_id)) == 250


def test_a_hook_that_is_gone(look: Callable[..., list[Any]]) -> None:
    with pytest.raises(NotFound):
        look("00000000-0000-4000-8000-999999999999")


def test_odd_rows_of_the_log() -> None:
    rows = [
        None,
        {},
        {"Id": True},
        {"Id": 5, "SendAt": "1790000000000", "Event": "ISSUE_CREATED", "RequestContent": 7},
        {"Id": "b", "SendAt": "soon", "RequestContent": "<html>", "RequestHeaders": 5},
        {"Id": "c", "RequestHeaders": '{"X-Coding-Delivery": "real-id"}', "RequestContent": "{}"},
        {"Id": "d", "RequestHeaders": {"X-Coding-Event": "ping"}},
        {"Id": "e", "SendAt": 1, "Event": "ISSUE_CREATED"},
    ]
    client, _, _ = make_client([ok(Data={"Log": rows, "TotalCount": len(rows)})])
    found = list(missed(client, project_id=7, hook_id="h", since_ms=2, now_ms=9, secrets=SECRETS))
    assert [one.id for one in found] == ["5", "b", "real-id"]
    assert json.loads(found[0].body) == {"event": "ISSUE_CREATED", "project": {"id": 7}}
    (hint,) = hints_of(found[0], FIRST)
    assert (hint.stream, hint.project_id, hint.key) == ("issues", 7, None)
    assert all(hints_of(one, FIRST) == () for one in found[1:])
