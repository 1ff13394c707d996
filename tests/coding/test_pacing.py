from __future__ import annotations

import random
import threading

import pytest
from tests.coding.fakes import NOW_MS

from headrace.coding.pacing import RATES_PER_SECOND, UNSTATED_PER_SECOND, Pacer
from headrace.errors import Throttled
from headrace.testing.clock import VirtualClock

DETAIL, LIST = "DescribeIssue", "DescribeIssueListWithPage"


def seconds_for(calls: int, action: str, **options: object) -> float:
    clock = VirtualClock(NOW_MS)
    pacer = Pacer(clock, **options)  # type: ignore[arg-type]
    for _ in range(calls):
        pacer.acquire(action)
    return (clock.now_ms() - NOW_MS) / 1000


@pytest.mark.parametrize(("action", "most"), [(DETAIL, 15), (LIST, 50), ("DescribeUnknown", 10)])
def test_the_rate_of_an_action_is_kept(action: str, most: float) -> None:
    seconds = seconds_for(300, action)
    assert 300 / most * 0.8 < seconds < 300 / most * 1.3
    assert Pacer(VirtualClock(0)).rates() == {}
    assert RATES_PER_SECOND.get(action, UNSTATED_PER_SECOND) == most


def test_never_more_than_the_stated_20_in_any_second() -> None:
    clock = VirtualClock(NOW_MS)
    pacer = Pacer(clock)
    sent = []
    for _ in range(200):
        pacer.acquire(DETAIL)
        sent.append(clock.now_ms())
    assert all(later - sooner >= 1000 for sooner, later in zip(sent, sent[20:], strict=False))


def test_rates_can_be_set() -> None:
    assert seconds_for(20, DETAIL, rates={DETAIL: 1}) > 16


def test_all_actions_share_one_budget() -> None:
    clock = VirtualClock(NOW_MS)
    pacer = Pacer(clock, overall_per_second=10)
    for number in range(100):
        pacer.acquire(f"Describe{number}")
    assert clock.now_ms() - NOW_MS > 9_000


def test_throttling_halves_and_successes_recover_by_steps() -> None:
    clock = VirtualClock(NOW_MS)
    pacer = Pacer(clock)
    pacer.acquire(DETAIL)
    pacer.throttled(DETAIL, 1)
    assert pacer.rates()[DETAIL] == (7.5, 15)
    clock.advance(2000)
    pacer.throttled(DETAIL, 1)
    assert pacer.rates()[DETAIL] == (3.75, 15)
    for _ in range(20):
        pacer.succeeded(DETAIL)
    assert pacer.rates()[DETAIL] == (5.25, 15)
    for _ in range(1000):
        pacer.succeeded(DETAIL)
    assert pacer.rates()[DETAIL] == (15, 15)


def test_one_burst_of_refusals_halves_once() -> None:
    clock = VirtualClock(NOW_MS)
    pacer = Pacer(clock)
    for _ in range(16):
        pacer.throttled(DETAIL, 1)
    assert pacer.rates()[DETAIL] == (7.5, 15)


def test_it_never_stops_for_good() -> None:
    clock = VirtualClock(NOW_MS)
    pacer = Pacer(clock)
    for _ in range(100):
        pacer.throttled(DETAIL, 1)
        clock.advance(2000)
    began = clock.now_ms()
    for _ in range(10):
        pacer.acquire(DETAIL)
    assert clock.now_ms() - began < 60_000


def test_while_told_to_wait_nothing_is_sent_not_even_urgent() -> None:
    clock = VirtualClock(NOW_MS)
    pacer = Pacer(clock)
    pacer.throttled(DETAIL, 30)
    pacer.acquire("DescribeOther")
    assert clock.now_ms() == NOW_MS  # only this Action pauses
    pacer.acquire(DETAIL, urgent=True)
    assert clock.now_ms() - NOW_MS >= 30_000


def test_a_long_pause_is_raised_instead_of_slept() -> None:
    clock = VirtualClock(NOW_MS)
    pacer = Pacer(clock)
    pacer.throttled(DETAIL, 3600)
    with pytest.raises(Throttled) as caught:
        pacer.acquire(DETAIL)
    assert caught.value.retry_after_seconds == 3600
    assert clock.now_ms() == NOW_MS


def test_urgent_calls_find_room_where_others_wait() -> None:
    clock = VirtualClock(NOW_MS)
    pacer = Pacer(clock, rates={LIST: 40.0}, overall_per_second=1000)
    for _ in range(100):
        pacer.acquire(LIST)
    before = clock.now_ms()
    pacer.acquire(LIST, urgent=True)
    pacer.acquire(LIST, urgent=True)
    assert clock.now_ms() == before
    pacer.acquire(LIST)
    assert clock.now_ms() > before


@pytest.mark.parametrize("seed", range(5))
def test_any_clock_leads_on(seed: int) -> None:
    dice, clock = random.Random(seed), VirtualClock(NOW_MS)
    pacer = Pacer(clock)
    for _ in range(300):
        clock.advance(dice.choice([0, 1, -1, 50, -5000, 3_600_000]))
        pacer.acquire(DETAIL, urgent=dice.random() < 0.3)
        if dice.random() < 0.1:
            pacer.throttled(DETAIL, dice.random() * 60)
    assert pacer.rates()[DETAIL][0] <= 15


def test_threads_share_the_budget() -> None:
    clock = VirtualClock(NOW_MS)
    pacer = Pacer(clock)
    threads = [
        threading.Thread(target=lambda: [pacer.acquire(DETAIL) for _ in range(20)])
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.now_ms() - NOW_MS >= 160 / 15 * 1000 * 0.8
