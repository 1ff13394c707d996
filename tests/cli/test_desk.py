"""`headrace tasks` and `connections`, `apply` and `export`: on a data folder and at a server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import QUICK, Headrace, World
from tests.cli.test_apply import FILE, TOKEN

from headrace.app.serving.platform import Platform
from headrace.control.people import Role
from headrace.playground import DEFAULT_TOKEN
from headrace.web.site import Site

LIVING = """
[connections.team]
url = "{url}"
token = "${{CODING_TOKEN}}"
poll_interval = "200ms"

[tasks.copy]
source = "team"
destination = "sqlite:///copy.db"
streams = {streams}
"""


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server on a folder of its own; the environment names it and has a token for it."""
    with Platform(tmp_path / "served") as platform:
        platform.start()
        first = platform.people.set_up(platform.people.make_setup_code(), "admin-1", "x" * 12)
        token = platform.people.make_token(first, "cli", Role.OPERATOR, days=1)
        with Site(platform, listen="127.0.0.1:0") as site:
            monkeypatch.setenv("HEADRACE_SERVER_TOKEN", token)
            yield f"http://127.0.0.1:{site.port}"


def test_a_server_is_worked_from_the_command_line(
    headrace: Headrace, served: str, world: World, tmp_path: Path
) -> None:
    at = ("--server", served)
    assert "no tasks" in headrace("tasks", "list", *at).out
    file = tmp_path / "team.toml"
    file.write_text(LIVING.format(url=world.server.url, streams=list(QUICK)), "utf-8")
    done = headrace("apply", "-f", str(file), *at, "--json")
    assert done.document["made"] == ["connection team", "connection copy destination", "task copy"]
    exported = headrace("export", *at)
    assert "[tasks.copy]" in exported.out and DEFAULT_TOKEN not in exported.out
    assert not (tmp_path / "headrace-data").exists()

    shown = headrace("connections", "list", *at, "--lang", "zh")
    assert shown.code == 0 and "源头" in shown.out and "sqlite" in shown.out
    assert headrace("connections", "show", "team", *at).out.count("never tested") == 1
    checked = headrace("connections", "check", "team", *at, "--json")
    assert checked.code == 0 and checked.document["ok"] is True
    assert "✓" in headrace("connections", "show", "team", *at).out

    assert headrace("tasks", "start", "copy", *at, "--json").document["task"]["state"] == "waiting"
    ends = time.monotonic() + 60
    while "issues" not in headrace("tasks", "show", "copy", *at).out:
        assert time.monotonic() < ends
        time.sleep(0.1)
    table = headrace("tasks", "show", "1", *at).out
    assert "running" in table and "issues" in table
    assert headrace("tasks", "start", "copy", *at).code == 2
    assert headrace("tasks", "stop", "copy", *at).code == 0
    log = headrace("tasks", "log", "copy", *at, "--lines", "5")
    assert log.code == 0 and "info" in log.out
    assert "No such lines" in headrace("tasks", "log", "copy", *at, "--text", "nothing-17").out


def test_a_folder_answers_as_a_server_does(
    headrace: Headrace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN_OF_ACME", TOKEN)
    (tmp_path / "acme.toml").write_text(FILE, "utf-8")
    assert headrace("apply", "-f", "acme.toml").code == 0
    listed = headrace("tasks", "list")
    assert listed.code == 0 and "nightly" in listed.out and "new" in listed.out
    assert headrace("tasks", "start", "nightly", "--json").document["task"]["state"] == "waiting"
    assert headrace("tasks", "stop", "nightly", "--json").document["task"]["state"] == "stopped"
    reset = headrace("tasks", "reset", "nightly", "--stream", "issues", "--json").document
    assert reset["task"]["reset_streams"] == ["issues"]
    assert "acme" in headrace("connections", "show", "acme").out
    assert headrace("tasks", "log", "nightly", "--json").document == {"log": []}
    unknown = headrace("tasks", "start", "nightli")
    assert unknown.code == 2 and "nightly" in unknown.err
    assert headrace("tasks", "show").code == 2


def test_the_environment_names_a_server(
    headrace: Headrace, served: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_SERVER", served)
    assert headrace("tasks", "list", "--json").document == {"tasks": []}
    ran = headrace("tasks", "list", "--data", str(tmp_path / "nothing"))
    assert ran.code == 2 and "Nothing is kept" in ran.err  # an option wins
    monkeypatch.setenv("HEADRACE_SERVER_TOKEN", "hr_wrong")
    wrong = headrace("tasks", "list")
    assert wrong.code == 2 and "hr_wrong" not in wrong.out + wrong.err
    monkeypatch.delenv("HEADRACE_SERVER_TOKEN")
    none = headrace("tasks", "list")
    assert none.code == 2 and "HEADRACE_SERVER_TOKEN" in none.err
    away = headrace("tasks", "list", "--server", "ftp://x")
    assert away.code == 2
