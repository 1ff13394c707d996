"""dlt's destinations keep the contract, but for one transaction over several tables."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from deltalake import DeltaTable
from dlt.common.runtime.run_context import global_dir

from headrace.core.ports import Batch, Checkpoint, Destination
from headrace.core.schema import Table, Type
from headrace.destinations.addresses import DltAddress, dlt_address
from headrace.destinations.dlt import DltDestination
from headrace.destinations.dlt.files import _SMALL_FILES_MAX
from headrace.destinations.dlt.ledger import NOTES, DltLedger
from headrace.destinations.dlt.place import Place
from headrace.destinations.urls import open_destination
from headrace.errors import BadRows, Bug, Fenced, Refused, TablesChanged, Unavailable
from headrace.testing.destination_contract import (
    ITEMS,
    LABELS,
    TASK,
    DestinationContract,
    Opened,
    columns,
    keys,
    label,
    put,
    rows_of,
    start,
)

pytestmark = pytest.mark.long

CI = bool(os.environ.get("HEADRACE_CI"))
QUICK = {  # a load takes a third of a second
    "test_an_emptied_table_is_filled_again",
    "test_values_come_back_as_they_went",
    "test_a_foreign_table_is_refused_and_not_touched",
    "test_a_refused_row_is_told_apart_and_leaves_nothing",
}


class DltContract(DestinationContract):
    LOSSY = frozenset({"odd_names", "transactions"})
    EXAMPLES = 8 if CI else 2

    @pytest.fixture(autouse=True)
    def quick(self, request: pytest.FixtureRequest) -> None:
        if not CI and request.function.__name__ not in QUICK:
            pytest.skip("a minute of loads: HEADRACE_CI=1")


class TestDlt(DltContract):
    @pytest.fixture
    def destination(self, tmp_path: Path) -> Opened:
        self.path = tmp_path / "copy.duckdb"
        return lambda: opened(self.path)

    def make_foreign_table(self, name: str) -> None:
        execute(self.path, "CREATE SCHEMA IF NOT EXISTS headrace")
        execute(self.path, f"CREATE TABLE headrace.{name} (id INT, label TEXT, n INT)")

    def drop_table(self, name: str) -> None:
        execute(self.path, f"DROP TABLE headrace.{name}")

    def make_unique(self, table: str, column: str) -> None:
        execute(self.path, f"CREATE UNIQUE INDEX one_each ON headrace.{table} ({column})")


class TestFilesystem(DltContract):
    EXAMPLES = 2 if CI else 1

    @pytest.fixture
    def destination(self, tmp_path: Path) -> Opened:
        self.root = tmp_path / "数据 copy"
        return lambda: opened_files(self.root)

    def make_foreign_table(self, name: str) -> None:
        opened_files(self.root).close()  # dlt takes no folder that it did not make
        (self.root / "mine" / name).mkdir()
        (self.root / "mine" / name / "a.parquet").write_bytes(b"of somebody else")

    def drop_table(self, name: str) -> None:
        shutil.rmtree(self.root / "mine" / name)


def opened_files(root: Path) -> Destination:
    """dlt's files, in a folder."""
    return open_destination(f"dlt+filesystem:////{str(root).lstrip('/')}?dataset=mine")


@pytest.mark.skipif(not CI, reason="many loads: HEADRACE_CI=1")
def test_files_are_delta_tables_that_are_looked_after(tmp_path: Path) -> None:
    """One write more than small files may be: they are merged, and rows stay as they are."""
    one = opened_files(tmp_path)
    start(one, ITEMS, LABELS)
    for number in range(_SMALL_FILES_MAX + 1):
        one.write([put(number)], Checkpoint(TASK, 1, {"items": number + 1}))
    one.write([Batch(ITEMS, deletes=keys(["id"], [0]))], Checkpoint(TASK, 1, {}))
    found = DeltaTable(tmp_path / "mine" / "items")
    assert len(found.file_uris()) < _SMALL_FILES_MAX
    wanted = list(range(1, _SMALL_FILES_MAX + 1))
    assert sorted(pa.table(found.scan(columns=["id"]))["id"].to_pylist()) == wanted
    assert sorted(row["id"] for row in rows_of(one, ITEMS)) == wanted


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("hello")
    with pytest.raises(Refused, match="mine"):
        opened_files(tmp_path)
    (tmp_path / "mine" / "letter.txt").unlink()
    opened_files(tmp_path)  # an empty one does not matter


