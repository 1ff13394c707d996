"""Folders that are damaged, locked, full or left in the middle of a commit."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from headrace.core.ports import Batch, Checkpoint, Destination
from headrace.destinations.folder import draft as folder_draft
from headrace.destinations.folder import store as folder_store
from headrace.destinations.folder.jsonl import JsonLinesDestination
from headrace.destinations.folder.parquet import ParquetDestination
from headrace.errors import Refused, TablesChanged, Unavailable
from headrace.testing.destination_contract import (
    ITEMS,
    LABELS,
    TASK,
    keys,
    label,
    put,
    rows_of,
    start,
)

KINDS: dict[str, Callable[[Path], Destination]] = {
    "parquet": ParquetDestination,
    "jsonl": JsonLinesDestination,
}
EACH = pytest.mark.parametrize("kind", KINDS)
AT = Checkpoint(TASK, 1, {"items": 5})


@pytest.fixture
def out(tmp_path: Path, kind: str) -> Path:
    """A folder with three items in two files, and a label; closed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folder_draft, "FILE_ROWS", 2)
        with closing(KINDS[kind](tmp_path / "out")) as one:
            start(one, ITEMS, LABELS)
            one.write([put(1, 2), label((1, "a"))], AT)
            one.write([put(3)], AT)
    assert len(files(tmp_path / "out")) == 2
    return tmp_path / "out"


def files(out: Path) -> list[Path]:
    return sorted((out / "items").iterdir())


def state(path: Path, kind: str) -> tuple[Any, ...]:
    """What an opened folder has: rows, checkpoint, and the files that a reader finds."""
    with closing(KINDS[kind](path)) as one:
        found = rows_of(one, ITEMS), rows_of(one, LABELS), one.claim(TASK).offsets
        names = {p.name for p in files(path)}
    return (*found, names, list((path / "_headrace" / "staged").iterdir()))


# --- what a person did to the files


def delete(file: Path) -> None:
    file.unlink()


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def append(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"\n")


@EACH
@pytest.mark.parametrize("harm", [delete, cut, append])
def test_a_damaged_file_means_that_its_table_is_filled_again(
    out: Path, kind: str, harm: Callable[[Path], None]
) -> None:
    harm(files(out)[0])
    with closing(KINDS[kind](out)) as one:
        with pytest.raises(TablesChanged, match="items") as caught:
            rows_of(one, ITEMS)
        assert caught.value.advice
        one.prepare(TASK, [ITEMS, LABELS])
        claimed = one.claim(TASK)
        assert claimed.offsets == {}
        assert len(files(out)) == 1
        assert (rows_of(one, ITEMS), len(rows_of(one, LABELS))) == ([], 1)
        one.write([put(1, 2)], replace(AT, epoch=claimed.epoch))
        assert len(rows_of(one, ITEMS)) == 2


@EACH
def test_a_file_altered_to_the_same_size_is_noticed_when_it_is_read(out: Path, kind: str) -> None:
    first = files(out)[0]
    first.write_bytes(bytes(first.stat().st_size))
    with closing(KINDS[kind](out)) as one:
        one.prepare(TASK, [ITEMS, LABELS])
        claimed = one.claim(TASK)
        assert claimed.offsets == {"items": 5}
        with pytest.raises(TablesChanged, match="items"):
            one.write([put(1)], replace(AT, epoch=claimed.epoch))
        one.prepare(TASK, [ITEMS, LABELS])
        claimed = one.claim(TASK)
        assert claimed.offsets == {}
        one.write([put(1)], replace(AT, epoch=claimed.epoch))
        assert len(rows_of(one, ITEMS)) == 1


@EACH
def test_a_file_lost_under_a_writer_is_noticed(out: Path, kind: str) -> None:
    with closing(KINDS[kind](out)) as one:
        at = replace(AT, epoch=one.claim(TASK).epoch)
        files(out)[0].unlink()
        with pytest.raises(TablesChanged):
            one.write([label((9, "z")), put(1)], at)
        assert len(rows_of(one, LABELS)) == 1


