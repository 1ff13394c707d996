"""`headrace sync --once`: what it says, and that the copy is level."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from .conftest import Headrace, World

TO = ("--to", "duckdb:///copy.duckdb")
SOME = ("--stream", "project_members", "--stream", "issue_fields", "--stream", "issues")
QUICK = ("--stream", "issues", "--stream", "iterations")


def test_table_shows_every_stream_and_the_copy_is_level(headrace: Headrace, world: World) -> None:
    ran = headrace("sync", *world.at, *TO, *SOME, "--once")
    assert ran.code == 0, ran.err
    for name in ("projects", "project_members", "issue_fields", "issues", "API calls", "all"):
        assert name in ran.out
    assert headrace("verify", "--afresh", *world.at, *TO, *SOME, "--json").document["equal"]


def test_json_is_one_document_with_true_counts(headrace: Headrace, world: World) -> None:
    ran = headrace("sync", *world.at, *TO, *QUICK, "--once", "--json")
    assert ran.code == 0
    issues = ran.document["streams"]["issues"]
    assert issues["inserted"] == len(world.team.rows("issues")) == 30
    assert issues["updated"] == issues["deleted"] == 0
    assert ran.document["calls"] >= sum(world.playground.calls.values())


def test_second_run_changes_nothing(headrace: Headrace, world: World) -> None:
    headrace("sync", *world.at, *TO, *SOME, "--once")
    second = headrace("sync", *world.at, *TO, *SOME, "--once", "--json").document
    for name, counts in second["streams"].items():
        assert (counts["inserted"], counts["updated"], counts["deleted"]) == (0, 0, 0), name
    assert second["written"] == 0
    assert second["filled"] == []


def test_insert_update_and_delete_are_told_apart(headrace: Headrace, world: World) -> None:
    headrace("sync", *world.at, *TO, *QUICK, "--once")
    team, now = world.team, world.now_ms()
    (project, code), (_, other) = list(team.rows("issues"))[:2]
    team.create_issue(project, now_ms=now)
    team.update_issue(project, other, now_ms=now, name="changed")
    before = len(team.rows("issues"))
    team.delete_issue(project, code, now_ms=now)
    gone = before - len(team.rows("issues"))
    second = headrace("sync", *world.at, *TO, *QUICK, "--once", "--json").document
    issues = second["streams"]["issues"]
    assert (issues["inserted"], issues["deleted"]) == (1, gone)
    assert issues["updated"] >= 1
    assert headrace("verify", "--afresh", *world.at, *TO, *QUICK, "--json").document["equal"]


@pytest.mark.long
def test_only_the_chosen_project_is_copied(
    headrace: Headrace, world: World, tmp_path: Path
) -> None:
    name = next(iter(world.team.projects.values())).info.name
    ran = headrace("sync", *world.at, *TO, "--project", name, "--stream", "*s", "--once")
    assert ran.code == 0, ran.err
    with duckdb.connect(str(tmp_path / "copy.duckdb"), read_only=True) as copy:
        assert copy.execute("SELECT name FROM projects").fetchall() == [(name,)]


def test_other_projects_into_the_same_file_are_refused(headrace: Headrace, world: World) -> None:
    """They would overwrite each other: two mirrors, one table."""
    names = [project.info.name for project in world.team.projects.values()]
    first = headrace("sync", *world.at, *TO, *QUICK, "--project", names[0], "--once")
    second = headrace("sync", *world.at, *TO, *QUICK, "--project", names[1], "--once")
    assert (first.code, second.code) == (0, 2)
    assert "is written by task" in second.err


def test_lost_state_is_read_again(headrace: Headrace, world: World, tmp_path: Path) -> None:
    headrace("sync", *world.at, *TO, *QUICK, "--once", "--state", "one")
    world.team.delete_issue(*world.first("issues"), now_ms=world.now_ms())
    ran = headrace("sync", *world.at, *TO, *QUICK, "--once", "--state", "two")
    assert ran.code == 0, ran.err
    two = ("--state", "two", "--json")  # where the key for masks lies
    assert headrace("verify", "--afresh", *world.at, *TO, *QUICK, *two).document["equal"]


def test_lost_destination_is_filled_from_the_mirror(
    headrace: Headrace, world: World, tmp_path: Path
) -> None:
    headrace("sync", *world.at, *TO, *QUICK, "--once")
    (tmp_path / "copy.duckdb").unlink()
    second = headrace("sync", *world.at, *TO, *QUICK, "--once", "--json").document
    assert set(second["filled"]) == {"issues", "iterations"}
    assert second["streams"]["issues"]["inserted"] == 0
    assert headrace("verify", "--afresh", *world.at, *TO, *QUICK, "--json").document["equal"]


@pytest.mark.parametrize(("write", "deletes"), [("mirror", "hard"), ("history", "soft")])
def test_every_mode_is_equal_after_changes(
    headrace: Headrace, world: World, write: str, deletes: str
) -> None:
    how = (*world.at, *TO, *QUICK, "--write", write, "--deletes", deletes)
    headrace("sync", *how, "--once")
    world.team.delete_issue(*world.first("issues"), now_ms=world.now_ms())
    project, code = world.first("issues")
    world.team.update_issue(project, code, now_ms=world.now_ms(), name="new")
    assert headrace("sync", *how, "--once").code == 0
    assert headrace("verify", "--afresh", *how, "--json").document["equal"]


@pytest.mark.long
def test_task_of_the_configuration(headrace: Headrace, world: World, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "headrace.toml").write_text(f"""
        [connections.acme]
        url = "{world.server.url}"
        token = "${{CODING_TOKEN}}"
        census_interval = "2h"
        [tasks.copy]
        source = "acme"
        destination = "duckdb:///acme.duckdb"
        streams = ["iss*s"]
        deletes = "hard"
    """)
    ran = headrace("sync", "copy", "--config", "etc/headrace.toml", "--once")
    assert ran.code == 0, ran.err
    assert (tmp_path / "etc" / "acme.duckdb").exists()
    assert (tmp_path / "etc" / ".headrace").is_dir()
    assert not (tmp_path / ".headrace").exists()
    verified = headrace("verify", "copy", "--afresh", "--config", "etc/headrace.toml", "--json")
    assert verified.document["equal"]


def test_verify_names_the_rows_that_differ(
    headrace: Headrace, world: World, tmp_path: Path
) -> None:
    headrace("sync", *world.at, *TO, *QUICK, "--once")
    project, code = world.first("issues")
    with duckdb.connect(str(tmp_path / "copy.duckdb")) as copy:
        copy.execute("UPDATE issues SET name = 'x' WHERE (project_id, code) = (?, ?)",
                     [project, code])  # fmt: skip
    ran = headrace("verify", "--afresh", *world.at, *TO, *QUICK, "--json")
    assert ran.code == 1
    differing = {t["table"]: t["differing"] for t in ran.document["tables"] if not t["equal"]}
    assert differing == {"issues": [f"[{project},{code}]"]}
    shown = headrace("verify", "--afresh", *world.at, *TO, *QUICK)
    assert f"[{project},{code}]" in shown.out


def test_verify_refuses_a_bare_log(headrace: Headrace, world: World) -> None:
    how = (*world.at, *TO, "--stream", "projects", "--write", "changes")
    assert headrace("sync", *how, "--once").code == 0
    ran = headrace("verify", "--afresh", *how)
    assert (ran.code, "equal no table" in ran.err) == (2, True)


def test_hidden_project_keeps_its_rows_and_says_so(headrace: Headrace, world: World) -> None:
    headrace("sync", *world.at, *TO, *QUICK, "--once")
    world.team.hide_project(world.first("projects")[0])
    ran = headrace("sync", *world.at, *TO, *QUICK, "--once", "--json")
    assert ran.code == 0
    assert ran.document["streams"]["issues"]["deleted"] == 0
    assert {note["kind"] for note in ran.document["notes"]} & {"hidden", "held"}


def test_chinese(headrace: Headrace, world: World) -> None:
    ran = headrace("sync", *world.at, *TO, "--stream", "projects", "--once", "--lang", "zh")
    assert ran.code == 0
    assert "新增" in ran.out
