"""The audit trail: who changed what. For admins, for it names people."""

from __future__ import annotations

from typing import Annotated

from litestar.params import QueryParameter

from headrace.control.audit import Entry
from headrace.control.people import Role
from headrace.web.api.verbs import ID_MAX, The, look

_Text = Annotated[str, QueryParameter(max_length=200, pattern="^[^\\x00]*$")]


@look("/audit", needs=Role.ADMIN)
def audit(
    platform: The,
    subject: _Text = "",
    who: _Text = "",
    before_id: Annotated[int, QueryParameter(ge=0, le=ID_MAX)] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
) -> list[Entry]:
    """The newest first; `before_id`, the last number of a page, leads to the next."""
    return platform.audit.entries(subject=subject, who=who, before_id=before_id, limit=limit)


HANDLERS = (audit,)
