"""What is sent of records: of the right type, or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import pytest
from tests.coding.fakes import make_client, ok

from headrace.coding.source import CodingSource
from headrace.coding.streams import CATALOGUE, find
from headrace.core.ports import Ask
from headrace.core.record import make_key
from headrace.core.schema import Type
from headrace.core.stream import Scope, Stream, child_scopes
from headrace.errors import Unavailable

STREAMS = {stream.name: stream for stream in CATALOGUE}
ODD = (None, "", 1.5, True, {"Odd": "shop"}, [{"Odd": 7}])


def field_of(stream: Stream, name: str) -> tuple[str, str, Type] | None:
    """The stream, field and type of the record that a scope's value is taken from."""
    rule, parent = stream.ancestry, stream.parent
    if rule is not None and name in rule.lane:
        taken: Any = rule.lane[name]
        above = STREAMS[rule.heads]
    else:
        while parent is not None and name not in parent.values and name not in parent.fan:
            parent = STREAMS[parent.stream].parent if parent.stream else None
        if parent is None or name in parent.fan:
            return None
        taken, above = parent.values[name], STREAMS[parent.stream]
    if not isinstance(taken, str):
        return None
    columns = [column for column in above.schema.columns if column.path == taken]
    return (above.name, taken, columns[0].type) if columns else None


def names_sent(names: tuple[str, ...] | Mapping[str, str]) -> Iterator[str]:
    yield from names.values() if isinstance(names, Mapping) else names


def fitting(stream: Stream) -> dict[str, Any]:
    """A value of the right type for all that the stream's requests send."""
    sends = [stream.listing.sends, *([stream.lookup.sends] if stream.lookup else [])]
    values: dict[str, Any] = {"ProjectId": 7}
    for name in (name for names in sends for name in names_sent(names)):
        field = field_of(stream, name)
        values[name] = 7 if field is not None and field[2] is Type.INTEGER else "shop"
    return values


CASES = [
    pytest.param(stream, name, id=f"{stream.name}-{name}")
    for stream in CATALOGUE
    if not stream.is_derived
    for name in names_sent(stream.listing.sends)
]
LOOKUPS = [
    pytest.param(stream, name, id=f"{stream.name}-{name}")
    for stream in CATALOGUE
    if stream.lookup is not None
    for name in names_sent(stream.lookup.sends)
]


def reading() -> tuple[CodingSource, Any]:
    client, wire, _ = make_client([ok()])
    return CodingSource(client), wire


@pytest.mark.parametrize(("stream", "name"), CASES)
def test_no_listing_sends_a_value_of_the_wrong_type(stream: Stream, name: str) -> None:
    field = field_of(stream, name)
    wrong = () if field is None else ("shop",) if field[2] is Type.INTEGER else (7, ["shop"])
    for odd in (*ODD, *wrong):
        source, wire = reading()
        scope = Scope("[7]", {**fitting(stream), name: odd}, {})
        with pytest.raises(Unavailable):
            source.list_page(stream, scope, Ask(1, 10))
        assert wire.requests == []


@pytest.mark.parametrize(("stream", "name"), LOOKUPS)
def test_no_lookup_sends_a_value_of_the_wrong_type(stream: Stream, name: str) -> None:
    key = make_key(tuple(7 for _ in stream.key))
    for odd in ODD:
        source, wire = reading()
        with pytest.raises(Unavailable):
            source.look_up(stream, Scope("[7]", {**fitting(stream), name: odd}, {}), key)
        assert wire.requests == []


def test_a_number_that_came_as_a_text_is_sent_as_a_number() -> None:
    client, wire, _ = make_client([ok(Data={"Commits": [], "TotalCount": 0})])
    depot = {"Id": "12", "HttpsUrl": "https://e.coding.net/a/b/c.git"}
    (branches,) = find(["branches"])
    (scope,) = child_scopes(branches, Scope("[7]", {"ProjectId": 7}, {"ProjectId": 7}), depot, "k")
    (commits,) = find(["commits"])
    scope = Scope(scope.key, {**scope.values, "DepotId": "12", "Ref": "main"}, scope.stamped)
    CodingSource(client).list_page(commits, scope, Ask(1, 10))
    assert (wire.bodies[0]["DepotId"], wire.bodies[0]["Ref"]) == (12, "main")


MADE = [
    pytest.param(stream, name, id=f"{stream.name}-{name}")
    for stream in CATALOGUE
    if stream.parent is not None and not stream.is_derived
    for name in names_sent(stream.listing.sends)
    if callable(stream.parent.values.get(name))
]


@pytest.mark.parametrize(("stream", "name"), MADE)
def test_what_is_worked_out_of_an_odd_record_is_not_sent(stream: Stream, name: str) -> None:
    """Values that are made of fields, not taken from them. Those of the record's key are sound, or
    there were no record."""
    assert stream.parent is not None
    parent = STREAMS[stream.parent.stream]
    fields = {column.path.partition(".")[0] for column in parent.schema.columns}
    source, wire = reading()
    for odd in ODD:
        body = {**dict.fromkeys(fields, odd), **dict.fromkeys(parent.key, 7)}
        for scope in child_scopes(stream, Scope("[7]", {"ProjectId": 7}, {}), body, "k"):
            scope = Scope(scope.key, {**fitting(stream), name: scope.values[name]}, {})
            with suppress(Unavailable):
                source.list_page(stream, scope, Ask(1, 10))
    told = [str(body) for body in wire.bodies]
    assert not [body for body in told if any(odd in body for odd in ("Odd", "None", "1.5"))]
