"""Columns from bodies: every value in its place, and none invented or lost."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.core.schema import (
    EXTRA,
    META,
    Child,
    Column,
    Columns,
    Flattener,
    Schema,
    Type,
    tables_of,
)


def column(name: str, kind: Type, path: str = "", *, none: bool = False) -> Column:
    return Column(name, kind, path or name.title(), "", "", none_is_zero=none)


COLUMNS = (
    column("id", Type.INTEGER),
    column("name", Type.TEXT),
    column("done", Type.BOOLEAN),
    column("hours", Type.DECIMAL),
    column("due", Type.TIMESTAMP),
    column("refs", Type.JSON),
    column("owner_id", Type.INTEGER, "Owner.Id", none=True),
    column("nick", Type.TEXT, none=True),
)
LABELS = Child("labels", "Labels", "", "", ("label_id",), (
    column("label_id", Type.INTEGER, "Id"), column("label_name", Type.TEXT, "Name"),
))  # fmt: skip
SCHEMA = Schema(("id",), COLUMNS, (LABELS,), ignored=frozenset({"Noise"}))
FLAT = Flattener("things", SCHEMA)


def value_of(name: str, raw: Any) -> tuple[Any, Any]:
    """The column's value, and what `_extra` keeps of the raw one (None for nothing)."""
    path = next(c.path for c in COLUMNS if c.name == name)
    body: dict[str, Any] = {"Id": 1}
    holder = body
    *outer, last = path.split(".")
    for part in outer:
        holder = holder.setdefault(part, {})
    holder[last] = raw
    columns = FLAT.main([body])
    extra = columns.values[EXTRA][0]
    return columns.values[name][0], None if extra is None else json.loads(extra)


FITS = [
    ("id", 7, 7), ("id", "7", 7), ("id", 7.0, 7), ("id", -(2**63), -(2**63)),
    ("id", 2**63 - 1, 2**63 - 1), ("id", 0, 0),
    ("name", "", ""), ("name", "中文", "中文"), ("name", 5, "5"), ("name", 1.5, "1.5"),
    ("done", True, True), ("done", 0, False), ("done", 1, True),
    ("due", 1_795_000_000_000, 1_795_000_000_000), ("due", "1795000000000", 1_795_000_000_000),
    ("due", 0, None), ("due", -28_800_000, None), ("due", "0", None), ("due", -1, -1),
    ("refs", [], "[]"), ("refs", {"b": 1, "a": []}, '{"a":[],"b":1}'), ("refs", "x", '"x"'),
    ("owner_id", 0, None), ("owner_id", "", None), ("owner_id", 3, 3),
    ("nick", "", None), ("nick", "n", "n"),
    *((name, None, None) for name in ("name", "done", "hours", "due", "refs", "nick")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "raw", "wanted"), FITS)
def test_values_that_fit(name: str, raw: Any, wanted: Any) -> None:
    found, extra = value_of(name, raw)
    assert (found, type(found)) == (wanted, type(wanted))
    assert extra is None


MISFITS = [
    ("id", 2**63), ("id", -(2**63) - 1), ("id", 1.5), ("id", True), ("id", "x"), ("id", []),
    ("id", {"a": 1}), ("id", ""), ("id", 10**30),
    ("name", True), ("name", ["x"]), ("name", {}),
    ("done", 2), ("done", "yes"), ("done", "true"), ("done", []),
    ("hours", "1.1234567891"), ("hours", "x"), ("hours", ""), ("hours", True), ("hours", []),
    ("hours", "NaN"), ("hours", "Infinity"), ("hours", 10**29), ("hours", 1e300), ("hours", {}),
    ("due", 10**18), ("due", "tomorrow"), ("due", 1.5), ("due", False), ("due", -(10**17)),
    ("owner_id", "x"), ("nick", []),
]  # fmt: skip


@pytest.mark.parametrize(("name", "raw"), MISFITS)
def test_values_that_do_not_fit_are_kept_beside(name: str, raw: Any) -> None:
    """The column is NULL, and `_extra` has the value as CODING sent it, under its path."""
    found, extra = value_of(name, raw)
    path = next(c.path for c in COLUMNS if c.name == name)
    assert found is None
    assert extra == {path: raw}


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (8, "8"), (0, "0"), (-3, "-3"), (0.5, "0.5"), ("1.123456789", "1.123456789"),
        (33.333333333333336, "33.333333333"),  # a third, as a float writes it
        (66.66666666666667, "66.666666667"),
        (0.1 + 0.2, "0.3"), (1e-10, "0"), (-1e-10, "0"), (1e22, "1e22"), (2.5e-9, "2e-9"),
        (3.5e-9, "4e-9"), (-2.5e-9, "-2e-9"), ("1e3", "1000"),
        (10**28 + 1, "10000000000000000000000000001"),
        ("12345678901234567890123456789.123456789", "12345678901234567890123456789.123456789"),
    ],
)  # fmt: skip
def test_decimals(raw: Any, wanted: str) -> None:
    """Floats are rounded half-even to 9 places; whole numbers and texts are exact."""
    found, extra = value_of("hours", raw)
    assert found == Decimal(wanted)
    assert found.as_tuple().exponent == -9
    assert extra is None


