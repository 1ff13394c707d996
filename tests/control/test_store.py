"""The control store: one writes at a time, whoever reads waits for nobody and changes nothing."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.control.conftest import ADMIN, Desk, desk_on

from headrace.control import tables
from headrace.control.connections import ConnectionRole
from headrace.control.store import ControlStore
from headrace.errors import Conflict, Unavailable

COUNT = sa.select(sa.func.count()).select_from(tables.setting)


def test_whoever_reads_waits_for_no_writer(desk: Desk, place: Path | str) -> None:
    with closing(ControlStore(place)) as other, desk.store.transaction() as writing:
        writing.execute(sa.insert(tables.setting).values(name="a", value=1))
        with other.reading() as db:
            assert db.scalar(COUNT) == 0
    with desk.store.reading() as db:
        assert db.scalar(COUNT) == 1


def test_what_is_read_stays_as_it_was(desk: Desk, place: Path | str) -> None:
    with closing(ControlStore(place)) as other, desk.store.reading() as db:
        assert db.scalar(COUNT) == 0
        with other.transaction() as writing:
            writing.execute(sa.insert(tables.setting).values(name="a", value=1))
        assert db.scalar(COUNT) == 0


def test_whoever_reads_changes_nothing(desk: Desk) -> None:
    with pytest.raises((Unavailable, sa.exc.DBAPIError)), desk.store.reading() as db:
        db.execute(sa.insert(tables.setting).values(name="a", value=1))
    with desk.store.transaction() as db:  # the connection writes again
        db.execute(sa.insert(tables.setting).values(name="b", value=1))
        assert db.scalar(COUNT) == 1


@pytest.mark.long
def test_a_writer_that_waits_for_too_long_gives_up(desk: Desk, place: Path | str) -> None:
    with closing(ControlStore(place)) as other:
        with desk.store.transaction(), pytest.raises(Unavailable), other.transaction():
            pass
        with other.transaction():
            pass


def test_of_many_who_change_the_same_one_wins(desk: Desk, place: Path | str) -> None:
    """What a transaction read holds until it ends: versions are compared in it."""
    role = ConnectionRole.SOURCE
    saved = desk.connections.save(ADMIN, "team", role, "coding", {"token": "0123456789abcdef"})
    begin, outcomes = threading.Barrier(4), []

    def change(number: int) -> None:
        with closing(ControlStore(place)) as store:
            own = desk_on(store)
            begin.wait()
            try:
                own.connections.change(ADMIN, saved.id, saved.version, {"team": str(number)})
            except Conflict:
                outcomes.append("refused")
            else:
                outcomes.append("changed")

    threads = [threading.Thread(target=change, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["changed", "refused", "refused", "refused"]
    assert desk.connections.get(saved.id).version == saved.version + 1


def test_errors_of_the_database_repeat_no_value(desk: Desk) -> None:
    row = {"name": "a", "value": "hunter2 is no secret"}
    with desk.store.transaction() as db:
        db.execute(sa.insert(tables.setting).values(**row))
    with pytest.raises(sa.exc.IntegrityError) as caught, desk.store.transaction() as db:
        db.execute(sa.insert(tables.setting).values(**row))
    assert "hunter2" not in str(caught.value)
