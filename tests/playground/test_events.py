from __future__ import annotations

from headrace.playground import Team
from headrace.playground.events import NAMES
from headrace.playground.records import Event

from .conftest import NOW_MS

SHOP = 101


def told(team: Team) -> list[Event]:
    return team.take_events()


def codes(team: Team) -> list[str]:
    return [event.code for event in told(team)]


def listening() -> Team:
    team = Team(7, 2, 60, NOW_MS)
    team.listening = True
    return team


def test_each_kind_of_change_tells_its_own_event() -> None:
    team = listening()
    code = team.create_issue(SHOP, now_ms=NOW_MS)
    assert codes(team) == ["ISSUE_CREATED"]
    team.update_issue(SHOP, code, now_ms=NOW_MS, status_id=33)
    assert codes(team) == ["ISSUE_STATUS_UPDATED"]
    team.update_issue(SHOP, code, now_ms=NOW_MS, assignee_ids=(3,))
    assert codes(team) == ["ISSUE_ASSIGNEE_CHANGED"]
    team.update_issue(SHOP, code, now_ms=NOW_MS, iteration_code=1)
    assert codes(team) == ["ISSUE_ITERATION_CHANGED", "ITERATION_PLANNED"]
    team.update_issue(SHOP, code, now_ms=NOW_MS, parent_code=1)
    assert codes(team) == ["ISSUE_RELATIONSHIP_CHANGED"]
    team.update_issue(SHOP, code, now_ms=NOW_MS, name="Other", status_id=31)
    assert codes(team) == ["ISSUE_STATUS_UPDATED", "ISSUE_UPDATED"]
    team.update_issue(SHOP, code, now_ms=NOW_MS + 1, name="Other")
    assert codes(team) == []
    team.delete_issue(SHOP, code, now_ms=NOW_MS)
    assert codes(team) == ["ISSUE_DELETED"]


def test_iterations_and_members_tell_theirs() -> None:
    team = listening()
    sprint = team.create_iteration(SHOP, now_ms=NOW_MS)
    team.update_iteration(SHOP, sprint, now_ms=NOW_MS, goal="Less")
    team.delete_iteration(SHOP, sprint, now_ms=NOW_MS)
    assert codes(team) == ["ITERATION_CREATED", "ITERATION_UPDATED", "ITERATION_DELETED"]
    team.remove_member(SHOP, 2, now_ms=NOW_MS)
    team.add_member(SHOP, 2, now_ms=NOW_MS)
    team.add_member(SHOP, 2, now_ms=NOW_MS, role="ProjectAdmin")
    assert codes(team) == ["MEMBER_DELETED", "MEMBER_CREATED", "MEMBER_ROLE_UPDATED"]


def test_an_issue_is_told_twice_with_real_milliseconds_and_numbers() -> None:
    team = listening()
    code = team.create_issue(SHOP, now_ms=NOW_MS, kind="DEFECT", priority="2", iteration_code=1)
    (event,) = told(team)
    issue = event.body["issue"]
    assert event.body["defect"] == issue
    assert (issue["code"], issue["priority"], issue["updated_at"]) == (code, 2, NOW_MS)
    assert issue["iteration"]["code"] == 1
    assert issue["typeZh"] == "缺陷"
    assert {"event", "eventName", "sender", "project", "team"} <= event.body.keys()
    assert event.body["project"]["id"] == event.project_id == SHOP


def test_unset_things_are_left_out() -> None:
    team = listening()
    team.create_issue(SHOP, now_ms=NOW_MS)
    issue = told(team)[0].body["issue"]
    assert not {"assignee", "start_date", "due_date", "iteration"} & issue.keys()


def test_custom_field_changes_tell_the_new_value() -> None:
    team = listening()
    code = team.create_issue(SHOP, now_ms=NOW_MS)
    told(team)
    team.update_issue(SHOP, code, now_ms=NOW_MS, custom=((82, "7"),))
    (event,) = told(team)
    assert event.body["action"] == "update_custom_field"
    assert event.body["issue"]["fieldInfos"] == [
        {"id": 82, "name": "Reports", "type": "TEXT_INTEGER", "newFieldValue": "7"}
    ]


def test_a_long_life_tells_every_code_there_is() -> None:
    team = listening()
    for n in range(3000):
        team.step(NOW_MS + 500 * n)
    events = told(team)
    assert {event.code for event in events} == set(NAMES)
    assert all(event.body["event"] == event.code for event in events)
    assert told(team) == []
