"""Connections and tasks as people save them: versions, secrets, states, and what is refused."""

from __future__ import annotations

import itertools
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from tests.control.conftest import ADMIN, KEY, OTHER_KEY, Desk, desk_on

from headrace.app.sealing import Seal
from headrace.control.connections import HIDDEN, Connection, ConnectionRole
from headrace.control.states import ACTIVE, TRANSITIONS, Event, State, after
from headrace.control.store import ControlStore
from headrace.control.tables import metadata
from headrace.control.tasks import RETRY, TaskRow
from headrace.control.vault import Vault
from headrace.errors import Refused

SOURCE, DESTINATION = ConnectionRole.SOURCE, ConnectionRole.DESTINATION


def source(desk: Desk, name: str = "team") -> Connection:
    return desk.connections.save(
        ADMIN, name, SOURCE, "coding", {"team": "t", "token": "hunter2hunter2"}
    )


def task(desk: Desk) -> TaskRow:
    destination = desk.connections.save(ADMIN, "copy", DESTINATION, "duckdb", {"path": "x"})
    return desk.tasks.save(ADMIN, "nightly", source(desk).id, destination.id, {"streams": []})


# --- the store ---------------------------------------------------------------------------------


def test_migrations_make_the_tables_as_declared(desk: Desk) -> None:
    with desk.store.transaction() as db:
        assert compare_metadata(MigrationContext.configure(db), metadata) == []


def test_a_store_is_opened_again(place: Path | str) -> None:
    with closing(ControlStore(place)) as store:
        source(desk_on(store))
    with closing(ControlStore(place)) as store:
        assert [c.name for c in desk_on(store).connections.all()] == ["team"]


def test_a_store_of_a_newer_release_is_refused(place: Path | str) -> None:
    with closing(ControlStore(place)) as store, store.transaction() as db:
        db.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Refused, match="newer") as caught:
        ControlStore(place)
    assert caught.value.advice


@pytest.mark.parametrize("place", ["nothing at all", "mysql://me@host/db"])
def test_a_place_that_cannot_be_is_refused(place: str) -> None:
    with pytest.raises(Refused, match="control store"):
        ControlStore(place)


# --- connections ---------------------------------------------------------------------------------


def test_secrets_are_sealed_and_shown_as_there(desk: Desk) -> None:
    saved = source(desk)
    assert saved.values == {"team": "t"} and saved.secrets == ("token",)
    assert saved.as_dict()["values"] == {"team": "t", "token": HIDDEN}
    assert desk.connections.whole(saved.id)["token"] == "hunter2hunter2"
    with desk.store.transaction() as db:
        kept = [db.execute(table.select()).all() for table in metadata.sorted_tables]
    assert "hunter2" not in repr(kept)


def test_a_hidden_secret_that_comes_back_stays(desk: Desk) -> None:
    saved = source(desk)
    changed = desk.connections.change(ADMIN, saved.id, 1, {"team": "u", "token": HIDDEN})
    assert changed.version == 2
    assert desk.connections.whole(saved.id) == {"team": "u", "token": "hunter2hunter2"}
    desk.connections.change(ADMIN, saved.id, 2, {"token": "another one"})
    assert desk.connections.whole(saved.id)["token"] == "another one"
    assert "another one" not in repr(desk.audit.entries())
    assert desk.audit.entries()[0].after == {"token": "changed"}


def test_two_who_change_at_once(desk: Desk) -> None:
    saved = source(desk)
    desk.connections.change(ADMIN, saved.id, 1, {"team": "mine"})
    with pytest.raises(Refused, match="somebody else"):
        desk.connections.change(ADMIN, saved.id, 1, {"team": "yours"})
    assert desk.connections.get(saved.id).values["team"] == "mine"


def test_what_cannot_be_saved_changes_nothing(desk: Desk) -> None:
    saved = source(desk)
    for values in ({"bad": 1}, {"team": "u", "bad": 1}):
        with pytest.raises(Refused, match="bad"):
            desk.connections.change(ADMIN, saved.id, 1, values)
    with pytest.raises(Refused, match="already"):
        source(desk)
    source(desk, "other")
    with pytest.raises(Refused, match="already"):
        desk.connections.change(ADMIN, saved.id, 1, {}, name="other")
    assert desk.connections.get(saved.id) == saved


def test_a_renamed_or_copied_connection_keeps_its_secrets(desk: Desk) -> None:
    saved = source(desk)
    desk.connections.change(ADMIN, saved.id, 1, {}, name="renamed")
    copied = desk.connections.copy(ADMIN, saved.id, "copied")
    assert desk.connections.whole(copied.id) == desk.connections.whole(saved.id)


def test_a_sealed_text_opens_in_its_own_row_only(desk: Desk) -> None:
    one, two = source(desk), source(desk, "other")
    from headrace.control.tables import connection

    with desk.store.transaction() as db:
        stolen = db.scalar(sa.select(connection.c.sealed).where(connection.c.id == one.id))
        where = connection.c.id == two.id
        db.execute(sa.update(connection).where(where).values(sealed=stolen))
    with pytest.raises(Refused, match="do not open"):
        desk.connections.whole(two.id)


def test_a_key_is_changed_for_all_rows(desk: Desk) -> None:
    one = source(desk)
    desk.connections.save(ADMIN, "plain", DESTINATION, "duckdb", {"path": "x"})
    assert desk.connections.reseal(Vault([Seal(OTHER_KEY)])) == 1
    with pytest.raises(Refused):
        desk.connections.whole(one.id)
    desk.connections._vault = Vault([Seal(KEY), Seal(OTHER_KEY)])
    assert desk.connections.whole(one.id)["token"] == "hunter2hunter2"


