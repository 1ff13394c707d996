from __future__ import annotations

import hmac
import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha1
from typing import Any

import pytest

from headrace.core.transport import Response
from headrace.playground import Playground, Team
from headrace.playground.hooks import Delivery

from .conftest import NOW_MS, Call

SHOP = 101
URL = "https://receiver.example.com/hook"
PAGE = {"PageNumber": 1, "PageSize": 10}
Make = Callable[..., dict[str, Any]]


@pytest.fixture
def make(call: Call) -> Make:
    """Create a hook; `properties` goes into ActionProperty."""

    def create(properties: dict[str, str] | None = None, **changes: Any) -> dict[str, Any]:
        wanted = {
            "ProjectId": SHOP,
            "Name": "ours",
            "Event": ["ISSUE_CREATED", "ISSUE_UPDATED"],
            "Service": "WebHook",
            "ServiceAction": "webhook_http_post",
            "ActionProperty": json.dumps({"service_url": URL} | (properties or {})),
            "Enabled": True,
        }
        answer = call("CreateServiceHook", **(wanted | changes))
        made: dict[str, Any] = answer.get("ServiceHook", answer)
        return made

    return create


def body_of(delivery: Delivery) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(delivery.request.body)
    return decoded


def test_a_change_becomes_one_signed_delivery(
    make: Make, team: Team, playground: Playground
) -> None:
    hook = make({"token": "signing-key", "username": "u", "password": "p", "headers": "X-A: 1"})
    code = team.create_issue(SHOP, now_ms=NOW_MS)
    team.create_issue(102, now_ms=NOW_MS)  # another project: not told
    (delivery,) = playground.deliver_due()
    request = delivery.request
    expected = hmac.new(b"signing-key", request.body, sha1).hexdigest()
    assert (request.method, request.url) == ("POST", URL)
    assert dict(request.headers) == {
        "User-Agent": "Coding.net Hook",
        "Content-Type": "application/json",
        "X-Coding-Service-Hook-Event": "ISSUE_CREATED",
        "X-Coding-Service-Hook-Id": hook["Id"],
        "X-Coding-Service-Hook-Action": "webhook_http_post",
        "X-Coding-Delivery": delivery.id,
        "X-Coding-Signature": f"sha1={expected}",
        "Authorization": f"Basic {b64encode(b'u:p').decode()}",
        "X-A": "1",
    }
    body = body_of(delivery)
    assert (body["issue"]["code"], body["hook_id"]) == (code, hook["Id"])
    assert body["hook"]["active"] is False
    assert playground.deliver_due() == []


def test_a_hook_hears_only_what_it_asked_for_and_while_enabled(
    make: Make, call: Call, team: Team, playground: Playground
) -> None:
    team.listening = True
    team.create_issue(SHOP, now_ms=NOW_MS)  # before there was a hook
    hook = make()
    team.update_issue(SHOP, 1, now_ms=NOW_MS, status_id=31)
    team.update_issue(SHOP, 1, now_ms=NOW_MS, status_id=33)  # a code not asked for
    assert playground.deliver_due() == []
    switch = {"ProjectId": SHOP, "Id": [hook["Id"]], "TargetType": "PROJECT"}
    call("EnabledServiceHook", **switch, Enabled=False)
    team.create_issue(SHOP, now_ms=NOW_MS)
    call("EnabledServiceHook", **switch, Enabled=True)
    assert playground.deliver_due() == []
    team.create_issue(SHOP, now_ms=NOW_MS)
    assert [d.event for d in playground.deliver_due()] == ["ISSUE_CREATED"]


def test_filters_narrow_by_type(make: Make, team: Team, playground: Playground) -> None:
    make(FilterProperty='{"type": "DEFECT"}')
    team.create_issue(SHOP, now_ms=NOW_MS, kind="MISSION")
    defect = team.create_issue(SHOP, now_ms=NOW_MS, kind="DEFECT")
    assert [body_of(d)["issue"]["code"] for d in playground.deliver_due()] == [defect]


def test_a_template_makes_the_body_arbitrary(
    make: Make, team: Team, playground: Playground
) -> None:
    make({"template": "in ${project.name}: ${issue.title} ${nothing.here}."})
    team.create_issue(SHOP, now_ms=NOW_MS, name="Broken")
    assert playground.deliver_due()[0].request.body == b"in shop: Broken ."


def test_a_get_hook_has_no_body(make: Make, team: Team, playground: Playground) -> None:
    make(ServiceAction="webhook_http_get")
    team.create_issue(SHOP, now_ms=NOW_MS)
    request = playground.deliver_due()[0].request
    assert (request.method, request.body) == ("GET", b"")


