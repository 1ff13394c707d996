"""Rows become records: stamped, trimmed, with a key, or set aside with a reason."""

from __future__ import annotations

import json
from typing import Any

import pytest

from headrace.coding.streams import CATALOGUE
from headrace.core.record import Record, Reject
from headrace.core.schema import Column, Schema, Type
from headrace.core.stream import (
    TEAM_SCOPE,
    Listing,
    Parent,
    Scope,
    Stream,
    Title,
    child_scopes,
    key_of,
    to_record,
)

COLUMNS = (
    Column("project_id", Type.INTEGER, "ProjectId", "", ""),
    Column("kind", Type.TEXT, "Kind", "", ""),
    Column("code", Type.INTEGER, "Code", "", ""),
)
THINGS = Stream(
    name="things",
    title=Title("物", "Things"),
    key=("ProjectId", "Kind", "Code"),
    schema=Schema(("project_id", "kind", "code"), COLUMNS),
    listing=Listing("DescribeThings", "Things"),
    version=("UpdatedAt", "CreatedAt"),
    parent=Parent("projects", {"ProjectId": "Id", "ProjectName": "Name"}, ("ProjectId",)),
)
IN_SEVEN = Scope("[7]", {"ProjectId": 7, "ProjectName": "seven"}, {"ProjectId": 7}, "[7]")


@pytest.mark.parametrize(
    ("kind", "code", "wanted"),
    [
        ("a", 1, '[7,"a",1]'),
        ("a", "1", '[7,"a",1]'),
        ("a", "0001", '[7,"a",1]'),
        (5, 1, '[7,"5",1]'),
        ("a", 2**64, f'[7,"a",{2**64}]'),
        ("", 1, None),
        ("a", "", None),
        ("a", None, None),
        (None, 1, None),
        ("a", "x", None),
        ("a", 1.5, None),
        ("a", True, None),
        ("a", [1], None),
        ("a", {"Id": 1}, None),
    ],
)
def test_keys_are_the_same_however_they_are_spelled(kind: Any, code: Any, wanted: Any) -> None:
    assert key_of(THINGS, {"ProjectId": 7, "Kind": kind, "Code": code}) == wanted


def test_row_without_a_field_of_its_key() -> None:
    assert key_of(THINGS, {"ProjectId": 7, "Kind": "a"}) is None


def test_record_is_stamped_with_its_scope() -> None:
    row = {"Kind": "a", "Code": 1, "ProjectId": 999, "UpdatedAt": 5}
    record = to_record(THINGS, IN_SEVEN, row)
    assert isinstance(record, Record)
    assert record.key == '[7,"a",1]'
    assert record.scope == "[7]"
    assert record.value() == {"Kind": "a", "Code": 1, "ProjectId": 7, "UpdatedAt": 5}
    assert row["ProjectId"] == 999


@pytest.mark.parametrize("row", [None, 5, "x", [], [1, 2], True])
def test_what_is_not_an_object_is_set_aside(row: Any) -> None:
    reject = to_record(THINGS, IN_SEVEN, row)
    assert isinstance(reject, Reject)
    assert reject.reason == "not an object"
    assert json.loads(reject.body) == {"row": row}


def test_row_without_a_key_is_set_aside_with_its_reason() -> None:
    reject = to_record(THINGS, IN_SEVEN, {"Kind": "a", "Name": "n"})
    assert isinstance(reject, Reject)
    assert reject.reason == "no usable key (ProjectId, Kind, Code)"
    assert json.loads(reject.body) == {"Kind": "a", "Name": "n", "ProjectId": 7}


@pytest.mark.parametrize(
    ("times", "wanted"),
    [
        ({"UpdatedAt": 5, "CreatedAt": 3}, 5),
        ({"CreatedAt": 3}, 3),
        ({"UpdatedAt": 0, "CreatedAt": 3}, 3),
        ({"UpdatedAt": -28_800_000}, None),
        ({"UpdatedAt": "5"}, None),
        ({"UpdatedAt": True}, None),
        ({"UpdatedAt": 1.5}, None),
        ({"UpdatedAt": None}, None),
        ({}, None),
    ],
)
def test_version_is_the_first_usable_time(times: dict[str, Any], wanted: int | None) -> None:
    record = to_record(THINGS, IN_SEVEN, {"Kind": "a", "Code": 1, **times})
    assert isinstance(record, Record)
    assert record.version == wanted


def test_scopes_hand_down_what_requests_need() -> None:
    scope = next(child_scopes(THINGS, TEAM_SCOPE, {"Id": 7, "Name": "seven", "More": 1}, "[7]"))
    assert scope == IN_SEVEN
    inner = Stream(
        name="inner", title=Title("", ""), key=("ProjectId",),
        schema=Schema(("project_id",), COLUMNS),
        listing=Listing("DescribeInner", "Inner"),
        parent=Parent("things", {"Kind": "Kind"}, ("ProjectId", "Kind")),
    )  # fmt: skip
    deeper = next(child_scopes(inner, scope, {"Kind": "a"}, '[7,"a",1]'))
    assert deeper.key == '[7,"a"]'
    assert deeper.values == {"ProjectId": 7, "ProjectName": "seven", "Kind": "a"}
    assert deeper.stamped == {"ProjectId": 7, "Kind": "a"}
    assert deeper.parent_key == '[7,"a",1]'


@pytest.mark.parametrize("stream", CATALOGUE, ids=lambda stream: stream.name)
def test_every_stream_of_the_catalogue_names_its_key_twice_alike(stream: Stream) -> None:
    paths = {column.name: column.path for column in stream.schema.columns}
    assert tuple(paths[name] for name in stream.schema.key) == stream.key
