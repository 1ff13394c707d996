from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from tests.coding.fakes import FIRST, NOW_MS, SECRET, failed, make_client, ok

from headrace.coding.checks import Check, run_checks
from headrace.coding.streams import find
from headrace.core.retry import RetryPolicy
from headrace.core.transport import Request, Response
from headrace.errors import Refused, Unavailable

DATE = {"date": "Mon, 21 Sep 2026 14:13:20 GMT"}  # NOW_MS
PROJECT = {"Id": 7, "Name": "demo", "DisplayName": "Demo", "Archived": False}
TYPES = [{"Id": 1, "IssueType": "DEFECT"}]
GOOD: Mapping[str, Response] = {
    "DescribeCodingCurrentUser": ok(User={"Name": "ada", "GlobalKey": "ada-1"}, headers=DATE),
    "DescribeTeam": ok(Data={"Name": "Demo", "TeamHost": "https://demo-team.coding.net"}),
    "DescribeCodingProjects": ok(Data={"ProjectList": [PROJECT], "TotalCount": 1}),
    "DescribeProjectByName": ok(Project=PROJECT),
    "DescribeProjectMembers": ok(Data={"ProjectMembers": [{"Id": 1}], "TotalCount": 12}),
    "DescribeIterationList": ok(Data={"List": [], "TotalRow": 0}),
    "DescribeProjectIssueTypeList": ok(IssueTypes=TYPES),
    "DescribeProjectIssueFieldList": ok(ProjectIssueFieldList=[]),
    "DescribeProjectIssueStatusList": ok(ProjectIssueStatusList=[]),
    "DescribeIssueListWithPage": ok(Data={"List": [{"Code": 1}], "TotalCount": 99}),
}


def checks(
    changed: Mapping[str, Response | Exception] | None = None, **options: Any
) -> dict[str, Check]:
    replies = {**GOOD, **(changed or {})}

    def serve(request: Request) -> Response:
        reply = replies[msgspec.json.decode(request.body)["Action"]]
        if isinstance(reply, Exception):
            raise reply
        return reply

    client, _, clock = make_client([serve], retry=RetryPolicy(attempts=2))
    return {
        check.name: check for check in run_checks(client, clock, **{"streams": FIRST, **options})
    }


def test_all_is_well() -> None:
    found = checks()
    assert {check.ok for check in found.values()} == {"ok"}
    assert list(found)[:5] == ["address", "token", "user", "team", "projects"]
    assert list(found)[-2:] == ["rate", "clock"]
    assert {f"stream:{s.name}" for s in FIRST if s.name != "projects"} <= set(found)
    assert "ada" in found["user"].detail
    assert found["stream:issues"].detail == "readable, 99 records in demo"
    assert all(check.title.zh and check.title.en for check in found.values())


@pytest.mark.parametrize(
    "error", [Unavailable("No answer from x: its name is unknown."), Refused("private address")]
)
def test_an_unreachable_address_skips_the_rest(error: Exception) -> None:
    found = checks({"DescribeCodingCurrentUser": error})
    assert found.pop("address").ok == "failed"
    assert {check.ok for check in found.values()} == {"skipped"}
    assert all(check.detail for check in found.values())


def test_a_foreign_server_is_no_coding() -> None:
    found = checks({"DescribeCodingCurrentUser": Response(200, {}, b"<html>")})
    assert found["address"].ok == "failed"
    assert "web page" in found["address"].detail


def test_a_bad_token_skips_the_rest_and_is_not_shown() -> None:
    found = checks({"DescribeCodingCurrentUser": failed("AuthFailure", f"no {SECRET}")})
    assert (found["address"].ok, found["token"].ok, found["user"].ok) == ("ok", "failed", "skipped")
    assert found["token"].advice
    assert SECRET not in repr(found)
    assert found["stream:issues"].ok == "skipped"


def test_a_token_that_shows_no_user_may_still_read() -> None:
    found = checks({"DescribeCodingCurrentUser": failed("UnauthorizedOperation")})
    assert (found["token"].ok, found["user"].ok) == ("ok", "warn")
    assert "user:profile:ro" in found["user"].advice
    assert found["stream:issues"].ok == "ok"


@pytest.mark.parametrize("code", ["UnauthorizedOperation", "InvalidParameter"])
def test_a_missing_scope_is_named(code: str) -> None:
    found = checks({"DescribeIssueListWithPage": failed(code)})
    assert found["stream:issues"].ok == "failed"
    assert "collaboration:issue:ro" in found["stream:issues"].advice
    assert code in found["stream:issues"].detail
    assert found["stream:iterations"].ok == "ok"


