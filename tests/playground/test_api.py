from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from headrace.core.transport import Request
from headrace.playground import Playground, Team
from headrace.playground.actions import ALL

from .conftest import NOW_MS, Call

ErrorOf = Callable[..., str]
PAGE = {"PageNumber": 1, "PageSize": 10}


def basic(secret: str) -> str:
    return f"Basic {b64encode(secret.encode()).decode()}"


def test_the_answer_sits_in_an_envelope_with_a_request_id(call: Call) -> None:
    one, other = call("DescribeTeam"), call("DescribeTeam")
    assert one["RequestId"] != other["RequestId"]
    assert one["Data"]["TeamHost"] == "https://demo-team.coding.net"


def test_the_action_may_stand_in_the_query(playground: Playground) -> None:
    url = "https://private.example.com/base/open-api?Action=DescribeTeam"
    headers = {"authorization": "token playground-token"}
    assert b'"Data"' in playground.send(Request("POST", url, headers)).body


@pytest.mark.parametrize(("method", "path"), [("GET", "/open-api"), ("POST", "/elsewhere")])
def test_other_paths_are_not_found(playground: Playground, method: str, path: str) -> None:
    assert playground.send(Request(method, f"https://x.coding.net{path}")).status == 404


@pytest.mark.parametrize("body", [b"{", b"[1]", b"\xff"])
def test_bodies_that_are_no_json_object(playground: Playground, body: bytes) -> None:
    headers = {"Authorization": "token playground-token"}
    response = playground.send(Request("POST", "https://x/open-api", headers, body))
    assert json.loads(response.body)["Response"]["Error"]["Code"] == "InvalidParameter"


def test_unknown_actions(error_of: ErrorOf) -> None:
    assert error_of("DescribeNothing") == "UnsupportedOperation"


@pytest.mark.parametrize(
    ("action", "parameters", "code"),
    [
        ("DescribeIssue", {"ProjectName": "shop"}, "MissingParameter"),
        ("DescribeIssue", {"ProjectName": "shop", "IssueCode": None}, "MissingParameter"),
        ("DescribeTeam", {"Surprise": 1}, "UnknownParameter"),
        ("DescribeIssue", {"ProjectName": "shop", "IssueCode": "1"}, "InvalidParameterValue"),
        ("DescribeIssue", {"ProjectName": "shop", "IssueCode": True}, "InvalidParameterValue"),
        ("DescribeIssue", {"ProjectName": "shop", "IssueCode": 9999}, "ResourceNotFound"),
        ("DescribeIssue", {"ProjectName": "nowhere", "IssueCode": 1}, "ResourceNotFound"),
        ("DescribeIteration", {"ProjectName": "shop", "IterationCode": 99}, "ResourceNotFound"),
        ("DescribeOneProject", {"ProjectId": 1}, "ResourceNotFound"),
        (
            "DescribeProjectIssueFieldList",
            {"ProjectName": "shop", "IssueType": "STORY"},
            "InvalidParameterValue",
        ),
        (
            "DescribeIterationList",
            {"ProjectName": "shop", "StartDate": "tomorrow"},
            "InvalidParameterValue",
        ),
        (
            "DescribeIterationList",
            {"ProjectName": "shop", "Status": ["DONE"]},
            "InvalidParameterValue",
        ),
        ("DescribeProjectMembers", {"ProjectId": 101}, "MissingParameter"),
    ],
)
def test_errors(error_of: ErrorOf, action: str, parameters: dict[str, Any], code: str) -> None:
    assert error_of(action, **parameters) == code


@pytest.mark.parametrize(
    "authorization", ["token wrong", "Bearer playground-token", "Basic ?", "x"]
)
def test_a_wrong_token_is_an_auth_failure(error_of: ErrorOf, authorization: str) -> None:
    assert error_of("DescribeTeam", authorization=authorization) == "AuthFailure"


def test_the_three_kinds_of_tokens(playground: Playground, error_of: ErrorOf) -> None:
    personal = playground.issue_token()
    oauth = playground.issue_token("oauth")
    project = playground.issue_token("project", project_id=101)
    wanted = {"ProjectName": "shop", "IssueCode": 1}
    for authorization in (f"token {personal}", f"Bearer {oauth}", basic(project)):
        assert error_of("DescribeIssue", authorization=authorization, **wanted) == ""
    playground.revoke(personal)
    assert error_of("DescribeTeam", authorization=f"token {personal}") == "AuthFailure"


def test_a_token_kind_that_does_not_fit(playground: Playground) -> None:
    with pytest.raises(ValueError, match="personal"):
        playground.issue_token(project_id=101)


