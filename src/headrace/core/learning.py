"""Fields without a column: which ones appear in `_extra`, and the columns they are to have. Pure.

What is learned about a team's tables only grows: a field gets a column when it appears, and its
type gets wider when a value does not fit (integer, decimal, text). What fits no column after that
stays in `_extra`, whole.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from headrace.core.record import decode_json
from headrace.core.schema import EXTRA, META, Child, Column, Schema, Type

Learned = Mapping[str, tuple[Column, ...]]  # table name -> the columns beyond the catalogue's

COLUMNS_MAX = 200  # a table; further fields stay in `_extra`
_NAME_BYTES_MAX = 60  # every database here takes 63
_TAKEN = frozenset({EXTRA, *(name for name, _ in META), "valid_from", "valid_to", "_op"})
_WIDER = (Type.INTEGER, Type.DECIMAL, Type.TEXT)
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(slots=True)
class Seen:
    """What a look at some rows found: types of `new` fields, and how many values are `misfits`."""

    new: dict[str, Type] = field(default_factory=dict)
    misfits: Counter[str] = field(default_factory=Counter)


class Learnt(Exception):
    """Not an error: rows have fields that want a column, by table. The write starts again."""

    def __init__(self, new: Mapping[str, Mapping[str, Type]]) -> None:
        super().__init__(", ".join(new))
        self.new = new


def look(extras: Sequence[str | None], columns: Mapping[str, Column], learned: set[str]) -> Seen:
    """Look through a table's `_extra`. `columns` are those known, by path; `learned` names the
    paths of those that are not the catalogue's and may still become wider."""
    seen = Seen()
    if extras.count(None) == len(extras):
        return seen
    room = COLUMNS_MAX - len(learned)
    outer = {path.partition(".")[0] for path in columns if "." in path}  # its parts have columns
    for text in extras:
        for name, value in _fields(text):
            kind = _type_of(value)
            known = columns.get(name)
            if name in outer or (known is not None and name not in learned):
                seen.misfits[name] += 1
                continue
            before = seen.new.get(name) or (known.type if known else None)
            wider = kind if before is None else wider_type(before, kind)
            same = known is not None and wider is known.type
            full = before is None and len(seen.new) >= room
            if wider is None or same or full or "." in name:
                seen.misfits[name] += 1
            else:
                seen.new[name] = wider
    return seen


def learn(schema: Schema, stream: str, learned: Learned, found: Learnt) -> Learned:
    """What is known with the new fields of a stream's tables in it."""
    for table, new in found.new.items():
        names = {name.lower() for name in _names_of(schema, stream, table)} | _TAKEN
        learned = {**learned, table: _learn_in_table(learned.get(table, ()), names, new)}
    return learned


def _learn_in_table(
    columns: tuple[Column, ...], names: set[str] | frozenset[str], new: Mapping[str, Type]
) -> tuple[Column, ...]:
    known = {column.path: column for column in columns}
    names = {*names, *(column.name for column in columns)}
    for path, kind in new.items():
        before = known.get(path)
        if before is not None:
            known[path] = replace(before, type=wider_type(before.type, kind) or before.type)
        else:
            name = column_name(path, names)
            names.add(name)
            known[path] = Column(name, kind, path, path, path)
    return tuple(known.values())


def extended(schema: Schema, stream: str, learned: Learned) -> Schema:
    """The schema with the learned columns of its tables."""
    if not learned:
        return schema
    children = tuple(
        replace(child, columns=(*child.columns, *learned.get(child.name, ())))
        for child in schema.children
    )
    return replace(schema, columns=(*schema.columns, *learned.get(stream, ())), children=children)


def column_name(path: str, taken: Iterable[str] = ()) -> str:
    """A name in snake_case that every database takes: letters, digits, `_`; at most 60 bytes.

    A name that is taken, or was cut, ends in six hex digits of the field's own name, so that it
    does not depend on the order in which fields appear.
    """
    name = re.sub(r"\W+", "_", _WORD.sub("_", path)).strip("_").lower()
    digest = hashlib.blake2b(path.encode(), digest_size=3).hexdigest()
    whole = name.encode()
    if name and not name[0].isdigit() and len(whole) <= _NAME_BYTES_MAX and name not in set(taken):
        return name
    cut = whole[: _NAME_BYTES_MAX - 10].decode(errors="ignore")
    return f"{'f_' if not cut or cut[0].isdigit() else ''}{cut}_{digest}".replace("__", "_")


def wider_type(one: Type, other: Type) -> Type | None:
    """The type that holds values of both, or None."""
    if one is other:
        return one
    if one in _WIDER and other in _WIDER:
        return max(one, other, key=_WIDER.index)
    return None


def _fields(text: str | None) -> Iterable[tuple[str, Any]]:
    if text is None:
        return ()
    return [
        (name, value) for name, value in decode_json(text.encode()).items() if value is not None
    ]


def _type_of(value: Any) -> Type:
    if isinstance(value, bool):
        return Type.BOOLEAN
    if isinstance(value, int):
        return Type.INTEGER if -(2**63) <= value < 2**63 else Type.TEXT
    if isinstance(value, float):
        return Type.DECIMAL
    return Type.TEXT if isinstance(value, str) else Type.JSON


def _names_of(schema: Schema, stream: str, table: str) -> Iterable[str]:
    if table == stream:
        return (column.name for column in schema.columns)
    child: Child = next(child for child in schema.children if child.name == table)
    return (*schema.key, *(column.name for column in child.columns))
