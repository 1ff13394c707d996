"""Hooks: deliveries become re-reads. A hook is a hint; the API is the truth.

Order, loss and repetition of deliveries cannot corrupt a table, because nothing of a body is
written: it only says which record, or which project, to look at again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from headrace.core.clock import Clock
from headrace.core.ports import Delivery, Hint, Inbox, Mirror
from headrace.core.record import Key, decode_json
from headrace.core.stream import Scope, Strategy, Stream
from headrace.engine.capture import Capture, Kind
from headrace.engine.reading import Outcome
from headrace.engine.scopes import ScopeTree
from headrace.errors import BadToken, Fenced, Refused

BATCH_MAX = 500
LOOKUPS_MAX = 3  # more named records of one place than this: one delta pass shows them together

Note = Callable[[tuple[str, str], Outcome], None]


@dataclass(slots=True)
class _Wanted:
    """What the waiting deliveries want to be read again in one scope."""

    keys: dict[Key, None] = field(default_factory=dict)
    whole: bool = False


class HookReader:
    """Works off the inbox. `hints`: what a delivery is about; `why_none`: why it says nothing."""

    def __init__(
        self,
        *,
        inbox: Inbox,
        hints: Callable[[Delivery], Sequence[Hint]],
        why_none: Callable[[Delivery], str],
        streams: Sequence[Stream],
        capture: Capture,
        mirror: Mirror,
        scopes: ScopeTree,
        clock: Clock,
    ) -> None:
        self._inbox = inbox
        self._hints = hints
        self._why_none = why_none
        self._streams = streams
        self._capture = capture
        self._mirror = mirror
        self._scopes = scopes
        self._clock = clock
        self.last_received_ms = clock.now_ms()

    def step(self, note: Note) -> int:
        """Re-read what the oldest waiting deliveries name, then settle them. Returns how many.

        A delivery is settled only after what it names was read and committed; when CODING cannot
        be asked now, `Unavailable` is raised and they wait on.
        """
        waiting = self._inbox.waiting(BATCH_MAX)
        if not waiting:
            return 0
        self.last_received_ms = max(d.received_at for d in waiting)
        useless = self._read(waiting, note)
        self._settle(waiting, useless)
        return len(waiting)

    def prune(self, before_ms: int) -> None:
        """Drop the bodies of settled deliveries received before."""
        self._inbox.prune(before_ms=before_ms)

    def _read(self, waiting: Sequence[Delivery], note: Note) -> dict[str, str]:
        """Read, parents first. Returns the deliveries that named nothing, with the reason."""
        hints: dict[str, list[Hint]] = {}
        useless: dict[str, str] = {}
        for delivery in waiting:
            named = self._hints(delivery)
            if not named:
                useless[delivery.id] = self._why_none(delivery)
            for hint in named:
                hints.setdefault(hint.stream, []).append(hint)
        for stream in self._streams:
            if stream.name in hints:
                self._read_stream(stream, hints[stream.name], note)
        return useless

    def _settle(self, waiting: Sequence[Delivery], useless: dict[str, str]) -> None:
        useful = [d.id for d in waiting if d.id not in useless]
        if useful:
            self._inbox.settle(useful, state="done")
        for reason in dict.fromkeys(useless.values()):
            ids = [i for i, why in useless.items() if why == reason]
            self._inbox.settle(ids, state="dead", reason=reason)

    def _read_stream(self, stream: Stream, hints: Iterable[Hint], note: Note) -> None:
        scopes = self._scopes.places(stream)
        wanted: dict[str, _Wanted] = {}
        for hint in hints:
            for scope in scopes:
                if _is_about(hint, stream, scope):
                    place = wanted.setdefault(scope.key, _Wanted())
                    if hint.key is None or not _can_read_alone(stream):
                        place.whole = True
                    else:
                        place.keys[hint.key] = None
        for scope in scopes:
            if scope.key in wanted:
                note((stream.name, scope.key), self._try(stream, scope, wanted[scope.key]))

    def _try(self, stream: Stream, scope: Scope, wanted: _Wanted) -> Outcome:
        """One place that CODING refuses does not let the deliveries of all others wait."""
        try:
            return self._read_place(stream, scope, wanted)
        except (BadToken, Fenced):
            raise
        except Refused as error:
            return Outcome(hidden=str(error))

    def _read_place(self, stream: Stream, scope: Scope, wanted: _Wanted) -> Outcome:
        """Nothing where the snapshot is still to come: it will read all of it later than now."""
        if not self._mirror.cursor(stream.name, scope.key).snapshot_done:
            return Outcome()
        outcome = Outcome()
        keys = list(wanted.keys)
        many = len(keys) > LOOKUPS_MAX and stream.strategy is not Strategy.CHILDREN
        if wanted.whole or many:
            began = self._capture.stamp()
            outcome = self._capture.run(stream, scope, Kind.POLL)
            keys = [key for key in keys if not self._seen_since(stream, key, began)]
        outcome.counts.add(self._capture.reread(stream, scope, keys).counts)
        return outcome

    def _seen_since(self, stream: Stream, key: Key, stamp: int) -> bool:
        filed = self._mirror.get(stream.name, key)
        return filed is not None and filed.seen_at > stamp


def _is_about(hint: Hint, stream: Stream, scope: Scope) -> bool:
    """Whether a hint may mean this scope: by its project, and by what its key has of the scope's.

    The key of CHILDREN is that of a parent, which is looked for in every place.
    """
    if hint.project_id not in (None, scope.values.get("ProjectId", hint.project_id)):
        return False
    if hint.key is None or stream.strategy is Strategy.CHILDREN:
        return True
    named = dict(zip(stream.key, decode_json(hint.key.encode()), strict=True))
    return all(named.get(name, value) == value for name, value in scope.stamped.items())


def _can_read_alone(stream: Stream) -> bool:
    """Whether one record, or the children of one parent, can be read without the rest."""
    if stream.strategy is Strategy.CHILDREN:
        return True
    return stream.lookup is not None and stream.lookup.project is not None
