"""Retries, waits and renewals, in virtual time."""

from __future__ import annotations

import threading

import pytest
from tests.coding.fakes import NOW_MS, SECRET, Reply, failed, make_client, ok

from headrace.core.retry import RetryPolicy
from headrace.errors import BadToken, NotFound, Stopped, Throttled, Unavailable
from headrace.testing.clock import VirtualClock

GOOD = ok(Data={"Id": 1})


def call(*replies: Reply, **options: object) -> tuple[object, list[dict[str, object]], float]:
    client, wire, clock = make_client(replies, **options)  # type: ignore[arg-type]
    answer = client.call("DescribeX", {"A": 1}, expects="Data")
    return answer, wire.bodies, (clock.now_ms() - NOW_MS) / 1000


def test_the_action_travels_in_the_body() -> None:
    client, wire, _ = make_client([GOOD])
    client.call("DescribeX", {"ProjectId": 7}, expects="Data")
    (request,) = wire.requests
    assert (request.method, request.url) == ("POST", "https://demo-team.coding.net/open-api")
    assert wire.bodies == [{"Action": "DescribeX", "ProjectId": 7}]
    assert wire.headers == [f"token {SECRET}"]
    assert SECRET not in repr(request)


@pytest.mark.parametrize(
    "bad", [failed("InternalError"), Unavailable("reset"), failed("RequestLimitExceeded")]
)
def test_what_may_pass_is_tried_again(bad: Reply) -> None:
    _, bodies, _ = call(bad, bad, GOOD)
    assert len(bodies) == 3


def test_the_last_failure_is_raised() -> None:
    client, wire, _ = make_client([failed("InternalError")])
    with pytest.raises(Unavailable, match="InternalError"):
        client.call("DescribeX", {}, expects="Data")
    assert len(wire.requests) == RetryPolicy().attempts == client.calls
    assert client.calls_by_action == {"DescribeX": 6}


@pytest.mark.parametrize("code", ["AuthFailure", "ResourceNotFound", "InvalidParameter"])
def test_what_will_not_pass_is_not_tried_again(code: str) -> None:
    client, wire, _ = make_client([failed(code)])
    with pytest.raises(Exception, match=code):
        client.call("DescribeX", {}, expects="Data")
    assert len(wire.requests) == 1


def test_throttling_waits_grow() -> None:
    waits: list[int] = []
    clock = VirtualClock(NOW_MS)
    clock.on_wait = waits.append
    client, _, _ = make_client([failed("RequestLimitExceeded")], clock=clock)
    with pytest.raises(Throttled):
        client.call("DescribeX", {}, expects="Data")
    assert clock.now_ms() - NOW_MS >= (1 + 2 + 4 + 8 + 16) * 1000


def test_retry_after_is_kept() -> None:
    bad = failed("RequestLimitExceeded", headers={"retry-after": "37"})
    _, _, seconds = call(bad, GOOD)
    assert 37 <= seconds < 38


def test_a_wait_of_an_hour_is_left_to_the_caller() -> None:
    bad = failed("RequestLimitExceeded", headers={"retry-after": "3600"})
    client, wire, clock = make_client([bad])
    for _ in range(2):
        with pytest.raises(Throttled) as caught:
            client.call("DescribeX", {}, expects="Data")
        assert caught.value.retry_after_seconds == pytest.approx(3600, abs=1)
    assert len(wire.requests) == 1  # the second call did not even ask
    clock.advance(3_600_000)
    wire.replies = [GOOD]
    client.call("DescribeX", {}, expects="Data")


class Renewing:
    """Hands out token-1, token-2 ...: a newer one for every renewal and after every hour."""

    def __init__(self, clock: VirtualClock, renewals: int = 99) -> None:
        self._clock = clock
        self._left = renewals
        self._renewed = 0

    def header(self) -> str:
        hours = (self._clock.now_ms() - NOW_MS) // 3_600_000
        return f"token token-{1 + self._renewed + hours}"

    def renew(self, refused_header: str) -> bool:
        self._left -= 1
        self._renewed += 1
        return self._left >= 0


