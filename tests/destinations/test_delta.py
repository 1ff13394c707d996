"""Delta tables keep the contract, and others can read them."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, TableFeatures, write_deltalake

from headrace.core.ports import Batch, Checkpoint
from headrace.core.schema import Columns, Table, Type
from headrace.destinations.delta import DeltaDestination
from headrace.destinations.delta.draft import ROWS_MAX, SMALL_FILES_MAX, Draft
from headrace.destinations.delta.ledger import CHECKPOINTS
from headrace.destinations.delta.store import Conflict, Store, folder_of
from headrace.destinations.urls import open_destination
from headrace.errors import Bug, Fenced, Refused, TablesChanged, Unavailable
from headrace.testing.destination_contract import (
    ITEMS,
    LABELS,
    ODD_NAMES,
    TASK,
    TIMES,
    DestinationContract,
    Opened,
    columns,
    keys,
    label,
    put,
    rows_of,
    start,
)

DAY_S = 24 * 3600


class TestDelta(DestinationContract):
    LOSSY = frozenset({"odd_names", "transactions"})  # see `test_names_that_delta_takes`

    @pytest.fixture
    def destination(self, tmp_path: Path) -> Opened:
        self.root = tmp_path / "copy"
        return lambda: DeltaDestination(self.root)

    def make_foreign_table(self, name: str) -> None:
        write_deltalake(self.root / name, pa.table({"id": [1], "label": ["x"], "n": [1]}))

    def drop_table(self, name: str) -> None:
        shutil.rmtree(self.root / name)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with items and labels prepared, claimed and closed."""
    with closing(DeltaDestination(tmp_path / "copy")) as one:
        start(one, ITEMS, LABELS)
        one.write([put(1, 2), label((1, "a"))], Checkpoint(TASK, 1, {"items": 1}))
    return tmp_path / "copy"


def fresh(root: Path) -> tuple[DeltaDestination, Checkpoint]:
    """The destination opened again and claimed, and a checkpoint of that epoch."""
    one = DeltaDestination(root)
    return one, Checkpoint(TASK, one.claim(TASK).epoch, {})


def files_of(root: Path, name: str = "items") -> set[str]:
    """The data files of the current version."""
    return {Path(uri).name for uri in DeltaTable(root / name).file_uris()}


def staged(root: Path) -> set[str]:
    """Data files that no version names, of all tables."""
    found = set()
    for folder in root.iterdir():
        found |= {path.name for path in folder.glob("*.parquet")} - files_of(root, folder.name)
    return found


# --- others read it


def test_types_and_description(tmp_path: Path) -> None:
    table = Table("all", tuple((kind.value, kind) for kind in Type), ("integer",))
    DeltaDestination(tmp_path).prepare(TASK, [table])
    found = DeltaTable(tmp_path / "all")
    assert [(f.name, f.type.type, f.nullable) for f in found.schema().fields] == [
        ("integer", "long", True),
        ("text", "string", True),
        ("boolean", "boolean", True),
        ("decimal", "decimal(38,9)", True),
        ("timestamp", "timestamp", True),
        ("json", "string", True),
    ]
    assert f"task {TASK}; key: integer" in found.metadata().description
    protocol = found.protocol()
    assert (protocol.min_reader_version, protocol.min_writer_version) == (1, 2)


