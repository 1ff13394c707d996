"""Random writes to a folder of small files leave the rows that the memory destination has."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest

from headrace.core.ports import Batch, Checkpoint, Destination
from headrace.core.schema import Columns, Table, Type
from headrace.destinations.folder import draft as folder_draft
from headrace.destinations.folder.hashes import Hashes, matches
from headrace.destinations.folder.jsonl import JsonLinesDestination
from headrace.destinations.folder.manifest import load
from headrace.destinations.folder.parquet import ParquetDestination
from headrace.destinations.memory import MemoryDestination
from headrace.errors import Stopped
from headrace.testing.destination_contract import TASK, rows_of

TABLES = (
    Table("parents", (("id", Type.INTEGER), ("n", Type.INTEGER)), ("id",)),
    Table(
        "children", (("id", Type.INTEGER), ("label", Type.TEXT), ("n", Type.INTEGER)),
        ("id", "label"), owner=1,
    ),
)  # fmt: skip
FILE_ROWS = 8
KINDS = {"parquet": ParquetDestination, "jsonl": JsonLinesDestination}


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test here pulls the plug."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture(autouse=True)
def _small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_draft, "FILE_ROWS", FILE_ROWS)


def keys_of(table: Table, dice: Random, count: int) -> list[tuple[Any, ...]]:
    if table.owner:
        return [(dice.randrange(-3, 27), dice.choice((None, "a", "b", "c"))) for _ in range(count)]
    return [(dice.randrange(-3, 87),) for _ in range(count)]


def turned(names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Columns:
    return Columns({name: [row[place] for row in rows] for place, name in enumerate(names)})


def any_batch(dice: Random) -> Batch:
    """Of one table, now and then a large one."""
    table = dice.choice(TABLES)
    size = dice.choice((0, 1, 2, 5, 40))
    rows = [(*key, dice.randrange(1000)) for key in keys_of(table, dice, size)]
    deletes = keys_of(table, dice, dice.choice((0, 0, 1, 4, 30)))
    owners = (
        [(dice.randrange(-3, 27),) for _ in range(dice.choice((0, 2, 12)))] if table.owner else []
    )
    names = tuple(name for name, _ in table.columns)
    return Batch(
        table,
        rows=turned(names, rows),
        deletes=turned(table.key, deletes),
        owners=turned(names[: table.owner], owners),
        truncate=dice.random() < 0.03,
    )


def check_files(path: Path, kind: str) -> None:
    """The files on disk are those of the manifest, and neither too large nor too many."""
    content = (path / "_headrace" / "manifest.json").read_bytes()
    manifest = load(content, format_name=kind, path="")
    for entry in manifest.tables.values():
        found = {file.name for file in (path / entry.name).iterdir()}
        assert found == {file.name(kind) for file in entry.files}
        sizes = [file.rows for file in entry.files]
        assert max(sizes) < 2 * FILE_ROWS
        assert all(size >= FILE_ROWS // 4 for size in sizes[:-1])
    assert list((path / "_headrace" / "staged").iterdir()) == []


def same_rows(one: Destination, twin: Destination) -> bool:
    return all(rows_of(one, table) == rows_of(twin, table) for table in TABLES)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_random_writes(tmp_path: Path, kind: str, seed: int) -> None:
    dice = Random(seed)
    make: Callable[[Path], Destination] = KINDS[kind]
    twin = MemoryDestination()
    one = make(tmp_path)
    for destination in (one, twin):
        destination.prepare(TASK, TABLES)
        assert destination.claim(TASK).epoch == 1
    at = Checkpoint(TASK, 1, {})
    for _ in range(40):
        batches = [any_batch(dice) for _ in range(dice.randrange(4))]
        if dice.random() < 0.2:
            with pytest.raises(Stopped):
                one.write(broken_off(batches), at)
        else:
            one.write(iter(batches), at)
            twin.write(iter(batches), at)
        if dice.random() < 0.1:
            one.close()
            one = make(tmp_path)
        assert same_rows(one, twin)
        check_files(tmp_path, kind)
    one.close()


def broken_off(batches: list[Batch]) -> Iterator[Batch]:
    yield from batches
    raise Stopped


@pytest.mark.parametrize("kind", KINDS)
def test_little_memory_is_held(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Changed files are staged before all of a write is there, and changed again where needed."""
    monkeypatch.setattr(folder_draft, "HELD_BYTES_MAX", 300)
    monkeypatch.setattr("headrace.destinations.folder.change.HELD_BYTES_MAX", 300)
    staged = tmp_path / "_headrace" / "staged"
    twin = MemoryDestination()
    waiting = []

    def batches() -> Iterator[Batch]:
        dice = Random(7)
        for _ in range(60):
            yield any_batch(dice)
            waiting.append(len(list(staged.iterdir())) if staged.exists() else 0)

    with closing(KINDS[kind](tmp_path)) as one:
        for destination in (one, twin):
            destination.prepare(TASK, TABLES)
            destination.claim(TASK)
        one.write(batches(), Checkpoint(TASK, 1, {}))
        assert 3 < max(waiting) < 60  # what is superseded goes at once
        twin.write(batches(), Checkpoint(TASK, 1, {}))
        assert same_rows(one, twin)
        check_files(tmp_path, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_files_follow_the_number_of_rows(tmp_path: Path, kind: str) -> None:
    """Up in full files, down again by deletes, and no file is written that nothing changed in."""
    parents = TABLES[0]
    folder = tmp_path / "parents"
    at = Checkpoint(TASK, 1, {})

    def stamps() -> dict[str, int]:
        return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}

    with closing(KINDS[kind](tmp_path)) as one:
        one.prepare(TASK, TABLES)
        one.claim(TASK)
        for number in range(80):
            one.write([Batch(parents, rows=Columns({"id": [number], "n": [number]}))], at)
        before = stamps()
        assert len(before) == 80 // FILE_ROWS
        one.write([Batch(parents, rows=Columns({"id": [20], "n": [0]}))], at)
        after = stamps()
        changed = [name for name in after if after[name] != before[name]]
        assert changed == [f"part-00003.{kind}"]
        for number in range(80):
            if number % 10:
                one.write([Batch(parents, deletes=Columns({"id": [number]}))], at)
        assert [row["id"] for row in rows_of(one, parents)] == [0, 10, 20, 30, 40, 50, 60, 70]
        assert len(stamps()) <= 4
        one.write([Batch(parents, truncate=True)], at)
        assert list(stamps()) == [f"part-00001.{kind}"]
    if kind == "parquet":
        files = f"'{folder}/*.parquet'"
        assert duckdb.sql(f"SELECT count(*), count(id) FROM {files}").fetchall() == [(0, 0)]


