"""How the streams of people, governance, wiki, quality and delivery are held against the playground
and the official document: whole worlds that live and are copied, answers, examples."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from headrace.coding.auth import PersonalToken
from headrace.coding.client import Client
from headrace.coding.pacing import Pacer
from headrace.coding.refine import without_volatile
from headrace.coding.source import CodingSource
from headrace.coding.streams import find
from headrace.core.ports import Ask, Listed
from headrace.core.record import Record, decode_json
from headrace.core.schema import EXTRA, Flattener
from headrace.core.stream import Scope, Stream, to_record
from headrace.core.transport import Request, Response
from headrace.playground.actions.action import Action
from headrace.testing.clock import VirtualClock
from headrace.testing.invariants import check_equal, living_rows, source_rows, storage_of
from headrace.testing.plan import Plan
from headrace.testing.run import Run

from ..playground.test_contract import DOCUMENT, document, operations

SHOP = 101
CHECKED_MAX = 12  # answers of one Action that are held against the document in one story
needs_document = pytest.mark.skipif(
    not DOCUMENT.is_file(),
    reason=f"CODING's OpenAPI document is not at {DOCUMENT}; name it with HEADRACE_OPENAPI",
)
Rows = dict[tuple[Any, ...], dict[str, Any]]


def calm_plan(streams: Sequence[str], **wishes: Any) -> Plan:
    """Two projects, no faults, no crashes."""
    drawn = replace(
        Plan.draw(Random(1)), projects=2, issues=20, page_size=9, fault_rate=0.0,
        write_fault_rate=0.0, crash_rate=0.0, acts_in_flight=0.0, lag_ms=0, vanish_rows=50,
        straggling=0.0, census_seconds=36_000.0, tells_time=True, increments="polling", oauth=False,
        streams=tuple(streams),
    )  # fmt: skip
    return replace(drawn, **wishes)


def interval_ms(streams: Sequence[Stream]) -> int:
    """After so long every one of these streams is polled again."""
    return 61_000 * max(stream.every for stream in streams)


def calm(*streams: str, **wishes: Any) -> Plan:
    """A small calm world with small pages."""
    return calm_plan(streams, **{"issues": 6, "page_size": 3, **wishes})


class Story:
    """A world that is read by turns, each a minute after the last.

    `asked` keeps the requests by Action; the first answers of each are held against the document.
    """

    def __init__(self, *streams: str, seed: int = 7, **wishes: Any) -> None:
        self.asked: dict[str, list[dict[str, Any]]] = {}
        self.run = Run(seed, calm_plan(streams, **wishes))
        self.world = self.run.world
        self.team = self.world.team
        self.problems: list[str] = []
        self._answer = self.world.playground.send
        self.world.playground.send = self._watched  # type: ignore[method-assign]
        self.poll()

    def _watched(self, request: Request) -> Response:
        response = self._answer(request)
        question = json.loads(request.body)
        action = question.pop("Action")
        self.asked.setdefault(action, []).append(question)
        if DOCUMENT.is_file() and len(self.asked[action]) <= CHECKED_MAX:
            self.problems += problems(action, json.loads(response.body))
        return response

    def poll(self) -> None:
        """Until the regular passes have followed everything."""
        for _ in range(4):
            self.run.turn()
            self.world.clock.advance(interval_ms(self.world.streams))

    def census(self) -> None:
        """The thorough passes once; then the regular ones."""
        self.world.clock.advance(37_000_000)
        self.poll()

    def finish(self) -> None:
        """Until nothing is left to find; the copy is then exact."""
        self.run.finish()
        check_equal(self.world)

    def calls(self, action: str) -> int:
        """How often an Action was asked for."""
        return len(self.asked.get(action, ()))

    def rows(self, table: str, stream: str = "") -> Rows:
        """The destination's rows by key."""
        (found,) = find([stream or table])
        (shape,) = (one for one in source_rows(self.world, found) if one.name == table)
        names = [name for name, _ in shape.columns if not name.startswith("_") or name == EXTRA]
        rows = living_rows(storage_of(self.world), shape)
        return {key: dict(zip(names, row, strict=True)) for key, row in rows.items()}

    def bodies(self, stream: str) -> list[dict[str, Any]]:
        """What the mirror holds of a stream."""
        return [filed.record.value() for filed in self.world.mirror.records(stream)]