def test_an_engine_finds_every_row_by_any_column(tmp_path: Path) -> None:
    """The statistics in the log, by which files are skipped, leave no row out."""
    table = Table(
        "many", (("id", Type.INTEGER), ("t", Type.TEXT), ("at", Type.TIMESTAMP)), ("id", "t")
    )
    one = DeltaDestination(tmp_path)
    start(one, table)
    texts = (
        "",
        "\0",
        "a",
        "x" * 63 + "y" * 9,
        "z" * 64,
        "é",
        "e\u0301",
        "\U0010ffff",
        "中文",
        None,
    )
    rows = [(n, texts[n % len(texts)], TIMES[n % len(TIMES)]) for n in range(-10, 10)]
    for row in rows:
        one.write([Batch(table, rows=columns(table, row))], Checkpoint(TASK, 1, {}))
    found = DeltaTable(tmp_path / "many")
    assert len(found.file_uris()) > 1
    for number, text, at in rows:
        by_id = pa.table(found.scan(predicate=f"id = {number}")).to_pylist()
        assert [(row["id"], row["t"], ms_of(row["at"])) for row in by_id] == [(number, text, at)]
        if text is not None:
            by_text = pa.table(found.scan(predicate=f"t = '{text}'")).to_pylist()
            assert number in [row["id"] for row in by_text]
    for at in TIMES:
        when = f"to_timestamp_millis({at})"
        by_time = pa.table(found.scan(predicate=f"at >= {when} AND at <= {when}")).to_pylist()
        assert len(by_time) == sum(row[2] == at for row in rows)


def ms_of(value: Any) -> int:
    """A time as canonical values have it."""
    scalar = pa.scalar(value, pa.timestamp("ms", "UTC"))
    return scalar.value  # type: ignore[no-any-return]


def test_versions_can_be_read_again(root: Path) -> None:
    one, at = fresh(root)
    before = DeltaTable(root / "items").version()
    one.write([Batch(ITEMS, deletes=keys(["id"], [1]))], at)
    assert DeltaTable(root / "items", version=before).to_pyarrow_table().num_rows == 2
    assert DeltaTable(root / "items").to_pyarrow_table()["id"].to_pylist() == [2]


def test_names_that_delta_takes(tmp_path: Path) -> None:
    names = [name for name in ODD_NAMES if not set(name) & set(" ,;{}()\n\t=")]
    assert len(names) > 20
    columns_of = (("id", Type.INTEGER), *((name, Type.TEXT) for name in names))
    tables = [Table(name, columns_of, ("id", names[0])) for name in ODD_NAMES[6::2]]
    one = DeltaDestination(tmp_path / "odd")
    start(one, *tables)
    row = (1, *(f"in {name}" for name in names))
    for _ in range(2):
        one.write([Batch(t, rows=columns(t, row)) for t in tables], Checkpoint(TASK, 1, {}))
    for table in tables:
        assert rows_of(one, table) == [dict(zip(("id", *names), row, strict=True))]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["odd"]  # nothing went elsewhere
    assert len(list((tmp_path / "odd").iterdir())) == len(tables) + 2


@pytest.mark.parametrize("name", ["..", ".", "../x", "a/b", "\\..\\x", "%2e%2e", "~", "C:"])
def test_no_name_leaves_the_folder(name: str) -> None:
    assert not set(folder_of(name)) & set("/\\%~:") and not folder_of(name).startswith(".")


@pytest.mark.parametrize("name", ["a b", "a,b", "a;b", "{", "(x)", "a\nb", "tab\t", "a=b"])
def test_a_column_name_that_delta_does_not_take_is_refused(tmp_path: Path, name: str) -> None:
    one = DeltaDestination(tmp_path)
    with pytest.raises(Refused, match="column name") as caught:
        one.prepare(TASK, [ITEMS, replace(LABELS, columns=(*LABELS.columns, (name, Type.TEXT)))])
    assert caught.value.advice and not (tmp_path / "items").exists()


def test_a_name_too_long_for_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="too long"):
        DeltaDestination(tmp_path).prepare(TASK, [replace(ITEMS, name="名" * 90)])


# --- what is not ours


def test_a_foreign_folder_is_refused_and_untouched(tmp_path: Path) -> None:
    (tmp_path / "items").mkdir()
    (tmp_path / "items" / "notes.txt").write_text("mine")
    one = DeltaDestination(tmp_path)
    with pytest.raises(Refused, match="items"):
        one.prepare(TASK, [LABELS, ITEMS])
    assert [path.name for path in (tmp_path / "items").iterdir()] == ["notes.txt"]
    assert not (tmp_path / "item_labels").exists()
    with pytest.raises(Refused):
        one.write([put(1)], Checkpoint(TASK, one.claim(TASK).epoch, {}))
    assert [path.name for path in (tmp_path / "items").iterdir()] == ["notes.txt"]


