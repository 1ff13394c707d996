"""The audit trail: who changed what. For admins, for it names people."""

from __future__ import annotations

from headrace.control.people import Role
from headrace.web.api.answers import all_shown
from headrace.web.api.pages import After, Limit, newest
from headrace.web.api.verbs import SearchText, The, look
from headrace.wire.page import Page
from headrace.wire.people import Entry


@look("/audit", needs=Role.ADMIN)
def audit(
    platform: The,
    subject: SearchText = "",
    who: SearchText = "",
    after: After = "",
    limit: Limit = 100,
) -> Page[Entry]:
    """The newest first."""
    return newest(
        lambda before_id, count: all_shown(
            Entry,
            platform.audit.entries(subject=subject, who=who, before_id=before_id, limit=count),
        ),
        after=after, limit=limit,
    )  # fmt: skip


HANDLERS = (audit,)
