"""`headrace apply` and `headrace export`, beside a server and without; one server a data folder."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import Headrace, Running

TOKEN = "0123456789abcdef0123456789abcdef01234567"
FILE = """
[connections.acme]
team = "acme"
token = "${TOKEN_OF_ACME}"
projects = ["a :smile: [bold]"]

[tasks.nightly]
source = "acme"
destination = "sqlite:///acme.db"
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOKEN_OF_ACME", TOKEN)
    path = tmp_path / "acme.toml"
    path.write_text(FILE, "utf-8")
    return path


def test_a_file_goes_in_and_comes_out(headrace: Headrace, file: Path) -> None:
    ran = headrace("apply", "-f", str(file), "--json")
    assert ran.code == 0, ran.err
    assert ran.document["made"] == [
        "connection acme", "connection nightly destination", "task nightly",
    ]  # fmt: skip
    again = headrace("apply", "-f", str(file))
    assert again.code == 0 and "0 made, 0 changed, 3 as they were" in again.out
    ran = headrace("export")
    assert ran.code == 0 and '"a :smile: [bold]"' in ran.out
    assert TOKEN not in ran.out + ran.err
    assert headrace("export", "--json").document == {"toml": ran.out}
    file.write_text(ran.out, "utf-8")
    assert headrace("apply", "-f", str(file), "--json").document["made"] == []
    file.write_text(ran.out.replace("a :smile: [bold]", "b"), "utf-8")
    changed = headrace("apply", "--file", str(file), "--lang", "zh")
    assert changed.code == 0 and "已修改：connection acme" in changed.out


def test_what_cannot_be_is_refused(
    headrace: Headrace, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = headrace("export")
    assert ran.code == 2 and "--data" in ran.err and not (tmp_path / "headrace-data").exists()
    assert headrace("apply").code == 2
    assert headrace("apply", "-f", "nowhere.toml").code == 2
    monkeypatch.delenv("TOKEN_OF_ACME")
    ran = headrace("apply", "-f", str(file))
    assert ran.code == 2 and "TOKEN_OF_ACME" in ran.err


@pytest.mark.long
def test_one_server_a_folder_and_files_beside_it(
    headrace: Headrace, start: Callable[..., Running], file: Path
) -> None:
    serve = ("serve", "--port", "0", "--json")
    first = start(*serve)
    first.event("ready")
    second = start(*serve).end()
    assert second.code == 2 and "Another `headrace serve` runs" in second.out + second.err
    assert headrace("apply", "-f", str(file)).code == 0
    assert "[tasks.nightly]" in headrace("export").out
    assert first.stop(signal.SIGTERM).code == 0
    third = start(*serve)
    third.event("ready")
    assert third.stop(signal.SIGTERM).code == 0