def test_a_table_that_was_replaced_is_foreign(root: Path) -> None:
    data = DeltaTable(root / "items").to_pyarrow_table()
    shutil.rmtree(root / "items")
    write_deltalake(root / "items", data)
    one, at = fresh(root)
    with pytest.raises(Refused, match="not made by Headrace"):
        one.prepare(TASK, [ITEMS])
    for use in (lambda: one.write([put(3)], at), lambda: rows_of(one, ITEMS)):
        with pytest.raises(TablesChanged):
            use()
    assert DeltaTable(root / "items").version() == 0


@pytest.mark.parametrize("what", ["file", "folder", "table"])
def test_foreign_notes_are_refused_and_untouched(tmp_path: Path, what: str) -> None:
    place = tmp_path / CHECKPOINTS
    if what == "table":
        write_deltalake(place, pa.table({"x": [1]}))
    else:
        place.mkdir()
        (place / "x.txt").write_text("mine")
    if what == "file":
        shutil.rmtree(place)
        place.write_text("mine")
    with pytest.raises((Refused, Unavailable), match=CHECKPOINTS):
        DeltaDestination(tmp_path)
    assert place.exists() and not (what == "folder" and (place / "_delta_log").exists())


def test_a_person_may_add_a_column(root: Path) -> None:
    extra = pa.table({"id": [3], "name": ["c"], "note": ["kept"]})
    write_deltalake(root / "items", extra, mode="append", schema_mode="merge")
    one, at = fresh(root)
    one.prepare(TASK, [ITEMS])
    one.write([Batch(ITEMS, deletes=keys(["id"], [1])), put(4)], at)
    found = DeltaTable(root / "items").to_pyarrow_table().to_pylist()
    notes = {row["id"]: row["note"] for row in found}
    assert notes == {2: None, 3: "kept", 4: None}


def test_an_altered_column_is_refused_by_name(root: Path) -> None:
    data = pa.table({"id": [1], "hours": [1.5]})
    write_deltalake(root / "items", data, mode="overwrite", schema_mode="overwrite")
    one, _ = fresh(root)
    with pytest.raises(Refused, match=r"hours.*double"):
        one.prepare(TASK, [ITEMS])


def test_a_table_with_rules_of_its_own_is_refused(root: Path) -> None:
    """A rule that this writer would not keep."""
    DeltaTable(root / "items").alter.add_constraint({"positive": "id > 0"})
    one, at = fresh(root)
    for use in (lambda: one.prepare(TASK, [ITEMS]), lambda: one.write([put(-1)], at)):
        with pytest.raises(Refused, match="features") as caught:
            use()
        assert "Drop the table" in caught.value.advice
    DeltaTable(root / "item_labels").alter.add_feature(
        TableFeatures.DeletionVectors, allow_protocol_versions_increase=True
    )
    with pytest.raises(Refused, match="features"):
        rows_of(one, LABELS)


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": [2**63]},
        {"id": ["hunter2"]},
        {"id": [1], "name": ["\ud800"]},
        {"id": [1], "hours": [Decimal("1e-10")]},
    ],
)
def test_a_value_that_is_not_canonical_is_a_bug_without_the_value(
    root: Path, wrong: dict[str, list[Any]]
) -> None:
    one, at = fresh(root)
    with pytest.raises(Bug, match="items, column") as caught:
        one.write([put(5), Batch(ITEMS, rows=Columns(wrong))], at)
    assert "hunter2" not in str(caught.value)
    assert len(rows_of(one, ITEMS)) == 2


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "no" / "where"):
        with pytest.raises(Refused, match="cannot be made"):
            DeltaDestination(path)
    with pytest.raises(Refused, match="percent"):
        DeltaDestination(tmp_path / "50%")


# --- no transaction over several tables: what holds instead