@pytest.mark.parametrize("kind", KINDS)
def test_large_texts_make_files_of_few_rows(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_draft, "FILE_ROWS", 1000)
    monkeypatch.setattr(folder_draft, "FILE_BYTES", 3000)
    table = Table("pages", (("id", Type.INTEGER), ("text", Type.TEXT)), ("id",))
    with closing(KINDS[kind](tmp_path)) as one:
        one.prepare(TASK, [table])
        at = Checkpoint(TASK, one.claim(TASK).epoch, {})
        small = Columns({"id": list(range(12)), "text": ["x"] * 12})
        one.write([Batch(table, rows=small)], at)
        assert len(list((tmp_path / "pages").iterdir())) == 1
        large = Columns({"id": list(range(10)), "text": ["x" * 1000] * 10})
        one.write([Batch(table, rows=large)], at)
        assert len(list((tmp_path / "pages").iterdir())) == 3
        assert [len(row["text"]) for row in rows_of(one, table)].count(1000) == 10


@pytest.mark.parametrize("seed", range(20))
def test_the_index_finds_every_row_that_is_meant(seed: int) -> None:
    """And hardly any other: -1 and -2 have one hash."""
    dice = Random(seed)

    def some_keys(count: int) -> list[tuple[Any, ...]]:
        return [(dice.randrange(-2, 6), dice.choice((None, "a", "b"))) for _ in range(count)]

    held = [some_keys(dice.randrange(6)) for _ in range(6)]
    parts = [Hashes.of(keys, owner=1) for keys in held]
    for _ in range(4):
        at = dice.randrange(len(held))
        kept = [place for place in range(len(held[at])) if dice.random() < 0.7]
        more = some_keys(dice.randrange(4))
        held[at] = [held[at][place] for place in kept] + more
        parts[at] = parts[at].take(kept).join(Hashes.of(more, owner=1))
    wanted, owners = some_keys(dice.randrange(4)), [key[:1] for key in some_keys(dice.randrange(2))]
    found = matches(parts, Hashes.of(wanted), Hashes.of(owners))
    for keys, places in zip(held, found, strict=True):
        meant = {p for p, key in enumerate(keys) if key in wanted or key[:1] in owners}
        assert meant <= set(places)
        assert all(keys[p][0] in (-1, -2) for p in set(places) - meant)
        assert places == sorted(places)
