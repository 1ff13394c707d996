"""No token in any output or file, whatever happens (Invariant 11)."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest

from headrace.cli.output import Output
from headrace.errors import Refused

from .conftest import Headrace, World

RUNS = (
    ("sync", "--once"),
    ("sync", "--once", "--json"),
    ("sync", "--once", "-v", "--project", "nowhere"),
    ("sync", "--once", "-v", "--stream", "nothing"),
    ("sync", "--once", "-v", "--to", "nowhere:///"),
    ("check", "-v"),
    ("check", "--json"),
    ("verify", "--json"),
)
TO = ("--to", "duckdb:///copy.duckdb", "--stream", "projects")


@pytest.mark.parametrize("valid", [True, False])
@pytest.mark.parametrize("kind", ["personal", "project"])
def test_token_is_nowhere(
    headrace: Headrace,
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    valid: bool,
) -> None:
    project_id = world.first("projects")[0] if kind == "project" else None
    token = world.playground.issue_token(kind, project_id=project_id)
    if not valid:
        world.playground.revoke(token)
    monkeypatch.setenv("CODING_TOKEN", token)
    secrets = {token, token.rpartition(":")[2], base64.b64encode(token.encode()).decode()}
    for command, *more in RUNS:
        to = TO if command != "check" else ()
        ran = headrace(command, *world.at, *to, *more)
        assert not any(secret in ran.out + ran.err for secret in secrets), (command, more)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(secret.encode() in content for secret in secrets), path


def test_output_masks_what_slips_through(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The last line of defence: even an error that repeats the token."""
    out = Output(verbose=True)
    out.hide("user:pass-word")
    out.failure(Refused("the token user:pass-word is wrong", advice="not pass-word"))
    out.show("pass-word")
    said = capsys.readouterr()
    assert "pass-word" not in said.out + said.err
    assert "***" in said.out


def test_short_texts_are_not_masked(capsys: pytest.CaptureFixture[str]) -> None:
    out = Output()
    out.hide("a:b")
    out.note("a banana")
    assert capsys.readouterr().err == "a banana\n"


def test_masking_keeps_what_a_stream_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    out = Output()
    assert out.console.encoding == "ascii"