def test_children_of_what_cannot_be_read_are_skipped() -> None:
    found = checks({"DescribeProjectIssueTypeList": failed("UnauthorizedOperation")})
    assert found["stream:issue_types"].ok == "failed"
    assert found["stream:issue_fields"].ok == "skipped"
    assert "issue_types" in found["stream:issue_fields"].detail


def test_a_withdrawn_module_is_a_warning() -> None:
    found = checks({"DescribeProjectIssueTypeList": failed("OperationDenied")})
    assert found["stream:issue_types"].ok == "warn"
    assert found["stream:issues"].ok == "ok"


def test_no_visible_project_is_a_warning() -> None:
    found = checks({"DescribeCodingProjects": ok(Data={"ProjectList": [], "TotalCount": 0})})
    assert found["projects"].ok == "warn"
    assert found["stream:issues"].ok == "skipped"


def test_archived_projects_are_not_probed() -> None:
    rows = [PROJECT | {"Id": 1, "Name": "old", "Archived": True}, PROJECT]
    found = checks({"DescribeCodingProjects": ok(Data={"ProjectList": rows, "TotalCount": 2})})
    assert found["stream:issues"].detail.endswith("in demo")


def test_each_chosen_project_is_checked() -> None:
    found = checks(projects=("demo", "other"))
    assert found["project:demo"].ok == "ok" == found["project:other"].ok
    assert found["project:demo"].title.zh == "项目 demo"
    missing = checks({"DescribeProjectByName": failed("ResourceNotFound")}, projects=("demo",))
    assert missing["project:demo"].ok == "failed"
    assert missing["stream:issues"].ok == "skipped"


def test_an_unknown_project_is_named_with_the_nearest() -> None:
    gone = {"DescribeProjectByName": failed("ResourceNotFound")}
    near = checks(gone, projects=("demmo",))["project:demmo"]
    far = checks(gone, projects=("zzz",))["project:zzz"]
    assert "Did you mean demo?" in near.advice
    assert "knows no project of that name" in near.detail
    assert "scope" not in near.advice + far.advice
    hidden = gone | {"DescribeCodingProjects": failed("UnauthorizedOperation")}
    assert checks(hidden, projects=("demmo",))["project:demmo"].ok == "failed"


@pytest.mark.parametrize(
    ("changed", "name", "blame"),
    [
        ({"DescribeIterationList": failed("UnauthorizedOperation")}, "stream:iterations", "user"),
        ({"DescribeIterationList": Response(502)}, "stream:iterations", "unavailable"),
        ({"DescribeCodingCurrentUser": failed("AuthFailure")}, "token", "user"),
        ({"DescribeCodingCurrentUser": Unavailable("down")}, "address", "unavailable"),
        ({"DescribeCodingCurrentUser": Refused("private address")}, "address", "user"),
        ({}, "token", ""),
    ],
)
def test_who_has_to_act(changed: Mapping[str, Any], name: str, blame: str) -> None:
    assert checks(changed)[name].blame == blame


def test_only_the_chosen_streams_and_their_parents_are_read() -> None:
    found = checks(streams=find(["issue_fields"]))
    assert {n for n in found if n.startswith("stream:")} == {
        "stream:issue_types", "stream:issue_fields"
    }  # fmt: skip


def test_a_hidden_team_name_is_only_a_warning() -> None:
    assert checks({"DescribeTeam": failed("UnauthorizedOperation")})["team"].ok == "warn"


def test_throttling_is_reported() -> None:
    found = checks({"DescribeIterationList": failed("RequestLimitExceeded")})
    assert found["rate"].ok == "warn"
    assert "DescribeIterationList" in found["rate"].detail


@pytest.mark.parametrize(
    ("date", "outcome", "detail"),
    [
        ("Mon, 21 Sep 2026 14:13:00 GMT", "ok", "ahead of"),
        ("Mon, 21 Sep 2026 14:10:00 GMT", "warn", "200 s ahead of"),
        ("Mon, 21 Sep 2026 16:13:20 GMT", "warn", "7200 s behind"),
    ],
)
def test_the_clock_is_compared(date: str, outcome: str, detail: str) -> None:
    assert NOW_MS == 1_790_000_000_000
    reply = ok(User={"Name": "ada"}, headers={"date": date})
    found = checks({"DescribeCodingCurrentUser": reply})["clock"]
    assert found.ok == outcome
    assert detail in found.detail


def test_without_a_date_the_clock_is_skipped() -> None:
    found = checks({"DescribeCodingCurrentUser": ok(User={})})
    assert found["clock"].ok == "skipped"
