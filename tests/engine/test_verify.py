"""The comparison: a digest that no order changes and every difference does."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.core.schema import META, Columns, Table, Type
from headrace.engine.verify import Digest, compare_table, digest_rows

COLUMNS = (
    ("id", Type.INTEGER),
    ("name", Type.TEXT),
    ("done", Type.BOOLEAN),
    ("hours", Type.DECIMAL),
    ("at", Type.TIMESTAMP),
    ("_extra", Type.JSON),
)
TABLE = Table("things", (*COLUMNS, *META), ("id",))
Row = tuple[Any, ...]


def columns(rows: list[Row], *, deleted: set[int] = frozenset()) -> Columns:  # type: ignore[assignment]
    names = [name for name, _ in COLUMNS]
    values = {name: [row[index] for row in rows] for index, name in enumerate(names)}
    values["_deleted_at"] = [5 if index in deleted else None for index in range(len(rows))]
    values["_changed_at"] = list(range(len(rows)))
    values["_offset"] = [1000 - index for index in range(len(rows))]
    return Columns(values)


def chunks(rows: list[Row], size: int) -> Iterator[Columns]:
    for start in range(0, len(rows), size):
        yield columns(rows[start : start + size])


row = st.tuples(
    st.integers(0, 50),
    st.none() | st.text(max_size=5),
    st.none() | st.booleans(),
    st.none() | st.decimals(-1000, 1000, places=3),
    st.none() | st.integers(0, 2**40),
    st.none() | st.just('{"a":1}'),
)


@given(st.lists(row, max_size=12), st.randoms(), st.integers(1, 5))
def test_order_and_chunks_do_not_matter(rows: list[Row], dice: Any, size: int) -> None:
    shuffled = list(rows)
    dice.shuffle(shuffled)
    assert digest_rows(TABLE, chunks(rows, 4)) == digest_rows(TABLE, chunks(shuffled, size))


@given(st.lists(row, min_size=1, max_size=8), row)
def test_another_multiset_has_another_digest(rows: list[Row], other: Row) -> None:
    before = digest_rows(TABLE, [columns(rows)])
    replaced = digest_rows(TABLE, [columns([other, *rows[1:]])])
    assert (replaced == before) is (shape(other) == shape(rows[0]))
    assert digest_rows(TABLE, [columns([*rows, other])]) != before


def shape(one: Row) -> tuple[str, ...]:
    """What makes two rows the same: values of one kind, decimals by worth."""
    values = (value.normalize() + 0 if isinstance(value, Decimal) else value for value in one)
    return tuple(repr(value) for value in values)


def test_doubled_pair_does_not_cancel_out() -> None:
    one: Row = (1, "a", True, None, None, None)
    assert digest_rows(TABLE, [columns([one, one])]).digest != f"{0:032x}"


def test_same_values_in_other_clothes() -> None:
    a: Row = (1, "a", True, Decimal("1.500000000"), 7, '{"b":1,"a":[1,2]}')
    b: Row = (1, "a", True, Decimal("1.5"), 7, '{ "a": [1, 2], "b": 1 }')
    assert digest_rows(TABLE, [columns([a])]) == digest_rows(TABLE, [columns([b])])


@pytest.mark.parametrize("text", ["0", "-0.000", "0E-9", "0.000000000"])
def test_all_zeros_are_one(text: str) -> None:
    zero: Row = (1, None, None, Decimal("0"), None, None)
    other: Row = (1, None, None, Decimal(text), None, None)
    assert digest_rows(TABLE, [columns([zero])]) == digest_rows(TABLE, [columns([other])])


def test_great_decimals_are_exact() -> None:
    digits = "12345678901234567890123456789.12345678"
    a: Row = (1, None, None, Decimal(f"{digits}1"), None, None)
    b: Row = (1, None, None, Decimal(f"{digits}2"), None, None)
    assert digest_rows(TABLE, [columns([a])]) != digest_rows(TABLE, [columns([b])])


def test_deleted_rows_and_our_own_columns_do_not_count() -> None:
    rows: list[Row] = [(1, "a", None, None, None, None), (2, "b", None, None, None, None)]
    both = columns(rows, deleted={1})
    assert digest_rows(TABLE, [both]) == digest_rows(TABLE, [columns(rows[:1])])
    assert digest_rows(TABLE, [both]).rows == 1


def test_empty_table() -> None:
    assert digest_rows(TABLE, []) == Digest(0, "0" * 32)
    assert digest_rows(TABLE, [Columns()]) == Digest(0, "0" * 32)


def test_differing_keys_are_named_and_bounded() -> None:
    source: list[Row] = [(n, "a", None, None, None, None) for n in range(40)]
    copy: list[Row] = [*source[1:10], (10, "changed", None, None, None, None), *source[11:]]
    copy += [source[5], (99, "surplus", None, None, None, None)]
    verdict = compare_table(TABLE, lambda: chunks(source, 7), lambda: chunks(copy, 9))
    assert not verdict.equal
    assert (verdict.source.rows, verdict.copy.rows) == (40, 41)
    assert set(verdict.differing) == {"[0]", "[5]", "[10]", "[99]"}
    bounded = compare_table(TABLE, lambda: chunks(source, 7), lambda: [], differing_max=3)
    assert len(bounded.differing) == 3
    assert bounded.as_dict()["equal"] is False


def test_equal_tables_are_read_once() -> None:
    reads: list[str] = []

    def read(side: str) -> Iterator[Columns]:
        reads.append(side)
        return chunks([(1, "a", None, None, None, None)], 1)

    assert compare_table(TABLE, lambda: read("source"), lambda: read("copy")).equal
    assert reads == ["source", "copy"]
