"""The audit trail: who changed what. For admins, for it names people."""

from __future__ import annotations

from headrace.control.audit import Entry
from headrace.control.people import Role
from headrace.web.api.verbs import BeforeId, Limit, SearchText, The, look


@look("/audit", needs=Role.ADMIN)
def audit(
    platform: The,
    subject: SearchText = "",
    who: SearchText = "",
    before_id: BeforeId = 0,
    limit: Limit = 100,
) -> list[Entry]:
    """The newest first; `before_id`, the last number of a page, leads to the next."""
    return platform.audit.entries(subject=subject, who=who, before_id=before_id, limit=limit)


HANDLERS = (audit,)