@EACH
def test_what_a_person_put_beside_the_files_stays(out: Path, kind: str) -> None:
    (out / "items" / "notes.txt").write_text("mine")
    (out / "mine").mkdir()
    with closing(KINDS[kind](out)) as one:
        at = replace(AT, epoch=one.claim(TASK).epoch)
        one.write([replace(put(9), truncate=True)], at)
        assert len(rows_of(one, ITEMS)) == 1
    assert (out / "items" / "notes.txt").read_text() == "mine"
    assert (out / "mine").is_dir()


@EACH
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "altered or cut off"),
        (b"{", "altered or cut off"),
        (b'{"format": "parquet", "tables": 1}', "altered or cut off"),
        (b"\xff", "altered or cut off"),
        (b'{"format": "parquet", "layout": 99}', "another version"),
        (b'{"format": "csv"}', "csv, not"),
    ],
)
def test_a_manifest_that_is_not_ours_is_refused(
    out: Path, kind: str, content: bytes, said: str
) -> None:
    (out / "_headrace" / "manifest.json").write_bytes(content)
    before = [path.read_bytes() for path in files(out)]
    for _ in range(2):
        with pytest.raises(Refused, match=said) as caught:
            KINDS[kind](out)
        assert caught.value.advice and str(out) in str(caught.value)
    assert [path.read_bytes() for path in files(out)] == before


@EACH
def test_without_its_manifest_the_tables_are_foreign(out: Path, kind: str) -> None:
    (out / "_headrace" / "manifest.json").unlink()
    with closing(KINDS[kind](out)) as one, pytest.raises(Refused, match="not made by Headrace"):
        one.prepare(TASK, [ITEMS])
    assert len(files(out)) == 2


@pytest.mark.parametrize("kind", ["parquet"])
def test_a_folder_of_another_format_is_refused(out: Path, kind: str) -> None:
    with pytest.raises(Refused, match="as parquet, not jsonl"):
        JsonLinesDestination(out)
    with closing(ParquetDestination(out)), pytest.raises(Refused, match="open as parquet"):
        JsonLinesDestination(out)


