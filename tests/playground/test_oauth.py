from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from headrace.core.transport import Request, Response
from headrace.playground import Playground

from .conftest import HandClock

BACK = "https://headrace.example.com/oauth?from=coding"
SITE = "https://demo-team.coding.net"
SCOPES = "team:profile:ro,collaboration:issue:ro"
ErrorOf = Callable[..., str]


class Client:
    """What an app does."""

    def __init__(self, playground: Playground) -> None:
        self.playground = playground
        self.id, self.secret = playground.register_app(BACK)

    def authorize(self, **changes: str) -> Response:
        asked = {
            "client_id": self.id,
            "redirect_uri": BACK,
            "response_type": "code",
            "state": "st/1",
            "scope": SCOPES,
        }
        url = f"{SITE}/oauth_authorize.html?{urlencode(asked | changes)}"
        return self.playground.send(Request("GET", url))

    def code(self) -> str:
        location = self.authorize(approve="1").headers["location"]
        return parse_qs(urlsplit(location).query)["code"][0]

    def token(self, **fields: str) -> tuple[int, dict[str, Any]]:
        asked = {"client_id": self.id, "client_secret": self.secret} | fields
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        url = f"{SITE}/api/oauth/access_token"
        response = self.playground.send(Request("POST", url, headers, urlencode(asked).encode()))
        return response.status, json.loads(response.body)

    def exchange(self, code: str) -> tuple[int, dict[str, Any]]:
        return self.token(grant_type="authorization_code", code=code)

    def refresh(self, token: str) -> tuple[int, dict[str, Any]]:
        return self.token(grant_type="refresh_token", refresh_token=token)


@pytest.fixture
def client(playground: Playground) -> Client:
    return Client(playground)


def test_a_person_is_asked_first(client: Client) -> None:
    page = client.authorize()
    assert page.status == 200
    assert b"Approve" in page.body
    assert page.headers["content-type"].startswith("text/html")


def test_approval_goes_back_with_code_state_team_and_scope(client: Client) -> None:
    back = client.authorize(approve="1")
    assert back.status == 302
    parts = urlsplit(back.headers["location"])
    told = parse_qs(parts.query)
    assert told.pop("code")
    wanted = {"from": ["coding"], "state": ["st/1"], "team": ["demo-team"], "scope": [SCOPES]}
    assert told == wanted


def test_it_can_approve_by_itself(client: Client, playground: Playground) -> None:
    playground.settings = replace(playground.settings, auto_approve=True)
    assert client.authorize().status == 302


def test_a_refusal_goes_back_with_the_reason(client: Client) -> None:
    back = client.authorize(deny="1")
    told = parse_qs(urlsplit(back.headers["location"]).query)
    assert told == {"from": ["coding"], "error": ["access_denied"], "state": ["st/1"]}


@pytest.mark.parametrize(
    ("uri", "status"),
    [
        ("http://127.0.0.1:8400/callback", 302),
        ("http://127.0.0.1:8400/other", 400),
        ("http://127.0.0.1.example.com:80/callback", 400),
        ("http://localhost:8400/callback", 400),
    ],
)
def test_a_loopback_address_without_a_port_stands_for_any(
    playground: Playground, uri: str, status: int
) -> None:
    client = Client(playground)
    client.id, client.secret = playground.register_app("http://127.0.0.1/callback")
    answer = client.authorize(approve="1", redirect_uri=uri)
    assert answer.status == status
    assert answer.headers.get("location", uri).startswith(uri)


@pytest.mark.parametrize(
    "changes",
    [{"client_id": "?"}, {"response_type": "token"}, {"redirect_uri": "https://evil.example.com"}],
)
def test_wrong_requests_go_nowhere(client: Client, changes: dict[str, str]) -> None:
    answer = client.authorize(approve="1", **changes)
    assert answer.status == 400
    assert "location" not in answer.headers


def test_the_scope_is_escaped_in_the_page(client: Client) -> None:
    assert b"<script>" not in client.authorize(scope="<script>").body


def test_a_code_becomes_tokens_that_work(client: Client, error_of: ErrorOf) -> None:
    status, told = client.exchange(client.code())
    assert status == 200
    assert told["expires_in"] == "7200"
    assert told["token_type"] == "Bearer"
    assert told["team"] == "demo-team"
    assert set(told["scope"].split(" ")) == set(SCOPES.split(","))
    bearer = f"Bearer {told['access_token']}"
    assert error_of("DescribeTeam", authorization=bearer) == ""
    assert error_of("DescribeEvents", authorization=bearer) == "UnauthorizedOperation"


def test_a_code_works_once(client: Client) -> None:
    code = client.code()
    assert client.exchange(code)[0] == 200
    status, told = client.exchange(code)
    assert (status, told["error"]) == (400, "invalid_grant")


def test_a_code_lives_five_minutes(client: Client, clock: HandClock) -> None:
    early, late = client.code(), client.code()
    clock.sleep(299)
    assert client.exchange(early)[0] == 200
    clock.sleep(1)
    assert client.exchange(late)[0] == 400


def test_the_access_token_lives_two_hours(
    client: Client, clock: HandClock, error_of: ErrorOf
) -> None:
    bearer = f"Bearer {client.exchange(client.code())[1]['access_token']}"
    clock.sleep(7199)
    assert error_of("DescribeTeam", authorization=bearer) == ""
    clock.sleep(1)
    assert error_of("DescribeTeam", authorization=bearer) == "AuthFailure"


def test_refreshing_ends_the_old_access_token_at_once(client: Client, error_of: ErrorOf) -> None:
    first = client.exchange(client.code())[1]
    status, second = client.refresh(first["refresh_token"])
    assert status == 200
    assert second["refresh_token"] != first["refresh_token"]
    old, new = f"Bearer {first['access_token']}", f"Bearer {second['access_token']}"
    assert error_of("DescribeTeam", authorization=old) == "AuthFailure"
    assert error_of("DescribeTeam", authorization=new) == ""
    assert client.refresh(first["refresh_token"])[0] == 400
    assert client.playground.refreshes == 1


def test_the_refresh_token_may_stay_the_same(client: Client, playground: Playground) -> None:
    playground.settings = replace(playground.settings, rotate_refresh=False)
    first = client.exchange(client.code())[1]
    second = client.refresh(first["refresh_token"])[1]
    assert second["refresh_token"] == first["refresh_token"]
    assert client.refresh(first["refresh_token"])[0] == 200


def test_the_refresh_token_lives_ninety_days(client: Client, clock: HandClock) -> None:
    told = client.exchange(client.code())[1]
    clock.sleep(90 * 86_400)
    assert client.refresh(told["refresh_token"])[0] == 400


def test_wrong_secrets_and_grants_are_refused(client: Client) -> None:
    code = client.code()
    wrong = client.token(grant_type="authorization_code", code=code, client_secret="no")
    assert (wrong[0], wrong[1]["error"]) == (400, "invalid_client")
    assert client.token(grant_type="password")[1]["error"] == "unsupported_grant_type"
    stranger = Client(client.playground)
    assert stranger.exchange(code)[0] == 400
