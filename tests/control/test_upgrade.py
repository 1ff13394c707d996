"""A store of the first release is opened by the code of today, whatever happens while it is."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from tests.control import first_release as first
from tests.control.conftest import START_MS, desk_on

from headrace.app.sealing import Seal
from headrace.control.alerts import Alerts, Thresholds
from headrace.control.channels import Channels
from headrace.control.history import Level, Log, Runs
from headrace.control.models import Models
from headrace.control.monitor import Monitor
from headrace.control.people import Person, Role
from headrace.control.states import State
from headrace.control.store import ControlStore
from headrace.control.tables import metadata
from headrace.control.vault import Vault
from headrace.errors import Refused

pytestmark = pytest.mark.long

LONGEST_SECONDS = 60


@pytest.fixture
def old(place: Path | str) -> Path | str:
    """A store of the first release."""
    first.make(place)
    return place


def test_every_table_and_column_of_the_first_release_is_filled(old: Path | str) -> None:
    """Or else the tests below would prove less than they say."""
    engine = first.engine_of(old)
    looked = sa.inspect(engine)
    there = {
        name: {column["name"] for column in looked.get_columns(name)}
        for name in looked.get_table_names()
    }
    engine.dispose()
    del there["alembic_version"]
    assert there == {name: set(rows[0]) for name, rows in first.ROWS.items()}
    for name, rows in first.ROWS.items():
        for column in rows[0]:
            assert any(row[column] is not None for row in rows), (name, column)


def test_nothing_is_lost(old: Path | str) -> None:
    before = first.found(old)
    with closing(ControlStore(old)) as store, store.reading() as db:
        assert compare_metadata(MigrationContext.configure(db), metadata) == []
    assert first.version(old) > "0001"
    assert first.found(old) == before


def test_all_of_it_is_of_use(old: Path | str) -> None:
    with closing(ControlStore(old)) as store:
        desk = desk_on(store)
        clock, audit = desk.clock, desk.audit
        assert desk.connections.whole(7)["token"] == first.SOURCE_SECRETS["token"]
        assert desk.connections.get(7).values["projects"] == ["商店"]
        assert desk.connections.last_check(7) == {"at": START_MS, "ok": True, "items": []}
        nightly, weekly, yearly = (desk.tasks.get(number) for number in (5, 6, 9))
        assert (nightly.state, nightly.agent, nightly.version) == (State.RUNNING, "local", 2)
        assert (weekly.reset_streams, weekly.tries) == (["issues"], 9)
        assert (yearly.state, yearly.reset_streams) == (State.NEW, None)
        assert [run.id for run in Runs(store, clock).of(5)] == [2, 1]
        figures = Monitor(store, clock).ever("task:5")["issues"]
        assert (figures.read, figures.changed, figures.lag) == (40, 6, 4)
        [line] = Log(store, clock).lines(level=Level.WARNING)
        assert line.text == "目标不可达"
        alerts = Alerts(store, clock, audit)
        assert [one.kind for one in alerts.open()] == ["lag"]
        assert alerts.thresholds() == Thresholds(lag_ms=5, muted=("lag",))
        channels = Channels(store, clock, audit, Vault([Seal(b"k" * 32)]))
        assert channels.whole(1).items() >= {**first.CHANNEL, **first.CHANNEL_SECRETS}.items()
        assert channels.get(1).settings["url"] == "https://hooks.example/…"
        assert [one.enabled for one in channels.all()] == [True, False]
        admin = Person(1, "admin-1", Role.ADMIN)
        assert desk.people.of_session(first.COOKIE) == admin
        assert desk.people.of_token(first.TOKEN) == Person(1, "admin-1", Role.OPERATOR)
        assert desk.people.of_session(desk.people.sign_in("admin-1", first.PASSWORD)) == admin
        with pytest.raises(Refused, match="wrong"):
            desk.people.sign_in("viewer-2", first.PASSWORD)
        assert [entry.subject for entry in audit.entries()] == ["weekly", "nightly"]
        model = Models(store, clock).get(7)
        assert model is not None and model.columns == {"issues": [["id", "integer"]]}
        desk.tasks.delete(admin, 9)


def test_numbers_of_the_first_release_are_not_given_out_again(old: Path | str) -> None:
    with closing(ControlStore(old)) as store:
        desk = desk_on(store)
        admin = Person(1, "admin-1", Role.ADMIN)
        desk.tasks.delete(admin, 9)
        assert desk.tasks.copy(admin, 6, "another").id == 10


def test_a_table_that_is_made_anew_keeps_what_hangs_on_it(tmp_path: Path) -> None:
    """SQLite has no other way to change a column, and would take the rows along."""
    old = tmp_path / "control.db"
    first.make(old)
    before = first.found(old)
    with closing(ControlStore(old)) as store:
        with store.engine.execution_options(upgrading=True).begin() as db:
            operations = Operations(MigrationContext.configure(db))
            with operations.batch_alter_table("connection", recreate="always"):
                pass
        assert first.found(old) == before
        with pytest.raises(sa.exc.IntegrityError), store.transaction() as db:
            db.execute(sa.text("DELETE FROM connection"))  # its tasks still hold it


def test_a_second_opening_waits_for_nobody_and_changes_nothing(old: Path | str) -> None:
    with (
        closing(ControlStore(old)) as store,
        store.transaction(),
        closing(ControlStore(old)) as second,
        second.reading() as db,
    ):
        assert db.scalar(sa.text("SELECT count(*) FROM task")) == 3
    assert first.version(old) > "0001"


def test_a_store_of_a_newer_release_is_left_as_it_is(old: Path | str) -> None:
    with closing(ControlStore(old)) as store, store.transaction() as db:
        db.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        db.execute(sa.text("CREATE TABLE of_tomorrow (id INTEGER)"))
    before = first.found(old)
    with pytest.raises(Refused, match="newer Headrace") as caught:
        ControlStore(old)
    assert "Start the Headrace that wrote it" in caught.value.advice
    assert (first.version(old), first.found(old)) == ("9999", before)


# --- interrupted ---------------------------------------------------------------------------------

OPENER = """
import os, signal, sys
from pathlib import Path
import sqlalchemy as sa
from headrace.control.store import ControlStore

