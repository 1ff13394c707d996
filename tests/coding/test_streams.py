"""The catalogue against the contracts of core and, where it lies, the official document."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from headrace.coding.paging import page_params
from headrace.coding.rates import RATES_PER_SECOND, STATED_PER_SECOND, UNLIMITED_PER_SECOND
from headrace.coding.refine import without_volatile
from headrace.coding.streams import CATALOGUE, find
from headrace.coding.streams.issue import list_row_of
from headrace.core.ports import Ask
from headrace.core.record import Record
from headrace.core.schema import EXTRA, Flattener, Schema, Type
from headrace.core.stream import (
    TEAM_SCOPE,
    Paging,
    Scope,
    Strategy,
    Stream,
    child_scopes,
    to_record,
)
from headrace.errors import Refused

BESIDE = Path(__file__).parents[3] / "shared" / "coding" / "openapi.json"
OPENAPI = Path(os.environ.get("HEADRACE_OPENAPI", BESIDE))
HOOKS = OPENAPI.parent / "hooks"
needs_document = pytest.mark.skipif(not OPENAPI.exists(), reason="the official document is absent")
needs_hooks = pytest.mark.skipif(not HOOKS.is_dir(), reason="the hook bodies are absent")
plainly_listed = pytest.mark.parametrize(
    "stream",
    [s for s in CATALOGUE if s.listing.unfold is None and not s.is_derived],
    ids=lambda stream: stream.name,
)
called = pytest.mark.parametrize(
    "stream", [s for s in CATALOGUE if not s.is_derived], ids=lambda stream: stream.name
)
each = pytest.mark.parametrize("stream", CATALOGUE, ids=lambda stream: stream.name)

SCOPE = Scope(
    "[]", {"ProjectId": 7, "ProjectName": "demo", "IssueType": "DEFECT"},
    {"ProjectId": 7, "IssueType": "DEFECT"},
)  # fmt: skip


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(OPENAPI.read_bytes())
    return loaded


# --- the catalogue alone ---------------------------------------------------------------------


@each
def test_key_fields_and_key_columns_go_together(stream: Stream) -> None:
    by_name = {column.name: column for column in stream.schema.columns}
    assert tuple(by_name[name].path for name in stream.schema.key) == stream.key
    leading = tuple(column.name for column in stream.schema.columns[: len(stream.key)])
    assert leading == stream.schema.key


@each
def test_columns_are_named_once_in_snake_case_and_two_languages(stream: Stream) -> None:
    own = [column.name for column in stream.schema.columns]
    for child in stream.schema.children:
        assert not {c.name for c in child.columns} & set(stream.schema.key)
        assert set(child.key) <= {c.name for c in child.columns}
        assert child.zh and child.en
    for names in (own, *[[c.name for c in child.columns] for child in stream.schema.children]):
        assert len(set(names)) == len(names)
        assert all(name == name.lower() and name.isidentifier() for name in names)
    columns = [*stream.schema.columns, *(c for ch in stream.schema.children for c in ch.columns)]
    assert all(column.zh and column.en and column.zh != column.en for column in columns)
    assert stream.title.zh and stream.title.en


def test_table_names_are_unique() -> None:
    names = [stream.name for stream in CATALOGUE]
    names += [child.name for stream in CATALOGUE for child in stream.schema.children]
    assert len(set(names)) == len(names)


@each
def test_parents_stand_first_and_give_what_is_sent(stream: Stream) -> None:
    assert stream.scopes
    before = {other.name for other in CATALOGUE[: CATALOGUE.index(stream)]}
    given: set[str] = set()
    above = stream
    while above.parent is not None:
        given |= {*above.parent.values, *above.parent.fan}
        if not above.parent.stream:
            break
        assert above.parent.stream in before
        above = find([above.parent.stream])[0]
    if stream.ancestry is not None:
        assert {stream.ancestry.heads, stream.ancestry.commits} <= {*before, stream.name}
        given |= set(stream.ancestry.lane)
    for sends in (stream.listing.sends, stream.lookup.sends if stream.lookup else ()):
        assert set(sends.values() if isinstance(sends, Mapping) else sends) <= given
    assert set(stream.parent.key if stream.parent else ()) <= given


@each
def test_a_paged_listing_has_a_total(stream: Stream) -> None:
    counted = stream.listing.paging in (Paging.NUMBER, Paging.OFFSET)
    assert bool(stream.listing.total) == counted


@each
def test_hook_rules_name_the_whole_key_or_nothing(stream: Stream) -> None:
    for rule in stream.hooks:
        assert rule.events
        if rule.key and stream.strategy is Strategy.CHILDREN:
            assert stream.parent is not None
            assert tuple(rule.key) == stream.parent.key
        elif rule.key:
            assert set(rule.key) == set(stream.key)
            assert stream.lookup is not None


def test_find_takes_names_and_patterns() -> None:
    assert find(["*"]) == CATALOGUE
    assert [s.name for s in find(["issues", "projects", "issues"])] == ["projects", "issues"]
    assert [s.name for s in find(["issue_t*", "issue_f*"])][:2] == ["issue_types", "issue_fields"]
    assert find([]) == ()


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("isues", "issues"),
        ("Issues", "issues"),
        ("members", "team_members"),
        ("qqq", "There are:"),
        ("x*", "There are:"),
    ],
)  # fmt: skip
def test_an_unknown_stream_is_refused_with_the_nearest(name: str, advice: str) -> None:
    with pytest.raises(Refused, match="no stream") as caught:
        find(["projects", name])
    assert advice in caught.value.advice


def test_scopes_lead_from_team_to_issue_type() -> None:
    types, fields = find(["issue_types"])[0], find(["issue_fields"])[0]
    project = next(child_scopes(types, TEAM_SCOPE, {"Id": 7, "Name": "demo"}, "[7]"))
    assert (project.key, project.stamped) == ("[7]", {"ProjectId": 7})
    kind = next(child_scopes(fields, project, {"Id": 1, "IssueType": "DEFECT"}, "[7,1]"))
    assert kind.key == '[7,"DEFECT"]'
    assert kind.values == {"ProjectId": 7, "ProjectName": "demo", "IssueType": "DEFECT"}


# --- against the official document -----------------------------------------------------------


def schema_at(document: dict[str, Any], action: str, path: str) -> Any:
    """The schema at a path below `Response` of an Action's answer."""
    operation = next(
        operation
        for address, methods in document["paths"].items()
        for operation in methods.values()
        if address.endswith((f"={action}", f"/{action}"))
    )
    content = operation["responses"]["200"]["content"]
    found = next(iter(content.values()))["schema"]
    for name in ["Response", *path.split(".")]:
        found = resolved(document, properties(document, found)[name])
    return found