def test_a_connection_in_use_is_not_deleted(desk: Desk) -> None:
    row = task(desk)
    with pytest.raises(Refused, match="used by nightly"):
        desk.connections.delete(ADMIN, row.source_id)
    desk.tasks.delete(ADMIN, row.id)
    desk.connections.delete(ADMIN, row.source_id)
    assert desk.connections.named("team") is None


def test_the_last_check_is_kept(desk: Desk) -> None:
    saved = source(desk)
    assert desk.connections.last_check(saved.id) is None and desk.connections.last_checks() == {}
    for ok in (False, True):
        desk.connections.note_check(saved.id, {"ok": ok, "items": []})
    found = desk.connections.last_check(saved.id)
    assert desk.connections.last_checks() == {saved.id: found}
    assert found == {"at": desk.clock.now_ms(), "ok": True, "items": []}


# --- tasks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("state", "event"), list(itertools.product(State, Event)))
def test_every_state_and_event(state: State, event: Event) -> None:
    """What the table has, follows; what it has not, is refused with advice."""
    if (state, event) in TRANSITIONS:
        assert after(state, event) is TRANSITIONS[state, event]
    else:
        with pytest.raises(Refused) as caught:
            after(state, event)
        assert caught.value.advice


def test_every_state_is_reached_and_can_be_left() -> None:
    assert {*TRANSITIONS.values(), State.NEW} == set(State)
    assert {state for state, _ in TRANSITIONS} == set(State)


def test_from_every_active_state_a_person_can_stop_it() -> None:
    for state in ACTIVE - {State.STOPPING}:
        assert after(state, Event.STOP) in {State.STOPPED, State.STOPPING}


def test_a_task_lives(desk: Desk) -> None:
    row = task(desk)
    assert row.state is State.NEW
    assert desk.tasks.start(ADMIN, row.id).state is State.WAITING
    assert desk.tasks.assigned(row.id, "agent-1").agent == "agent-1"
    failed = desk.tasks.failed(row.id, "It is away.", "Wait.")
    assert (failed.state, failed.tries, failed.reason) == (State.RETRYING, 1, "It is away.")
    assert failed.due_at > desk.clock.now_ms()
    desk.tasks.happened(row.id, Event.DUE)
    desk.tasks.assigned(row.id, "agent-1")
    desk.tasks.note_running(row.id)
    assert desk.tasks.get(row.id).tries == 0
    assert desk.tasks.stop(ADMIN, row.id).state is State.STOPPING
    assert desk.tasks.happened(row.id, Event.DRAINED).state is State.STOPPED
    assert desk.tasks.reset(ADMIN, row.id, ["issues"]).reset_streams == ["issues"]


def test_a_task_that_fails_ten_times_waits_for_a_person(desk: Desk) -> None:
    row = task(desk)
    desk.tasks.start(ADMIN, row.id)
    waits = []
    for _ in range(RETRY.attempts - 1):
        desk.tasks.assigned(row.id, "agent-1")
        failed = desk.tasks.failed(row.id, "It is away.", "Look at it.")
        waits.append(failed.due_at - desk.clock.now_ms())
        desk.tasks.happened(row.id, Event.DUE)
    desk.tasks.assigned(row.id, "agent-1")
    assert desk.tasks.failed(row.id, "It is away.", "Look at it.").state is State.ERROR
    assert waits == sorted(waits)
    assert desk.tasks.start(ADMIN, row.id).tries == 0


def test_an_active_task_is_not_changed_or_deleted(desk: Desk) -> None:
    row = desk.tasks.start(ADMIN, task(desk).id)
    with pytest.raises(Refused, match="waiting"):
        desk.tasks.change(ADMIN, row.id, row.version, {"write": "history"})
    with pytest.raises(Refused, match="waiting"):
        desk.tasks.delete(ADMIN, row.id)
    with pytest.raises(Refused):
        desk.tasks.reset(ADMIN, row.id)


def test_a_task_is_changed_copied_and_named(desk: Desk) -> None:
    row = task(desk)
    changed = desk.tasks.change(ADMIN, row.id, 1, {"write": "history", "streams": None})
    assert changed.settings == {"write": "history"}
    copied = desk.tasks.copy(ADMIN, row.id, "copied")
    assert copied.settings == changed.settings and copied.state is State.NEW
    for name in ("nightly", "", " x", "a\nb"):
        with pytest.raises(Refused):
            desk.tasks.copy(ADMIN, row.id, name)
    with pytest.raises(Refused, match="somebody else"):
        desk.tasks.change(ADMIN, row.id, 1, {})


def test_a_task_needs_a_source_and_a_destination(desk: Desk) -> None:
    one = source(desk)
    for ends in ((one.id, one.id), (one.id, 99), (99, one.id)):
        with pytest.raises(Refused, match="is none"):
            desk.tasks.save(ADMIN, "nightly", *ends, {})


def test_a_secret_is_sent_to_no_other_address_than_it_was_entered_for(desk: Desk) -> None:
    values = {"host": "one.example", "token": "secret-1"}
    saved = desk.connections.save(ADMIN, "team-9", ConnectionRole.SOURCE, "coding", values)
    elsewhere = {"host": "two.example", "token": HIDDEN}
    with pytest.raises(Refused, match="token was entered for"):
        desk.connections.change(ADMIN, saved.id, saved.version, elsewhere)
    with pytest.raises(Refused, match="token was entered for"):
        desk.connections.change(ADMIN, saved.id, saved.version, {"host": "two.example"})
    assert desk.connections.get(saved.id) == saved
    again = {"host": "two.example", "token": "secret-2"}
    changed = desk.connections.change(ADMIN, saved.id, saved.version, again)
    assert desk.connections.whole(changed.id) == again
