"""The platform on one machine: store, services and agent, opened and closed together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from headrace.app.hook_identity import make_installation
from headrace.app.sealing import open_seals
from headrace.app.services import check as run_check
from headrace.app.serving.agent import Desk, LocalAgent, release
from headrace.app.serving.connecting.authorizing import Authorizing
from headrace.app.serving.files import Files
from headrace.app.serving.hooks.doors import Doors
from headrace.app.serving.hooks.kept import kept_inboxes, kept_mirrors
from headrace.app.serving.keys.identity import agent_name
from headrace.app.serving.keys.locks import lock_key, lock_server
from headrace.app.serving.kinds import ConnectionKinds
from headrace.app.serving.mining.mining_values import mining_values
from headrace.app.serving.rehearsal import Rehearsal
from headrace.app.serving.tasks.task_settings import choose
from headrace.app.serving.watching.counting import Mirrors, Place
from headrace.app.serving.watching.metrics import Metrics
from headrace.app.serving.watching.notifying import Notifier
from headrace.app.serving.watching.reloading import Reloader, mirror_places
from headrace.app.serving.watching.situation import Situations
from headrace.app.serving.watching.watching import Books, Watching
from headrace.app.system import SystemClock
from headrace.coding.checks import Check
from headrace.config import key_from_environment
from headrace.control.agents import Agents
from headrace.control.alerts import Alerts
from headrace.control.audit import Audit
from headrace.control.channels import Channels
from headrace.control.connections import Connection, ConnectionRole, Connections
from headrace.control.history import Log, Runs
from headrace.control.minings import Minings
from headrace.control.models import Models
from headrace.control.monitor import Monitor
from headrace.control.people import People, Person
from headrace.control.service_urls import ServiceUrls
from headrace.control.store import ControlStore
from headrace.control.task_results import TaskResults
from headrace.control.tasks import Tasks
from headrace.control.vault import Vault
from headrace.core.stream import Title
from headrace.destinations.urls import open_destination
from headrace.errors import HeadraceError

STORE_FILE = "control.db"
_REACHABLE = Title("可连接、可写", "Can be reached and written")


class Platform:
    """What `headrace serve` serves. Use in a `with`.

    `data` is the folder of everything that is kept; `store` a `postgresql://` URL for the control
    store, if it is not to be a file there. Raises `Refused` and `Unavailable` as `ControlStore`.
    """

    def __init__(self, data: Path, *, store: str = "") -> None:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._data = data
        self._closing = ExitStack()
        try:
            self._open(data, store)
        except BaseException:
            self._closing.close()
            raise

    def _open(self, data: Path, store: str) -> None:
        self._closing.enter_context(lock_key(data))
        vault = Vault(open_seals(data, key_from_environment()))
        self.clock = SystemClock()
        self.store = ControlStore(store or data / STORE_FILE)
        self._closing.callback(self.store.close)
        self.audit = Audit(self.store, self.clock)
        self.people = People(self.store, self.clock, self.audit)
        self.service_urls = ServiceUrls(self.store, self.clock, self.audit)
        installation = self.service_urls.installation(make_installation())
        self.kinds = ConnectionKinds(data, installation=installation)
        self.connections = Connections(self.store, self.clock, self.audit, vault, self.kinds)
        self.tasks = Tasks(self.store, self.clock, self.audit, choose)
        self.results = TaskResults(self.store, self.clock)
        self.files = Files(self.connections, self.tasks)
        self.rehearsal = Rehearsal(self.store, vault, self.kinds, self.clock)
        self.doors = Doors(
            self.connections, self.tasks, self.kinds, self.service_urls, data, self.clock
        )
        self.inboxes, self.mirrors = kept_inboxes(), kept_mirrors(self.clock)
        self._closing.callback(self.inboxes.close)
        self._closing.callback(self.mirrors.close)
        self.authorizing = Authorizing(
            self.connections, self.kinds, self.service_urls.noted, self.clock,
            done=self._read_again,
        )  # fmt: skip
        self.agents = Agents(self.store, self.clock)
        self.minings = Minings(self.store, self.clock, self.audit)
        desk = Desk(self.tasks, self.connections, self.minings, self.agents, self.kinds)
        self.agent = LocalAgent(
            agent_name(data, store), data, desk, watch=lambda: self.watching.look()
        )
        self.alerts = Alerts(self.store, self.clock, self.audit)
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

    @property
    def data(self) -> Path:
        """The folder of everything that is kept."""
        return self._data

    def start(self) -> None:
        """Let the agent begin, and what watches it.

        Raises `Refused` where another process has started on this data folder and not ended, and
        with another key than the store's secrets were sealed with.
        """
        self.connections.all()
        self._closing.enter_context(lock_server(self._data))
        self.watching.start()
        self.notifier.start()
        self._closing.callback(self.notifier.close)
        self._closing.callback(self.watching.close)
        self.agent.start()
        self._closing.callback(self.agent.close)

    def reached_at(self, public_url: str, address: str) -> None:
        """Who serves this says where CODING reaches it ("": nowhere), and where browsers do."""
        self.kinds.public_url = public_url
        self.authorizing.address = public_url or address
        self.doors.stale()

    def delete_connection(self, by: Person, connection_id: int, version: int | None = None) -> None:
        """Delete a connection and its grant. Raises as `Connections.delete`."""
        forget = self.authorizing.forgetting(connection_id)
        self.connections.delete(by, connection_id, version)
        forget()
        self.doors.stale()

    def _read_again(self, connection_id: int) -> None:
        """What failed of a source is tried again at the next look."""
        tasks = [f"task-{row.id}" for row in self.tasks.all() if row.source_id == connection_id]
        for key in (f"connection-{connection_id}", *tasks):
            if (failed := self.agent.failed.get(key)) is not None:
                self.agent.failed[key] = replace(failed, again_at=0)

    def reload(self, connection_id: int) -> None:
        """Load the model of this source at the next look, which is soon."""
        self.reloader.ask(connection_id)
        self.watching.hurry()

    def _mirrors_of(self, connection: Connection) -> list[Place]:
        """Where the mirrors of a source lie: the shared one, and those of its tasks."""
        own = [f"task-{row.id}" for row in self.tasks.all() if row.source_id == connection.id]
        keys, folder = [f"connection-{connection.id}", *own], self._data / "mirrors"
        whole = self.connections.whole(connection.id)
        values = mining_values(whole)
        if not values.store:
            return mirror_places(folder, keys)
        settings = self.kinds.settings_of(connection, whole)
        return [values.place(key, folder / key, settings) for key in keys]

    def check(self, connection_id: int) -> Iterator[Check]:
        """Test a saved connection, item by item; the result is kept when it is through."""
        connection = self.connections.get(connection_id)
        whole = self.connections.whole(connection_id)
        found: list[Check] = []
        if connection.role is ConnectionRole.SOURCE:
            items = run_check(self.kinds.settings_of(connection, whole))
        else:
            items = iter([check_destination(self.kinds.url(whole))])
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


def check_destination(url: str) -> Check:
    """Open it, and with that make what Headrace notes about itself there."""
    try:
        open_destination(url).close()
    except HeadraceError as error:
        return Check("reachable", _REACHABLE, "failed", error.message, error.advice, "user")
    return Check("reachable", _REACHABLE, "ok")
