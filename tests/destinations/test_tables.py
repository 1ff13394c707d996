"""What is refused before a statement is sent, the same for every destination."""

from __future__ import annotations

import pytest

from headrace.core.schema import Table, Type
from headrace.destinations.tables import check_tables, quoted
from headrace.errors import Bug, Refused

ID = ("id", Type.INTEGER)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (Table("", (ID,), ("id",)), "empty"),
        (Table("a\0b", (ID,), ("id",)), "NUL"),
        (Table("a", (ID, ("", Type.TEXT)), ("id",)), "column of table a"),
        (Table("a", (ID, ("ID", Type.TEXT)), ("id",)), "id and ID of table a"),
        (Table("a", (ID, ID), ("id",)), "id and id of table a"),
        (Table("_Headrace_x", (ID,), ("id",)), "reserved"),
    ],
)
def test_names_that_cannot_be(table: Table, said: str) -> None:
    with pytest.raises(Refused, match=said) as caught:
        check_tables([table])
    assert caught.value.advice


def test_two_tables_of_one_name() -> None:
    with pytest.raises(Refused, match="tables Items and items"):
        check_tables([Table("Items", (ID,), ("id",)), Table("items", (ID,), ("id",))])


@pytest.mark.parametrize("key", [(), ("code",)])
def test_a_table_without_a_key_is_a_bug(key: tuple[str, ...]) -> None:
    """Invariant 5 rests on keys."""
    with pytest.raises(Bug, match="key"):
        check_tables([Table("items", (ID,), key)])


def test_quotes_are_doubled() -> None:
    assert quoted('a"b') == '"a""b"'