def resolved(document: dict[str, Any], schema: Any) -> Any:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def properties(document: dict[str, Any], schema: Any) -> dict[str, Any]:
    schema = resolved(document, schema)
    found = dict(schema.get("properties", {}))
    for part in schema.get("allOf", ()):
        found |= properties(document, part)
    return found


def filled(document: dict[str, Any], schema: Any) -> Any:
    """A value with every field of the schema."""
    schema = resolved(document, schema)
    if schema.get("type") == "array":
        return [filled(document, schema["items"])]
    if fields := properties(document, schema):
        return {name: filled(document, field) for name, field in fields.items()}
    plain = {"integer": 41, "number": 1.5, "boolean": True, "string": "abc"}
    return plain.get(schema.get("type", ""), "abc")


def full_row(document: dict[str, Any], stream: Stream) -> Any:
    schema = schema_at(document, stream.listing.action, stream.listing.rows)
    row = filled(document, schema)[0]
    numbers = {c.path for c in stream.schema.columns if c.type in (Type.INTEGER, Type.DECIMAL)}
    row |= {name: "41" for name in numbers & set(row) if row[name] == "abc"}  # number in a text
    return without_volatile(stream, row)


@needs_document
@plainly_listed
def test_a_full_row_flattens_without_leftovers(stream: Stream, document: dict[str, Any]) -> None:
    row = full_row(document, stream)
    stamped = dict.fromkeys(stream.parent.key if stream.parent else (), 7)
    record = to_record(stream, Scope("[7]", {}, stamped), row)
    assert isinstance(record, Record)
    body = record.value()
    for name in set(stamped) - set(stream.key) - set(row):
        del body[name]
    flattener = Flattener(stream.name, stream.schema)
    values = flattener.main([body]).values
    assert values[EXTRA] == [None]
    assert [name for name, column in values.items() if column == [None]] in (
        [EXTRA], ["team_id", EXTRA]  # IssueField.TeamId is in the example only
    )  # fmt: skip
    for index in range(len(stream.schema.children)):
        child, owners = flattener.child(index, [body])
        assert owners == [0]
        assert [name for name, column in child.values.items() if column == [None]] == [EXTRA]