def test_a_project_token_sees_only_its_project(playground: Playground, error_of: ErrorOf) -> None:
    own = basic(playground.issue_token("project", {"project_issue_rw"}, project_id=101))
    assert error_of("DescribeOneProject", authorization=own, ProjectId=101) == ""
    assert error_of("DescribeOneProject", authorization=own, ProjectId=102) != ""
    assert error_of("DescribeCodingProjects", authorization=own, **PAGE) == "UnauthorizedOperation"
    assert error_of("DescribeIterationList", authorization=own, ProjectName="shop") == ""
    members = {"ProjectId": 101, **PAGE}
    assert error_of("DescribeProjectMembers", authorization=own, **members) != ""
    playground.settings = replace(playground.settings, project_tokens_see_team=True)
    own = basic(playground.issue_token("project", project_id=101))
    assert error_of("DescribeCodingProjects", authorization=own, **PAGE) == ""


def test_scopes_are_checked_and_writing_includes_reading(
    playground: Playground, error_of: ErrorOf
) -> None:
    narrow = f"token {playground.issue_token(scopes={'collaboration:issue:rw'})}"
    assert error_of("DescribeIterationList", authorization=narrow, ProjectName="shop") == ""
    assert error_of("DescribeTeam", authorization=narrow) == "UnauthorizedOperation"


def test_withdrawn_and_failing_actions(playground: Playground, error_of: ErrorOf) -> None:
    playground.settings = replace(
        playground.settings, withdrawn={"DescribeTeam"}, failing={"DescribeIssue": "InternalError"}
    )
    assert error_of("DescribeTeam") == "OperationDenied"
    assert error_of("DescribeIssue", ProjectName="shop", IssueCode=1) == "InternalError"


def test_hidden_projects_leave_the_lists_and_refuse(
    team: Team, call: Call, error_of: ErrorOf
) -> None:
    team.hide_project(101, True)
    names = [row["Name"] for row in call("DescribeCodingProjects", **PAGE)["Data"]["ProjectList"]]
    assert names == ["project-2"]
    assert error_of("DescribeOneProject", ProjectId=101) == "UnauthorizedOperation"
    team.hide_project(101, False)
    assert error_of("DescribeOneProject", ProjectId=101) == ""
    team.delete_project(101, now_ms=NOW_MS)
    assert error_of("DescribeOneProject", ProjectId=101) == "ResourceNotFound"


def test_a_renamed_project_is_found_by_its_new_name_only(team: Team, error_of: ErrorOf) -> None:
    team.rename_project(101, now_ms=NOW_MS, name="store")
    assert error_of("DescribeProjectByName", ProjectName="store") == ""
    assert error_of("DescribeProjectByName", ProjectName="shop") == "ResourceNotFound"


def test_projects_of_a_user_and_members_by_role(team: Team, call: Call) -> None:
    team.remove_member(102, 8, now_ms=NOW_MS)
    rows = call("DescribeUserProjects", UserId=8)["ProjectList"]
    assert [row["Name"] for row in rows] == ["shop"]
    admins = call("DescribeProjectMembers", ProjectId=101, RoleId=21, **PAGE)["Data"]
    assert admins["TotalCount"] == 1


def test_small_lists_equal_the_truth(team: Team, call: Call) -> None:
    found = call("DescribeProjectMembers", ProjectId=102, PageNumber=1, PageSize=100)["Data"]
    truth = [row for (project, _), row in team.rows("project_members").items() if project == 102]
    assert found["ProjectMembers"] == truth
    data = call("DescribeIterationList", ProjectName="shop", Offset=0, Limit=100)["Data"]
    truth = [row for (project, _), row in team.rows("iterations").items() if project == 101]
    assert sorted(data["List"], key=lambda row: row["Code"]) == truth
    types = call("DescribeProjectIssueTypeList", ProjectName="shop")["IssueTypes"]
    assert types == [row for (p, _), row in team.rows("issue_types").items() if p == 101]


def test_iterations_are_filtered_by_plan_and_status(team: Team, call: Call) -> None:
    rows = call("DescribeIterationList", ProjectName="shop", Status=["PROCESSING"])["Data"]["List"]
    assert {row["Status"] for row in rows} == {"PROCESSING"}
    dated = call("DescribeIterationList", ProjectName="shop", StartDate="2000-01-01")["Data"]
    assert all(row["StartAt"] > 0 for row in dated["List"])


def test_calls_are_counted(playground: Playground, call: Call) -> None:
    call("DescribeTeam")
    call("DescribeTeam")
    call("DescribeEvents")
    assert playground.calls == {"DescribeTeam": 2, "DescribeEvents": 1}


def test_page_sizes_can_be_made_tiny(playground: Playground, call: Call, error_of: ErrorOf) -> None:
    small = {"DescribeProjectMembers": 5}
    playground.settings = replace(playground.settings, page_size_max=small)
    wanted = {"ProjectId": 101, "PageNumber": 1, "PageSize": 100}
    assert call("DescribeProjectMembers", **wanted)["Data"]["PageSize"] == 5
    playground.settings = replace(playground.settings, cap_page_size=False)
    assert error_of("DescribeProjectMembers", **wanted) == "LimitExceeded"


def test_every_action_has_a_name_of_its_own() -> None:
    assert all(name == action.name for name, action in ALL.items())
    assert len(ALL) >= 26