@given(st.floats(-1e18, 1e18))
def test_every_float_finds_a_decimal_near_it(number: float) -> None:
    found, extra = value_of("hours", number)
    assert extra is None
    assert abs(found - Decimal(str(number))) <= Decimal("5e-10")


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=9, min_value=-(10**20), max_value=10**20
    )
)
def test_texts_are_exact_or_kept_beside(number: Decimal) -> None:
    found, extra = value_of("hours", str(number))
    assert found == number
    assert extra is None


def test_unknown_fields_are_kept_and_ignored_ones_are_not() -> None:
    columns = FLAT.main([
        {"Id": 1, "New": {"b": [1]}, "Noise": 5, "Labels": [], "Owner": {"Id": 2, "Name": "x"}},
        {"Id": 2},
    ])  # fmt: skip
    assert columns.values[EXTRA] == ['{"New":{"b":[1]}}', None]
    assert columns.values["owner_id"] == [2, None]


@pytest.mark.parametrize("owner", [None, 5, "x", [], {}, {"Id": None}])
def test_nested_object_of_any_shape(owner: Any) -> None:
    assert FLAT.main([{"Id": 1, "Owner": owner}]).values["owner_id"] == [None]


def test_child_rows_carry_their_owners_key() -> None:
    bodies = [
        {"Id": 1, "Labels": [{"Id": 10, "Name": "a"}, {"Id": 11, "Name": "b", "Color": "red"}]},
        {"Id": 2, "Labels": []},
        {"Id": 3},
        {"Id": 4, "Labels": [{"Id": 10, "Name": "a"}]},
    ]
    columns, owners = FLAT.child(0, bodies)
    assert owners == [0, 0, 3]
    assert columns.values["id"] == [1, 1, 4]
    assert columns.values["label_id"] == [10, 11, 10]
    assert columns.values[EXTRA] == [None, '{"Color":"red"}', None]


def test_child_rows_with_one_key_are_one() -> None:
    twice = [{"Id": 1, "Labels": [{"Id": 5, "Name": "old"}, {"Id": 5, "Name": "new"}]}]
    columns, _ = FLAT.child(0, twice)
    assert columns.values["label_name"] == ["new"]


@pytest.mark.parametrize("labels", [None, {}, "x", 5, [1, "x", None], {"Id": 1}])
def test_child_list_of_any_shape(labels: Any) -> None:
    columns, owners = FLAT.child(0, [{"Id": 1, "Labels": labels}])
    assert owners == []
    assert len(columns) == 0


def test_keys_alone() -> None:
    assert FLAT.keys([{"Id": "7", "Name": "x"}, {"Id": 8}]).values == {"id": [7, 8]}


def test_tables() -> None:
    main, child = tables_of("things", SCHEMA)
    assert main.key == ("id",)
    assert main.columns[-4:] == ((EXTRA, Type.JSON), *META)
    assert child.name == "labels"
    assert child.key == ("id", "label_id")
    assert child.owner == 1


def test_columns_know_their_length() -> None:
    assert len(Columns()) == 0
    assert len(Columns({"a": [1, 2, 3], "b": [4, 5, 6]})) == 3
    assert len(Columns({"a": []})) == 0


floats = st.floats(allow_nan=False, allow_infinity=False)
names = st.text(max_size=2)
anything: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | names | floats,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2),
    max_leaves=4,
)
FIELDS = ("Id", "Name", "Done", "Hours", "Due", "Refs", "Owner", "Nick", "New", "Labels")
odd_bodies = st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, anything))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(odd_bodies, max_size=3))
def test_no_body_is_too_odd(bodies: list[dict[str, Any]]) -> None:
    """Whatever CODING sends: as many values as rows in every column, each of its type."""
    columns = FLAT.main(bodies)
    assert {len(values) for values in columns.values.values()} == {len(bodies)}
    kinds = {Type.INTEGER: int, Type.TEXT: str, Type.BOOLEAN: bool, Type.DECIMAL: Decimal,
             Type.TIMESTAMP: int, Type.JSON: str}  # fmt: skip
    for one in COLUMNS:
        assert all(
            value is None or type(value) is kinds[one.type] for value in columns.values[one.name]
        )
    child, owners = FLAT.child(0, bodies)
    assert len(child) == len(owners)
