"""What a request sends of records: the values of a scope, each of the type its field must have.

An odd answer may have left anything in a record's field. Sent on, CODING would call the request
wrong, which sounds final; the next reading of the record mends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.coding.streams import CATALOGUE
from headrace.core.record import Body
from headrace.core.schema import Type
from headrace.core.stream import Scope, Stream
from headrace.errors import Unavailable

_STREAMS: Mapping[str, Stream] = {stream.name: stream for stream in CATALOGUE}


def sent(stream: Stream, names: tuple[str, ...] | Mapping[str, str], scope: Scope) -> Body:
    """The parameters that a scope gives, by the names they are sent under.

    Raises `Unavailable` for a value that does not fit the column it was taken from.
    """
    pairs = names.items() if isinstance(names, Mapping) else zip(names, names, strict=True)
    return {param: _fitting(stream, param, name, scope.values[name]) for param, name in pairs}


def _fitting(stream: Stream, param: str, name: str, value: Any) -> Any:
    """The value, a number also where it came as a text."""
    wanted = _type_of(stream, name)
    if wanted is Type.INTEGER and isinstance(value, str) and value.isdecimal():
        return int(value)
    if not _fits(wanted, value):
        raise Unavailable(f"{param} came as {_told(value)}; it is asked for again.")
    return value


def _fits(wanted: Type | None, value: Any) -> bool:
    """Whether it is a number or a text, as the column says; of what was worked out of a record, no
    column says anything, and it may be a list of such."""
    if wanted is None and isinstance(value, list):
        return all(_fits(None, one) for one in value)
    if isinstance(value, int) and not isinstance(value, bool):
        return wanted is not Type.TEXT
    return isinstance(value, str) and bool(value) and wanted is not Type.INTEGER


def _told(value: Any) -> str:
    return "nothing" if value in (None, "") else f"a value of type {type(value).__name__}"


def _type_of(stream: Stream, name: str) -> Type | None:
    """The type of the column that a scope's value was taken from; None where it was worked out."""
    rule, parent = stream.ancestry, stream.parent
    if rule is not None and name in rule.lane:
        return _column_type(rule.heads, rule.lane[name])
    while parent is not None and parent.stream:
        if name in parent.values or name in parent.fan:
            return _column_type(parent.stream, parent.values.get(name))
        parent = _STREAMS[parent.stream].parent
    return None


def _column_type(stream: str, path: object) -> Type | None:
    columns = _STREAMS[stream].schema.columns
    return next((column.type for column in columns if column.path == path), None)
