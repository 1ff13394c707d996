"""Tasks: what is carried from which source to which destination, and in which state each is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from headrace.control import tables
from headrace.control.audit import Audit
from headrace.control.connections import ConnectionRole, Values
from headrace.control.people import Person
from headrace.control.refusals import Conflict, Missing, check_version
from headrace.control.states import ACTIVE, Event, State, after
from headrace.control.store import ControlStore
from headrace.core.clock import Clock
from headrace.core.retry import RetryPolicy
from headrace.errors import Refused

Choose = Callable[[Values], list[str] | None]
RETRY = RetryPolicy(attempts=10, first_seconds=5.0, cap_seconds=900.0)
_CHOOSING = ("streams", "new_streams")  # the settings that say which streams


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A saved task. `agent`: who runs it, or who it is pinned to while it waits.

    `settings`: streams, write, deletes, rejects, mode and pinned agent. `reason` and `advice` say
    why it is in this state. `tries`: failures in a row; `due_at`: when the next try is, ms UTC.
    `chosen`: its streams by name where new ones do not join, as they were when they were chosen.
    """

    id: int
    name: str
    source_id: int
    destination_id: int
    settings: Values
    state: State
    reason: str
    advice: str
    agent: str
    tries: int
    due_at: int
    reset_streams: list[str] | None
    version: int
    created_at: int
    updated_at: int
    chosen: list[str] | None

    @property
    def pinned(self) -> str:
        """The agent it is pinned to; "" for any."""
        return str(self.settings.get("agent", ""))

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


