"""A small team, a clock that stands still until told, and a one-line way to call an Action."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from headrace.core.transport import Request
from headrace.playground import DEFAULT_TOKEN, Playground, Settings, Team

NOW_MS = 1_790_000_000_123


class HandClock:
    """Time moves only by `sleep` and by hand."""

    def __init__(self, now_ms: int = NOW_MS) -> None:
        self.at_ms = now_ms

    def now_ms(self) -> int:
        return self.at_ms

    def sleep(self, seconds: float) -> None:
        self.at_ms += round(seconds * 1000)


Call = Callable[..., dict[str, Any]]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def team() -> Team:
    return Team(7, 2, 60, NOW_MS)


@pytest.fixture
def playground(team: Team, clock: HandClock) -> Playground:
    return Playground(team, clock, settings=Settings(rate_limits=False))


@pytest.fixture
def call(playground: Playground) -> Call:
    """`call("DescribeTeam", authorization=..., **parameters)` answers what is in `Response`."""

    def send(action: str, authorization: str = "", **parameters: Any) -> dict[str, Any]:
        headers = {"Authorization": authorization or f"token {DEFAULT_TOKEN}"}
        body = json.dumps({"Action": action, **parameters}).encode()
        url = "https://demo-team.coding.net/open-api"
        response = playground.send(Request("POST", url, headers, body))
        assert response.status == 200
        answered: dict[str, Any] = json.loads(response.body)["Response"]
        return answered

    return send


@pytest.fixture
def error_of(call: Call) -> Callable[..., str]:
    """The error code a call answers, "" for none."""

    def code(action: str, **parameters: Any) -> str:
        answered = call(action, **parameters)
        return str(answered["Error"]["Code"]) if "Error" in answered else ""

    return code


@pytest.fixture
def listed(call: Call) -> Callable[..., list[dict[str, Any]]]:
    """All rows of an issue list, page by page, checked against the count."""

    def walk(project: str = "shop", page_size: int = 7, **wishes: Any) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        wishes = {"IssueType": "ALL", "ShowSubIssues": True} | wishes
        for number in range(1, 1000):
            data = call(
                "DescribeIssueListWithPage",
                ProjectName=project,
                PageNumber=number,
                PageSize=page_size,
                **wishes,
            )["Data"]
            rows += data["List"]
            if number >= data["TotalPage"]:
                assert len(rows) == data["TotalCount"]
                return rows
        raise AssertionError("endless pages")

    return walk
