"""Connections: CODING teams to read and databases to write to, saved, tested, copied, deleted.

A connection's values are those of its table in `headrace.toml`. What is secret among them is
sealed; the rest is kept as it was given, so that an export can be applied again.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa

from headrace.control import tables
from headrace.control.audit import Audit
from headrace.control.people import Person
from headrace.control.refusals import Conflict, Missing, check_version
from headrace.control.store import ControlStore
from headrace.control.vault import Vault
from headrace.core.clock import Clock
from headrace.errors import Refused

Values = Mapping[str, Any]
HIDDEN = "••••••"


class ConnectionRole(enum.StrEnum):
    """Whether a connection is read (源头) or written to (目标)."""

    SOURCE = "source"
    DESTINATION = "destination"


class Kinds(Protocol):
    """What the types of connections know about their values."""

    def checked(self, role: ConnectionRole, kind: str, values: Values) -> Values:
        """The values, if they can be used. Raises `Refused`, naming the one that cannot."""
        ...

    def secret(self, role: ConnectionRole, kind: str) -> Sequence[str]:
        """The names of the values that are secret."""
        ...

    def own(self, role: ConnectionRole, kind: str) -> Sequence[str]:
        """The names of the values that no other connection may have: a copy goes without them."""
        ...

    def sent_to(self, role: ConnectionRole, values: Values) -> Mapping[str, str]:
        """Of each secret that is sent somewhere, where to; "" for nowhere yet."""
        ...


@dataclass(frozen=True, slots=True)
class Connection:
    """A saved connection. `values` without its secrets, of which `secrets` has the names."""

    id: int
    name: str
    role: ConnectionRole
    type: str
    values: Values
    secrets: tuple[str, ...]
    version: int
    created_at: int
    updated_at: int

    def as_dict(self) -> dict[str, Any]:
        """For JSON: a secret shows only that it is there."""
        shown = {**self.values, **dict.fromkeys(self.secrets, HIDDEN)}
        return {
            "id": self.id, "name": self.name, "role": self.role, "type": self.type,
            "values": shown, "version": self.version, "created_at": self.created_at,
            "updated_at": self.updated_at,
        }  # fmt: skip


class Connections:
    """Saves and finds connections."""

    def __init__(
        self, store: ControlStore, clock: Clock, audit: Audit, vault: Vault, kinds: Kinds
    ) -> None:
        self._store = store
        self._clock = clock
        self._audit = audit
        self._vault = vault
        self._kinds = kinds

    def all(self) -> list[Connection]:
        """All, by name."""
        query = sa.select(tables.connection).order_by(tables.connection.c.name)
        with self._store.reading() as db:
            return [self._read(row) for row in db.execute(query).mappings()]

    def get(self, connection_id: int) -> Connection:
        """One. Raises `Refused` where there is none."""
        with self._store.reading() as db:
            return self._read(self._row(db, connection_id))

    def named(self, name: str) -> Connection | None:
        """One by its name."""
        query = sa.select(tables.connection).where(tables.connection.c.name == name)
        with self._store.reading() as db:
            row = db.execute(query).mappings().one_or_none()
            return self._read(row) if row is not None else None

    def whole(self, connection_id: int) -> Values:
        """The values with their secrets, to connect with."""
        with self._store.reading() as db:
            row = self._row(db, connection_id)
            return {**row["settings"], **self._vault.open(row["sealed"], _row_name(row["name"]))}

    def save(
        self, by: Person, name: str, role: ConnectionRole, kind: str, values: Values
    ) -> Connection:
        """A new one. Raises `Refused` for a name that is taken and for values that cannot be."""
        _check_name(name)
        plain, secrets = self._split(role, kind, self._kinds.checked(role, kind, values))
        now_ms = self._clock.now_ms()
        with self._store.transaction() as db:
            made = sa.insert(tables.connection).values(
                name=name, role=str(role), type=kind, settings=plain,
                sealed=self._vault.seal(secrets, _row_name(name)), version=1, created_at=now_ms,
                updated_at=now_ms,
            )  # fmt: skip
            key = _inserted(db, made, name)
            self._audit.note(db, by.name, "connection.save", name, None, {"type": kind, **plain})
            return self._read(self._row(db, key))

    def change(
        self, by: Person, connection_id: int, version: int, values: Values, *, name: str = ""
    ) -> Connection:
        """Change values (None takes one away) and, if given, the name.

        A secret that comes back hidden stays as it is, but is sent to no other address. Raises
        `Refused` when somebody changed the connection since `version`, and as `save` does.
        """
        with self._store.transaction() as db:
            row = self._row(db, connection_id)
            check_version(row, version)
            role, kind = ConnectionRole(row["role"]), row["type"]
            sealed = self._vault.open(row["sealed"], _row_name(row["name"]))
            given = {n: v for n, v in values.items() if not (n in sealed and v == HIDDEN)}
            merged = {**row["settings"], **sealed, **given}
            merged = {n: v for n, v in merged.items() if v is not None}
            kept = [n for n in sealed if n not in given]
            self.check_sent(role, kept, {**row["settings"], **sealed}, merged)
            plain, secrets = self._split(role, kind, self._kinds.checked(role, kind, merged))
            name = name or row["name"]
            _check_name(name)
            if (name, plain, secrets) == (row["name"], row["settings"], sealed):
                return self._read(row)  # nothing to change, nothing to note
            change = sa.update(tables.connection).where(tables.connection.c.id == connection_id)
            change = change.values(
                name=name, settings=plain, sealed=self._vault.seal(secrets, _row_name(name)),
                version=version + 1, updated_at=self._clock.now_ms(),
            )  # fmt: skip
            try:
                db.execute(change)
            except sa.exc.IntegrityError:
                raise _taken(name) from None
            changed = [n for n in secrets if secrets[n] != sealed.get(n)]
            after = {"name": name, **plain, **dict.fromkeys(changed, "changed")}
            before = {"name": row["name"], **row["settings"]}
            self._audit.note(db, by.name, "connection.change", row["name"], before, after)
            return self._read(self._row(db, connection_id))

    def check_sent(
        self, role: ConnectionRole, kept: Sequence[str], before: Values, after: Values
    ) -> None:
        """Raises `Refused` where a secret that nobody entered again would be sent elsewhere."""
        old, new = self._kinds.sent_to(role, before), self._kinds.sent_to(role, after)
        moved = [name for name in kept if new.get(name) and new[name] != old.get(name)]
        if moved:
            raise Refused(
                f"The address is another one than that which {', '.join(moved)} was entered for.",
                advice="Enter it again for this one.",
            )

    def copy(self, by: Person, connection_id: int, name: str) -> Connection:
        """The same under another name, secrets included, but for what is this one's own."""
        found = self.get(connection_id)
        own = self._kinds.own(found.role, found.type)
        values = {n: v for n, v in self.whole(connection_id).items() if n not in own}
        return self.save(by, name, found.role, found.type, values)

    def delete(self, by: Person, connection_id: int, version: int | None = None) -> None:
        """Raises `Refused`, naming them, while tasks use it."""
        with self._store.transaction() as db:
            row = self._row(db, connection_id)
            check_version(row, version)
            task = tables.task
            uses = sa.or_(task.c.source_id == connection_id, task.c.destination_id == connection_id)
            names = db.scalars(sa.select(task.c.name).where(uses).order_by(task.c.name)).all()
            if names:
                raise Conflict(
                    f"{row['name']} is used by {', '.join(names)}.",
                    advice="Delete these tasks first, or point them elsewhere.",
                )
            db.execute(sa.delete(tables.connection).where(tables.connection.c.id == connection_id))
            self._audit.note(db, by.name, "connection.delete", row["name"], row["settings"], None)

    # --- the last connection test ----------------------------------------------------------------

    def note_check(self, connection_id: int, result: Mapping[str, Any]) -> None:
        """Keep what a connection test found, in place of the one before."""
        with self._store.transaction() as db:
            db.execute(sa.delete(tables.check).where(tables.check.c.connection_id == connection_id))
            db.execute(
                sa.insert(tables.check).values(
                    connection_id=connection_id, at=self._clock.now_ms(), result=dict(result)
                )
            )

    def last_check(self, connection_id: int) -> dict[str, Any] | None:
        """`{"at": ms, **result}` of the last test, if there was one."""
        return self._checks(tables.check.c.connection_id == connection_id).get(connection_id)

    def last_checks(self) -> dict[int, dict[str, Any]]:
        """The same of all connections that were tested, by id."""
        return self._checks(sa.true())

    def _checks(self, where: sa.ColumnElement[bool]) -> dict[int, dict[str, Any]]:
        with self._store.reading() as db:
            rows = db.execute(sa.select(tables.check).where(where)).mappings().all()
        return {row["connection_id"]: {"at": row["at"], **row["result"]} for row in rows}

    def reseal(self, vault: Vault) -> int:
        """Seal every secret anew with another vault's key, all or none. Returns how many rows."""
        with self._store.transaction() as db:
            rows = db.execute(sa.select(tables.connection)).mappings().all()
            sealed = [row for row in rows if row["sealed"] is not None]
            for row in sealed:
                name = _row_name(row["name"])
                value = vault.seal(self._vault.open(row["sealed"], name), name)
                where = tables.connection.c.id == row["id"]
                db.execute(sa.update(tables.connection).where(where).values(sealed=value))
        return len(sealed)

    def _split(
        self, role: ConnectionRole, kind: str, values: Values
    ) -> tuple[dict[str, Any], dict[str, str]]:
        secret = set(self._kinds.secret(role, kind))
        plain = {name: value for name, value in values.items() if name not in secret}
        return plain, {name: str(value) for name, value in values.items() if name in secret}

    def _row(self, db: sa.Connection, connection_id: int) -> sa.RowMapping:
        query = sa.select(tables.connection).where(tables.connection.c.id == connection_id)
        row = db.execute(query).mappings().one_or_none()
        if row is None:
            raise Missing("There is no such connection.", advice="Load the list again.")
        return row

    def _read(self, row: sa.RowMapping) -> Connection:
        sealed = self._vault.open(row["sealed"], _row_name(row["name"]))
        return Connection(
            row["id"], row["name"], ConnectionRole(row["role"]), row["type"], row["settings"],
            tuple(sealed), row["version"], row["created_at"], row["updated_at"],
        )  # fmt: skip


def _row_name(name: str) -> str:
    return f"connection {name}"


def _check_name(name: str) -> None:
    if not name or name != name.strip() or len(name) > tables.NAME_MAX or not name.isprintable():
        raise Refused(
            "A connection needs a name.",
            advice=f"At most {tables.NAME_MAX} characters, none blank around.",
        )


def _inserted(db: sa.Connection, statement: Any, name: str) -> int:
    try:
        key = db.execute(statement).inserted_primary_key
    except sa.exc.IntegrityError:
        raise _taken(name) from None
    assert key is not None
    return int(key[0])


def _taken(name: str) -> Conflict:
    return Conflict(f"There is a connection {name} already.", advice="Choose another name.")