def opened(path: Path) -> DltDestination:
    """dlt's DuckDB destination."""
    return DltDestination(DltAddress("duckdb", f"duckdb:///{path}", "headrace"))


def execute(path: Path, sql: str) -> list[Any]:
    """What a person does with a shell of their own."""
    with duckdb.connect(str(path)) as connection:
        rows: list[Any] = connection.execute(sql).fetchall()
    return rows


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with items and labels prepared, claimed and closed."""
    path = tmp_path_factory.mktemp("dlt") / "copy.duckdb"
    with closing(opened(path)) as one:
        start(one, ITEMS, replace(LABELS, stream="items"))
        first = [put(1, 2), label((1, "a"), (1, None), (2, "b"))]
        one.write(first, Checkpoint(TASK, 1, {"items": 3, "others": 4}))
    return path


@pytest.fixture
def path(filled: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copy(filled, tmp_path))


def test_one_write_of_everything(path: Path) -> None:
    """Deletes, child sets, also of owners that have none left, and rows put after a delete."""
    one = opened(path)
    write = [
        Batch(ITEMS, deletes=keys(["id"], [2], [7])),
        put(3),
        Batch(ITEMS, deletes=keys(["id"], [3], [1])),
        Batch(ITEMS, rows=columns(ITEMS, (1, "again", None, None))),
        Batch(LABELS, rows=columns(LABELS, (9, "z", 1)), owners=keys(["id"], [1])),
    ]
    for _ in range(2):
        one.write(write, Checkpoint(TASK, 1, {"items": 4}))
    assert [(row["id"], row["name"]) for row in rows_of(one, ITEMS)] == [(1, "again")]
    assert [tuple(row.values()) for row in rows_of(one, LABELS)] == [(2, "b", 0), (9, "z", 1)]
    assert one.claim(TASK) == Checkpoint(TASK, 2, {"items": 4, "others": 4})


def test_tables_as_they_stand_there(tmp_path: Path) -> None:
    path = tmp_path / "types.duckdb"
    table = Table("all", tuple((kind.value, kind) for kind in Type), ("integer", "text"), owner=1)
    one = open_destination(f"dlt+duckdb:////{str(path).lstrip('/')}?dataset=mine")
    one.prepare(TASK, [table])
    found = execute(
        path,
        "SELECT column_name, data_type FROM duckdb_columns()"
        " WHERE schema_name = 'mine' AND table_name = 'all'",
    )
    assert found == [
        ("integer", "BIGINT"),
        ("text", "VARCHAR"),
        ("boolean", "BOOLEAN"),
        ("decimal", "DECIMAL(38,9)"),
        ("timestamp", "TIMESTAMP WITH TIME ZONE"),
        ("json", "VARCHAR"),
        ("_headrace_owner", "VARCHAR"),
        ("_headrace_key", "VARCHAR"),
        ("_headrace_gone", "BOOLEAN"),
    ]


# --- no transaction over several tables: what holds instead


def test_a_fill_that_ends_halfway_is_made_again(path: Path) -> None:
    """Offsets of what is emptied are taken back before it is."""
    execute(path, "CREATE UNIQUE INDEX one_each ON headrace.items (name)")
    one = opened(path)
    twice = columns(ITEMS, (5, "x", None, None), (6, "x", None, None))
    with pytest.raises(BadRows, match="items") as caught:
        one.write([Batch(ITEMS, rows=twice, truncate=True)], Checkpoint(TASK, 1, {"items": 4}))
    assert caught.value.table == "items" and "x" not in caught.value.message.split()
    assert one.claim(TASK).offsets == {"others": 4}
    assert {row["id"] for row in rows_of(one, ITEMS)} in ({1, 2}, set())


def test_a_batch_that_fails_leaves_nothing(path: Path) -> None:
    one = opened(path)

    def batches() -> Iterator[Batch]:
        yield replace(put(9), truncate=True)
        raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        one.write(batches(), Checkpoint(TASK, 1, {"items": 4}))
    assert [row["id"] for row in rows_of(one, ITEMS)] == [1, 2]
    assert one.claim(TASK).offsets == {"items": 3, "others": 4}


def test_what_is_wrong_is_said_before_anything_is_loaded(path: Path) -> None:
    one = opened(path)
    with pytest.raises(Bug):
        one.write([put(9)], Checkpoint(TASK, 1, {"items": 2}))
    with pytest.raises(Fenced):
        one.write([put(9)], Checkpoint(TASK, 0, {"items": 5}))
    with pytest.raises(TablesChanged, match="unknown"):
        one.write([put(9), replace(put(9), table=replace(ITEMS, name="unknown"))],
                  Checkpoint(TASK, 1, {}))  # fmt: skip
    execute(path, "DROP TABLE headrace.item_labels")
    with pytest.raises(TablesChanged, match="item_labels"):
        one.write([put(9), label((1, "a"))], Checkpoint(TASK, 1, {}))
    assert [row["id"] for row in rows_of(one, ITEMS)] == [1, 2]
    with pytest.raises(TablesChanged):
        rows_of(one, LABELS)


# --- notes


def test_entries_of_older_epochs_never_count(path: Path) -> None:
    place = Place(DltAddress("duckdb", f"duckdb:///{path}", "headrace"))
    with place.tables(NOTES) as tables:
        late, ledger = DltLedger(tables), DltLedger(tables)
        on_file = late.read_checkpoint(TASK)
        assert ledger.raise_epoch(TASK).epoch == 2
        late._add(TASK, (1, 99, "late", {"items": 99}))  # it had asked for its epoch before
        assert ledger.read_checkpoint(TASK) == Checkpoint(TASK, 2, on_file.offsets)
        with pytest.raises(Fenced):
            late.put_checkpoint(Checkpoint(TASK, 1, {}), ())


def test_who_sees_a_rival_claims_once_more(path: Path) -> None:
    place = Place(DltAddress("duckdb", f"duckdb:///{path}", "headrace"))
    with place.tables(NOTES) as tables:
        ledger = Meddled(tables)
        claimed = ledger.raise_epoch(TASK)
        assert claimed.epoch == 3 and ledger.read_checkpoint(TASK) == claimed
        ledger.rivals = 99
        with pytest.raises(Unavailable, match="several writers"):
            ledger.raise_epoch(TASK)


class Meddled(DltLedger):
    """A ledger where others claim just after us."""

    rivals = 1

    def _add(self, task: str, entry: Any) -> None:
        super()._add(task, entry)
        if self.rivals:
            self.rivals -= 1
            super()._add(task, (*entry[:2], "rival", entry[3]))


def test_notes_do_not_grow_for_ever(path: Path) -> None:
    place = Place(DltAddress("duckdb", f"duckdb:///{path}", "headrace"))
    with place.tables(NOTES) as tables:
        ledger = DltLedger(tables)
        for offset in range(10, 120):
            ledger.put_checkpoint(Checkpoint(TASK, 1, {"items": offset}), ())
        assert ledger.read_checkpoint(TASK).offsets == {"items": 119, "others": 4}
    assert execute(path, "SELECT count(*) FROM headrace._headrace_checkpoint")[0][0] < 60


# --- what is refused


@pytest.mark.parametrize("name", ["_dlt_x", "a b", "a-b", "a.b", "%s", "_headrace_key", "it's"])
def test_names_that_dlt_would_not_keep(path: Path, name: str) -> None:
    one = opened(path)
    with pytest.raises(Refused, match="name") as caught:
        one.prepare(TASK, [replace(ITEMS, columns=(*ITEMS.columns, (name, Type.TEXT)))])
    assert caught.value.advice


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("dlt+filesystem:///hunter2?a=b", "no folder and no bucket"),
        ("dlt+filesystem://hunter2", "no folder and no bucket"),
        ("dlt+filesystem://memory://hunter2", "cannot be kept"),
        ("dlt+lance://hunter2", "double them"),
        ("dlt+athena://hunter2", "no credentials"),
        ("dlt+oracle://user:hunter2@host/db", "no destination oracle"),
        ("dlt+postgres://user:hunter2@127.0.0.1:1/db", "not installed"),
        ("dlt+duckdb:///x.db?dataset=hunter2!", "not a dlt destination"),
        ("dlt+duckdb:///x.db?dataset=a&dataset=hunter2", "not a dlt destination"),
        ("dlt+os.system://hunter2", "not a dlt destination"),
        ("dlt+://hunter2", "not a dlt destination"),
    ],
)
def test_wrong_urls_are_refused_without_a_secret(url: str, said: str) -> None:
    """Invariant 11."""
    with pytest.raises(Refused, match=said) as caught:
        open_destination(url)
    assert "hunter2" not in str(caught.value) and caught.value.advice
    assert "hunter2" not in repr(DltAddress("x", "hunter2", "y"))


def test_without_credentials_it_says_where_they_go(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("DESTINATION__")]:
        monkeypatch.delenv(name)
    with pytest.raises(Refused, match="credentials") as caught:
        open_destination("dlt+sqlalchemy:")
    assert "DESTINATION__SQLALCHEMY__CREDENTIALS" in caught.value.advice


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "headrace.destinations.dlt")
    monkeypatch.setitem(sys.modules, "headrace.destinations.dlt.place", None)
    with pytest.raises(Refused, match="dlt") as caught:
        open_destination("dlt+duckdb:///copy.db")
    assert 'pip install "headrace[dlt]"' in caught.value.advice


@pytest.mark.parametrize(
    ("rest", "found"),
    [
        ("duckdb:///x.db", ("duckdb:///x.db", "headrace")),
        ("duckdb:////a/x.db?dataset=d", ("duckdb:////a/x.db", "d")),
        ("bigquery:", ("", "headrace")),
        ("bigquery://?dataset=d", ("", "d")),
        ("snowflake://u:p%40@a/db?dataset=d&role=r", ("snowflake://u:p%40@a/db?role=r", "d")),
        ("sqlalchemy://mysql+pymysql://u:p@h/db", ("mysql+pymysql://u:p@h/db", "headrace")),
    ],
)
def test_urls(rest: str, found: tuple[str, str]) -> None:
    scheme, _, after = f"dlt+{rest}".partition(":")
    address = dlt_address(scheme, after)
    assert (address.credentials, address.dataset) == found
    assert address.name == rest.partition(":")[0]


def test_dlt_leaves_nothing_behind_and_calls_nobody(tmp_path: Path) -> None:
    """No working folder in the home, no telemetry, no log: also in a process that asks for them."""
    script = """
import socket, sys
from pathlib import Path
connect = socket.socket.connect
def refuse(self, address):
    print("connects to", address)
    return connect(self, address)
socket.socket.connect = refuse
from headrace.core.ports import Checkpoint
from headrace.destinations.urls import open_destination
from headrace.testing.destination_contract import ITEMS, TASK, put, rows_of, start
one = open_destination("dlt+duckdb:///copy.duckdb")
start(one, ITEMS)
one.write([put(1)], Checkpoint(TASK, 1, {"items": 1}))
assert len(rows_of(one, ITEMS)) == 1
"""
    temporary, shared = tmp_path / "tmp", Path(global_dir())
    temporary.mkdir()
    before = sorted(shared.rglob("*"))
    environment = {
        **os.environ, "HOME": str(tmp_path), "TMPDIR": str(temporary),
        "RUNTIME__DLTHUB_TELEMETRY": "true", "RUNTIME__LOG_LEVEL": "INFO",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, check=False,
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.duckdb", "tmp"]
    assert not list(temporary.iterdir()) and sorted(shared.rglob("*")) == before
