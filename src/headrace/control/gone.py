"""Which figures are those of tasks and connections that are there no longer."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from headrace.control import tables


def gone() -> Iterator[sa.ColumnElement[bool]]:
    """Of which subject no row is there any more. (Numbers are not given out twice.)"""
    subject = tables.measure.c.subject
    for prefix, table, rest in (
        ("task:", tables.task, ""), ("mirror:task-", tables.task, "/%"),
        ("connection:", tables.connection, ""), ("mirror:connection-", tables.connection, "/%"),
    ):  # fmt: skip
        own = subject.like(sa.literal(prefix) + sa.cast(table.c.id, sa.String) + rest)
        yield sa.and_(subject.like(f"{prefix}%"), ~sa.exists().where(own))
