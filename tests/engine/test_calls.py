"""What changes cost, by count of calls: nothing is asked twice, and no more than is needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from bench.calls import Copy

LOOKUP, LIST, PROJECTS = "DescribeIssue", "DescribeIssueListWithPage", "DescribeCodingProjects"
CONFIRM = "DescribeOneProject"
PER_ROW_MAX = 1.2


def spent(copy: Copy, act: Callable[[], object]) -> tuple[Counter[str], int]:
    """What an act costs until the copy is level again, and the changes of issues it brought."""
    calls, head = Counter(copy.playground.calls), copy.mirror.head()
    act()
    copy.settle()
    changes = [one for one in copy.mirror.log(head, 1_000) if one.stream == "issues"]
    return Counter(copy.playground.calls) - calls, len(changes)


def test_a_quiet_minute_of_polling_is_a_page_of_issues_and_one_of_projects() -> None:
    minute = Copy("polling").pass_minutes(1, acts=1)
    assert minute.calls == {LIST: 1, PROJECTS: 1}
    assert minute.changed == 1


def test_hybrid_is_one_call_a_row_and_the_polls() -> None:
    minutes = Copy("hybrid").pass_minutes(5, acts=60)
    assert minutes.changed == 60
    assert minutes.calls[LOOKUP] == 60
    assert minutes.calls[LIST] == minutes.calls[PROJECTS] <= 5
    assert minutes.per_row <= PER_ROW_MAX


def test_hybrid_at_a_busy_pace_stays_near_one_call_a_row() -> None:
    minute = Copy("hybrid").pass_minutes(1, acts=240)
    assert 240 - 5 <= minute.changed <= 240
    assert minute.per_row <= 1.05


def test_webhook_polls_only_what_no_event_tells_of() -> None:
    minutes = Copy("webhook").pass_minutes(5, acts=10)
    assert minutes.calls[LOOKUP] == minutes.changed == 10
    assert set(minutes.calls) == {LOOKUP, PROJECTS}


def test_many_changes_at_once_are_one_page() -> None:
    copy = Copy("hybrid")
    assert spent(copy, lambda: [copy.edit() for _ in range(40)]) == ({LIST: 1}, 40)


def test_many_deliveries_of_one_record_are_one_call() -> None:
    copy = Copy("hybrid")
    ((project, code), *_) = copy.team.rows("issues")

    def rename(times: int) -> None:
        for number in range(times):
            now_ms = copy.clock.now_ms()
            copy.team.update_issue(project, code, now_ms=now_ms, name=f"name {number}")

    assert spent(copy, lambda: rename(10)) == ({LOOKUP: 1}, 1)


def test_a_delete_is_confirmed_by_one_more_call() -> None:
    copy = Copy("hybrid")
    *_, (project, code) = copy.team.rows("issues")
    calls, changes = spent(
        copy, lambda: copy.team.delete_issue(project, code, now_ms=copy.clock.now_ms())
    )
    assert (calls, changes) == ({LOOKUP: 1, CONFIRM: 1}, 1)


def test_a_delivery_without_a_change_costs_one_call_and_changes_nothing() -> None:
    copy = Copy("hybrid")
    copy.edit()
    copy.settle()
    (known,) = [one.id for one in copy.inbox.list(event="ISSUE_UPDATED")]

    def replay() -> None:
        copy.inbox.settle([known], state="waiting")

    assert spent(copy, replay) == ({LOOKUP: 1}, 0)
