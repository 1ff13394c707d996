from __future__ import annotations

import dataclasses

import pytest
from tests.coding.fakes import Reply, Wire, failed, make_client, ok

from headrace.coding.paging import size_in_force
from headrace.coding.source import CodingSource
from headrace.coding.streams import find
from headrace.core.ports import Ask, Listed
from headrace.core.retry import RetryPolicy
from headrace.core.stream import TEAM_SCOPE, Scope, Stream
from headrace.errors import Bug, NotFound, NotPermitted, Unavailable

IN_PROJECT = Scope("[7]", {"ProjectId": 7, "ProjectName": "demo"}, {"ProjectId": 7})
IN_TYPE = Scope(
    '[7,"DEFECT"]',
    {"ProjectId": 7, "ProjectName": "demo", "IssueType": "DEFECT"},
    {"ProjectId": 7, "IssueType": "DEFECT"},
)
SAME_NAME = ok(Project={"Id": 7, "Name": "demo"})


def source(*replies: Reply) -> tuple[CodingSource, Wire]:
    client, wire, _ = make_client(replies, retry=RetryPolicy(attempts=2))
    return CodingSource(client), wire


def stream(name: str) -> Stream:
    return find([name])[0]


def test_a_page_by_number() -> None:
    reply = ok(
        Data={"ProjectMembers": [{"Id": 1}], "TotalCount": 1, "PageSize": 1},
        headers={"date": "Tue, 15 Nov 1994 08:12:31 GMT"},
    )
    reading, wire = source(reply)
    page = reading.list_page(stream("project_members"), IN_PROJECT, Ask(1, 100))
    assert page == Listed([{"Id": 1}], 1, 100, 784887151000)
    assert wire.bodies == [
        {"Action": "DescribeProjectMembers", "ProjectId": 7, "PageNumber": 1, "PageSize": 100}
    ]


def test_a_page_by_offset_counts_rows() -> None:
    reading, wire = source(ok(Data={"List": [], "TotalRow": 0}))
    assert reading.list_page(stream("iterations"), IN_PROJECT, Ask(3, 50)).total == 0
    (body,) = wire.bodies
    assert body == {
        "Action": "DescribeIterationList", "ProjectName": "demo", "Offset": 100, "Limit": 50
    }  # fmt: skip


def test_everything_at_once() -> None:
    reading, wire = source(ok(ProjectIssueStatusList=[{"IssueStatusId": 1}]))
    page = reading.list_page(stream("issue_statuses"), IN_TYPE, Ask(1, 100))
    assert (len(page.rows), page.total) == (1, 1)
    assert wire.bodies == [
        {"Action": "DescribeProjectIssueStatusList", "ProjectName": "demo", "IssueType": "DEFECT"}
    ]


def test_the_team_needs_no_scope() -> None:
    reading, wire = source(ok(Data={"ProjectList": [], "TotalCount": 0}))
    reading.list_page(stream("projects"), TEAM_SCOPE, Ask(1, 10))
    assert wire.bodies == [{"Action": "DescribeCodingProjects", "PageNumber": 1, "PageSize": 10}]


NO_ISSUES = ok(Data={"List": [], "TotalCount": 0, "PageSize": 500})


def test_all_issues_are_listed_by_code() -> None:
    reading, wire = source(NO_ISSUES)
    reading.list_page(stream("issues"), IN_PROJECT, Ask(1, 500))
    assert wire.bodies == [
        {
            "Action": "DescribeIssueListWithPage", "ProjectName": "demo", "IssueType": "ALL",
            "ShowSubIssues": True, "SortKey": "CODE", "SortValue": "ASC",
            "PageNumber": 1, "PageSize": 500,
        }
    ]  # fmt: skip


def test_a_window_is_widened_to_seconds_in_the_servers_time() -> None:
    reading, wire = source(NO_ISSUES)
    window = (1_767_225_599_999, 1_767_225_600_001)  # 2025-12-31T23:59:59.999Z and 2 ms later
    reading.list_page(stream("issues"), IN_PROJECT, Ask(2, 500, window))
    (body,) = wire.bodies
    assert body["Conditions"] == [
        {"Key": "UPDATED_AT", "Value": "2026-01-01 07:59:59_2026-01-01 08:00:01"}
    ]
    assert (body["SortKey"], body["SortValue"], body["PageNumber"]) == ("UPDATED_AT", "ASC", 2)


def test_a_stream_without_a_window_is_listed_whole() -> None:
    reading, wire = source(ok(Data={"List": [], "TotalRow": 0}))
    reading.list_page(stream("iterations"), IN_PROJECT, Ask(1, 50, (1, 2)))
    assert "Conditions" not in wire.bodies[0]


