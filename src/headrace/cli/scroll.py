"""Changes scrolling by: one coloured line each, as they enter the mirror's log."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from headrace.cli.output import Output

if TYPE_CHECKING:
    from headrace.app import Session
    from headrace.core.change import Change

_LOOKS = {
    "read": ("+", "green", "inserted"),
    "insert": ("+", "green", "inserted"),
    "update": ("~", "yellow", "updated"),
    "delete": ("-", "red", "deleted"),
}
_TITLE_FIELDS = ("Name", "DisplayName", "Title")
_TITLE_MAX = 70


class Scroll:
    """Shows what a session's log got since it was last looked at. `counts`: shown so far."""

    def __init__(self, out: Output, session: Session) -> None:
        self._out = out
        self._session = session
        self._after = session.mirror.head()
        self.counts = {"inserted": 0, "updated": 0, "deleted": 0}

    def show_new(self) -> None:
        """Show every change since the last call."""
        while changes := self._session.changes(self._after):
            for change in changes:
                self._show(change)
            self._after = changes[-1].offset

    def _show(self, change: Change) -> None:
        from rich.markup import escape

        sign, color, counted = _LOOKS[change.op.value]
        self.counts[counted] += 1
        at = datetime.fromtimestamp(change.at / 1000, UTC).astimezone()
        line = f"{sign} {change.stream:<16} {change.key:<14} {_told(change)}"
        self._out.show_line(f"[dim]{at:%H:%M:%S}[/] [{color}]{escape(line)}[/]")


def _told(change: Change) -> str:
    """The record's title, and for an update the fields that changed."""
    from headrace.core.record import decode_json

    after: Any = decode_json(change.after) if change.after else {}
    before: Any = decode_json(change.before) if change.before else {}
    body = after or before
    title = next((str(body[name]) for name in _TITLE_FIELDS if body.get(name)), "")
    title = title if len(title) <= _TITLE_MAX else f"{title[: _TITLE_MAX - 1]}…"
    if not (after and before):
        return title
    fields = [name for name in after if after[name] != before.get(name)]
    shown = [name for name in fields if name not in ("UpdatedAt", "UpdatedBy")] or fields
    return f"{title}  ({', '.join(shown[:3])}{', …' if len(shown) > 3 else ''})"