def live_and_copy(names: Sequence[str], *, unchanged: set[str], acts: int, **wishes: Any) -> None:
    """A snapshot of all streams and a day of acts: none is empty, all change, all are equal."""
    story = Story(*names, **wishes)
    before = {name: story.rows(name) for name in names}
    had, changed = {name for name in names if before[name]}, set()
    for _ in range(6):
        story.world.live(acts // 6)
        story.poll()
        story.census()
        rows = {name: story.rows(name) for name in names}
        had |= {name for name in names if rows[name]}
        changed |= {name for name in names if rows[name] != before[name]}
    story.finish()
    assert had == set(names)
    assert set(names) - changed == unchanged
    assert story.problems == []
    assert not story.world.mirror.rejects()


def problems(action: str, answer: Mapping[str, Any]) -> Iterator[str]:
    """How an answer differs from the document: missing, unknown and wrongly typed fields.

    Of the wiki's tree the document describes two levels; all are taken to look like the first.
    """
    if action == "DescribeWikiList" and "Data" in answer["Response"]:
        nodes = [{**node, "Children": []} for node in _nodes(answer["Response"]["Data"])]
        answer = {"Response": {**answer["Response"], "Data": nodes}}
    if "Error" not in answer["Response"]:
        for error in _checker(action).iter_errors(answer):
            yield f"{action} {error.json_path}: {error.message[:200]}"


def _nodes(tree: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for node in tree:
        yield node
        yield from _nodes(node["Children"])


@cache
def _checker(action: str) -> Draft202012Validator:
    defs: dict[str, Any] = {}
    schema = _strict(answer_schema(action), defs)
    return Draft202012Validator({**schema, "$defs": defs})


def answer_schema(action: str) -> Mapping[str, Any]:
    """What the document says of an Action's answer."""
    content = operations()[action]["responses"]["200"]["content"]
    schema: Mapping[str, Any] = content["application/json"]["schema"]
    return schema


def _strict(schema: Mapping[str, Any], defs: dict[str, Any]) -> dict[str, Any]:
    """All fields of a schema are wanted, and no others. Schemas may hold themselves."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name not in defs:
            defs[name] = {}
            defs[name] = _strict(document()["components"]["schemas"][name], defs)
        made = {"$ref": f"#/$defs/{name}"}
        return {"anyOf": [made, {"type": "null"}]} if schema.get("nullable") else made
    kind = "string" if schema.get("format") == "datetime" else schema.get("type")
    if not kind:
        return {}
    made = {"type": [kind, "null"] if schema.get("nullable") else kind}
    if "enum" in schema:
        made["enum"] = [*schema["enum"], *([None] if schema.get("nullable") else [])]
    if "properties" in schema:
        parts = {name: _strict(part, defs) for name, part in schema["properties"].items()}
        made |= {"properties": parts, "required": list(parts), "additionalProperties": False}
    if "items" in schema:
        made["items"] = _strict(schema["items"], defs)
    return made


class _Canned:
    """Answers every request with one body."""

    def __init__(self, body: str) -> None:
        self._body = body.encode()

    def send(self, request: Request) -> Response:
        del request
        return Response(200, {}, self._body)


def _source(body: str) -> CodingSource:
    clock = VirtualClock(1_790_000_000_000)
    client = Client(_Canned(body), "http://127.0.0.1", PersonalToken("t"), Pacer(clock), clock)
    return CodingSource(client)


def _scope(stream: Stream) -> Scope:
    """A scope in which anything may be asked: a text that is a number serves as both."""
    asked = stream.listing.sends
    names = set(asked.values() if isinstance(asked, Mapping) else asked)
    stamped = dict.fromkeys(stream.parent.key if stream.parent else (), "7")
    return Scope("[7]", dict.fromkeys(names, "7") | stamped, stamped)


def listed_from(stream: Stream, body: str) -> Listed:
    """What a stream makes of an answer."""
    return _source(body).list_page(stream, _scope(stream), Ask(1, 100))


def examples(action: str) -> list[str]:
    """The official example answers of an Action."""
    return [example["output"] for example in operations()[action]["x-tcapi-examples"]]


def example_rows(stream: Stream) -> Iterator[Record]:
    """The rows of a stream's official examples; fails for one without a key."""
    for body in examples(stream.listing.action):
        for row in listed_from(stream, body).rows:
            record = to_record(stream, _scope(stream), row)
            assert isinstance(record, Record), (stream.name, record)
            yield record


def looked_up(stream: Stream) -> dict[str, Any]:
    """The row that a stream's lookup makes of its official example."""
    assert stream.lookup is not None
    (body,) = examples(stream.lookup.action)
    answer = json.loads(body)["Response"]
    for name in stream.lookup.row.split("."):
        answer = answer[name]
    key = json.dumps([answer.get(name, 7) for name in stream.key])
    return _source(body).look_up(stream, Scope("[7]", {"ProjectName": "p"}, {}), key)


def leftovers(stream: Stream) -> list[str]:
    """Fields of a full answer that no column shows, and columns that no field fills."""
    action = stream.listing.action
    answer = filled(answer_schema(action))
    found: list[str] = []
    for row in listed_from(stream, json.dumps(answer)).rows:
        record = to_record(stream, _scope(stream), without_volatile(stream, row))
        assert isinstance(record, Record), (stream.name, record)
        body = decode_json(record.body)
        values = Flattener(stream.name, stream.schema).main([body]).values
        found += [str(values[EXTRA][0])] if values[EXTRA] != [None] else []
        empty = {name for name, column in values.items() if column == [None]} - {EXTRA}
        found += [f"{name} is empty" for name in sorted(empty)]
    return found


def filled(schema: Mapping[str, Any], above: tuple[str, ...] = ()) -> Any:
    """A value with every field of a schema; one that holds itself ends with an empty list."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return filled(document()["components"]["schemas"][name], (*above, name))
    if schema.get("type") == "array":
        inner = schema["items"].get("$ref", "").rpartition("/")[2]
        return [] if inner in above else [filled(schema["items"], above)]
    if "properties" in schema:
        return {name: filled(part, above) for name, part in schema["properties"].items()}
    plain: dict[str, Any] = {"integer": 41, "number": 1.5, "boolean": True}
    return plain.get(schema.get("type", ""), "abc")


def assert_documented(streams: Sequence[Stream], actions: Sequence[Action]) -> None:
    """Each Action of a module is what one stream lists by or looks up by."""
    used = [s.listing.action for s in streams] + [s.lookup.action for s in streams if s.lookup]
    assert len(used) == len(set(used))
    assert {action.name for action in actions} <= set(used)
