"""Records that a destination refuses: the table there that keeps them, and its rows."""

from __future__ import annotations

import enum

from headrace.core.schema import Table, Type


class OnReject(enum.StrEnum):
    """What a task does when its destination refuses a record: set it aside, or stop its stream."""

    ASIDE = "aside"
    STOP = "stop"


REJECTS = Table(
    "_headrace_rejects",
    (
        ("task", Type.TEXT),
        ("stream", Type.TEXT),
        ("record_key", Type.TEXT),
        ("table_name", Type.TEXT),
        ("reason", Type.TEXT),
        ("body", Type.TEXT),
        ("_changed_at", Type.TIMESTAMP),
        ("_offset", Type.INTEGER),
    ),
    ("task", "stream", "record_key"),
)
