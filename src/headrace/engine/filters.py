"""Filters of a task: which rows of a stream it keeps. What a change means is worked out anew.

Whether a row is kept follows from its content alone, and a change carries the content before and
after it: so a row that begins to match is inserted, and one that matches no more is deleted.
"""

from __future__ import annotations

import difflib
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from headrace.core.change import Change, Op
from headrace.core.record import OnFile, decode_json, encode_body
from headrace.core.stream import Stream, at_path
from headrace.errors import Refused

_FORM = 'Write STREAM.FIELD=VALUE, such as "issues.Type=DEFECT" or "*.ProjectId=2001".'


@dataclass(frozen=True, slots=True)
class RowFilter:
    """What a row has to be: at each path one of the values, as text ("" for none there)."""

    wanted: Mapping[str, frozenset[str]]

    @property
    def mark(self) -> str:
        """Stands for it: another filter has another mark."""
        wanted = sorted((path, sorted(values)) for path, values in self.wanted.items())
        return hashlib.blake2b(msgspec.json.encode(wanted), digest_size=6).hexdigest()

    def keeps(self, body: bytes) -> bool:
        """Whether a record of this content is kept."""
        row = decode_json(body)
        return all(_text(at_path(row, path)) in values for path, values in self.wanted.items())

    def seen(self, change: Change) -> Change | None:
        """The change as the task sees it; None where it has no part in it."""
        before = change.before is not None and self.keeps(change.before)
        after = change.after is not None and self.keeps(change.after)
        if before and not after:
            return msgspec.structs.replace(change, op=Op.DELETE, after=None)
        if after and change.before is not None and not before:
            return msgspec.structs.replace(
                change, op=Op.INSERT, before=None, before_offset=0, before_at=0
            )
        return change if before or after else None


Filters = Mapping[str, RowFilter]


def kept(filters: Filters, stream: str, records: Iterable[OnFile]) -> Iterator[OnFile]:
    """The records of a stream that the filters keep."""
    own = filters.get(stream)
    return (one for one in records if own is None or own.keeps(one.record.body))


def sort_out(
    changes: Sequence[Change], written: Mapping[str, int], filters: Filters
) -> tuple[dict[str, list[Change]], Counter[str]]:
    """Changes by stream: those behind the offset up to which it is `written`, as its filter lets
    them be seen; and how many the filters left out."""
    by_stream: dict[str, list[Change]] = {}
    left_out: Counter[str] = Counter()
    for change in changes:
        name = change.stream
        if name not in written or change.offset <= written[name]:
            continue
        own = filters.get(name)
        seen = own.seen(change) if own is not None else change
        if seen is None:
            left_out[name] += 1
        else:
            by_stream.setdefault(name, []).append(seen)
    return by_stream, left_out


def parse_filters(texts: Sequence[str], streams: Sequence[Stream]) -> dict[str, RowFilter]:
    """The filters of `STREAM.FIELD=VALUE`, by stream: FIELD as CODING or the table names it, STREAM
    may be a pattern, which means those streams that have the field.

    Several values of one field: any of them. Several fields: all of them. Raises `Refused` where
    nothing of that name is among the streams.
    """
    wanted: dict[str, dict[str, set[str]]] = {}
    for text in texts:
        place, equals, value = text.partition("=")
        pattern, dot, field = place.strip().partition(".")
        if not (equals and dot and pattern and field):
            raise Refused(f"{text!r} is no filter.", advice=_FORM)
        named = [stream for stream in streams if fnmatchcase(stream.name, pattern)]
        if not named:
            raise Refused(
                f"The filter {text!r} names no stream of the task{_near(pattern, streams)}.",
                advice=_FORM,
            )
        found = {s.name: path for s in named if (path := _path(s, field)) is not None}
        if not found:
            raise Refused(
                f"The filter {text!r}: {pattern} has no field {field}.",
                advice="Its fields are listed in the reference of streams.",
            )
        for name, path in found.items():
            wanted.setdefault(name, {}).setdefault(path, set()).add(value.strip())
    return {
        name: RowFilter({path: frozenset(values) for path, values in fields.items()})
        for name, fields in wanted.items()
    }


def _path(stream: Stream, field: str) -> str | None:
    return next((c.path for c in stream.schema.columns if field in (c.path, c.name)), None)


def _near(pattern: str, streams: Sequence[Stream]) -> str:
    near = difflib.get_close_matches(pattern, [s.name for s in streams], n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else ""


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else encode_body(value).decode()
