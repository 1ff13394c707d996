"""What a person does about a connection's Service Hooks: set up, look, replay, remove."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import TracebackType

from headrace.app.hook_identity import HookIdentity, identity_of
from headrace.app.hooks import open_inbox, wanted_hook
from headrace.app.place import open_client
from headrace.app.system import SystemClock
from headrace.coding.client import Client
from headrace.coding.hook_setup import Ensured, HookSetup, by_hand
from headrace.coding.hooks import PING
from headrace.coding.source import CodingSource
from headrace.coding.streams.team import PROJECTS
from headrace.config import ConnectionSettings, address_of
from headrace.core.ports import Ask
from headrace.core.record import Body
from headrace.core.stream import TEAM_SCOPE
from headrace.errors import Refused
from headrace.mirror.inbox import StoredInbox

_PAGES_MAX = 200
_HEALTH_SECONDS = 2.0
_PINGS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Project:
    """A project that gets a hook."""

    id: int
    name: str


class HookDesk:
    """What a person does about a connection's hooks. Use in a `with`; one thread.

    Works beside a running sync. Opens the inbox, if it is not given; closes it in any case. Calls
    CODING only where a method says so.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        *,
        state: Path,
        clock: SystemClock | None = None,
        inbox: StoredInbox | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self._state = state
        self._closing = ExitStack()
        self._client: Client | None = None
        self._hook_setup: HookSetup | None = None
        self.inbox = inbox or open_inbox(settings, state)
        self._closing.callback(self.inbox.close)

    @property
    def identity(self) -> HookIdentity:
        """See `identity_of`."""
        return identity_of(self.settings, self._state)

    def open_inbox(self) -> StoredInbox:
        """A second connection, for a receiver; closed with the desk."""
        inbox = open_inbox(self.settings, self._state)
        self._closing.callback(inbox.close)
        return inbox

    def projects(self) -> list[Project]:
        """The chosen projects in the token's sight, archived ones left out. Calls CODING."""
        source, found = CodingSource(self.client), []
        size = PROJECTS.listing.size
        for number in range(1, _PAGES_MAX + 1):
            page = source.list_page(PROJECTS, TEAM_SCOPE, Ask(number, size))
            found += [row for row in page.rows if isinstance(row, dict)]
            if not page.rows or len(found) >= (page.total or 0):
                break
        return [Project(row["Id"], str(row.get("Name"))) for row in found if self._chosen(row)]

    def set_up(self, project: Project) -> Ensured:
        """Our hook in a project is as it should be, and a test event is on its way."""
        setup = self._setup()
        ensured = setup.ensure(project.id)
        setup.ping(project.id, ensured.hook_id)
        return ensured

    def ping(self, project: Project) -> list[str]:
        """Have CODING send a test event by each hook of ours in a project. Returns their ids."""
        setup = self._setup()
        ids = [str(row["Id"]) for row in setup.own(project.id)]
        for hook_id in ids:
            setup.ping(project.id, hook_id)
        return ids

    def differences(self, project: Project) -> tuple[str, ...]:
        """What is wrong with our hook in a project; empty when all is well. Calls CODING."""
        return self._setup().differences(project.id)

    def remove(self, project: Project) -> int:
        """Delete our own hooks in a project. Returns how many there were."""
        return self._setup().remove(project.id)

    def steps(self, language: str) -> list[str]:
        """How to set a hook up by hand (`zh` or `en`). Holds the secrets."""
        return by_hand(wanted_hook(self.identity), language)

    def last_received_ms(self, event: str = "") -> int:
        """When the last delivery (of an event) came, ms UTC; 0 for never."""
        newest = self.inbox.list(event=event, limit=1)
        return newest[0].received_at if newest else 0

    def is_receiving(self) -> bool:
        """Whether a receiver answers where the connection listens."""
        host, port = address_of(self.settings.listen)
        asked = HTTPConnection(host, port, timeout=_HEALTH_SECONDS)
        try:
            asked.request("GET", "/healthz")
            return asked.getresponse().status in (200, 503)
        except (OSError, HTTPException):
            return False
        finally:
            asked.close()

    def pings_since(self, moment_ms: int) -> set[str]:
        """The ids of the hooks whose test events came since; "" for one that did not say."""
        pings = self.inbox.list(event=PING, limit=_PINGS_MAX)
        return {
            ping.headers.get("x-coding-service-hook-id", "")
            for ping in pings
            if ping.received_at >= moment_ms
        }

    def await_pings(self, hook_ids: Sequence[str], since_ms: int, seconds: float) -> set[str]:
        """Wait until every hook's test event has come; any one where no hook is named.

        Returns the hooks that were not heard of ({""} for no test event at all).
        """
        wanted, ends_ms = set(hook_ids), self.clock.now_ms() + int(seconds * 1000)
        while True:
            came = self.pings_since(since_ms)
            missing = wanted - came if wanted else set() if came else {""}
            if not missing or "" in came or self.clock.now_ms() >= ends_ms:
                return set() if "" in came else missing
            self.clock.sleep(0.1)

    def replay(self, ids: Sequence[str]) -> None:
        """Have deliveries read again. Raises `Refused`, before any, for an unknown id."""
        for known in ids:
            if self.inbox.get(known) is None:
                raise Refused(
                    f"There is no delivery {known!r}.",
                    advice="See `headrace hooks list`; old ones are dropped.",
                )
        self.inbox.settle(ids, state="waiting")

    def close(self) -> None:
        """Close the inbox and the connections to CODING."""
        self._closing.close()

    def __enter__(self) -> HookDesk:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def client(self) -> Client:
        """Made when it is first needed."""
        if self._client is None:
            self._client = open_client(self.settings, self.clock, self._closing)
        return self._client

    def _setup(self) -> HookSetup:
        if self._hook_setup is None:
            self._hook_setup = HookSetup(self.client, wanted_hook(self.identity))
        return self._hook_setup

    def _chosen(self, row: Body) -> bool:
        chosen = not self.settings.projects or row.get("Name") in self.settings.projects
        return chosen and row.get("Archived") is not True and isinstance(row.get("Id"), int)