def test_a_repeat_after_half_a_write_leaves_the_same_rows(root: Path) -> None:
    """Invariant 5: a crash after one of two tables, before the checkpoint."""
    write = [
        Batch(ITEMS, rows=columns(ITEMS, (2, "x", None, None)), deletes=keys(["id"], [1])),
        Batch(LABELS, rows=columns(LABELS, (2, "c", 1)), owners=keys(["id"], [1], [2])),
    ]
    half = Draft(Store(str(root)), ITEMS, TASK)
    half.put(write[0])
    half.finish()
    assert half.commit(1)
    one, at = fresh(root)
    assert one.claim(TASK).offsets == {"items": 1}
    one.write(write, replace(at, epoch=at.epoch + 1, offsets={"items": 2}))
    assert [row["id"] for row in rows_of(one, ITEMS)] == [2]
    assert [tuple(row.values()) for row in rows_of(one, LABELS)] == [(2, "c", 1)]


def test_a_late_writer_is_refused_by_every_table_the_new_one_wrote_to(root: Path) -> None:
    """Invariant 10, also for one that had asked for its epoch before it was taken over."""
    late = Draft(Store(str(root)), ITEMS, TASK)
    late.put(Batch(ITEMS, rows=columns(ITEMS, (1, "stale", None, None))))
    late.finish()
    one, at = fresh(root)
    one.write([Batch(ITEMS, deletes=keys(["id"], [9]))], at)  # which changes nothing
    with pytest.raises(Conflict):
        late.commit(1)
    again = Draft(Store(str(root)), ITEMS, TASK)
    again.put(put(7))
    again.finish()
    with pytest.raises(Fenced):
        again.commit(1)
    again.discard()
    assert [(row["id"], row["name"]) for row in rows_of(one, ITEMS)] == [
        (1, "item 1"),
        (2, "item 2"),
    ]


def test_a_write_by_somebody_else_in_between_is_tried_again(root: Path) -> None:
    one, at = fresh(root)

    def batches() -> Iterator[Batch]:
        yield put(3)
        data = DeltaTable(root / "items").to_pyarrow_table().slice(0, 0)
        write_deltalake(root / "items", data, mode="append")

    with pytest.raises(Unavailable, match="items"):
        one.write(batches(), replace(at, offsets={"items": 9}))
    assert one.claim(TASK).offsets == {"items": 1}


def test_tasks_that_share_the_notes_wait_for_each_other(tmp_path: Path) -> None:
    first, second = DeltaDestination(tmp_path), DeltaDestination(tmp_path)
    first.prepare("a", [ITEMS])
    second.prepare("b", [LABELS])
    first.claim("a")
    second.claim("b")
    for offset in range(1, 4):  # each begins from notes that the other has changed since
        first.write([put(offset)], Checkpoint("a", 1, {"items": offset}))
        second.write([label((offset, "x"))], Checkpoint("b", 1, {"item_labels": offset}))
    assert second.claim("a").offsets == {"items": 3}
    assert first.claim("b").offsets == {"item_labels": 3}


def test_a_write_that_fails_leaves_no_files(root: Path) -> None:
    one, at = fresh(root)
    many = Batch(ITEMS, rows=Columns({"id": list(range(3 * ROWS_MAX))}))

    def batches() -> Iterator[Batch]:
        yield replace(many, truncate=True)
        yield many
        yield label((3, "b"))
        assert len(staged(root)) >= 3  # memory holds a few batches: the rest is on its way
        raise ValueError

    before = staged(root)
    with pytest.raises(ValueError, match=r"^$"):
        one.write(batches(), at)
    assert staged(root) == before


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_while_files_are_staged(root: Path) -> None:
    script = """
import os, signal, sys
from dataclasses import replace
from headrace.core.ports import Checkpoint
from headrace.destinations.delta import DeltaDestination
from headrace.testing.destination_contract import TASK, put
one = DeltaDestination(sys.argv[1])
def batches():
    yield replace(put(*range(40_000)), truncate=True)
    os.kill(os.getpid(), signal.SIGKILL)
one.write(batches(), Checkpoint(TASK, one.claim(TASK).epoch, {"items": 2}))
"""
    run = subprocess.run([sys.executable, "-c", script, str(root)], check=False, timeout=60)
    assert run.returncode == -9
    assert staged(root)
    one, at = fresh(root)
    assert [row["id"] for row in rows_of(one, ITEMS)] == [1, 2]
    one.write([put(3)], replace(at, offsets={"items": 2}))
    assert len(rows_of(one, ITEMS)) == 3


