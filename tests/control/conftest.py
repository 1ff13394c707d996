"""A control store of each kind, and who acts on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.servers.postgres import PostgresServer, postgres

from headrace.app.sealing import Seal
from headrace.control.audit import Audit
from headrace.control.connections import ConnectionRole, Connections
from headrace.control.people import People, Person, Role
from headrace.control.store import ControlStore
from headrace.control.tasks import Tasks
from headrace.control.vault import Vault
from headrace.errors import Refused
from headrace.testing.clock import VirtualClock

__all__ = ["postgres"]
START_MS = 1_795_000_000_000
ADMIN = Person(1, "admin-1", Role.ADMIN)
KEY, OTHER_KEY = b"k" * 32, b"o" * 32


class PlainKinds:
    """Connections with a token each; `bad` is a value that cannot be."""

    def checked(
        self, role: ConnectionRole, kind: str, values: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        if "bad" in values:
            raise Refused("bad cannot be.", advice="Leave it off.")
        return values

    def secret(self, role: ConnectionRole, kind: str) -> Sequence[str]:
        return ("token",)

    def own(self, role: ConnectionRole, kind: str) -> Sequence[str]:
        return ("address",)

    def sent_to(self, role: ConnectionRole, values: Mapping[str, Any]) -> Mapping[str, str]:
        return {"token": str(values.get("host", ""))}


@dataclass
class Desk:
    """The services on one store."""

    store: ControlStore
    clock: VirtualClock
    audit: Audit
    people: People
    connections: Connections
    tasks: Tasks


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where a fresh store may lie."""
    if request.param == "sqlite":
        return tmp_path / "control.db"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def desk(place: Path | str) -> Iterator[Desk]:
    with closing(ControlStore(place)) as store:
        yield desk_on(store)


def desk_on(store: ControlStore) -> Desk:
    clock = VirtualClock(START_MS)
    audit = Audit(store, clock)
    vault = Vault([Seal(KEY)])
    return Desk(
        store, clock, audit, People(store, clock, audit),
        Connections(store, clock, audit, vault, PlainKinds()), Tasks(store, clock, audit),
    )  # fmt: skip
