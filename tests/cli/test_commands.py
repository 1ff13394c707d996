"""check, streams, playground, demo: what they show and how they end."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
import urllib3

from headrace.playground import DEFAULT_TOKEN, Settings

from .conftest import Headrace, Running, World

# --- check ---------------------------------------------------------------------------------------


def test_check_passes(headrace: Headrace, world: World) -> None:
    ran = headrace("check", *world.at)
    assert ran.code == 0, ran.out
    assert "✓ Token valid" in ran.out
    assert "✗" not in ran.out


def test_check_as_json(headrace: Headrace, world: World) -> None:
    ran = headrace("check", *world.at, "--stream", "issues", "--json")
    document = ran.document
    assert document["ok"] is True
    names = {check["name"] for check in document["checks"]}
    assert {"address", "token", "user", "team", "stream:issues", "rate", "clock"} <= names


def test_check_of_a_wrong_token(
    headrace: Headrace, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODING_TOKEN", "wrong-token-1")
    ran = headrace("check", *world.at)
    assert ran.code == 2
    assert "✗ Token valid" in ran.out
    assert "→" in ran.out
    assert "wrong-token-1" not in ran.out + ran.err


def test_check_of_an_unreachable_address(headrace: Headrace, world: World) -> None:
    url = world.server.url
    world.server.close()
    ran = headrace("check", "--url", url, "--attempts", "1")
    assert (ran.code, "✗ Address reachable" in ran.out) == (3, True)


def test_check_names_the_missing_scope(
    headrace: Headrace, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    scopes = {"user:profile:ro", "team:profile:ro", "project:profile:ro"}
    monkeypatch.setenv("CODING_TOKEN", world.playground.issue_token(scopes=scopes))
    ran = headrace("check", *world.at, "--lang", "zh")
    assert ran.code == 2
    assert "collaboration:issue:ro" in ran.out
    assert "令牌有效" in ran.out


def test_check_of_a_missing_project(headrace: Headrace, world: World) -> None:
    ran = headrace("check", *world.at, "--project", "nowhere")
    assert (ran.code, "✗ Project nowhere" in ran.out) == (2, True)


def test_check_by_name(headrace: Headrace, world: World, tmp_path: Path) -> None:
    (tmp_path / "headrace.toml").write_text(
        f'[connections.acme]\nurl = "{world.server.url}"\n'
        '[tasks.copy]\nsource = "acme"\ndestination = "memory:"\n'
    )
    assert headrace("check", "acme").code == 0
    assert headrace("check", "copy").code == 0


# --- streams -------------------------------------------------------------------------------------


def test_streams_is_the_catalogue(headrace: Headrace) -> None:
    ran = headrace("streams", "--json")
    names = [stream["name"] for stream in ran.document["streams"]]
    assert names[:2] == ["projects", "project_members"]
    assert "issues" in names
    shown = headrace("streams").out
    assert all(name in shown for name in names)


def test_streams_needs_no_token(headrace: Headrace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CODING_TOKEN")
    assert headrace("streams").code == 0


def test_columns_of_a_stream(headrace: Headrace) -> None:
    document = headrace("streams", "issues", "--json").document["streams"][0]
    assert {"project_id", "code", "name"} <= {column["name"] for column in document["columns"]}
    assert {child["name"] for child in document["children"]} >= {"issue_labels"}
    assert "issue_labels" in headrace("streams", "issues", "--lang", "zh").out


def test_what_the_token_may_read(
    headrace: Headrace, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    scopes = {"user:profile:ro", "project:profile:ro"}
    monkeypatch.setenv("CODING_TOKEN", world.playground.issue_token(scopes=scopes))
    ran = headrace("streams", *world.at, "--json")
    listed = [s for s in ran.document["streams"] if "readable" in s]  # optional ones are not asked
    readable = {s["name"]: s["readable"]["outcome"] for s in listed}
    assert (readable["projects"], readable["issues"]) == ("ok", "failed")
    assert "✗" in headrace("streams", *world.at).out


# --- playground ----------------------------------------------------------------------------------


def test_playground_serves_until_stopped(headrace: Headrace, start: Callable[..., Running]) -> None:
    running = start("playground", "--issues", "20", "--projects", "1", "--json")
    ready = running.event("ready")
    assert ready["token"] == DEFAULT_TOKEN
    to = ("--to", "duckdb:///copy.duckdb")
    ran = headrace("sync", "--url", ready["url"], *to, "--stream", "issues", "--once", "--json")
    assert ran.document["streams"]["issues"]["read"] >= 20
    assert running.stop(signal.SIGINT).code == 0


def test_playground_prints_an_example(start: Callable[..., Running]) -> None:
    running = start("playground", "--issues", "5", "--rate", "0")
    assert running.process.stdout is not None
    lines = [running.process.stdout.readline() for _ in range(4)]
    assert any("headrace sync --url http://127.0.0.1:" in line for line in lines)
    assert running.stop(signal.SIGTERM).code == 0


def test_port_that_is_taken(headrace: Headrace, world: World) -> None:
    ran = headrace("playground", "--port", str(world.server.port), "--issues", "0")
    assert (ran.code, str(world.server.port) in ran.err) == (2, True)


# --- demo ----------------------------------------------------------------------------------------


@pytest.mark.long
def test_demo_proves_equality_and_ends(headrace: Headrace, tmp_path: Path) -> None:
    first = headrace("demo", "--seconds", "2", "--json")
    assert first.code == 0, first.out
    document = first.document
    assert document["equal"] is True
    assert document["query"]["rows"]
    assert {"issues", "issue_labels", "projects"} <= {t["table"] for t in document["tables"]}
    second = headrace("demo", "--seconds", "0")  # replaces its own file
    assert second.code == 0
    assert "equal in all" in second.out
    assert DEFAULT_TOKEN not in second.out
    with duckdb.connect(str(tmp_path / "demo.duckdb"), read_only=True) as copy:
        assert copy.execute("SELECT count(*) > 500 FROM issues").fetchall() == [(True,)]


def test_demo_leaves_a_foreign_file_alone(headrace: Headrace, tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "demo.duckdb")) as mine:
        mine.execute("CREATE TABLE precious AS SELECT 42 AS answer")
    ran = headrace("demo", "--seconds", "0")
    assert (ran.code, "was not made by the demo" in ran.err) == (2, True)
    with duckdb.connect(str(tmp_path / "demo.duckdb")) as mine:
        assert mine.execute("SHOW TABLES").fetchall() == [("precious",)]


@pytest.mark.long
def test_second_demo_in_the_same_folder(headrace: Headrace, start: Callable[..., Running]) -> None:
    running = start("demo", "--seconds", "600")
    assert running.process.stdout is not None
    assert any("Snapshot" in line for line in running.process.stdout)
    ran = headrace("demo", "--seconds", "0")
    assert (ran.code, "in use" in ran.err) == (2, True)
    assert running.stop(signal.SIGKILL).code == -signal.SIGKILL
    assert headrace("demo", "--seconds", "0").code == 0  # whatever the killed one left


@pytest.mark.long
def test_demo_can_be_stopped(start: Callable[..., Running]) -> None:
    running = start("demo", "--seconds", "600")
    assert running.process.stdout is not None
    for line in running.process.stdout:
        if "Snapshot" in line:
            break
    assert running.stop(signal.SIGINT).code == 130


@pytest.mark.long
def test_demo_in_the_console(headrace: Headrace, start: Callable[..., Running]) -> None:
    running = start("demo", "--console", "--port", "0", "--json")
    assert running.process.stdout is not None
    ready = json.loads(running.process.stdout.readline())
    body = json.dumps({"name": ready["user"], "password": ready["password"]})
    pool = urllib3.PoolManager(retries=False, timeout=20)
    json_sent = {"content-type": "application/json"}
    signed_in = pool.request("POST", f"{ready['url']}/api/v1/session", body=body, headers=json_sent)
    cookie = {"cookie": signed_in.headers["set-cookie"].partition(";")[0]}
    page = pool.request("GET", f"{ready['url']}/", headers=cookie)
    assert (page.status, b"Headrace" in page.data) == (200, True)
    assert running.stop(signal.SIGINT).code == 0
    assert headrace("demo", "--seconds", "0").code == 0  # the file was its own


# --- the program ---------------------------------------------------------------------------------


def test_version(headrace: Headrace) -> None:
    ran = headrace("--version")
    assert (ran.code, ran.out.startswith("headrace, version ")) == (0, True)


def test_a_bug_is_one_line_and_how_to_report_it(headrace: Headrace) -> None:
    unexpected = ("init", "--config", "no argument of a process holds \0")
    ran = headrace(*unexpected)
    assert ran.code == 1
    assert "bug in Headrace: ValueError" in ran.err
    assert "Traceback" not in ran.err
    assert "Traceback" in headrace(*unexpected, "-v").err


def test_help_loads_no_database() -> None:
    import subprocess

    code = (
        "import sys; from headrace.cli import run; run(['--help']); run(['sync', '--help']);"
        " heavy = {'duckdb', 'pyarrow', 'urllib3', 'rich', 'msgspec'} & set(sys.modules);"
        " sys.exit(f'{heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.long
def test_throttling_is_waited_out(headrace: Headrace, world: World) -> None:
    world.playground.settings = Settings(
        rates={"DescribeIssueListWithPage": 1}, throttle_wait_ms=200
    )
    to = ("--to", "memory:", "--stream", "issues", "--once", "--json")
    ran = headrace("sync", *world.at, *to)
    assert ran.code == 0, ran.out
    assert json.loads(ran.out)["streams"]["issues"]["inserted"] == 30