def test_the_outcome_is_logged(make: Make, call: Call, team: Team, playground: Playground) -> None:
    hook = make({"token": "t", "username": "u"})
    for _ in range(2):
        team.create_issue(SHOP, now_ms=NOW_MS)
    first, second = playground.deliver_due()
    playground.delivered(first.id, Response(204, {"x-a": "b"}, b"thanks"))
    playground.delivered(second.id, None)
    playground.delivered(second.id, Response(200))  # reported twice: ignored
    data = call("DescribeServiceHookLogs", ProjectId=SHOP, Id=hook["Id"], **PAGE)["Data"]
    assert [log["Id"] for log in data["Log"]] == [second.id, first.id]
    failed, sent = data["Log"]
    assert (sent["ResponseStatus"], sent["ResponseBody"], sent["Status"]) == (204, "thanks", 1)
    assert (failed["ResponseStatus"], failed["Status"]) == (0, 2)
    assert sent["RequestContent"] == first.request.body.decode()
    assert "Authorization: ***" in sent["RequestHeaders"]
    found = call("DescribeServiceHook", ProjectId=SHOP, Id=hook["Id"])["ServiceHook"]
    assert (found["Status"], found["LastSucceedAt"]) == (2, NOW_MS // 1000 * 1000)


def test_resending_makes_a_new_delivery_of_the_same_body(
    make: Make, call: Call, team: Team, playground: Playground
) -> None:
    make({"token": "t"})
    team.create_issue(SHOP, now_ms=NOW_MS)
    (first,) = playground.deliver_due()
    playground.delivered(first.id, Response(500))
    assert call("ResendServiceHookLog", ServiceHookLogId=first.id)["Data"] == {"Success": True}
    (again,) = playground.deliver_due()
    assert again.request.body == first.request.body
    assert again.id != first.id
    assert again.request.headers["X-Coding-Delivery"] == again.id
    missing = call("ResendServiceHookLog", ServiceHookLogId="none")
    assert missing["Error"]["Code"] == "ResourceNotFound"


def test_ping_sends_a_test_event(make: Make, call: Call, playground: Playground) -> None:
    hook = make(Event=["MEMBER_CREATED"])
    call("PingServiceHook", ProjectId=SHOP, Id=[hook["Id"]])
    (delivery,) = playground.deliver_due()
    assert delivery.event == "PING"
    assert delivery.request.headers["X-Coding-Service-Hook-Event"] == "PING"


def test_hooks_are_listed_changed_and_deleted(make: Make, call: Call, team: Team) -> None:
    hook, other = make(), make(Name="theirs", Enabled=False)
    wanted = {"ProjectId": SHOP, "TargetType": "PROJECT", **PAGE}
    assert call("DescribeServiceHooks", **wanted)["Data"]["TotalCount"] == 2
    for wish, found in (
        ({"Name": "our"}, hook),
        ({"Enabled": "false"}, other),
    ):
        rows = call("DescribeServiceHooks", **wanted, **wish)["Data"]["ServiceHook"]
        assert [row["Id"] for row in rows] == [found["Id"]]
    for wish in ({"Status": "SUCCESS"}, {"Event": ["GIT_PUSHED"]}, {"CreatorBy": [9]}):
        assert call("DescribeServiceHooks", **wanted, **wish)["Data"]["TotalCount"] == 0
    changed = call(
        "ModifyServiceHook",
        ProjectId=SHOP,
        Id=hook["Id"],
        Name="renamed",
        Event=["ISSUE_DELETED"],
        Service="WebHook",
        ServiceAction="webhook_http_post",
        ActionProperty=json.dumps({"service_url": URL}),
        FilterProperty="",
        Enabled=True,
    )["ServiceHook"]
    assert (changed["Id"], changed["Event"]) == (hook["Id"], ["ISSUE_DELETED"])
    assert changed["CreatedAt"] == hook["CreatedAt"]
    assert call("DeleteServiceHook", ProjectId=SHOP, Id=[hook["Id"]])["Succeed"] is True
    assert "Error" in call("DescribeServiceHook", ProjectId=SHOP, Id=hook["Id"])


@pytest.mark.parametrize(
    "changes",
    [
        {"ActionProperty": "no json"},
        {"ActionProperty": "[]"},
        {"ActionProperty": "{}"},
        {"Event": ["NO_SUCH_EVENT"]},
        {"Service": "Pigeon"},
    ],
)
def test_hooks_that_make_no_sense(make: Make, changes: dict[str, Any]) -> None:
    assert make(**changes)["Error"]["Code"] == "InvalidParameterValue"


def test_the_events_are_listed_once_each(call: Call) -> None:
    rows = call("DescribeEvents")["Event"]
    names = [row["Name"] for row in rows]
    assert len(names) == len(set(names)) == 84
    assert all(row["Label"] and row["GroupLabel"] for row in rows)


def test_a_full_outbox_drops_the_oldest_and_counts(
    make: Make, call: Call, playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace.playground.hooks.OUTBOX_MAX", 3)
    hook = make()
    for _ in range(5):
        call("PingServiceHook", ProjectId=SHOP, Id=[hook["Id"]])
    assert len(playground.deliver_due()) == 3
    assert playground.hooks.dropped == 2


def test_reading_hooks_does_not_allow_changing_them(playground: Playground, call: Call) -> None:
    reader = f"token {playground.issue_token(scopes={'service-hook:profile:ro'})}"
    assert "Error" not in call("DescribeEvents", authorization=reader)
    answer = call("DeleteServiceHook", authorization=reader, ProjectId=SHOP, Id=["x"])
    assert answer["Error"]["Code"] == "UnauthorizedOperation"


def test_a_visibility_lag_does_not_hold_hooks_back(
    make: Make, call: Call, team: Team, playground: Playground
) -> None:
    playground.settings = replace(playground.settings, visibility_lag_ms=5000)
    make()
    code = team.create_issue(SHOP, now_ms=NOW_MS)
    assert len(playground.deliver_due()) == 1
    assert "Error" in call("DescribeIssue", ProjectName="shop", IssueCode=code)
