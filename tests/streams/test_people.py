"""The team's people: copied while they live, and what is special about them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from headrace.coding.refine import Refiner, Wishes
from headrace.coding.streams import DEFAULTS, find
from headrace.coding.streams.people import PEOPLE, root_department, tree
from headrace.core.record import Record
from headrace.core.stream import Scope, to_record
from headrace.playground.modules.people.actions import ACTIONS
from headrace.playground.modules.people.rows import ROOT
from headrace.playground.modules.people.state import People

from .holding import (
    Story,
    assert_documented,
    example_rows,
    leftovers,
    live_and_copy,
    needs_document,
)

NAMES = [stream.name for stream in PEOPLE]
each = pytest.mark.parametrize("stream", PEOPLE, ids=lambda stream: stream.name)


def test_all_are_copied_while_the_team_lives() -> None:
    live_and_copy(NAMES, unchanged={"teams"}, acts=240)


def test_each_action_has_its_stream() -> None:
    assert_documented(PEOPLE, ACTIONS)


@needs_document
@each
def test_the_official_examples_are_rows(stream: Any) -> None:
    assert len(list(example_rows(stream))) == {"departments": 2}.get(stream.name, 1)


@needs_document
@each
def test_every_documented_field_has_its_column(stream: Any) -> None:
    assert leftovers(stream) == []


# --- departments -----------------------------------------------------------------------------


def ref(department_id: Any, describe_id: Any) -> dict[str, Any]:
    return {"DepartmentId": department_id, "DescribeId": describe_id}


@pytest.mark.parametrize(
    ("refs", "root"),
    [
        ([ref(7, "1:2:0:4"), ref(3, "1:2:0:0"), ref(9, "1:2:0:12")], 3),
        ([ref(9, "1:2:0:12"), ref(7, "1:2:0:4")], 7),
        ([ref(9, "1:2:0:x"), ref("7", "1:2:0:4"), "odd", ref(5, None)], None),
        ([], None),
        ("odd", None),
    ],
)
def test_the_root_is_the_first_department_made(refs: Any, root: int | None) -> None:
    assert root_department({"DepartmentMember": {"Refs": refs}}) == root


def test_members_without_departments_open_none() -> None:
    assert root_department({"DepartmentMember": None}) is None
    assert root_department({}) is None


def test_a_tree_loses_no_node() -> None:
    leaf, odd = {"Id": 3, "Children": []}, {"Id": 4, "Children": "many"}
    nodes = {"Id": 1, "Children": [{"Id": 2, "Children": [leaf, None]}, odd]}
    assert tree(nodes) == [{"Id": 1}, {"Id": 2}, odd, {"Id": 3}, None]


def test_all_departments_are_read_with_one_call() -> None:
    story = Story("departments")
    assert len(story.rows("departments")) == len(story.team.module(People).departments)
    assert story.asked["DescribeDepartment"] == [{"DepartmentId": ROOT, "GetTree": True}]


def test_a_closed_department_goes_with_its_members() -> None:
    story = Story("department_members")
    people = story.team.module(People)
    leaf = next(n for n in people.departments if not people.below(n))
    people._place(20, leaf)
    story.census()
    assert story.rows("department_members")[(leaf, 5020)]["user_id"] == 20
    people._charges[leaf].clear()
    del people.departments[leaf]
    story.finish()
    assert (leaf,) not in story.rows("departments")
    assert not [key for key in story.rows("department_members") if key[0] == leaf]


def test_who_has_not_joined_yet_is_told_apart() -> None:
    (stream,) = find(["department_members"])
    scope = Scope("[7]", {}, {"DepartmentId": 7})
    keys = set()
    for ref_id in (51, 52):
        record = to_record(stream, scope, {"RefId": ref_id, "UserId": 0, "Allowed": True})
        assert isinstance(record, Record)
        keys.add(record.key)
    assert len(keys) == 2


# --- members ---------------------------------------------------------------------------------


def test_a_locked_member_shows_in_every_list() -> None:
    story = Story("team_members", "project_members", "issues")
    member_id = next(iter(story.team.projects[101].roles))
    story.team.change_member(member_id, status=-1)
    story.finish()
    assert story.rows("team_members")[(member_id,)]["status"] == -1
    assert story.rows("project_members")[(101, member_id)]["status"] == -1


def test_phone_and_mail_are_masked() -> None:
    refine = Refiner(Wishes(), b"key")
    for name in ("team_members", "project_members", "user_group_members"):
        (stream,) = find([name])
        row = refine(stream, {"Id": 1, "Email": "member-1@example.com", "Phone": "1"})
        assert "example" not in row["Email"] and row["Phone"] != "1"
    (teams,) = find(["teams"])
    owner = refine(teams, {"Id": 1, "TeamOwner": {"Email": "member-1@example.com"}})["TeamOwner"]
    assert "example" not in owner["Email"]


def test_keys_are_kept_when_they_may_no_longer_be_read() -> None:
    story = Story("member_ssh_keys")
    kept = story.rows("member_ssh_keys")
    playground = story.world.playground
    refused = {"DescribeMemberSshKey": "UnauthorizedOperation"}
    playground.settings = replace(playground.settings, failing=refused)
    story.team.module(People).keys.clear()
    story.census()
    story.census()
    assert story.rows("member_ssh_keys") == kept != {}
    playground.settings = replace(playground.settings, failing={})
    story.finish()
    assert story.rows("member_ssh_keys") == {}


def test_keys_are_read_only_when_asked_for() -> None:
    assert {stream.name for stream in PEOPLE} - {s.name for s in DEFAULTS} == {"member_ssh_keys"}
