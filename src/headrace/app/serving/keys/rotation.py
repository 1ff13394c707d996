"""Changing the key of a data folder: what is sealed under the old one is sealed under a new one.

A kill between any two steps leaves a folder that opens, for until the last step whoever has one of
the two keys has the other (`headrace.rotation`); changing it again finishes what was begun.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from headrace.app.grant_store import FileGrantStore
from headrace.app.place import open_grants
from headrace.app.private_files import sweep
from headrace.app.sealing import (
    KEY_FILE,
    MASK_FILE,
    ROTATION_FILE,
    Seal,
    Turn,
    installation_key,
    keep_mask_key,
    new_key,
    other_key,
    read_key,
    replace_key,
    write_rotation,
)
from headrace.app.serving.keys.identity import agent_name
from headrace.app.serving.keys.locks import lock_key, lock_server
from headrace.app.serving.kinds import ConnectionKinds
from headrace.app.serving.platform import STORE_FILE
from headrace.app.system import SystemClock
from headrace.config import KEY_VARIABLE, NEW_KEY_VARIABLE, key_from_environment, variable
from headrace.control.agents import Agents
from headrace.control.audit import Audit
from headrace.control.channels import Channels
from headrace.control.connections import Connections
from headrace.control.people import Person, Role
from headrace.control.store import ControlStore
from headrace.control.vault import Vault
from headrace.errors import HeadraceError, Refused

_BY = Person(0, "headrace rotate-key", Role.ADMIN)


@dataclass(slots=True)
class Rotated:
    """How many of what were sealed anew. `left`: names of grants that no connection here opens.
    `resumed`: it finished a change that was begun before; `in_file`: the key lies in a file."""

    connections: int = 0
    channels: int = 0
    grants: int = 0
    left: list[str] = field(default_factory=list)
    resumed: bool = False
    in_file: bool = True

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


def rotate_key(data: Path, *, store: str = "") -> Rotated:
    """Change the key of this data folder, and of the control store with it.

    The new one is drawn by chance, or that of HEADRACE_KEY_NEW, which a key from the environment
    needs. Raises `Refused`, before anything is changed, while a server or another command is at
    work there, and where something does not open with the key there is.
    """
    given, wanted = key_from_environment(), variable(NEW_KEY_VARIABLE).strip()
    kept = store or (data / STORE_FILE).exists()
    if not kept or not (given or (data / KEY_FILE).exists()):
        raise Refused(f"Nothing is kept in {data}.",
                      advice="Name the data folder of `headrace serve` by --data.")  # fmt: skip
    target = read_key(wanted, NEW_KEY_VARIABLE) if wanted else None
    if given and target is None:
        raise Refused(
            f"The key comes from {KEY_VARIABLE}: the new one has to come from outside, too.",
            advice=f"Set {NEW_KEY_VARIABLE}, to what `openssl rand -base64 32` prints for one.",
        )
    with (
        lock_server(data),
        lock_key(data, change=True),
        closing(ControlStore(store or data / STORE_FILE)) as opened,
    ):
        return _Rotation(data, given, opened, agent_name(data, store)).run(target)


class _Rotation:
    """One run of the command on a data folder that it holds alone."""

    def __init__(self, data: Path, given: str, store: ControlStore, agent: str) -> None:
        self._data = data
        self._given = given
        self._store = store
        self._agent = agent
        self._clock = SystemClock()
        self._audit = Audit(store, self._clock)
        self._done = Rotated(in_file=not given)
        self._grants: list[FileGrantStore] = []

    def run(self, target: bytes | None) -> Rotated:
        """See `rotate_key`."""
        own = installation_key(self._data, self._given)
        other = other_key(self._data, own)
        known = [own, *([other.key] if other else []), *([target] if target else [])]
        self._check(known)
        with ExitStack() as held:
            self._grants = self._held_grants(known, held)
            if other is not None:
                self._done.resumed = True
                if other.turn is Turn.BEFORE or target not in (None, other.key):
                    self._seal_all(known, own)  # what was begun ends with the key there is
                    self._finish()
                    if other.turn is Turn.BEFORE and target in (None, own):
                        return self._done
                else:
                    target = other.key
            self._change(known, own, target or new_key())
        return self._done

    def _change(self, known: Sequence[bytes], own: bytes, target: bytes) -> None:
        if target == own:
            raise Refused("The new key is the one there is.", advice="Give another one.")
        write_rotation(self._data, own, target)
        self._seal_all([*known, target], target)
        if not self._given:
            replace_key(self._data, target)
        self._finish()

    def _check(self, known: Sequence[bytes]) -> None:
        """Raises `Refused` where other servers run on the store, or rows do not open."""
        for one in Agents(self._store, self._clock).all():
            if not one.away and one.name != self._agent:
                raise Refused(
                    f"The agent {one.name} is at work on the same control store.",
                    advice="Stop that server and wait for half a minute.",
                )
        connections, channels = self._sealed(known)
        connections.all()
        for channel in channels.all():
            channels.whole(channel.id)

    def _seal_all(self, known: Sequence[bytes], key: bytes) -> None:
        """Whatever is sealed is sealed under this key then. Done twice it does no harm."""
        connections, channels = self._sealed(known)
        vault = Vault([Seal(key)])
        self._done.connections = connections.reseal(vault)
        self._done.channels = channels.reseal(vault)
        self._seal_grants(Seal(key))
        keep_mask_key(self._data, self._given, Seal(key))

    def _seal_grants(self, seal: Seal) -> None:
        left = {path.name for path in self._data.glob("*.grant")}
        self._done.grants = 0
        for grant in self._grants:
            try:
                self._done.grants += grant.reseal(seal)
            except Refused:
                continue  # it was made for another team or client, and opened before as little
            sweep(grant.path)
            left.discard(grant.path.name)
        self._done.left = sorted(left)

    def _finish(self) -> None:
        with self._store.transaction() as db:
            self._audit.note(db, _BY.name, "key.change", "key", None, None)
        for name in (KEY_FILE, MASK_FILE, ROTATION_FILE):
            sweep(self._data / name)
        (self._data / ROTATION_FILE).unlink(missing_ok=True)

    def _sealed(self, known: Sequence[bytes]) -> tuple[Connections, Channels]:
        vault = Vault([Seal(key) for key in known])
        kinds = ConnectionKinds(self._data)
        return (
            Connections(self._store, self._clock, self._audit, vault, kinds),
            Channels(self._store, self._clock, self._audit, vault),
        )

    def _held_grants(self, known: Sequence[bytes], held: ExitStack) -> list[FileGrantStore]:
        """Where the grants of the connections lie that have an OAuth app; nobody renews them until
        the end, for it would be under the key that goes."""
        kinds, found = ConnectionKinds(self._data), []
        connections, _ = self._sealed(known)
        for one in connections.all():
            if not one.values.get("client_id"):
                continue
            try:
                settings = kinds.settings_of(one, connections.whole(one.id))
                found.append(open_grants(settings, self._clock))
            except HeadraceError:  # settings of another release: its file is named as left
                continue
            held.enter_context(found[-1].lock())
        return found