class Tasks:
    """Saves tasks and moves them from state to state; each step is one transaction.

    `choose` says which streams settings mean today, where no new ones are to join them.
    """

    def __init__(
        self, store: ControlStore, clock: Clock, audit: Audit, choose: Choose = lambda _: None
    ) -> None:
        self._store = store
        self._clock = clock
        self._audit = audit
        self._choose = choose

    def all(self) -> list[TaskRow]:
        """All, by name."""
        query = sa.select(tables.task).order_by(tables.task.c.name)
        with self._store.reading() as db:
            return [_read(row) for row in db.execute(query).mappings()]

    def get(self, task_id: int) -> TaskRow:
        """One. Raises `Refused` where there is none."""
        with self._store.reading() as db:
            return _read(self._row(db, task_id))

    def named(self, name: str) -> TaskRow | None:
        """One by its name."""
        query = sa.select(tables.task).where(tables.task.c.name == name)
        with self._store.reading() as db:
            row = db.execute(query).mappings().one_or_none()
            return _read(row) if row is not None else None

    def save(
        self, by: Person, name: str, source_id: int, destination_id: int, settings: Values
    ) -> TaskRow:
        """A new task, not started. Raises `Refused` for a name that is taken."""
        _check_name(name)
        now_ms = self._clock.now_ms()
        with self._store.transaction() as db:
            _check_ends(db, source_id, destination_id)
            made = sa.insert(tables.task).values(
                name=name, source_id=source_id, destination_id=destination_id,
                settings=dict(settings), state=str(State.NEW), reason="", advice="", agent="",
                tries=0, due_at=0, reset_streams=None, version=1, created_at=now_ms,
                updated_at=now_ms, chosen=self._choose(settings),
            )  # fmt: skip
            try:
                key = db.execute(made).inserted_primary_key
            except sa.exc.IntegrityError:
                raise _taken(name) from None
            assert key is not None
            self._audit.note(db, by.name, "task.save", name, None, settings)
            return _read(self._row(db, key[0]))

    def change(
        self, by: Person, task_id: int, version: int, settings: Values, *, name: str = ""
    ) -> TaskRow:
        """Other settings or another name; takes effect when it is started next.

        Raises `Refused` while it is active, and when somebody changed it since `version`.
        """
        with self._store.transaction() as db:
            row = self._row(db, task_id)
            check_version(row, version)
            self._refuse_active(row, "change")
            name = name or row["name"]
            _check_name(name)
            merged = {**row["settings"], **settings}
            merged = {key: value for key, value in merged.items() if value is not None}
            same = all(merged.get(key) == row["settings"].get(key) for key in _CHOOSING)
            where = tables.task.c.id == task_id
            try:
                db.execute(
                    sa.update(tables.task).where(where).values(
                        name=name, settings=merged, version=version + 1,
                        updated_at=self._clock.now_ms(),
                        chosen=row["chosen"] if same else self._choose(merged),
                    )
                )  # fmt: skip
            except sa.exc.IntegrityError:
                raise _taken(name) from None
            before = {"name": row["name"], **row["settings"]}
            self._audit.note(
                db, by.name, "task.change", row["name"], before, {"name": name, **merged}
            )
            return _read(self._row(db, task_id))

    def copy(self, by: Person, task_id: int, name: str) -> TaskRow:
        """The same under another name, not started."""
        row = self.get(task_id)
        return self.save(by, name, row.source_id, row.destination_id, row.settings)

    def delete(self, by: Person, task_id: int, version: int | None = None) -> None:
        """The tables at the destination stay. Raises `Refused` while it is active."""
        with self._store.transaction() as db:
            row = self._row(db, task_id)
            check_version(row, version)
            self._refuse_active(row, "delete")
            db.execute(sa.delete(tables.task).where(tables.task.c.id == task_id))
            self._audit.note(db, by.name, "task.delete", row["name"], row["settings"], None)

    # --- what people want ------------------------------------------------------------------------

    def start(self, by: Person, task_id: int) -> TaskRow:
        """Let it run as soon as an agent has it."""
        return self._asked(by, task_id, Event.START, tries=0, due_at=0, reason="", advice="")

    def stop(self, by: Person, task_id: int) -> TaskRow:
        """Let it drain and end."""
        return self._asked(by, task_id, Event.STOP)

    def reset(self, by: Person, task_id: int, streams: Sequence[str] = ()) -> TaskRow:
        """At its next start the tables (of these streams, or all) are filled anew."""
        return self._asked(by, task_id, Event.RESET, reset_streams=list(streams))

    def backfill(self, by: Person, task_id: int, streams: Sequence[str] = ()) -> TaskRow:
        """The tables of these streams (or all) are filled again, by a running task at once; what
        it carries goes on from there."""
        with self._store.transaction() as db:
            row = self._row(db, task_id)
            waiting = row["reset_streams"]
            wanted = sorted({*(waiting or ()), *streams})
            whole = not streams or waiting == []
            moved = self._move(db, row, Event.BACKFILL, {"reset_streams": [] if whole else wanted})
            asked = {"streams": list(streams)}
            self._audit.note(db, by.name, "task.backfill", row["name"], None, asked)
            return moved

    # --- what happens to them ---------------------------------------------------------------

    def assigned(self, task_id: int, agent: str) -> TaskRow:
        """An agent runs it now."""
        return self.happened(task_id, Event.ASSIGNED, agent=agent)

    def failed(self, task_id: int, reason: str, advice: str) -> TaskRow:
        """It could not go on: tried again later and later; the tenth time it needs a person."""
        with self._store.reading() as db:
            tries = self._row(db, task_id)["tries"] + 1
        wait = RETRY.wait_seconds(tries, asked=None, spread=0.5)
        if wait is None:
            return self.happened(task_id, Event.REFUSED, reason=reason, advice=advice)
        due_at = self._clock.now_ms() + int(wait * 1000)
        return self.happened(
            task_id, Event.FAILED, reason=reason, advice=advice, tries=tries, due_at=due_at
        )

    def happened(self, task_id: int, event: Event, **values: Any) -> TaskRow:
        """An event that no person caused. Raises `Refused` where it means nothing."""
        with self._store.transaction() as db:
            return self._move(db, self._row(db, task_id), event, values)

    def note_running(self, task_id: int, *, refilled_at: int = 0) -> None:
        """It works: failures before are forgotten. `refilled_at`: the `updated_at` of the row that
        said what was to be filled again, and has been; what was asked since is still to be done."""
        where = sa.and_(tables.task.c.id == task_id, tables.task.c.state == str(State.RUNNING))
        values: dict[str, Any] = {"tries": 0, "reason": "", "advice": ""}
        with self._store.transaction() as db:
            if self._row(db, task_id)["updated_at"] == refilled_at:
                values["reset_streams"] = None
            db.execute(sa.update(tables.task).where(where).values(**values))

    def _asked(self, by: Person, task_id: int, event: Event, **values: Any) -> TaskRow:
        with self._store.transaction() as db:
            row = self._row(db, task_id)
            moved = self._move(db, row, event, values)
            before, now = {"state": row["state"]}, {"state": str(moved.state)}
            self._audit.note(db, by.name, f"task.{event}", row["name"], before, now)
            return moved

    def _move(
        self, db: sa.Connection, row: sa.RowMapping, event: Event, values: Mapping[str, Any]
    ) -> TaskRow:
        state = after(State(row["state"]), event)
        change = sa.update(tables.task).where(tables.task.c.id == row["id"])
        db.execute(change.values(state=str(state), updated_at=self._clock.now_ms(), **values))
        return _read(self._row(db, row["id"]))

    def _refuse_active(self, row: sa.RowMapping, what: str) -> None:
        if State(row["state"]) in ACTIVE:
            raise Conflict(f"{row['name']} is {row['state']}.", advice=f"Stop it to {what} it.")

    def _row(self, db: sa.Connection, task_id: int) -> sa.RowMapping:
        query = sa.select(tables.task).where(tables.task.c.id == task_id)
        row = db.execute(query).mappings().one_or_none()
        if row is None:
            raise Missing("There is no such task.", advice="Load the list again.")
        return row


def _check_ends(db: sa.Connection, source_id: int, destination_id: int) -> None:
    connection = tables.connection
    for key, role in (
        (source_id, ConnectionRole.SOURCE), (destination_id, ConnectionRole.DESTINATION),
    ):  # fmt: skip
        found = db.scalar(sa.select(connection.c.role).where(connection.c.id == key))
        if found != role:
            raise Refused(f"The task's {role} is none.", advice="Choose a saved connection.")


def _check_name(name: str) -> None:
    if not name or name != name.strip() or len(name) > tables.NAME_MAX or not name.isprintable():
        raise Refused(
            "A task needs a name.",
            advice=f"At most {tables.NAME_MAX} characters, none blank around.",
        )


def _taken(name: str) -> Conflict:
    return Conflict(f"There is a task {name} already.", advice="Choose another name.")


def _read(row: sa.RowMapping) -> TaskRow:
    return TaskRow(**{**row, "state": State(row["state"])})