place, deaths = sys.argv[1], int(sys.argv[2])
seen = 0


def step(*_):
    global seen
    seen += 1
    if seen == deaths:
        os.kill(os.getpid(), signal.SIGKILL)


sa.event.listen(sa.Engine, "before_cursor_execute", step)
sa.event.listen(sa.Engine, "commit", step)


def open_store():
    ControlStore(place if "://" in place else Path(place)).close()


if deaths:
    while True:  # each child dies one step later
        child = os.fork()
        if child == 0:
            seen = 0
            open_store()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            sys.exit(os.waitstatus_to_exitcode(status))
        print(deaths, flush=True)
        sys.stdin.readline()  # until the test has looked
        deaths += 1
else:
    open_store()
"""


def opener(place: Path | str, deaths: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", OPENER, str(place), str(deaths)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_killed_at_any_step_of_a_migration_it_is_old_or_new(old: Path | str) -> None:
    before, versions = first.found(old), []
    with opener(old, 1) as process:
        assert process.stdin is not None and process.stdout is not None
        for _ in process.stdout:
            versions.append(first.version(old))
            assert first.found(old) == before
            process.stdin.write("\n")
            process.stdin.flush()
        assert process.wait(LONGEST_SECONDS) == 0, process.stderr and process.stderr.read()
    assert len(versions) > 10
    assert set(versions) == {"0001"}  # the last step is the commit
    with closing(ControlStore(old)) as store, store.reading() as db:
        assert compare_metadata(MigrationContext.configure(db), metadata) == []
    assert first.found(old) == before


def test_servers_that_open_it_at_once_agree(old: Path | str) -> None:
    before = first.found(old)
    processes = [opener(old, 0) for _ in range(3)]
    ended = [
        (*process.communicate(timeout=LONGEST_SECONDS), process.wait()) for process in processes
    ]
    assert [code for *_, code in ended] == [0, 0, 0], ended
    with closing(ControlStore(old)) as store, store.reading() as db:
        assert compare_metadata(MigrationContext.configure(db), metadata) == []
    assert first.found(old) == before
