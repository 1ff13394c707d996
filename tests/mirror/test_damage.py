"""Damaged and foreign files: refused in a clear sentence and left as they are."""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from headrace.errors import Refused
from headrace.mirror.files import connect
from headrace.mirror.soundness import PROBLEMS_MAX, examine
from headrace.mirror.sqlite import SqliteMirror
from headrace.testing.mirror_contract import START_MS, gone, page, seen

Damage = Callable[[bytes], bytes]


def overwrite(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + random.Random(1).randbytes(20_000) + content[middle + 20_000 :]


def with_format_2(path: Path) -> None:
    with closing(sqlite3.connect(path)) as file:
        file.execute("UPDATE meta SET value = '2' WHERE name = 'format'")
        file.commit()


@pytest.fixture
def mirror_file(tmp_path: Path) -> Path:
    """A mirror with 500 records, closed."""
    path = tmp_path / "team.mirror"
    with closing(SqliteMirror(connect(path), now_ms=START_MS)) as one:
        one.commit(page(*(seen(n, "x" * 800) for n in range(500))))
    return path


@pytest.mark.parametrize(
    "damage",
    [
        overwrite,
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1000],
        lambda content: content[:50],
        lambda content: b"hello",
        lambda content: b"\0" * len(content),
        lambda content: b"x" * len(content),
    ],
    ids=["overwritten", "half", "cut within a page", "header only", "text", "zeros", "letters"],
)
def test_a_damaged_file_is_refused_and_kept(mirror_file: Path, damage: Damage) -> None:
    content = damage(mirror_file.read_bytes())
    mirror_file.write_bytes(content)
    for _ in range(2):
        with pytest.raises(Refused, match=r"team\.mirror cannot be used") as caught:
            connect(mirror_file)
        assert "\n" not in str(caught.value) and "new one is filled" in caught.value.advice
        assert mirror_file.read_bytes() == content
        assert list(mirror_file.parent.iterdir()) == [mirror_file]


def test_a_newer_format_is_refused_and_kept(mirror_file: Path) -> None:
    with_format_2(mirror_file)
    content = mirror_file.read_bytes()
    with pytest.raises(Refused, match="format 2, this Headrace reads format 1") as caught:
        connect(mirror_file)
    assert str(mirror_file) in str(caught.value)
    assert mirror_file.read_bytes() == content


def test_a_folder_and_a_path_through_a_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file" / "x.mirror"):
        with pytest.raises(Refused, match="cannot be used"):
            connect(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_folder_that_may_not_be_written_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(Refused, match="cannot be used"):
        connect(tmp_path / "x.mirror")


# --- what only a look at every record finds


@pytest.fixture
def one(tmp_path: Path) -> SqliteMirror:
    """A mirror in which everything has happened."""
    mirror = SqliteMirror(connect(tmp_path / "x"), now_ms=START_MS)
    mirror.commit(page(*(seen(n) for n in range(9))))
    mirror.commit(page(seen(1, "b", at=2), gone(2, at=2), gone(3, at=2)))
    mirror.commit(page(seen(3, "back", at=3), seen(1, "c", at=3)))
    return mirror


def test_a_sound_mirror_has_no_problems(one: SqliteMirror) -> None:
    with closing(one):
        for before_ms in (0, START_MS + 1):
            found = examine(one)
            assert (found.count, found.problems, found.records) == (0, [], 8)
            one.prune(before_ms=before_ms, tombstones_before_ms=before_ms)
        assert examine(one).changes == 0


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("UPDATE body SET body = X'7B7D' WHERE id = 1", "issues [0]: the body does not fit"),
        ("UPDATE record SET digest = X'78' WHERE id = 1", "issues [0]: the record is not what"),
        ('UPDATE record SET "offset" = 1 WHERE id = 1', "issues [0]: the record is not what"),
        ("UPDATE record SET deleted = 1 WHERE id = 1", "issues [0]: the log has it"),
        ("UPDATE record SET deleted = 0 WHERE key = '[2]'", "issues [2]: the record is not what"),
        ("UPDATE record SET \"offset\" = 1 WHERE key = '[2]'", "issues [2]: the tombstone is not"),
        ("DELETE FROM record WHERE id = 1", "issues [0]: the log has it"),
        ("UPDATE change SET before_offset = 7 WHERE op = 'update'", "does not follow"),
        ("UPDATE counter SET inserted = inserted + 1", "issues: 11 inserts less 2 deletes"),
        ("UPDATE counter SET updated = 0", "issues: the counters (10, 0, 2) are below"),
        ("DELETE FROM counter", "issues: the counters (0, 0, 0) are below"),
    ],
)
def test_every_damage_is_found(one: SqliteMirror, sql: str, problem: str) -> None:
    with closing(one):
        one.store.run(sql)
        found = examine(one)
        assert found.count > 0
        assert any(problem in line for line in found.problems), found.problems


def test_problems_are_counted_and_the_first_named(one: SqliteMirror) -> None:
    with closing(one):
        one.commit(page(*(seen(n) for n in range(100, 200))))
        one.store.run("UPDATE record SET digest = X'78'")
        found = examine(one)
        assert found.count > 100 and len(found.problems) == PROBLEMS_MAX