@needs_document
@plainly_listed
def test_nested_objects_lose_no_field(stream: Stream, document: dict[str, Any]) -> None:
    """The flattener keeps unknown fields of a row, but not of an object inside it."""
    same = {"IssueTypeDetail.Id": "IssueTypeId", "Iteration.Id": "IterationId"}
    same |= {"IssueField.Id": "IssueFieldId", "IssueStatus.Id": "IssueStatusId"}
    paths = {column.path for column in stream.schema.columns}
    for path in nested_leaves(full_row(document, stream)):
        whole = path.partition(".")[0]
        assert path in paths or same.get(path) in paths or whole in paths


def nested_leaves(row: dict[str, Any]) -> Iterator[str]:
    for name, value in row.items():
        if isinstance(value, dict):
            yield from (f"{name}.{inner}" for inner in value)


@needs_document
@called
def test_what_is_sent_is_in_the_document(stream: Stream, document: dict[str, Any]) -> None:
    sent = {*stream.listing.params, *stream.listing.sends, *stream.whole}
    if stream.window is not None:
        sent |= set(stream.window(0, 1))
    sent |= set(page_params(stream.listing, Ask(1, 1, token="t")))
    assert {name.partition(".")[0] for name in sent} <= request_fields(
        document, stream.listing.action
    )
    if stream.lookup is not None:
        asked = {*stream.lookup.sends, *stream.lookup.key_params}
        assert asked <= request_fields(document, stream.lookup.action)
    if stream.listing.total:
        assert schema_at(document, stream.listing.action, stream.listing.total)["type"] == "integer"


def request_fields(document: dict[str, Any], action: str) -> set[str]:
    for address, methods in document["paths"].items():
        if address.endswith((f"={action}", f"/{action}")):
            (operation,) = methods.values()
            (content,) = operation["requestBody"]["content"].values()
            return set(properties(document, content["schema"]))
    raise KeyError(action)


@needs_document
@pytest.mark.parametrize("name", ["issues", "iterations", "projects"])
def test_a_projected_detail_has_the_list_rows_fields(name: str, document: dict[str, Any]) -> None:
    (stream,) = find([name])
    assert stream.lookup is not None and stream.lookup.project is not None
    detail = filled(document, schema_at(document, stream.lookup.action, stream.lookup.row))
    row = stream.lookup.project(detail)
    listed = full_row(document, stream)
    assert set(listed) - set(row) <= {"ParentId"}
    shared = {name: value for name, value in listed.items() if name in row}
    for time in ("CreatedAt", "UpdatedAt"):
        row.pop(time), shared.pop(time)
    assert row == shared


@needs_document
def test_rates_are_the_stated_ones(document: dict[str, Any]) -> None:
    stated = {20: STATED_PER_SECOND, 10000: UNLIMITED_PER_SECOND}
    for action, rate in RATES_PER_SECOND.items():
        (operation,) = [
            operation
            for address, methods in document["paths"].items()
            for operation in methods.values()
            if address.endswith((f"={action}", f"/{action}"))
        ]
        assert stated[operation["x-tcapi-sec-rate"]] == rate


