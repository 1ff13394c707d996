from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from headrace.playground import Playground, Team
from headrace.playground.conditions import Query, date_range
from headrace.playground.selection import SORT_KEYS, select

from .conftest import NOW_MS, Call, HandClock

Listed = Callable[..., list[dict[str, Any]]]
SHOP = 101
UTC8 = timezone(timedelta(hours=8))
SECOND_MS = NOW_MS // 1000 * 1000


def at(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC8).strftime("%Y-%m-%d %H:%M:%S")


def window(first_ms: int, last_ms: int) -> list[dict[str, str]]:
    return [{"Key": "UPDATED_AT", "Value": f"{at(first_ms)}_{at(last_ms)}"}]


def truth(team: Team, project_id: int = SHOP) -> dict[int, dict[str, Any]]:
    return {int(c): row for (p, c), row in team.rows("issues").items() if p == project_id}


def codes(rows: list[dict[str, Any]]) -> list[int]:
    return [row["Code"] for row in rows]


def test_all_pages_together_are_the_truth(team: Team, listed: Listed) -> None:
    for n in range(100):
        team.step(NOW_MS + n * 1000)
        if n % 20 == 0:
            assert {row["Code"]: row for row in listed()} == truth(team)


def test_the_default_order_is_the_newest_code_first(listed: Listed) -> None:
    found = codes(listed())
    assert found == sorted(found, reverse=True)


def test_sub_tasks_are_shown_on_request_only(listed: Listed) -> None:
    assert "SUB_TASK" in {row["Type"] for row in listed()}
    assert "SUB_TASK" not in {row["Type"] for row in listed(ShowSubIssues=False)}
    assert "SUB_TASK" not in {row["Type"] for row in listed(ExcludeSubTask=True)}
    assert {row["Type"] for row in listed(IssueType="DEFECT")} == {"DEFECT"}


def test_windows_of_update_time_are_closed_at_both_ends(team: Team, listed: Listed) -> None:
    for n, code in enumerate((4, 5, 6, 7)):
        team.update_issue(SHOP, code, now_ms=NOW_MS + n * 1000, name=f"Edit {n}")
    wishes = {"SortKey": "UPDATED_AT", "SortValue": "ASC"}
    inside = window(SECOND_MS + 1000, SECOND_MS + 2000)
    assert codes(listed(Conditions=inside, **wishes)) == [5, 6]
    assert codes(listed(Conditions=inside[0], **wishes)) == [5, 6]  # one alone will do
    assert codes(listed(Conditions=window(SECOND_MS + 60_000, SECOND_MS + 61_000), **wishes)) == []


def test_a_day_is_a_day_in_utc8(team: Team, listed: Listed) -> None:
    midnight = int(datetime(2026, 10, 2, tzinfo=UTC8).timestamp()) * 1000
    for code, at_ms in ((3, -1), (4, 0), (5, 86_399_999), (6, 86_400_000)):
        team.update_issue(SHOP, code, now_ms=midnight + at_ms, name="Edit")
    day = [{"Key": "UPDATED_AT", "Value": "2026-10-02_2026-10-02"}]
    assert sorted(codes(listed(Conditions=day))) == [4, 5]


def test_a_server_that_knows_only_days(playground: Playground, team: Team, listed: Listed) -> None:
    team.update_issue(SHOP, 4, now_ms=NOW_MS, name="Edit")
    later = window(SECOND_MS + 5000, SECOND_MS + 6000)
    assert listed(Conditions=later) == []
    playground.settings = replace(playground.settings, day_only_filter=True)
    assert 4 in codes(listed(Conditions=later))


@pytest.mark.parametrize(
    "condition",
    [
        {"Key": "UPDATED_AT", "Value": "2026-01-01"},
        {"Key": "UPDATED_AT", "Value": "2026-1-1_2026-01-02"},
        {"Key": "UPDATED_AT", "Value": "soon_later"},
        {"Key": "UPDATED_AT"},
        {"Key": "WORKING_HOURS", "Value": "a_b"},
        {"Key": "CUSTOM", "Value": "x"},
        {"Key": "COLOUR", "Value": "x"},
        {"Key": 7, "Value": "x"},
        {"Value": "x"},
    ],
)
def test_conditions_that_cannot_be_read(call: Call, condition: dict[str, Any]) -> None:
    answer = call(
        "DescribeIssueListWithPage",
        ProjectName="shop",
        IssueType="ALL",
        PageNumber=1,
        PageSize=5,
        Conditions=[condition],
    )
    assert answer["Error"]["Code"] == "InvalidParameterValue"


