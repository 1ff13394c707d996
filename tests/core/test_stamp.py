"""Stamps rise, whatever the clock does; retries wait as long as they say."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.core.retry import RetryPolicy
from headrace.core.stamp import Stamps
from headrace.testing.clock import VirtualClock

NOW_MS = 1_795_000_000_000


def test_stamps_are_close_to_the_clock() -> None:
    clock = VirtualClock(NOW_MS)
    stamps = Stamps(clock)
    assert stamps.next() == NOW_MS * 1000
    clock.advance(5)
    assert stamps.next() == (NOW_MS + 5) * 1000


@given(st.lists(st.integers(-10_000, 10_000), max_size=30))
def test_stamps_rise_whatever_the_clock_does(steps: list[int]) -> None:
    clock = VirtualClock(NOW_MS)
    stamps = Stamps(clock)
    given_out = [stamps.next()]
    for step in steps:
        clock.advance(step)
        given_out.append(stamps.next())
    assert given_out == sorted(set(given_out))


def test_clock_that_stepped_back_over_a_restart() -> None:
    clock = VirtualClock(NOW_MS)
    last = Stamps(clock).next()
    clock.advance(-3_600_000)
    after = Stamps(clock, last=last)
    assert after.next() == last + 1
    clock.advance(7_200_000)
    assert after.next() == clock.now_ms() * 1000


def test_many_threads_never_share_a_stamp() -> None:
    stamps = Stamps(VirtualClock(NOW_MS))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: stamps.next(), range(2000)))
    assert len(set(found)) == 2000


def test_retries_double_up_to_the_cap() -> None:
    policy = RetryPolicy(attempts=9, first_seconds=1, cap_seconds=10)
    waits = [policy.wait_seconds(n, asked=None, spread=1.0) for n in range(1, 9)]
    assert waits == [1, 2, 4, 8, 10, 10, 10, 10]
    assert policy.wait_seconds(9, asked=None, spread=1.0) is None
    assert policy.wait_seconds(99, asked=5, spread=1.0) is None


@given(
    st.integers(1, 40), st.none() | st.floats(0, 1000), st.floats(0, 1, exclude_max=True)
)  # fmt: skip
def test_what_was_asked_for_is_honoured(attempt: int, asked: float | None, spread: float) -> None:
    policy = RetryPolicy(attempts=50)
    wait = policy.wait_seconds(attempt, asked=asked, spread=spread)
    assert wait is not None
    assert wait >= (asked or 0)
    assert wait <= max(policy.cap_seconds, asked or 0)
    assert wait >= policy.first_seconds / 2


def test_one_attempt_means_no_retry() -> None:
    assert RetryPolicy(attempts=1).wait_seconds(1, asked=None, spread=0) is None


@pytest.mark.parametrize("attempt", [1_000, 1_025, 2**31 - 2])
def test_many_attempts_do_not_overflow(attempt: int) -> None:
    """A task may fail for weeks: the wait stays at its cap."""
    policy = RetryPolicy(attempts=2**31, first_seconds=1.0, cap_seconds=300.0)
    assert policy.wait_seconds(attempt, asked=None, spread=0.5) == 225.0