def test_preparing_that_was_cut_short_is_done_again(root: Path) -> None:
    """Whatever state a table is in: its notes say that it was being made."""
    one, at = fresh(root)
    other = replace(ITEMS, key=("id", "name"), columns=(*ITEMS.columns, ("more", Type.TEXT)))
    one._ledger.put_tables({"items": replace(one._ledger.read_tables()["items"], key=())})
    one.prepare(TASK, [other])
    assert one.claim(TASK) == Checkpoint(TASK, at.epoch + 2, {})
    assert rows_of(one, other) == []


# --- files


def test_a_key_that_comes_again_much_later_in_a_fill_counts_last(root: Path) -> None:
    """Also when its first row has long gone to a file."""
    one, at = fresh(root)

    def rows(start: int, name: str) -> Batch:
        ids = list(range(start, start + ROWS_MAX))
        return Batch(ITEMS, rows=Columns({"id": ids, "name": [name] * len(ids)}))

    fill = [replace(rows(0, "a"), truncate=True), rows(ROWS_MAX - 9, "b"), rows(9, "c"), put(5)]
    one.write(fill, at)
    names = {row["id"]: row["name"] for row in rows_of(one, ITEMS)}
    assert len(names) == 2 * ROWS_MAX - 9 == len(DeltaTable(root / "items").to_pyarrow_table())
    assert [names[n] for n in (0, 5, 8, 9, ROWS_MAX + 8, ROWS_MAX + 9)] == [
        "a", "item 5", "a", "c", "c", "b",
    ]  # fmt: skip


def test_rows_put_and_deleted_in_one_write(root: Path) -> None:
    one, at = fresh(root)
    gone = Batch(ITEMS, deletes=keys(["id"], [1], [3], [5]))
    one.write([put(3, 4, 5), gone, put(5), put(6), Batch(ITEMS, deletes=keys(["id"], [6]))], at)
    assert [row["id"] for row in rows_of(one, ITEMS)] == [2, 4, 5]
    assert not staged(root) & files_of(root)


def test_a_change_rewrites_only_the_files_it_touches(root: Path) -> None:
    one, at = fresh(root)
    fill = [Batch(ITEMS, rows=Columns({"id": list(range(n, n + ROWS_MAX))}))
            for n in range(0, 4 * ROWS_MAX, ROWS_MAX)]  # fmt: skip
    one.write([replace(fill[0], truncate=True), *fill[1:]], at)
    before = files_of(root)
    assert len(before) == 4
    one.write([put(5)], at)
    assert len(files_of(root) & before) == 3
    hot = files_of(root)
    one.write([put(5, 4 * ROWS_MAX + 1)], at)  # the row that moved, and a new one
    assert len(files_of(root) & hot) == 4
    assert len(rows_of(one, ITEMS)) == 4 * ROWS_MAX + 1


def test_small_files_do_not_pile_up(root: Path) -> None:
    one, at = fresh(root)
    seen = []
    for number in range(3 * SMALL_FILES_MAX):
        one.write([put(100 + number)], at)
        seen.append(len(files_of(root)))
    assert max(seen) <= SMALL_FILES_MAX + 1
    assert len(rows_of(one, ITEMS)) == 2 + 3 * SMALL_FILES_MAX


# --- upkeep


def age(folder: Path, days: float) -> None:
    """Make all files of a folder so much older."""
    for path in folder.rglob("*"):
        if path.is_file():
            old = path.stat().st_mtime - days * DAY_S
            os.utime(path, (old, old))


