"""`headrace verify` against the mirror, `--repair`, `--live`, and `headrace rejects`."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import QUICK, Headrace, World

TO = ("--to", "sqlite:///copy.db")
SOME = tuple(word for name in QUICK for word in ("--stream", name))
RULE = (
    "CREATE TRIGGER rule BEFORE INSERT ON issues WHEN NEW.name LIKE '%refused%'"
    " BEGIN SELECT raise(ABORT, 'a rule of the house'); END"
)


def person(*sql: str) -> list[tuple[Any, ...]]:
    """What somebody does with a shell of their own."""
    with closing(sqlite3.connect("copy.db", isolation_level=None)) as db:
        return [row for one in sql for row in db.execute(one).fetchall()]


@pytest.fixture
def copied(headrace: Headrace, world: World) -> World:
    """A team, copied into SQLite."""
    assert headrace("sync", *world.at, *TO, *SOME, "--once").code == 0
    return world


def test_verify_asks_the_mirror_and_not_coding(headrace: Headrace, copied: World) -> None:
    calls = sum(copied.playground.calls.values())
    ran = headrace("verify", *copied.at, *TO, *SOME, "--json")
    assert ran.document["equal"] and ran.code == 0
    assert {table["table"] for table in ran.document["tables"]} >= {*QUICK, "issue_labels"}
    assert sum(copied.playground.calls.values()) == calls


@pytest.mark.parametrize("write", ["mirror", "history"])
def test_repair_mends_what_a_person_broke(headrace: Headrace, world: World, write: str) -> None:
    how = (*world.at, *TO, *SOME, "--write", write)
    assert headrace("sync", *how, "--once").code == 0
    before = person("SELECT * FROM issues ORDER BY project_id, code")
    person(
        "DELETE FROM issues WHERE code = 2", "UPDATE issues SET name = 'changed' WHERE code = 3",
        "DELETE FROM issue_assignees WHERE code = 4",
    )  # fmt: skip
    found = headrace("verify", *how, "--json")
    assert found.code == 1
    wrong = {t["table"]: t["differing"] for t in found.document["tables"] if not t["equal"]}
    assert set(wrong) == {"issues", "issue_assignees"}
    assert len(wrong["issues"]) == 2 * len(world.team.projects)
    calls = sum(world.playground.calls.values())
    mended = headrace("verify", *how, "--repair", "--json")
    assert (mended.code, mended.document["repaired"]) == (0, ["issues"])
    assert sum(world.playground.calls.values()) == calls
    if write == "mirror":
        assert person("SELECT * FROM issues ORDER BY project_id, code") == before
    assert "issues" in headrace("verify", *how, "--repair").out


def test_repair_needs_the_mirror_for_itself(headrace: Headrace, copied: World) -> None:
    from headrace.app.place import mirror_path
    from headrace.config import ConnectionSettings
    from headrace.mirror.files import MirrorLock

    settings = ConnectionSettings("url", url=copied.server.url)
    with MirrorLock(mirror_path(Path(".headrace"), settings).with_suffix(".lock")):
        ran = headrace("verify", *copied.at, *TO, *SOME, "--repair")
        assert ran.code == 2 and "in use" in ran.err
        assert headrace("verify", *copied.at, *TO, *SOME).code == 0


def test_without_a_mirror_it_says_what_to_do(headrace: Headrace, world: World) -> None:
    ran = headrace("verify", *world.at, *TO, *SOME)
    assert ran.code == 2
    assert "sync" in ran.err


def test_live_samples_tell_newer_gone_and_same_apart(headrace: Headrace, copied: World) -> None:
    ran = headrace("verify", *copied.at, *TO, *SOME, "--live", "1000", "--json")
    samples = {sample["stream"]: sample for sample in ran.document["samples"]}
    issues = samples["issues"]
    assert issues["asked"] == issues["same"] == len(copied.team.rows("issues"))
    project, code = copied.first("issues")[:2]
    copied.team.update_issue(project, code, now_ms=copied.now_ms() + 5000, name="newer")
    copied.team.delete_issue(project, code + 1, now_ms=copied.now_ms())
    ran = headrace("verify", *copied.at, *TO, *SOME, "--live", "1000", "--json")
    issues = next(s for s in ran.document["samples"] if s["stream"] == "issues")
    assert (issues["newer"], issues["gone"], issues["different"]) == (1, 1, [])
    assert [s for s in ran.document["samples"] if s["different"]] == []
    assert ran.code == 0  # a poll will bring them
    assert "issues" in headrace("verify", *copied.at, *TO, *SOME, "--live", "3").out


def test_a_sample_that_differs_speaks_against_the_copy(headrace: Headrace, copied: World) -> None:
    """Other content at the same update time: no poll would ever bring it."""
    [mirror] = Path(".headrace").glob("*.mirror")
    with closing(sqlite3.connect(mirror)) as db:
        db.execute(
            'UPDATE body SET body = replace(CAST(body AS TEXT), \'"Name":"\', \'"Name":"x\')'
            " WHERE id IN (SELECT id FROM record WHERE stream = 'issues' LIMIT 1)"
        )
        db.execute(
            "UPDATE record SET digest = x'00' WHERE id IN"
            " (SELECT id FROM record WHERE stream = 'issues' LIMIT 1)"
        )
        db.commit()
    ran = headrace("verify", *copied.at, *TO, *SOME, "--live", "1000", "--json")
    assert ran.code == 1
    assert (
        len(next(s for s in ran.document["samples"] if s["stream"] == "issues")["different"]) == 1
    )


def test_afresh_stands_alone(headrace: Headrace, world: World) -> None:
    ran = headrace("verify", *world.at, *TO, "--afresh", "--repair")
    assert ran.code == 2 and "--afresh" in ran.err


def test_rejects_are_listed_and_replayed(headrace: Headrace, copied: World) -> None:
    how = (*copied.at, *TO, *SOME)
    assert "Nothing" in headrace("rejects", "list", *how).out
    person(RULE)
    project, code = copied.first("issues")[:2]
    copied.team.update_issue(project, code, now_ms=copied.now_ms(), name="refused [bold]x")
    ran = headrace("sync", *how, "--once")
    assert ran.code == 0 and "rejects list" in ran.out
    listed = headrace("rejects", "list", *how, "--json").document["rejects"]
    assert [(one["stream"], one["key"]) for one in listed] == [("issues", f"[{project},{code}]")]
    shown = headrace("rejects", "list", *how).out
    assert f"[{project},{code}]" in shown and "SQLITE_CONSTRAINT" in shown
    stays = headrace("rejects", "replay", *how, "--json")
    assert (stays.code, stays.document) == (1, {"written": 0, "left": 1})
    person("DROP TRIGGER rule")
    assert headrace("rejects", "replay", *how, "--json").document == {"written": 1, "left": 0}
    assert headrace("rejects", "list", *how, "--json").document["rejects"] == []
    assert headrace("verify", *how).code == 0


def test_a_password_in_a_destination_is_never_shown(headrace: Headrace, world: World) -> None:
    to = ("--to", "nothing://me:hunter2hunter2@127.0.0.1/db")
    for words in (("sync", "--once"), ("verify",), ("rejects", "list")):
        ran = headrace(*words, *world.at, *to, *SOME, "-v")
        assert ran.code == 2
        assert "hunter2" not in ran.out + ran.err