@EACH
def test_no_folder(tmp_path: Path, kind: str) -> None:
    with pytest.raises(Refused, match="nowhere does not exist") as caught:
        KINDS[kind](tmp_path / "nowhere" / "out")
    assert caught.value.advice
    (tmp_path / "file").write_text("mine")
    with pytest.raises(Refused, match="file cannot be used"):
        KINDS[kind](tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


@EACH
def test_a_folder_that_went_away_under_a_writer_is_refused(out: Path, kind: str) -> None:
    with closing(KINDS[kind](out)) as one:
        at = replace(AT, epoch=one.claim(TASK).epoch)
        shutil.rmtree(out)
        with pytest.raises(Refused):
            one.write([put(9)], at)
        with pytest.raises(Refused):
            rows_of(one, ITEMS)


# --- crashes


@EACH
def test_a_crash_at_any_step_leaves_all_or_nothing(
    out: Path, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is copied before every step on the file system: such a copy is what a crash
    leaves. A commit in two tables, with files that are new, replaced and removed.
    """
    monkeypatch.setattr(folder_draft, "FILE_ROWS", 2)
    copies: list[Path] = []

    def copying(step: Callable[..., Any]) -> Callable[..., Any]:
        def copy_then_step(*given: Any, **more: Any) -> Any:
            copies.append(tmp_path / f"copy-{len(copies)}")
            shutil.copytree(out, copies[-1])
            return step(*given, **more)

        return copy_then_step

    before = state(out, kind)
    with closing(KINDS[kind](out)) as one:
        at = Checkpoint(TASK, one.claim(TASK).epoch, {"items": 9})
        with monkeypatch.context() as patch:
            for name in ("replace", "unlink", "fsync"):
                patch.setattr(os, name, copying(getattr(os, name)))
            emptied = Batch(ITEMS, deletes=keys(["id"], [1], [2]))
            one.write([emptied, put(4, 5), put(6), label((1, "b"), (2, "c"), (3, "d"))], at)
        gone = {path.name for path in files(out)}
    after = state(out, kind)
    assert after[2] == {"items": 9} and gone == after[3] != before[3]
    assert len(copies) > 8
    found = [state(copy, kind) for copy in copies]
    assert found[0] == before and found[-1] == after
    changed_at = found.index(after)
    assert found == [before] * changed_at + [after] * (len(found) - changed_at)


@EACH
def test_a_commit_that_failed_half_way_is_finished_by_the_next_call(
    out: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manifest is in place, a file could not be put in its own: it is unknown to the caller,
    and true."""
    real = os.replace

    def failing(source: Any, target: Any) -> None:
        if Path(target).parent.name == "items":
            raise OSError(5, "Input/output error")
        real(source, target)

    with closing(KINDS[kind](out)) as one:
        at = Checkpoint(TASK, one.claim(TASK).epoch, {"items": 9})
        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", failing)
            with pytest.raises(Unavailable):
                one.write([put(7)], at)
        assert [row["id"] for row in rows_of(one, ITEMS)] == [1, 2, 3, 7]
        assert one.claim(TASK).offsets == {"items": 9}


FULL = """
import resource, signal, sys
from headrace.core.ports import Checkpoint
from headrace.destinations.folder.{kind} import {name}
from headrace.errors import Unavailable
from headrace.testing.destination_contract import ITEMS, LABELS, TASK, label, put, rows_of, start
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
one = {name}(sys.argv[1])
start(one, ITEMS, LABELS)
one.write([put(1), label((1, "a"))], Checkpoint(TASK, 1, {{"items": 1}}))
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, resource.RLIM_INFINITY))
many = (label(*((n, str(hash((n, "x"))), n) for n in range(k, k + 5_000)))
        for k in range(0, 40_000, 5_000))
try:
    one.write(many, Checkpoint(TASK, 1, {{"items": 2}}))
except Unavailable as error:
    print("Unavailable", bool(error.advice))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
one.write([put(2)], Checkpoint(TASK, 1, {{"items": 2}}))
print(len(rows_of(one, ITEMS)), len(rows_of(one, LABELS)), flush=True)
"""


@EACH
def test_a_full_disk_is_unavailable_and_leaves_nothing(tmp_path: Path, kind: str) -> None:
    script = FULL.format(kind=kind, name=KINDS[kind].__name__)  # type: ignore[attr-defined]
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "out")],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.split() == ["Unavailable", "True", "2", "1"]
    assert not any((tmp_path / "out" / "_headrace" / "staged").iterdir())


# --- locks

HOLD = """
import sys
from headrace.destinations.folder.{kind} import {name}
one = {name}(sys.argv[1])
print("open", flush=True)
sys.stdin.readline()
"""


@EACH
def test_one_process_writes_a_folder(tmp_path: Path, kind: str) -> None:
    script = HOLD.format(kind=kind, name=KINDS[kind].__name__)  # type: ignore[attr-defined]
    path = tmp_path / "out"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as holder:  # fmt: skip
        assert holder.stdout and holder.stdout.readline() == "open\n"
        with pytest.raises(Refused) as caught:
            KINDS[kind](path)
        assert str(path) in str(caught.value) and caught.value.advice
        assert f"PID {holder.pid}" in str(caught.value)
        holder.communicate("\n")
    KINDS[kind](path).close()


@EACH
def test_a_reader_with_the_lock_sees_no_commit(
    out: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `flock --shared out/_headrace/commit.lock ...` does."""
    monkeypatch.setattr(folder_store, "READERS_SECONDS", 0.02)
    with closing(KINDS[kind](out)) as one:
        at = replace(AT, epoch=one.claim(TASK).epoch)
        before = [path.read_bytes() for path in files(out)]
        with (out / "_headrace" / "commit.lock").open() as held:
            fcntl.flock(held, fcntl.LOCK_SH)
            with pytest.raises(Unavailable, match="reader"):
                one.write([put(9)], at)
            assert len(rows_of(one, ITEMS)) == 3
            assert [path.read_bytes() for path in files(out)] == before
        one.write([put(9)], at)
        assert len(rows_of(one, ITEMS)) == 4