def tended(root: Path, caplog: pytest.LogCaptureFixture) -> list[str]:
    """Two writes a day later, and what the log says of items."""
    one = DeltaDestination(root, now_s=lambda: time.time() + 1.1 * DAY_S)
    at = Checkpoint(TASK, one.claim(TASK).epoch, {})
    with caplog.at_level(logging.INFO):
        one.write([put(1)], at)
        one.write([put(1)], at)
    assert [row["id"] for row in rows_of(one, ITEMS)] == [1, 2]
    return [text for text in caplog.messages if "items" in text]


def test_upkeep_deletes_what_crashes_left(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Not what may still be on its way, nor what versions of the last days need."""
    one, at = fresh(root)
    for _ in range(15):
        one.write([put(1)], at)
    left, new = root / "items" / "part-left.parquet", root / "items" / "part-new.parquet"
    pq.write_table(pa.table({"id": [1]}), left)
    age(root / "items", 40)
    pq.write_table(pa.table({"id": [1]}), new)
    first = root / "items" / "_delta_log" / f"{0:020}.json"
    assert first.exists()
    assert tended(root, caplog) == ["Delta table items was tended: 1 files deleted."]
    assert new.exists() and not left.exists()
    assert not first.exists()


def test_a_person_says_how_long_versions_stay(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    one, at = fresh(root)
    for _ in range(5):
        one.write([put(1)], at)
    DeltaTable(root / "items").alter.set_table_properties(
        {"delta.deletedFileRetentionDuration": "interval 0 hours"}
    )
    assert tended(root, caplog) == ["Delta table items was tended: 6 files deleted."]


def test_upkeep_that_fails_harms_nobody(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    one = DeltaDestination(root, now_s=lambda: time.time() + 1.1 * DAY_S)
    at = Checkpoint(TASK, one.claim(TASK).epoch, {})
    shutil.move(root / "item_labels", root / "away")
    one._upkeep.tend({"item_labels": 0})
    one._upkeep.tend({"item_labels": 0})  # not again within the hour
    assert [r.levelname for r in caplog.records] == ["WARNING"]
    one.write([put(3)], at)
    assert len(rows_of(one, ITEMS)) == 3


# --- addresses


@pytest.mark.parametrize("url", ["delta:///copy", "delta:////{here}/copy", "DELTA:///my%20copy"])
def test_local_urls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(open_destination(url.replace("{here}", str(tmp_path).lstrip("/")))) as one:
        assert isinstance(one, DeltaDestination)
        monkeypatch.chdir("/")
        start(one, ITEMS)
    folder = "my copy" if "my" in url else "copy"
    assert (tmp_path / folder / "items" / "_delta_log").is_dir()


@pytest.mark.parametrize(
    "url",
    [
        "delta://hunter2/x", "delta:hunter2", "delta:///x?hunter2", "delta:///", "delta:////",
        "delta+s3://key:hunter2@bucket/x", "delta+s3://bucket/x?hunter2", "delta+s3:///hunter2",
        "delta+s3:hunter2", "delta+gs://bucket/../hunter2", "delta+az://bucket/hunter2%20x",
        "delta+s3://",
    ],
)  # fmt: skip
def test_wrong_urls_are_refused_without_a_secret(url: str) -> None:
    """Invariant 11."""
    with pytest.raises(Refused) as caught:
        open_destination(url)
    assert "hunter2" not in str(caught.value) and caught.value.advice


@pytest.mark.parametrize("scheme", ["delta+s3", "delta+az"])
def test_an_object_store_without_credentials(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scheme: str
) -> None:
    for name in list(os.environ):
        if name.startswith(("AWS_", "AZURE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(Unavailable) as caught:
        open_destination(f"{scheme}://bucket/prefix")
    assert "bucket" not in str(caught.value) and "credentials" in caught.value.advice


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "headrace.destinations.delta")
    monkeypatch.setitem(sys.modules, "headrace.destinations.delta.store", None)
    with pytest.raises(Refused, match="deltalake") as caught:
        open_destination("delta:///copy")
    assert 'pip install "headrace[delta]"' in caught.value.advice
