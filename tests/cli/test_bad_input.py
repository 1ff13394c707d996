"""Bad input: one clear sentence, what to do, the right exit code, and nothing half-written."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Headrace, Running, World

TO = ("--to", "duckdb:///copy.duckdb")
ONCE = (*TO, "--once", "--attempts", "1", "--stream", "iterations")


def written(folder: Path) -> set[str]:
    """Files a user would notice, mirrors aside."""
    return {p.name for p in folder.rglob("*") if p.is_file() and ".headrace" not in p.parts}


def test_wrong_token(
    headrace: Headrace, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODING_TOKEN", "0123456789wrong-token")
    ran = headrace("sync", *world.at, *ONCE)
    assert ran.code == 2
    assert "AuthFailure" in ran.err or "oken" in ran.err
    assert "→" in ran.err
    assert "wrong-token" not in ran.out + ran.err
    assert written(tmp_path) == set()


def test_no_token(headrace: Headrace, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CODING_TOKEN")
    ran = headrace("sync", *world.at, *ONCE)
    assert (ran.code, "CODING_TOKEN" in ran.err) == (2, True)


def test_unreachable_team(headrace: Headrace, world: World, tmp_path: Path) -> None:
    url = world.server.url
    world.server.close()
    ran = headrace("sync", "--url", url, *ONCE)
    assert ran.code == 3
    assert "refused the connection" in ran.err
    assert written(tmp_path) == set()


def test_unreachable_team_as_json(headrace: Headrace, world: World) -> None:
    url = world.server.url
    world.server.close()
    ran = headrace("sync", "--url", url, *ONCE, "--json")
    assert ran.code == 3
    assert ran.document["error"]["exit_code"] == 3
    assert ran.err == ""


@pytest.mark.parametrize(
    "team", ["no such", "evil.example.com", "a@b", "acme/..", "ａｃｍｅ", "a\nb"]
)
def test_impossible_team(headrace: Headrace, team: str) -> None:
    ran = headrace("sync", "--team", team, *ONCE)
    assert (ran.code, "not a team name" in ran.err) == (2, True)


def test_missing_project_names_the_nearest(
    headrace: Headrace, world: World, tmp_path: Path
) -> None:
    name = next(iter(world.team.projects.values())).info.name
    ran = headrace("sync", *world.at, *ONCE, "--project", f"{name}x")
    assert ran.code == 2
    assert f"Did you mean {name}?" in ran.err
    assert written(tmp_path) == set()


def test_missing_project_lists_what_is_in_sight(headrace: Headrace, world: World) -> None:
    ran = headrace("sync", *world.at, *ONCE, "--project", "0123456789")
    names = [project.info.name for project in world.team.projects.values()]
    assert ran.code == 2
    assert all(name in ran.err for name in names)


def test_missing_project_where_none_is_in_sight(headrace: Headrace, world: World) -> None:
    for project_id in list(world.team.projects):
        world.team.hide_project(project_id)
    ran = headrace("sync", *world.at, *ONCE, "--project", "shop")
    assert (ran.code, "sees no project" in ran.err) == (2, True)


def test_missing_project_beside_a_found_one(headrace: Headrace, world: World) -> None:
    name = next(iter(world.team.projects.values())).info.name
    both = ("--project", name, "--project", "nowhere")
    assert headrace("sync", *world.at, *ONCE, *both).code == 2


def test_renamed_project_stays(headrace: Headrace, world: World) -> None:
    project_id, project = next(iter(world.team.projects.items()))
    chosen = ("--project", project.info.name, "--stream", "issues")
    assert headrace("sync", *world.at, *ONCE, *chosen).code == 0
    world.team.rename_project(project_id, now_ms=world.now_ms(), name="renamed")
    assert headrace("sync", *world.at, *ONCE, *chosen).code == 0
    again = headrace("sync", *world.at, *ONCE, *chosen, "--json")
    assert again.code == 0, again.out
    assert again.document["streams"]["issues"]["deleted"] == 0


def test_unknown_stream_names_the_nearest(headrace: Headrace, world: World, tmp_path: Path) -> None:
    ran = headrace("sync", *world.at, *ONCE, "--stream", "isues")
    assert (ran.code, "Did you mean issues?" in ran.err) == (2, True)
    assert written(tmp_path) == set()


def test_unknown_destination(headrace: Headrace, world: World) -> None:
    ran = headrace("sync", *world.at, "--to", "duckdbb:///x", "--once")
    assert (ran.code, "Did you mean duckdb:?" in ran.err) == (2, True)


def test_file_that_is_no_duckdb(headrace: Headrace, world: World, tmp_path: Path) -> None:
    (tmp_path / "copy.duckdb").write_text("my diary, with many pages")
    ran = headrace("sync", *world.at, *ONCE)
    assert (ran.code, "not a DuckDB file" in ran.err) == (2, True)
    assert (tmp_path / "copy.duckdb").read_text() == "my diary, with many pages"


def test_destination_locked_by_another_process(
    headrace: Headrace, world: World, tmp_path: Path
) -> None:
    code = (
        "import duckdb, sys; c = duckdb.connect('copy.duckdb');"
        " print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as holder:  # fmt: skip
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        ran = headrace("sync", *world.at, *ONCE, "--stream", "projects")
        holder.communicate("")
    assert (ran.code, f"PID {holder.pid}" in ran.err) == (2, True)
    assert headrace("sync", *world.at, *ONCE, "--stream", "projects").code == 0


def test_second_process_on_the_same_state(
    headrace: Headrace, start: Callable[..., Running], world: World
) -> None:
    follow = ("--stream", "projects", "--json")
    running = start("sync", *world.at, "--to", "duckdb:///other.duckdb", *follow)
    running.event("changes", stream="projects")
    ran = headrace("sync", *world.at, *ONCE)
    assert (ran.code, f"process {running.process.pid}" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("sync", "--to", "memory:"), "--team or --url"),
        (("sync", "--team", "a", "--url", "http://127.0.0.1:1", "--to", "memory:"), "give one"),
        (("sync", "--team", "a"), "--to"),
        (("sync", "--team", "a", "--to", "memory:", "--poll-interval", "5 parsecs"), "30s, 5m"),
        (("sync", "--team", "a", "--to", "memory:", "--write", "mirrors"), "mirror"),
        (("sink",), "sink"),
        (("sync", "--onc"), "--once"),
        (("sync", "nightly"), "headrace init"),
        (("sync", "nightly", "--team", "acme"), "--team"),
        (("streams", "isues"), "Did you mean issues?"),
        (("playground", "--port", "99999"), "65535"),
        (("demo", "--to", "sqlite:///x.db"), "DuckDB"),
        (("check",), "--team or --url"),
        ((), "Usage"),
    ],
)
def test_usage(headrace: Headrace, args: tuple[str, ...], said: str) -> None:
    ran = headrace(*args)
    assert ran.code == 2
    assert said in ran.err
    assert ran.out == ""
    assert "Traceback" not in ran.err


def test_usage_as_json(headrace: Headrace) -> None:
    ran = headrace("sync", "--json")
    assert ran.code == 2
    assert ran.document["error"]["message"]
    assert ran.err == ""
