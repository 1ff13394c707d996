"""Whether an answer is what the description of the API says: status, media type, document."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any, cast
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator

from headrace.app.system import SystemClock
from headrace.web.api.access import Front
from headrace.web.api.application import PREFIX, described, make_api
from headrace.web.api.throttle import Throttle

HIDDEN = ("/openapi.json",)


@cache
def description() -> dict[str, Any]:
    """What the API says of itself; it needs no platform to say it."""
    nowhere = Front(cast(Any, None))
    return dict(json.loads(described(make_api(nowhere, Throttle(SystemClock())))))


def check(method: str, path: str, status: int, kind: str, data: bytes) -> None:
    """Fails where an answer of the JSON API is not as described."""
    where = urlsplit(path).path
    if not where.startswith(PREFIX) or where.removeprefix(PREFIX) in HIDDEN:
        return
    operation = _operation(method, where)
    if operation is None:
        assert status in (400, 401, 403, 404, 405), (method, where, status)
        _valid({"$ref": "#/components/schemas/Problem"}, json.loads(data))
        return
    if status == 500:  # only tests of our own mistakes get here
        _valid({"$ref": "#/components/schemas/Problem"}, json.loads(data))
        return
    assert str(status) in operation["responses"], (method, where, status, data)
    content = operation["responses"][str(status)].get("content")
    if content is None or not data:
        assert not data, (method, where, status, data)
        return
    media = kind.partition(";")[0]
    assert media in content, (method, where, status, kind)
    schema = content[media]["schema"]
    if media.endswith("json") and media != "application/x-ndjson":
        _valid(schema, json.loads(data))
    elif media == "application/x-ndjson":
        for line in data.rpartition(b"\n")[0].splitlines():  # the end of a server cuts one
            _valid(schema, json.loads(line))


def _operation(method: str, where: str) -> Any:
    """What is described of the route; None for an address or a method that there is not."""
    found = [
        operations[method.lower()]
        for pattern, operations in _paths()
        if pattern.fullmatch(where) and method.lower() in operations
    ]
    assert len(found) <= 1, (method, where)
    return found[0] if found else None


@cache
def _paths() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    return [
        (
            re.compile("".join(_part(one, operations) for one in re.split("({.*?})", path))),
            operations,
        )
        for path, operations in description()["paths"].items()
    ]


def _part(text: str, operations: dict[str, Any]) -> str:
    if not text.startswith("{"):
        return re.escape(text)
    [one, *_] = operations.values()
    [parameter] = [p for p in one["parameters"] if p["name"] == text.strip("{}")]
    return "[0-9]+" if parameter["schema"]["type"] == "integer" else "[^/]+"


def _valid(schema: dict[str, Any], document: Any) -> None:
    components = description()["components"]
    found = Draft202012Validator({**schema, "components": components}).iter_errors(document)
    assert not (wrong := [f"{one.json_path}: {one.message}" for one in found]), wrong
