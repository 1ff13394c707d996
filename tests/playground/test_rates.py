from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from headrace.core.transport import Request, Response
from headrace.playground import Playground

from .conftest import NOW_MS, Call, HandClock

ErrorOf = Callable[..., str]


@pytest.fixture
def limited(playground: Playground, clock: HandClock) -> Playground:
    clock.at_ms = NOW_MS // 1000 * 1000
    playground.settings = replace(
        playground.settings, rate_limits=True, rates={"DescribeIssueListWithPage": 5}
    )
    return playground


def send(playground: Playground, action: str) -> Response:
    url = f"https://e.coding.net/open-api?Action={action}"
    headers = {"Authorization": "token playground-token"}
    return playground.send(Request("POST", url, headers))


def test_one_too_many_is_refused_with_the_wait(limited: Playground) -> None:
    for _ in range(20):
        assert b"Error" not in send(limited, "DescribeCodingCurrentUser").body
    refused = send(limited, "DescribeCodingCurrentUser")
    assert b"RequestLimitExceeded" in refused.body
    assert refused.headers["retry-after"] == "1"
    assert (limited.throttled, limited.requests_while_throttled) == (1, 0)


def test_requests_within_the_wait_are_counted(limited: Playground, clock: HandClock) -> None:
    for _ in range(21):
        send(limited, "DescribeCodingCurrentUser")
    clock.sleep(0.999)
    assert b"RequestLimitExceeded" in send(limited, "DescribeCodingCurrentUser").body
    assert (limited.throttled, limited.requests_while_throttled) == (2, 1)
    clock.sleep(0.001)
    assert b"Error" not in send(limited, "DescribeCodingCurrentUser").body


def test_actions_and_tokens_count_apart(limited: Playground, error_of: ErrorOf) -> None:
    for _ in range(21):
        error_of("DescribeCodingCurrentUser")
    assert error_of("DescribeEvents") == ""
    other = f"token {limited.issue_token()}"
    assert error_of("DescribeCodingCurrentUser", authorization=other) == ""


def test_rates_can_be_set(limited: Playground, error_of: ErrorOf) -> None:
    wanted = {"ProjectName": "shop", "IssueType": "ALL", "PageNumber": 1, "PageSize": 1}
    found = [error_of("DescribeIssueListWithPage", **wanted) for _ in range(6)]
    assert found == [""] * 5 + ["RequestLimitExceeded"]


def test_ten_thousand_a_second_means_no_limit(limited: Playground, error_of: ErrorOf) -> None:
    assert {error_of("DescribeOneProject", ProjectId=101) for _ in range(100)} == {""}


def test_the_wait_need_not_be_told(limited: Playground) -> None:
    limited.settings = replace(limited.settings, retry_after=False)
    answers = [send(limited, "DescribeCodingCurrentUser") for _ in range(21)]
    assert "retry-after" not in answers[-1].headers


def test_limits_are_off_on_request(playground: Playground, call: Call) -> None:
    for _ in range(50):
        call("DescribeCodingCurrentUser")
    assert playground.throttled == 0