def test_conditions_choose_by_value(team: Team, listed: Listed) -> None:
    code = team.create_issue(
        SHOP,
        now_ms=NOW_MS,
        kind="DEFECT",
        name="Find me 找我",
        status_id=36,
        assignee_ids=(3, 4),
        watcher_ids=(5,),
        iteration_code=2,
        parent_code=1,
        priority="3",
        working_hours=99.5,
        due_date=SECOND_MS,
        custom=((77, "X-1"),),
    )
    team.set_labels(SHOP, code, ["rare"], now_ms=NOW_MS)
    conditions = [
        {"Key": "STATUS", "Value": "待验证"},
        {"Key": "STATUS", "Value": "36,37"},
        {"Key": "STATUS_TYPE", "Value": "PROCESSING"},
        {"Key": "ASSIGNEE", "Value": "4"},
        {"Key": "CREATOR", "Value": "1"},
        {"Key": "WATCHER", "Value": "5"},
        {"Key": "LABEL", "Value": "rare"},
        {"Key": "ITERATION", "Value": "2"},
        {"Key": "PARENT", "Value": "1"},
        {"Key": "PRIORITY", "Value": "2,3"},
        {"Key": "ISSUE_TYPE", "Value": "DEFECT"},
        {"Key": "WORKING_HOURS", "Value": "99_100"},
        {"Key": "DUE_DATE", "Value": f"{at(SECOND_MS)}_{at(SECOND_MS)}"},
        {"Key": "KEYWORD", "Value": "找我"},
        {"Key": "CUSTOM", "Value": "X-1", "CustomFieldId": 77},
        {"Key": "START_DATE", "ConstValue": "UNSPECIFIC"},
    ]
    for condition in conditions:
        assert code in codes(listed(Conditions=[condition])), condition
    assert codes(listed(Conditions=conditions)) == [code]
    for key in ("ASSIGNEE", "LABEL", "ITERATION", "PRIORITY", "DUE_DATE"):
        unset = [{"Key": key, "ConstValue": "UNSPECIFIC"}]
        assert code not in codes(listed(Conditions=unset))


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort_key", SORT_KEYS)
def test_the_indexes_agree_with_plain_sorting(sort_key: str, descending: bool) -> None:
    team = Team(11, 1, 50, NOW_MS)
    project = team.projects[SHOP]
    query = Query(
        kind="ALL",
        sub_issues=True,
        sort_key=sort_key,
        descending=descending,
        conditions=(),
        day_only=False,
    )
    for n in range(200):
        assert list(select(project, query, None)) == list(select(project, query, project.issues))
        team.step(NOW_MS + n * 400)


def test_the_detail_has_what_the_list_has_not(team: Team, call: Call) -> None:
    parent = team.create_issue(SHOP, now_ms=NOW_MS, kind="REQUIREMENT", assignee_ids=(2,))
    part = team.create_issue(SHOP, now_ms=NOW_MS, kind="SUB_TASK", parent_code=parent)
    above = call("DescribeIssue", ProjectName="shop", IssueCode=parent)["Issue"]
    below = call("DescribeIssue", ProjectName="shop", IssueCode=part)["Issue"]
    assert [row["Code"] for row in above["SubTasks"]] == [part]
    assert above["Assignee"]["Name"] == "member-2"
    assert above["Parent"]["Code"] == 0
    assert below["Parent"]["Code"] == parent
    assert below["Assignee"]["Id"] == 0
    assert above["Project"]["Name"] == "shop"


def test_a_lagging_server_shows_the_team_as_it_was(
    playground: Playground, clock: HandClock, team: Team, listed: Listed
) -> None:
    playground.settings = replace(playground.settings, visibility_lag_ms=5000)
    history: list[tuple[int, dict[int, int]]] = [(0, _times(team))]
    for n in range(150):
        clock.at_ms = NOW_MS + n * 700
        team.step(clock.at_ms)
        history.append((clock.at_ms, _times(team)))
        seen = [times for at_ms, times in history if at_ms <= clock.at_ms - 5000][-1]
        assert {row["Code"]: row["UpdatedAt"] for row in listed(page_size=100)} == seen
    clock.sleep(5)
    assert {row["Code"]: row["UpdatedAt"] for row in listed(page_size=100)} == _times(team)


def _times(team: Team) -> dict[int, int]:
    return {code: row["UpdatedAt"] for code, row in truth(team).items()}


def test_a_lagging_server_lags_in_details_too(
    playground: Playground, clock: HandClock, team: Team, call: Call
) -> None:
    playground.settings = replace(playground.settings, visibility_lag_ms=5000)
    made = team.create_issue(SHOP, now_ms=NOW_MS)
    team.update_issue(SHOP, 2, now_ms=NOW_MS, name="Edited")
    asked = {"ProjectName": "shop", "IssueCode": 2}
    assert "Error" in call("DescribeIssue", ProjectName="shop", IssueCode=made)
    assert call("DescribeIssue", **asked)["Issue"]["Name"] != "Edited"
    clock.sleep(5)
    assert call("DescribeIssue", ProjectName="shop", IssueCode=made)["Issue"]["Code"] == made
    assert call("DescribeIssue", **asked)["Issue"]["Name"] == "Edited"


def test_date_ranges() -> None:
    first, last = date_range("2026-10-02_2026-10-03 12:00:00")
    assert first == int(datetime(2026, 10, 2, tzinfo=UTC8).timestamp()) * 1000
    assert last == int(datetime(2026, 10, 3, 12, 0, 1, tzinfo=UTC8).timestamp()) * 1000 - 1
