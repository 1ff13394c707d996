"""Where deliveries of a source are put: all inboxes behind its Service URL, kept small."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from headrace.app.serving.hooks.doors import Door
from headrace.app.serving.hooks.kept import Place
from headrace.core.clock import Clock
from headrace.core.ports import Delivery
from headrace.mirror.inbox import StoredInbox
from headrace.mirror.urls import open_inbox

_TIDY_EVERY = 1_000
_KEPT_MS = 3 * 86_400_000
WAITING_MAX = 50_000
_SETTLED_MAX = 500
_TOO_MANY = "too many waited while nothing read them; the next census finds what they told of"


class Slot:
    """All inboxes of a door: a delivery is stored in each. Use from one thread at a time."""

    def __init__(self, door: Door, clock: Clock) -> None:
        self._door = door
        self._clock = clock
        self._inboxes = [_opened(place) for place in door.places]
        self._left = _TIDY_EVERY

    def put(self, deliveries: Sequence[Delivery]) -> int:
        """See `core.ports.Inbox.put`. Now and then what is old goes."""
        given = [self._door.shape(delivery) for delivery in deliveries]
        new = [inbox.put(given) for inbox in self._inboxes]
        self._left -= len(given)
        if self._left <= 0:
            self._left = _TIDY_EVERY
            for inbox in self._inboxes:
                tidy(inbox, self._clock.now_ms())
        return max(new, default=0)

    def close(self) -> None:
        """Close them."""
        for inbox in self._inboxes:
            inbox.close()


def tidy(inbox: StoredInbox, now_ms: int) -> None:
    """Drop what was settled three days ago. Of what waits keep the newest 50,000 (Invariant 12)."""
    inbox.prune(before_ms=now_ms - _KEPT_MS)
    over = inbox.counts()["waiting"] - WAITING_MAX
    while over > 0:
        oldest = [one.id for one in inbox.waiting(min(over, _SETTLED_MAX))]
        inbox.settle(oldest, state="dead", reason=_TOO_MANY)
        over -= len(oldest)


def _opened(place: Place) -> StoredInbox:
    if isinstance(place[0], Path):
        place[0].mkdir(parents=True, exist_ok=True)
    return open_inbox(*place)