def test_a_refused_token_is_renewed_once() -> None:
    clock = VirtualClock(NOW_MS)
    client, wire, _ = make_client(
        [failed("AuthFailure"), GOOD], clock=clock, authorizer=Renewing(clock)
    )
    client.call("DescribeX", {}, expects="Data")
    assert wire.headers == ["token token-1", "token token-2"]
    assert clock.now_ms() - NOW_MS < 1000


def test_a_token_refused_however_often_it_is_renewed_is_bad() -> None:
    clock = VirtualClock(NOW_MS)
    client, wire, _ = make_client([failed("AuthFailure")], authorizer=Renewing(clock))
    with pytest.raises(BadToken):
        client.call("DescribeX", {}, expects="Data")
    assert len(wire.requests) == 12  # two in each of six attempts


def test_a_new_token_that_is_refused_is_waited_for() -> None:
    """Another process may end each new token at once; that is over in a moment."""
    clock = VirtualClock(NOW_MS)
    replies = [*[failed("AuthFailure")] * 7, GOOD]
    client, wire, _ = make_client(replies, clock=clock, authorizer=Renewing(clock))
    client.call("DescribeX", {}, expects="Data")
    assert len(set(wire.headers)) == 5
    assert clock.now_ms() - NOW_MS > 1000


def test_new_tokens_that_are_refused_at_the_last_attempt_alone_are_not_bad() -> None:
    """Five throttled attempts, and at the sixth another process ended both tokens."""
    clock = VirtualClock(NOW_MS)
    replies = [*[failed("RequestLimitExceeded")] * 5, *[failed("AuthFailure")] * 2]
    client, wire, _ = make_client(replies, clock=clock, authorizer=Renewing(clock))
    with pytest.raises(Unavailable, match="AuthFailure"):
        client.call("DescribeX", {}, expects="Data")
    assert len(wire.requests) == 7


def test_each_attempt_asks_for_the_header_anew() -> None:
    clock = VirtualClock(NOW_MS)
    bad = failed("RequestLimitExceeded", headers={"retry-after": "119"})
    policy = RetryPolicy(attempts=40)
    replies = [*[bad] * 31, GOOD]
    client, wire, _ = make_client(replies, clock=clock, authorizer=Renewing(clock), retry=policy)
    client.call("DescribeX", {}, expects="Data")
    assert wire.headers[0] == "token token-1"
    assert wire.headers[-1] == "token token-2"


def test_the_token_may_end_inside_a_retry() -> None:
    clock = VirtualClock(NOW_MS)
    replies = [failed("InternalError"), failed("AuthFailure"), failed("InternalError"), GOOD]
    client, wire, _ = make_client(replies, clock=clock, authorizer=Renewing(clock))
    client.call("DescribeX", {}, expects="Data")
    assert [header[-1] for header in wire.headers] == ["1", "1", "2", "2"]


def test_a_stop_ends_the_wait() -> None:
    clock = VirtualClock(NOW_MS)

    def stop(_now_ms: int) -> None:
        raise Stopped

    clock.on_wait = stop
    client, wire, _ = make_client([failed("InternalError")], clock=clock)
    with pytest.raises(Stopped):
        client.call("DescribeX", {}, expects="Data")
    assert len(wire.requests) == 1


def test_not_found_keeps_its_request_id() -> None:
    client, _, _ = make_client([failed("ResourceNotFound", RequestId="abc-123")])
    with pytest.raises(NotFound, match="abc-123"):
        client.call("DescribeIssue", {}, expects="Issue")


def test_calls_are_counted_across_threads() -> None:
    client, _, _ = make_client([GOOD])
    threads = [
        threading.Thread(
            target=lambda: [client.call("DescribeX", {}, expects="Data") for _ in range(50)]
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert client.calls == 400 == sum(client.calls_by_action.values())
