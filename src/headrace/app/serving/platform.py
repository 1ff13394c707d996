"""The platform on one machine: store, services and agent, opened and closed together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from headrace.app.sealing import open_seal
from headrace.app.services import check as run_check
from headrace.app.serving.agent import Desk, LocalAgent, release
from headrace.app.serving.counting import Mirrors, Place
from headrace.app.serving.files import Files
from headrace.app.serving.kinds import ConnectionKinds
from headrace.app.serving.metrics import Metrics
from headrace.app.serving.notifying import Notifier
from headrace.app.serving.reloading import Reloader, mirror_places
from headrace.app.serving.situation import Situations
from headrace.app.serving.watching import Books, Watching
from headrace.app.system import SystemClock
from headrace.coding.checks import Check
from headrace.config import key_from_environment
from headrace.control.agents import Agents
from headrace.control.alerts import Alerts, Thresholds
from headrace.control.audit import Audit
from headrace.control.channels import Channels
from headrace.control.connections import Connection, ConnectionRole, Connections
from headrace.control.history import Log, Runs
from headrace.control.models import Models
from headrace.control.monitor import Monitor
from headrace.control.people import People, Person
from headrace.control.store import ControlStore
from headrace.control.tasks import Tasks
from headrace.control.vault import Vault
from headrace.core.stream import Title
from headrace.destinations.urls import open_destination
from headrace.errors import HeadraceError, Refused
from headrace.mirror.files import MirrorLock

STORE_FILE, LOCK_FILE = "control.db", "serve.lock"
_REACHABLE = Title("可连接、可写", "Can be reached and written")


class Platform:
    """What `headrace serve` serves. Use in a `with`.

    `data` is the folder of everything that is kept; `store` a `postgresql://` URL for the control
    store, if it is not to be a file there. Raises `Refused` and `Unavailable` as `ControlStore`.
    """

    def __init__(self, data: Path, *, store: str = "", agent: str = "local") -> None:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._data = data
        self._closing = ExitStack()
        self.clock = SystemClock()
        self.store = ControlStore(store or data / STORE_FILE)
        self._closing.callback(self.store.close)
        self.audit = Audit(self.store, self.clock)
        self.people = People(self.store, self.clock, self.audit)
        self.kinds = ConnectionKinds(data)
        vault = Vault([open_seal(data, key_from_environment())])
        self.connections = Connections(self.store, self.clock, self.audit, vault, self.kinds)
        self.tasks = Tasks(self.store, self.clock, self.audit)
        self.files = Files(self.connections, self.tasks)
        self.agents = Agents(self.store, self.clock)
        desk = Desk(self.tasks, self.connections, self.agents, self.kinds)
        self.agent = LocalAgent(agent, data, desk, watch=lambda: self.watching.look())
        self.alerts = Alerts(self.store, self.clock)
        self.channels = Channels(self.store, self.clock, self.audit, vault)
        self.monitor = Monitor(self.store, self.clock)
        self.log, self.runs = Log(self.store, self.clock), Runs(self.store, self.clock)
        self.models = Models(self.store, self.clock)
        self.notifier = Notifier(self.alerts, self.channels)
        self.metrics = Metrics(
            self.monitor, self.tasks, self.connections, self.agents, self.alerts, data, release()
        )
        mirrors = Mirrors(self.clock)
        self.reloader = Reloader(
            self.models, self.connections, mirrors, self._mirrors_of, self.clock
        )
        self.watching = Watching(
            self.agent, self.tasks, Books(self.monitor, self.log, self.runs, self.alerts),
            self.reloader, Situations(self.agent, desk, data, self.clock), mirrors, self.clock,
            told=self.notifier.wake,
        )  # fmt: skip

    def start(self) -> None:
        """Let the agent begin, and what watches it.

        Raises `Refused` where another process has started on this data folder and not ended.
        """
        self._closing.enter_context(_lock(self._data))
        self.watching.start()
        self.notifier.start()
        self._closing.callback(self.notifier.close)
        self._closing.callback(self.watching.close)
        self.agent.start()
        self._closing.callback(self.agent.close)

    def set_thresholds(self, by: Person, wanted: Thresholds) -> None:
        """Alert by these from the next look on."""
        before = self.alerts.thresholds()
        self.alerts.set_thresholds(wanted)
        with self.store.transaction() as db:
            self.audit.note(db, by.name, "alerts.thresholds", "alerts", asdict(before),
                            asdict(wanted))  # fmt: skip

    def reload(self, connection_id: int) -> None:
        """Load the model of this source at the next look, which is soon."""
        self.reloader.ask(connection_id)
        self.watching.hurry()

    def _mirrors_of(self, connection: Connection) -> list[Place]:
        """Where the mirrors of a source lie: the shared one, and those of its tasks."""
        own = [f"task-{row.id}" for row in self.tasks.all() if row.source_id == connection.id]
        return mirror_places(self._data / "mirrors", [f"connection-{connection.id}", *own])

    def check(self, connection_id: int) -> Iterator[Check]:
        """Test a saved connection, item by item; the result is kept when it is through."""
        connection = self.connections.get(connection_id)
        whole = self.connections.whole(connection_id)
        found: list[Check] = []
        if connection.role is ConnectionRole.SOURCE:
            items = run_check(self.kinds.settings(connection.name, whole))
        else:
            items = iter([_check_destination(self.kinds.url(whole))])
        for item in items:
            found.append(item)
            yield item
        self.connections.note_check(connection_id, check_result(found))

    def close(self) -> None:
        """Drain and end, then let go of the store."""
        self._closing.close()

    def __enter__(self) -> Platform:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def check_result(items: Sequence[Check]) -> dict[str, Any]:
    """A connection test as it is kept and shown: `{"ok": ..., "items": [...]}`."""
    return {
        "ok": all(item.ok in ("ok", "warn", "skipped") for item in items),
        "items": [check_item(item) for item in items],
    }


def check_item(item: Check) -> dict[str, Any]:
    """One item of a connection test as it is kept and shown."""
    return {
        "name": item.name, "zh": item.title.zh, "en": item.title.en, "ok": item.ok,
        "detail": item.detail, "advice": item.advice,
    }  # fmt: skip


def _lock(data: Path) -> MirrorLock:
    """What a platform that has started holds: its agent is the only one on this data folder."""
    try:
        return MirrorLock(data / LOCK_FILE)
    except Refused:
        raise Refused(
            f"Another `headrace serve` runs on {data}.",
            advice="Stop that one first, or give this one a --data folder of its own.",
        ) from None


def _check_destination(url: str) -> Check:
    """Open it, and with that make what Headrace notes about itself there."""
    try:
        open_destination(url).close()
    except HeadraceError as error:
        return Check("reachable", _REACHABLE, "failed", error.message, error.advice, "user")
    return Check("reachable", _REACHABLE, "ok")