@pytest.mark.parametrize(
    ("page", "asked", "echoed", "rows", "total", "size"),
    [
        (1, 500, 500, 500, 900, 500),
        (1, 500, 100, 100, 900, 100),  # capped
        (1, 500, 3, 3, 3, 500),  # the echo is the number of rows
        (3, 100, 7, 7, 207, 100),  # so it is here
        (2, 500, 100, 100, 900, 100),
        (1, 500, 0, 0, 0, 500),
        (1, 500, None, 9, 9, 500),
        (1, 500, "100", 100, 900, 500),
        (1, 500, 100, 300, 900, 500),  # more rows than echoed: not believed
        (1, 500, 1000, 500, 900, 500),
        (1, 500, 100, 100, None, 100),
    ],
)
def test_the_size_in_force(
    page: int, asked: int, echoed: object, rows: int, total: int | None, size: int
) -> None:
    assert size_in_force(Ask(page, asked), echoed=echoed, rows=rows, total=total) == size


def test_a_null_list_with_a_count_of_0_is_empty() -> None:
    reading, _ = source(ok(Data={"List": None, "TotalCount": 0}))
    assert list(reading.list_page(stream("issues"), IN_PROJECT, Ask(1, 500)).rows) == []


def test_a_list_that_is_missing_is_unavailable() -> None:
    reading, wire = source(ok(Data={}))
    with pytest.raises(Unavailable, match=r"Data\.List"):
        reading.list_page(stream("issues"), IN_PROJECT, Ask(1, 500))
    assert len(wire.requests) == 2 == reading.calls


def test_numbers_are_spelled_alike() -> None:
    rows = [{"Code": 1, "WorkingHours": 8.0, "x": [{"y": 0.0}, 1.5, 1e300, True]}]
    reading, _ = source(ok(Data={"List": rows, "TotalCount": 1}))
    page = reading.list_page(stream("issues"), IN_PROJECT, Ask(1, 500))
    assert repr(page.rows[0]) == repr(
        {"Code": 1, "WorkingHours": 8, "x": [{"y": 0}, 1.5, 1e300, True]}
    )


def test_a_record_is_looked_up_by_its_key() -> None:
    detail = {"Code": 5, "Name": "x", "Watchers": [], "Creator": {"Id": 3}, "Parent": {"Code": 0}}
    reading, wire = source(ok(Issue=detail))
    row = reading.look_up(stream("issues"), IN_PROJECT, "[7,5]")
    assert row == {"Code": 5, "Name": "x", "CreatorId": 3, "ParentCode": 0, "ParentId": 0}
    assert wire.bodies == [{"Action": "DescribeIssue", "ProjectName": "demo", "IssueCode": 5}]


def test_a_project_is_looked_up_without_a_scope() -> None:
    reading, wire = source(ok(Project={"Id": 7, "UpdatedAt": 1572933083682}))
    row = reading.look_up(stream("projects"), TEAM_SCOPE, "[7]")
    assert row == {"Id": 7, "UpdatedAt": 1572933083000}
    assert wire.bodies == [{"Action": "DescribeOneProject", "ProjectId": 7}]


def test_another_record_is_no_answer() -> None:
    reading, _ = source(ok(Issue={"Code": 0}))
    with pytest.raises(Unavailable, match="another record"):
        reading.look_up(stream("issues"), IN_PROJECT, "[7,5]")


def test_an_absent_record_is_not_found_while_its_project_is_in_sight() -> None:
    reading, wire = source(failed("ResourceNotFound"), SAME_NAME)
    with pytest.raises(NotFound):
        reading.look_up(stream("issues"), IN_PROJECT, "[7,5]")
    assert wire.bodies[1] == {"Action": "DescribeOneProject", "ProjectId": 7}


def test_a_renamed_project_deletes_nothing() -> None:
    reading, _ = source(failed("ResourceNotFound"), ok(Project={"Id": 7, "Name": "other"}))
    with pytest.raises(Unavailable, match="renamed"):
        reading.look_up(stream("issues"), IN_PROJECT, "[7,5]")


@pytest.mark.parametrize("code", ["ResourceNotFound", "UnauthorizedOperation"])
def test_a_hidden_project_deletes_nothing(code: str) -> None:
    reading, _ = source(failed("ResourceNotFound"), failed(code))
    with pytest.raises(NotPermitted, match="out of this token's sight"):
        reading.look_up(stream("issues"), IN_PROJECT, "[7,5]")


def test_a_stream_without_a_lookup_is_a_bug_to_look_up() -> None:
    reading, _ = source(SAME_NAME)
    with pytest.raises(Bug, match="project_members"):
        reading.look_up(stream("project_members"), IN_PROJECT, "[7,5]")


def test_a_record_without_a_projection_is_given_as_it_is() -> None:
    plain = stream("projects")
    assert plain.lookup is not None
    bare = dataclasses.replace(plain, lookup=dataclasses.replace(plain.lookup, project=None))
    reading, _ = source(ok(Project={"Id": 7, "UpdatedAt": 1001}))
    assert reading.look_up(bare, TEAM_SCOPE, "[7]")["UpdatedAt"] == 1001
