"""A platform over a look-alike team on a real port."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.cli.conftest import QUICK, World, headrace, living

from headrace.app.serving.platform import Platform
from headrace.control.connections import Connection, ConnectionRole
from headrace.control.people import Person, Role
from headrace.control.states import State
from headrace.control.tasks import TaskRow
from headrace.playground import DEFAULT_TOKEN

__all__ = ["headrace"]
LONGEST_SECONDS = 60
ADMIN = Person(1, "admin-1", Role.ADMIN)


@dataclass
class Site:
    """The platform, the team behind it, and what tests do with them."""

    world: World
    platform: Platform
    folder: Path

    def source(self, name: str = "team", **values: object) -> Connection:
        given = {
            "url": self.world.server.url, "token": DEFAULT_TOKEN, "poll_interval": "200ms",
            "census_interval": "2s", **values,
        }  # fmt: skip
        role = ConnectionRole.SOURCE
        return self.platform.connections.save(ADMIN, name, role, "coding", given)

    def destination(self, name: str = "copy", url: str = "") -> Connection:
        url = url or f"sqlite:///{name}.db"
        kind = url.partition(":")[0]
        role = ConnectionRole.DESTINATION
        return self.platform.connections.save(ADMIN, name, role, kind, {"url": url})

    def task(self, source: Connection, destination: Connection, **settings: object) -> TaskRow:
        given = {"streams": list(QUICK), **settings}
        name = f"to {destination.name}"
        return self.platform.tasks.save(ADMIN, name, source.id, destination.id, given)

    def start(self, row: TaskRow) -> None:
        self.platform.tasks.start(ADMIN, row.id)

    def until(self, what: Callable[[], object]) -> None:
        """Wait until it is so."""
        ends = time.monotonic() + LONGEST_SECONDS
        while not what():
            assert time.monotonic() < ends, self.platform.tasks.all()
            time.sleep(0.05)

    def state(self, row: TaskRow) -> State:
        return self.platform.tasks.get(row.id).state

    def file(self, name: str = "copy") -> Path:
        return self.folder / f"{name}.db"


@pytest.fixture
def world() -> Iterator[World]:
    with living(issues=12) as one:
        yield one


@pytest.fixture
def site(world: World, tmp_path: Path) -> Iterator[Site]:
    with Platform(tmp_path / "data") as platform:
        platform.start()
        yield Site(world, platform, tmp_path / "data")
