"""Service Hooks of one session, wired: the inbox, what works it off, and what was missed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from headrace.app.hook_identity import HookIdentity, identity_of
from headrace.app.place import mirror_path
from headrace.coding.client import Client
from headrace.coding.hook_logs import missed
from headrace.coding.hook_setup import HookSetup, Wanted, events_of
from headrace.coding.hooks import hints_of, why_no_hint
from headrace.coding.streams import CATALOGUE
from headrace.coding.streams.team import PROJECTS
from headrace.config import ConnectionSettings, Increments
from headrace.core.clock import Clock
from headrace.core.ports import Delivery, Inbox, Mirror
from headrace.core.record import Body, Key
from headrace.core.stream import Stream
from headrace.engine.capture import Capture
from headrace.engine.hooks import HookReader
from headrace.engine.scopes import ScopeTree
from headrace.errors import BadToken, HeadraceError, Unavailable
from headrace.mirror.inbox import StoredInbox
from headrace.mirror.urls import Store
from headrace.mirror.urls import open_inbox as open_inbox_of

RECOVER_SECONDS = 600
AGAIN_SECONDS = 60
_MARGIN_MS = 600_000  # clocks differ, and a delivery takes its time
_PUT_MAX = 200


def open_inbox(settings: ConnectionSettings, state: Path) -> StoredInbox:
    """The inbox beside the connection's mirror."""
    return open_inbox_of(state, mirror_path(state, settings).stem)


def wanted_hook(identity: HookIdentity) -> Wanted:
    """What our hook should be: all events that some stream of the catalogue follows."""
    return Wanted(identity.hook_name, identity.service_url, identity.secrets, events_of(CATALOGUE))


class Recovery:
    """Finds deliveries that never arrived: once at the start, then every ten minutes.

    At the start it looks back to the last delivery on file. It needs the service-hook scope;
    without it, or without hooks of ours, it does nothing and says why in `reason`.
    """

    def __init__(
        self,
        client: Client,
        identity: HookIdentity,
        inbox: Inbox,
        clock: Clock,
        projects: Callable[[], Sequence[int]],
    ) -> None:
        self._client = client
        self._setup = HookSetup(client, wanted_hook(identity))
        self._secrets = identity.secrets
        self._inbox = inbox
        self._clock = clock
        self._projects = projects
        last = inbox.list(limit=1)
        self._since_ms = last[0].received_at if last else clock.now_ms()
        self._due_ms = 0
        self.reason = ""
        self.found = 0

    def step(self) -> int:
        """Look when it is due. Returns how many deliveries were new. Raises `BadToken` only."""
        began_ms = self._clock.now_ms()
        if began_ms < self._due_ms:
            return 0
        self._due_ms = began_ms + RECOVER_SECONDS * 1000
        before, self.reason = self.found, ""
        for project_id in self._projects():
            try:
                self.found += self._recover(project_id)
            except BadToken:
                raise
            except Unavailable as error:
                self.reason, self._due_ms = error.message, began_ms + AGAIN_SECONDS * 1000
                break
            except HeadraceError as error:
                self.reason = error.message
        if not self.reason:
            self._since_ms = began_ms
        return self.found - before

    def _recover(self, project_id: int) -> int:
        own = self._setup.own(project_id)
        found: list[Delivery] = []
        for row in own:
            found += missed(
                self._client, project_id=project_id, hook_id=str(row["Id"]),
                since_ms=self._since_ms - _MARGIN_MS, now_ms=self._clock.now_ms(),
                secrets=self._secrets,
            )  # fmt: skip
        found.reverse()  # the oldest first
        batches = (found[at : at + _PUT_MAX] for at in range(0, len(found), _PUT_MAX))
        return sum(self._inbox.put(batch) for batch in batches)


class SessionHooks:
    """What a session has for hooks: one inbox for the worker, one for the receiver's thread.

    `place`: the store and the name of the mirror, beside which the inbox lies.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        state: Path,
        place: tuple[Store, str],
        client: Client,
        mirror: Mirror,
        clock: Clock,
    ) -> None:
        self.identity = identity_of(settings, state)
        self.listen = settings.listen
        self._webhook = settings.increments is Increments.WEBHOOK
        self._mirror = mirror
        self._clock = clock
        self.inbox = open_inbox_of(*place)
        self.receiver_inbox = open_inbox_of(*place)
        self.recovery = Recovery(client, self.identity, self.inbox, clock, self._project_ids)

    def reader(self, streams: Sequence[Stream], capture: Capture, scopes: ScopeTree) -> HookReader:
        """What works off the inbox."""
        hints = partial(hints_of, streams=streams, on_file=self._on_file)
        return HookReader(
            inbox=self.inbox, hints=hints, why_none=partial(why_no_hint, streams=streams),
            streams=streams, capture=capture, mirror=self._mirror, scopes=scopes,
            clock=self._clock,
        )  # fmt: skip

    def unpolled(self, streams: Sequence[Stream]) -> frozenset[str]:
        """In webhook mode the streams that hooks tell of are not polled."""
        return frozenset(stream.name for stream in streams if stream.hooks and self._webhook)

    def close(self) -> None:
        """Close both inboxes."""
        self.inbox.close()
        self.receiver_inbox.close()

    def _project_ids(self) -> list[int]:
        rows = [filed.record.value() for filed in self._mirror.records(PROJECTS.name)]
        return [row["Id"] for row in rows if row.get("Archived") is not True]

    def _on_file(self, stream: str, key: Key) -> Body | None:
        filed = self._mirror.get(stream, key)
        return None if filed is None or filed.deleted else filed.record.value()
