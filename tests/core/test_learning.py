"""What becomes of fields that have no column."""

from __future__ import annotations

import json
from typing import Any

import pytest

from headrace.core.learning import COLUMNS_MAX, Learnt, column_name, extended, learn, look
from headrace.core.schema import Child, Column, Flattener, Schema, Type

SCHEMA = Schema(
    ("id",),
    (Column("id", Type.INTEGER, "Id", "编号", "Id"), Column("name", Type.TEXT, "Name", "名", "")),
    (
        Child(
            "item_parts", "Parts", "部分", "Parts", ("part_id",),
            (Column("part_id", Type.INTEGER, "Id", "编号", "Id"),),
        ),
    ),
)  # fmt: skip


def seen(*rows: dict[str, Any], learned: dict[str, Type] | None = None) -> dict[str, Type]:
    """What a look at rows with these extra fields finds new."""
    own = {name: Column(name.lower(), kind, name, "", "") for name, kind in (learned or {}).items()}
    columns = {"Name": SCHEMA.columns[1], **own}
    extras = [json.dumps(row) if row else None for row in rows]
    return look(extras, columns, set(own)).new


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1], Type.INTEGER),
        ([2**63], Type.TEXT),
        ([True], Type.BOOLEAN),
        ([1.5], Type.DECIMAL),
        (["x"], Type.TEXT),
        ([{"a": 1}], Type.JSON),
        ([[1]], Type.JSON),
        ([1, 1.5], Type.DECIMAL),
        ([1.5, "x", 1], Type.TEXT),
        ([None, 3], Type.INTEGER),
    ],
)
def test_the_type_holds_every_value_seen(values: list[Any], kind: Type) -> None:
    assert seen(*({"New": value} for value in values)) == {"New": kind}


def test_nothing_is_learned_from_nothing() -> None:
    assert seen({}, {"New": None}) == {}


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        (Type.INTEGER, 1.5, Type.DECIMAL),
        (Type.INTEGER, "x", Type.TEXT),
        (Type.DECIMAL, "x", Type.TEXT),
        (Type.BOOLEAN, 1, None),
        (Type.TEXT, {"a": 1}, None),
        (Type.INTEGER, [1], None),
        (Type.DECIMAL, 1e300, None),
    ],
)
def test_a_column_gets_wider_where_it_can(before: Type, value: Any, after: Type | None) -> None:
    assert seen({"New": value}, learned={"New": before}) == ({"New": after} if after else {})


def test_what_fits_no_column_is_counted() -> None:
    own = {"New": Column("new", Type.BOOLEAN, "New", "", "")}
    extras = ['{"New":7,"Name":{"odd":1}}', '{"New":8,"a.b":1}', None]
    found = look(extras, {"Name": SCHEMA.columns[1], **own}, {"New"})
    assert found.new == {}
    assert found.misfits == {"New": 2, "Name": 1, "a.b": 1}


def test_an_object_whose_parts_have_columns_gets_none_itself() -> None:
    """It came as something else than an object: that stays in `_extra`."""
    columns = {"Assignee.Id": Column("assignee_id", Type.INTEGER, "Assignee.Id", "", "")}
    found = look(['{"Assignee":"odd"}'], columns, set())
    assert (found.new, found.misfits) == ({}, {"Assignee": 1})


def test_there_is_an_end_to_new_columns() -> None:
    """Invariant 12: a field for each day of the year does not make a column for each."""
    found = look([json.dumps({f"f{n}": n for n in range(COLUMNS_MAX + 5)})], {}, set())
    assert len(found.new) == COLUMNS_MAX
    assert sum(found.misfits.values()) == 5


def test_the_learned_are_read_from_bodies_and_leave_the_rest_alone() -> None:
    known = learn(
        SCHEMA, "items", {}, Learnt({"items": {"IsNew": Type.BOOLEAN, "Name2": Type.TEXT}})
    )
    known = learn(SCHEMA, "items", known, Learnt({"item_parts": {"Size": Type.INTEGER}}))
    known = learn(SCHEMA, "items", known, Learnt({"item_parts": {"Size": Type.TEXT}}))
    flat = Flattener("items", extended(SCHEMA, "items", known))
    body = {"Id": 1, "Name": "x", "IsNew": True, "Odd": 2, "Parts": [{"Id": 5, "Size": 3}]}
    rows = flat.main([body]).values
    assert rows["is_new"] == [True] and rows["name2"] == [None]
    assert rows["_extra"] == ['{"Odd":2}']
    parts, _ = flat.child(0, [body])
    assert parts.values["size"] == ["3"]


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("IssueStatusId", "issue_status_id"),
        ("URLPath", "url_path"),
        ("already_snake", "already_snake"),
        ("select", "select"),
        ("名字", "名字"),
        ("a b", "a_b"),
    ],
)
def test_names_are_plain(field: str, name: str) -> None:
    assert column_name(field) == name


@pytest.mark.parametrize("field", ["", '"', "__", "1st", "x" * 200, "名" * 100, "a" * 61, "😀"])
def test_odd_names_are_made_safe_and_stay_apart(field: str) -> None:
    name = column_name(field)
    assert 0 < len(name.encode()) <= 60
    assert name.replace("_", "a").isalnum() and not name[0].isdigit()
    assert name != column_name(field + "!")


def test_names_equal_but_for_case_stay_apart_in_any_order() -> None:
    one = learn(SCHEMA, "items", {}, Learnt({"items": {"Foo": Type.TEXT}}))
    both = learn(SCHEMA, "items", one, Learnt({"items": {"foo": Type.TEXT, "_extra": Type.TEXT}}))
    names = [column.name for column in both["items"]]
    assert names[0] == "foo" and names[1].startswith("foo_") and names[2].startswith("extra")
    assert len({name.lower() for name in names}) == 3
    again = learn(SCHEMA, "items", one, Learnt({"items": {"foo": Type.INTEGER}}))
    assert again["items"][1].name == names[1]
