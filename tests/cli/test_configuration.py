"""headrace.toml: what is wrong is named by file, line and key, with what to do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.cli.init import TEMPLATE
from headrace.config import parse_duration
from headrace.config.file import load
from headrace.errors import Refused

from .conftest import Headrace

CONNECTION = '[connections.acme]\nteam = "acme"\n'
TASK = '[tasks.copy]\nsource = "acme"\ndestination = "memory:"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[connections.acme\n", ["line 1, column 18"]),
        ('[a]\nb = "x\n', ["line 2, column 7"]),
        ("a = [1,", ["end"]),
        ("[connection.acme]\n", ["line 1", "'connection'", "Did you mean connections?"]),
        ('[connections.acme]\nteams = "a"\n', ["line 2", "'teams'", "Did you mean team?"]),
        ("[connections.acme]\nteam = 5\n", ["line 2", "team", "a text in quotes"]),
        ('[connections.acme]\nprojects = "shop"\n', ["line 2", "projects", "a list of texts"]),
        ("[connections.acme]\npoll_interval = 30\n", ["line 2", 'such as "30s"']),
        ('[connections.acme]\npoll_interval = "soon"\n', ["line 2", "30s, 5m"]),
        ('[connections.acme]\npoll_interval = "1ms"\n', ["line 2", "100ms"]),
        ('[connections.acme]\ntype = "codings"\n', ["line 2", "did you mean coding?"]),
        ("[connections.acme]\nattempts = 0\n", ["line 2", "from 1 to 20"]),
        ('[connections]\nacme = "x"\n', ["line 2", "[connections.acme.NAME]"]),
        ("tasks = 5\n", ["line 1", "tasks is not a table"]),
        (f'{TASK}write = "mirrors"\n', ["line 4", "did you mean mirror?"]),
        (f'{TASK}deletes = "none"\n', ["line 4", "soft, hard"]),
    ],
)
def test_wrong_file(headrace: Headrace, tmp_path: Path, text: str, said: list[str]) -> None:
    (tmp_path / "headrace.toml").write_text(text)
    ran = headrace("sync", "copy")
    assert ran.code == 2
    assert all(part in ran.err for part in ["headrace.toml", *said]), ran.err
    assert "→" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("text", "args", "said"),
    [
        (CONNECTION, ("sync", "copy"), ["no [tasks.copy]", "none yet"]),
        (CONNECTION + TASK, ("sync", "cpoy"), ["no [tasks.cpoy]", "Did you mean copy?"]),
        (CONNECTION, ("check", "acne"), ["no [connections.acne]", "Did you mean acme?"]),
        (TASK, ("sync", "copy"), ["line 2", "[connections.acme]"]),
        (CONNECTION + TASK.replace("acme", "acne"), ("sync", "copy"), ["did you mean acme?"]),
        ("[connections.acme]\n", ("check", "acme"), ["line 1", "a team or a url"]),
        (f'{CONNECTION}url = "http://127.0.0.1"\n', ("check", "acme"), ["exactly one"]),
        (f'{CONNECTION}[tasks.copy]\nsource = "acme"\n', ("sync", "copy"), ["no destination"]),
        (
            f'{CONNECTION}token = "${{NOT_SET}}"\n',
            ("check", "acme"),
            ["line 3", "token", "NOT_SET, which is not set"],
        ),
        (f'{CONNECTION}token = "${{NOT SET}}"\n', ("check", "acme"), ["line 3", "${NAME}"]),
    ],
)
def test_wrong_use(
    headrace: Headrace, tmp_path: Path, text: str, args: tuple[str, ...], said: list[str]
) -> None:
    (tmp_path / "headrace.toml").write_text(text)
    ran = headrace(*args)
    assert ran.code == 2
    assert all(part in ran.err for part in said), ran.err


def test_no_file(headrace: Headrace) -> None:
    ran = headrace("sync", "copy")
    assert (ran.code, "headrace init" in ran.err) == (2, True)


def test_folder_in_place_of_the_file(headrace: Headrace, tmp_path: Path) -> None:
    (tmp_path / "headrace.toml").mkdir()
    ran = headrace("sync", "copy")
    assert (ran.code, "cannot be read" in ran.err) == (2, True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_unreadable_file(headrace: Headrace, tmp_path: Path) -> None:
    (tmp_path / "headrace.toml").touch(mode=0)
    ran = headrace("sync", "copy")
    assert (ran.code, "cannot be read" in ran.err) == (2, True)


def test_file_in_another_encoding(headrace: Headrace, tmp_path: Path) -> None:
    (tmp_path / "headrace.toml").write_bytes('[tasks."商店"]'.encode("gbk"))
    ran = headrace("sync", "copy")
    assert (ran.code, "UTF-8" in ran.err) == (2, True)


def test_variables_are_looked_up_only_where_they_are_used(tmp_path: Path) -> None:
    path = tmp_path / "headrace.toml"
    path.write_text(f'{CONNECTION}token = "t1"\n[connections.b]\nteam = "${{NOT_SET}}"\n')
    assert load(path).connection("acme").token == "t1"
    with pytest.raises(Refused):
        load(path).connection("b")


def test_all_keys_arrive(tmp_path: Path) -> None:
    path = tmp_path / "headrace.toml"
    path.write_text(
        f'{CONNECTION}token = "secret-1"\nprojects = ["shop"]\nincrements = "hybrid"\n'
        'poll_interval = "30s"\ncensus_interval = "2h"\nattempts = 3\n'
        f'{TASK}streams = ["issue*"]\nwrite = "history"\ndeletes = "hard"\n'
    )
    settings, task = load(path).connection("acme"), load(path).task("copy")
    assert (settings.team, settings.projects, settings.attempts) == ("acme", ("shop",), 3)
    assert (settings.poll_seconds, settings.census_seconds) == (30.0, 7200.0)
    assert (task.streams, task.write, task.deletes) == (("issue*",), "history", "hard")
    assert "secret-1" not in repr(settings)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("memory:", "memory:"),
        ("duckdb:////tmp/a.duckdb", "duckdb:////tmp/a.duckdb"),
        ("duckdb:///a.duckdb", "duckdb:///{folder}/a.duckdb"),
        ("sqlite:///data/a.db", "sqlite:///{folder}/data/a.db"),
        ("postgresql://u@h/db", "postgresql://u@h/db"),
    ],
)
def test_relative_destinations_lie_beside_the_file(
    tmp_path: Path, written: str, meant: str
) -> None:
    path = tmp_path / "headrace.toml"
    path.write_text(CONNECTION + TASK.replace("memory:", written))
    assert load(path).task("copy").destination == meant.format(folder=tmp_path)


def test_init_writes_a_file_that_works(headrace: Headrace, tmp_path: Path) -> None:
    ran = headrace("init")
    assert ran.code == 0
    found = load(tmp_path / "headrace.toml")
    assert found.connection("acme").team == "acme"
    assert found.task("acme-duckdb").source == "acme"


def test_init_mentions_every_key() -> None:
    from headrace.config.keys import CONNECTION_KEYS, TASK_KEYS

    for key in {**CONNECTION_KEYS, **TASK_KEYS}:
        assert f"{key} =" in TEMPLATE


def test_commented_keys_of_init_are_right_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODING_CLIENT", "client-1")
    monkeypatch.setenv("CODING_SECRET", "client-secret-1")
    lines = [line.removeprefix("# ") if " = " in line else line for line in TEMPLATE.splitlines()]
    path = tmp_path / "headrace.toml"
    path.write_text("\n".join(line for line in lines if not line.startswith(("url", "token"))))
    assert load(path).connection("acme").projects == ("shop", "pay")
    assert load(path).connection("acme").oauth
    assert load(path).task("acme-duckdb").streams


def test_init_leaves_a_file_alone(headrace: Headrace, tmp_path: Path) -> None:
    (tmp_path / "headrace.toml").write_text("mine")
    ran = headrace("init")
    assert (ran.code, "already exists" in ran.err) == (2, True)
    assert (tmp_path / "headrace.toml").read_text() == "mine"


def test_init_where_nothing_can_be_written(headrace: Headrace) -> None:
    ran = headrace("init", "--config", "no/such/folder.toml")
    assert (ran.code, "cannot be written" in ran.err) == (2, True)


@given(st.text())
def test_duration_is_seconds_or_a_clear_error(text: str) -> None:
    try:
        seconds = parse_duration(text)
    except ValueError:
        return
    assert 0.1 <= seconds <= 30 * 86_400


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("5m", 300), ("1h", 3600), ("1d", 86_400), ("500ms", 0.5), ("1.5m", 90)],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds
