"""Whose a Service URL is: those of all saved sources, whether anything of them is mined or not."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from headrace.app.hook_identity import identity_of
from headrace.app.serving.hooks.kept import Place
from headrace.app.serving.kinds import ConnectionKinds
from headrace.app.serving.mining.mining_values import mining_values
from headrace.coding.hook_secrets import HookSecrets
from headrace.coding.hooks import PING
from headrace.config import ConnectionSettings
from headrace.control.connections import Connection, ConnectionRole, Connections, Values
from headrace.control.service_urls import ServiceUrl, ServiceUrls
from headrace.control.tasks import Tasks
from headrace.core.clock import Clock
from headrace.core.ports import Delivery
from headrace.errors import HeadraceError, Unavailable

LOOK_MS = 1_000
_IDLE = "hooks are not used: changes are polled"


@dataclass(frozen=True, slots=True)
class Door:
    """Where deliveries to a Service URL go. `used`: somebody will read what they name."""

    connection_id: int
    secrets: HookSecrets = field(repr=False)
    places: tuple[Place, ...]
    used: bool

    def shape(self, delivery: Delivery) -> Delivery:
        """The delivery as it is stored."""
        if self.used or delivery.state != "waiting":
            return delivery
        return replace(delivery, state="done", reason=_IDLE)


@dataclass(slots=True)
class Heard:
    """What came to a connection's Service URL since the start. Times in ms UTC, 0 for never."""

    received: int = 0
    received_at: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    refused_at: int = 0
    refused_why: str = ""


class Doors:
    """Finds the door of a URL's secret. Usable from any thread; what it knows is a second old."""

    def __init__(
        self, connections: Connections, tasks: Tasks, kinds: ConnectionKinds,
        urls: ServiceUrls, data: Path, clock: Clock,
    ) -> None:  # fmt: skip
        self._connections = connections
        self._tasks = tasks
        self._kinds = kinds
        self._urls = urls
        self._data = data
        self._clock = clock
        self._lock = threading.Lock()
        self._doors: dict[bytes, Door] = {}
        self._heard: dict[int, Heard] = {}
        self._loaded_at = -LOOK_MS

    @property
    def fresh(self) -> bool:
        """Whether `find` would ask nobody."""
        return 0 <= self._clock.now_ms() - self._loaded_at < LOOK_MS

    def find(self, secret: str) -> Door | None:
        """The door, if there is one. Asks the control store, but not more than once a second."""
        with self._lock:
            if not self.fresh:
                with suppress(Unavailable):  # what was known goes on
                    self._doors = self._load()
                self._loaded_at = self._clock.now_ms()
            return self._doors.get(_digest(secret))

    def has(self, connection_id: int) -> bool:
        """Whether this connection has a door, as far as is known."""
        return any(door.connection_id == connection_id for door in list(self._doors.values()))

    def stale(self) -> None:
        """Something changed: look again at the next delivery."""
        self._loaded_at = -LOOK_MS

    def places(self, connection: Connection, whole: Values) -> tuple[Place, ...]:
        """Where the inboxes of a source are: beside the mirrors of its minings."""
        settings, values = self._kinds.settings_of(connection, whole), mining_values(whole)
        tasks = [] if values.shared else self._tasks.all()
        keys = [f"task-{row.id}" for row in tasks if row.source_id == connection.id]
        return tuple(
            values.place(key, self._data / "mirrors" / key, settings)
            for key in keys or [f"connection-{connection.id}"]
        )

    # --- what came -------------------------------------------------------------------------------

    def heard(self, connection_id: int) -> Heard:
        """What came to this connection."""
        return self._heard.get(connection_id, Heard())

    def note(self, door: Door, delivery: Delivery) -> None:
        """A delivery was stored."""
        one = self._heard.setdefault(door.connection_id, Heard())
        one.received += 1
        one.received_at = delivery.received_at

    def note_refused(self, door: Door, reason: str) -> None:
        """A request to the right URL was not taken."""
        one = self._heard.setdefault(door.connection_id, Heard())
        one.refused[reason] += 1
        one.refused_at, one.refused_why = self._clock.now_ms(), reason

    def note_ping(self, door: Door, secret: str, delivery: Delivery) -> None:
        """Keep that a test event came, if it came to the URL of now. Writes to the store."""
        if delivery.event == PING and _digest(secret) == _digest(door.secrets.url_secret):
            with suppress(HeadraceError):  # the inbox has it anyhow
                self._urls.pinged(door.connection_id, delivery.received_at)

    # --- loading ---------------------------------------------------------------------------------

    def _load(self) -> dict[bytes, Door]:
        found: dict[bytes, Door] = {}
        urls = self._urls.all()
        for connection in self._connections.all():
            if connection.role is ConnectionRole.SOURCE and "hook_secret" in connection.secrets:
                with suppress(HeadraceError):  # values that cannot be: its test says what is wrong
                    for secret, door in self._doors_of(connection, urls.get(connection.id)):
                        found.setdefault(_digest(secret), door)
        return found

    def _doors_of(
        self, connection: Connection, url: ServiceUrl | None
    ) -> Iterator[tuple[str, Door]]:
        whole = self._connections.whole(connection.id)
        settings = self._kinds.settings_of(connection, whole)
        if not settings.public_url:
            return
        if url is not None and 0 < url.old_until <= self._clock.now_ms():
            settings = replace(settings, hook_secret_old="", signing_token_old="")
        places = self.places(connection, whole)
        secrets = secrets_of(settings)
        door = Door(connection.id, secrets, places, settings.hooks)
        for secret in filter(None, (secrets.url_secret, secrets.url_secret_old)):
            yield secret, door


def secrets_of(settings: ConnectionSettings) -> HookSecrets:
    """The secrets of a source whose Service URL was generated."""
    return identity_of(settings, Path()).secrets


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="replace")).digest()