@needs_hooks
@each
def test_hook_rules_find_their_key_in_the_bodies(stream: Stream) -> None:
    for rule in stream.hooks:
        for event in rule.events:
            if not rule.key:
                continue
            body = json.loads((HOOKS / f"{event}.json").read_bytes())
            for path in rule.key.values():
                value = body
                for name in path.split("."):
                    value = value[name]
                assert isinstance(value, int | str)


# --- values ----------------------------------------------------------------------------------

UNSET_ISSUE: dict[str, Any] = {
    "ProjectId": 7, "Code": 4, "Type": "MISSION", "Name": "x", "Description": "", "Priority": "",
    "ParentType": "MISSION", "IterationId": 0, "IssueStatusId": 9, "IssueStatusName": "未开始",
    "IssueStatusType": "TODO", "AssigneeId": 0, "StartDate": 0, "DueDate": 0, "WorkingHours": 0.5,
    "CreatorId": 3, "StoryPoint": "", "CreatedAt": 1686306706000, "UpdatedAt": 1686306757000,
    "CompletedAt": 0, "Iteration": {"Code": 0, "Name": "", "Status": "", "Id": 0},
    "IssueTypeId": 8, "ParentId": 0, "ParentCode": 0, "Labels": [], "CustomFields": [],
    "Assignees": [],
    "IssueTypeDetail": {
        "Id": 8, "Name": "任务", "IssueType": "MISSION", "Description": "", "IsSystem": True,
    },
}  # fmt: skip


def flat(schema: Schema, body: dict[str, Any]) -> dict[str, Any]:
    return {name: column[0] for name, column in Flattener("x", schema).main([body]).values.items()}


def test_what_is_unset_becomes_null() -> None:
    row = flat(find(["issues"])[0].schema, UNSET_ISSUE)
    for name in (
        *("assignee_id", "iteration_id", "iteration_code", "iteration_name", "iteration_status"),
        *("parent_id", "parent_code", "start_date", "due_date", "completed_at", "story_point"),
    ):
        assert row[name] is None, name
    assert str(row["working_hours"]) == "0.500000000"
    assert (row["priority"], row["project_id"], row["code"]) == ("", 7, 4)
    assert row["created_at"] == 1686306706000


def test_an_iteration_without_dates() -> None:
    schema = find(["iterations"])[0].schema
    row = flat(schema, {"ProjectId": 7, "Code": 1, "StartAt": -28800000, "Starter": 0})
    assert row["start_at"] is None
    assert row["starter_id"] is None


def test_the_low_priority_is_not_none() -> None:
    assert flat(find(["issues"])[0].schema, UNSET_ISSUE | {"Priority": "0"})["priority"] == "0"


@pytest.mark.parametrize("value", ["plain", '{"Id":1}', '["1","2"]', ""])
def test_custom_values_stay_text(value: str) -> None:
    schema = find(["issues"])[0].schema
    flattener = Flattener("issues", schema)
    index = [child.name for child in schema.children].index("issue_custom_fields")
    fields = [{"Id": 5, "Name": "n", "ValueString": value}]
    child, _ = flattener.child(index, [UNSET_ISSUE | {"CustomFields": fields}])
    assert child.values["value"] == [value]
    assert dict(flattener.tables[index + 1].columns)["value"] is Type.TEXT


def test_a_detail_speaks_only_for_what_it_shows() -> None:
    assert list_row_of({"Code": 4}) == {"Code": 4}
    assert list_row_of({"Code": 4, "Assignee": None, "Parent": None}) == {"Code": 4}
    assert list_row_of({"Parent": {"Code": 9}, "Creator": {"Id": 3}}) == {
        "ParentCode": 9, "CreatorId": 3
    }  # fmt: skip
