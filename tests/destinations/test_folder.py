"""Folders of Parquet files and of JSON Lines keep the contract, and are read by other programs."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb
import pyarrow.parquet as pq
import pytest

from headrace.core.ports import Batch, Checkpoint, Destination
from headrace.core.schema import Columns, Table, Type
from headrace.destinations.folder import draft as folder_draft
from headrace.destinations.folder.jsonl import JsonLinesDestination
from headrace.destinations.folder.names import folder_name
from headrace.destinations.folder.parquet import ParquetDestination
from headrace.destinations.urls import open_destination
from headrace.errors import Bug, Refused
from headrace.testing.destination_contract import (
    ITEMS,
    ODD_NAMES,
    TASK,
    DestinationContract,
    Opened,
    columns,
    put,
    rows_of,
    start,
)

Make = Callable[[Path], Destination]
KINDS = {"parquet": ParquetDestination, "jsonl": JsonLinesDestination}
BOTH = pytest.mark.parametrize("make", [ParquetDestination, JsonLinesDestination])
EVERY = Table("every", (("id", Type.INTEGER), *((kind.value, kind) for kind in Type)), ("id",))


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test here pulls the plug."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


class FolderContract(DestinationContract):
    """What both have in common: a table is a sub-folder."""

    path: Path

    def make_foreign_table(self, name: str) -> None:
        (self.path / folder_name(name)).mkdir(parents=True)
        (self.path / folder_name(name) / "mine.txt").write_text("one row")

    def drop_table(self, name: str) -> None:
        shutil.rmtree(self.path / folder_name(name))


class TestParquet(FolderContract):
    @pytest.fixture
    def destination(self, tmp_path: Path) -> Opened:
        self.path = tmp_path / "copy"
        return lambda: ParquetDestination(self.path, busy_seconds=0.01)


class TestJsonLines(FolderContract):
    @pytest.fixture
    def destination(self, tmp_path: Path) -> Opened:
        self.path = tmp_path / "copy"
        return lambda: JsonLinesDestination(self.path, busy_seconds=0.01)


def query(sql: str) -> list[Any]:
    """What a person does with a shell of their own."""
    with duckdb.connect() as connection:
        rows: list[Any] = connection.execute(sql).fetchall()
    return rows


def every_row(number: int, *values: Any) -> Batch:
    return Batch(EVERY, rows=columns(EVERY, (number, *values)))


# --- what readers see


def test_parquet_types_are_as_declared(tmp_path: Path) -> None:
    with closing(ParquetDestination(tmp_path / "out")) as one:
        start(one, EVERY)
        files = f"'{tmp_path}/out/every/*.parquet'"
        found = [row[:2] for row in query(f"DESCRIBE SELECT * FROM {files}")]
        one.write([every_row(1, 5, "x", True, Decimal("1.5"), 7, "{}")], Checkpoint(TASK, 1, {}))
        assert [row[:2] for row in query(f"DESCRIBE SELECT * FROM {files}")] == found
        assert query(f"SELECT epoch_ms(timestamp), decimal FROM {files}") == [(7, Decimal("1.5"))]
    assert found == [
        ("id", "BIGINT"),
        ("integer", "BIGINT"),
        ("text", "VARCHAR"),
        ("boolean", "BOOLEAN"),
        ("decimal", "DECIMAL(38,9)"),
        ("timestamp", "TIMESTAMP WITH TIME ZONE"),
        ("json", "VARCHAR"),
    ]
    (file,) = (tmp_path / "out" / "every").iterdir()
    assert pq.ParquetFile(file).metadata.row_group(0).column(0).compression == "ZSTD"


def test_json_lines_are_as_documented(tmp_path: Path) -> None:
    with closing(JsonLinesDestination(tmp_path / "out")) as one:
        start(one, EVERY)
        batches = [
            every_row(1, -(2**63), 'a"\n\0名', False, Decimal("-7.500000000"), -1, '{"a": [1, 2]}'),
            every_row(2, None, None, None, None, None, None),
            every_row(3, 0, "", True, Decimal("1E+28"), -62_135_596_800_000, "null"),
            every_row(4, 0, "", True, Decimal("0E-9"), 253_402_300_799_999, "[1,\n2]"),
        ]
        one.write(batches, Checkpoint(TASK, 1, {}))
    assert (tmp_path / "out" / "every" / "part-00001.jsonl").read_bytes().decode() == (
        '{"id":1,"integer":-9223372036854775808,"text":"a\\"\\n\\u0000名","boolean":false,'
        '"decimal":-7.5,"timestamp":"1969-12-31T23:59:59.999Z","json":{"a": [1, 2]}}\n'
        '{"id":2,"integer":null,"text":null,"boolean":null,"decimal":null,"timestamp":null}\n'
        '{"id":3,"integer":0,"text":"","boolean":true,"decimal":10000000000000000000000000000,'
        '"timestamp":"0001-01-01T00:00:00.000Z","json":null}\n'
        '{"id":4,"integer":0,"text":"","boolean":true,"decimal":0,'
        '"timestamp":"9999-12-31T23:59:59.999Z","json":[1, 2]}\n'
    )


def test_duckdb_reads_json_lines(tmp_path: Path) -> None:
    with closing(JsonLinesDestination(tmp_path / "out")) as one:
        start(one, EVERY)
        row = every_row(1, 5, "x", True, Decimal("1.5"), 1_700_000_000_123, '{"a": {"b": "中文"}}')
        one.write([row], Checkpoint(TASK, 1, {}))
    files = f"'{tmp_path}/out/every/*.jsonl'"
    found = query(f"SELECT id, decimal, json.a.b, epoch_ms(timestamp) FROM {files}")
    assert found == [(1, 1.5, "中文", 1_700_000_000_123)]


@pytest.mark.parametrize("kind", KINDS)
def test_old_files_get_new_columns(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader of all files needs no option, whichever file it looks at first."""
    monkeypatch.setattr(folder_draft, "FILE_ROWS", 2)
    more = tuple((f"new_{kind}", kind) for kind in Type)
    wide = replace(ITEMS, columns=(*ITEMS.columns, *more))
    with closing(KINDS[kind](tmp_path / "out")) as one:
        start(one, ITEMS)
        one.write([put(1, 2, 3, 4)], Checkpoint(TASK, 1, {}))
        one.prepare(TASK, [wide])
        more_rows = Batch(wide, rows=Columns({"id": [5], "new_text": ["x"], "new_json": ["[1]"]}))
        one.write([more_rows], Checkpoint(TASK, one.claim(TASK).epoch, {}))
        assert [row["new_text"] for row in rows_of(one, wide)] == [None] * 4 + ["x"]
    assert len(list((tmp_path / "out" / "items").iterdir())) == 3
    files = f"'{tmp_path}/out/items/*.{kind}'"
    found = query(f"SELECT id, new_text, new_integer FROM {files} ORDER BY id")
    assert found == [(n, None, None) for n in (1, 2, 3, 4)] + [(5, "x", None)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_reader_of_all_files_sees_each_key_once_while_rows_change(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_draft, "FILE_ROWS", 50)
    seen: list[list[int]] = []
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            seen.append(sorted(ids_in(tmp_path / "out" / "items")))

    with closing(KINDS[kind](tmp_path / "out")) as one:
        start(one, ITEMS)
        at = Checkpoint(TASK, 1, {})
        one.write([put(*range(300))], at)
        reader = threading.Thread(target=read)
        reader.start()
        try:
            for turn in range(25):
                one.write([put(*range(turn, 300, 60))], at)
        finally:
            over.set()
            reader.join()
    assert len(seen) > 1
    assert all(ids == list(range(300)) for ids in seen)


def ids_in(folder: Path) -> list[int]:
    """What stands in the files now, each opened once and read to its end."""
    ids: list[int] = []
    for path in folder.iterdir():
        if path.suffix == ".parquet":
            with path.open("rb") as file:
                ids += pq.read_table(file, columns=["id"]).column("id").to_pylist()
        else:
            ids += [json.loads(line)["id"] for line in path.read_bytes().splitlines()]
    return ids


# --- names


@pytest.mark.parametrize(
    ("table", "folder"),
    [
        ("issues", "issues"),
        ("名字", "名字"),
        ("..", "%2E%2E"),
        (".hidden.", "%2Ehidden%2E"),
        ("a.b", "a.b"),
        ("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"),
        ("a\\b:c*", "a%5Cb%3Ac%2A"),
        ("100%", "100%25"),
        (" x ", "%20x%20"),
        ("CON", "%43ON"),
        ("nul.x", "%6Eul.x"),
        ("com1", "%63om1"),
        ("console", "console"),
        ("_headrace", "%5Fheadrace"),
        ("_Headrace", "%5FHeadrace"),
        ("e\u0301", "e%CC%81"),
    ],
)
def test_folder_names(table: str, folder: str) -> None:
    assert folder_name(table) == folder
    assert unquote(folder) == table


def test_odd_names_stay_apart_and_inside() -> None:
    names = [folder_name(name) for name in ODD_NAMES]
    assert len({name.lower() for name in names}) == len(names)
    assert [unquote(name) for name in names] == list(ODD_NAMES)
    assert not any(char in name for name in names for char in '/\\:*?"<>|\0\n ')


def test_a_name_too_long_for_a_folder_is_refused(tmp_path: Path) -> None:
    with closing(ParquetDestination(tmp_path / "out")) as one:
        with pytest.raises(Refused, match="too long") as caught:
            one.prepare(TASK, [ITEMS, replace(ITEMS, name="名" * 100)])
        assert caught.value.advice
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["_headrace"]


@BOTH
def test_a_foreign_folder_that_differs_in_case_is_refused(tmp_path: Path, make: Make) -> None:
    """On some systems it is the same folder."""
    (tmp_path / "out" / "Items").mkdir(parents=True)
    with closing(make(tmp_path / "out")) as one, pytest.raises(Refused, match="items"):
        one.prepare(TASK, [ITEMS])


# --- values


@BOTH
@pytest.mark.parametrize(
    "wrong",
    [
        {"id": [2**63]},
        {"id": ["hunter2"]},
        {"id": [1], "name": ["\ud800"]},
        {"id": [1], "at": ["hunter2"]},
        {"id": [1], "hours": ["hunter2"]},
    ],
)
def test_a_value_that_is_not_canonical_is_a_bug_without_the_value(
    tmp_path: Path, make: Make, wrong: dict[str, list[Any]]
) -> None:
    with closing(make(tmp_path / "out")) as one:
        start(one, ITEMS)
        with pytest.raises(Bug, match="items, column") as caught:
            one.write([put(5), Batch(ITEMS, rows=Columns(wrong))], Checkpoint(TASK, 1, {}))
        assert "hunter2" not in str(caught.value)
        assert rows_of(one, ITEMS) == []


@pytest.mark.parametrize(
    ("column", "value"),
    [("json", "{hunter2"), ("json", ""), ("json", "1 2"), ("timestamp", 253_402_300_800_000)],
)
def test_what_json_lines_cannot_say_is_a_bug(tmp_path: Path, column: str, value: Any) -> None:
    with closing(JsonLinesDestination(tmp_path / "out")) as one:
        start(one, EVERY)
        wrong = Batch(EVERY, rows=Columns({"id": [1], column: [value]}))
        with pytest.raises(Bug, match=f"every, column {column}") as caught:
            one.write([wrong], Checkpoint(TASK, 1, {}))
        assert "hunter2" not in str(caught.value)


# --- addresses


@pytest.mark.parametrize(
    ("url", "kind", "folder"),
    [
        ("parquet:///out", ParquetDestination, "out"),
        ("parquet:////{here}/my%20out", ParquetDestination, "my out"),
        ("jsonl:///out", JsonLinesDestination, "out"),
        ("JSONL:////{here}/out", JsonLinesDestination, "out"),
    ],
)
def test_urls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, kind: type, folder: str
) -> None:
    monkeypatch.chdir(tmp_path)
    destination = open_destination(url.replace("{here}", str(tmp_path).lstrip("/")))
    with closing(destination):
        assert isinstance(destination, kind)
        assert (tmp_path / folder / "_headrace").is_dir()


def test_the_manifest_is_readable(tmp_path: Path) -> None:
    """The counts of the files are those of the rows."""
    with closing(ParquetDestination(tmp_path / "out")) as one:
        start(one, ITEMS)
        one.write([put(1, 2)], Checkpoint(TASK, 1, {"items": 7}))
    manifest = json.loads((tmp_path / "out" / "_headrace" / "manifest.json").read_text())
    assert manifest["tasks"] == {TASK: {"epoch": 1, "offsets": {"items": 7}}}
    (file,) = manifest["tables"]["items"]["files"]
    path = tmp_path / "out" / "items" / "part-00001.parquet"
    assert file["rows"] == pq.ParquetFile(path).metadata.num_rows == 2
    assert file["bytes"] == path.stat().st_size
