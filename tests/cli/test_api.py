"""The Python API: one line to connect, one to sync."""

from __future__ import annotations

import importlib
from pathlib import Path
from threading import Thread

import pytest

import headrace
from headrace.playground import DEFAULT_TOKEN

from .conftest import World


@pytest.fixture
def acme(world: World, tmp_path: Path) -> headrace.Connection:
    return headrace.connect(
        url=world.server.url, token=DEFAULT_TOKEN, state=tmp_path / "state", poll_seconds=0.1
    )


def test_sync_counts_and_verifies(acme: headrace.Connection, world: World, tmp_path: Path) -> None:
    to = f"duckdb:///{tmp_path}/acme.duckdb"
    result = acme.sync(to, streams=["issues"])
    assert result.streams["issues"].inserted == 30
    assert result.notes == ()
    again = acme.sync(to, streams=["issues"])
    assert again.changed == 0
    assert all(verdict.equal for verdict in acme.verify(to, streams=["issues"]))


def test_changes_are_the_log(acme: headrace.Connection, world: World) -> None:
    acme.sync("memory:", streams=["issues"])
    project, code = world.first("issues")
    world.team.update_issue(project, code, now_ms=world.now_ms(), name="new")
    last = max(change.offset for change in acme.changes())
    acme.sync("memory:", streams=["issues"])
    changes = list(acme.changes(after=last))
    assert [(c.stream, c.op, c.key) for c in changes if c.stream == "issues"] == [
        ("issues", headrace.Op.UPDATE, f"[{project},{code}]")
    ]


def test_follow_until_stopped(acme: headrace.Connection, world: World) -> None:
    results: list[headrace.Result] = []
    reached = world.playground.watch("DescribeIssueListWithPage", 5)
    following = Thread(
        target=lambda: results.append(acme.sync("memory:", streams=["issues"], once=False))
    )
    following.start()
    assert reached.wait(30)
    acme.stop()
    following.join(30)
    assert results[0].streams["issues"].inserted == 30


def test_check_and_streams(acme: headrace.Connection) -> None:
    assert all(check.ok in ("ok", "warn") for check in acme.check(["projects"]))
    assert [stream.name for stream in acme.streams("issue_ty*")] == ["issue_types"]


def test_token_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CODING_TOKEN", raising=False)
    with pytest.raises(headrace.Refused, match="CODING_TOKEN"):
        headrace.connect(team="acme")
    monkeypatch.setenv("CODING_TOKEN", "from-the-environment")
    assert "from-the-environment" not in repr(headrace.connect(team="acme"))


def test_mistakes_are_refused_at_once() -> None:
    with pytest.raises(headrace.Refused):
        headrace.connect(team="a/b", token="t1")
    with pytest.raises(headrace.Refused):
        headrace.connect(token="t1")
    with pytest.raises(headrace.Refused):
        headrace.connect(team="acme", token="a b")
    with pytest.raises(headrace.Refused, match="mode"):
        headrace.connect(team="acme", token="t1").sync("memory:", write="mirrors")  # type: ignore[arg-type]


def test_errors_of_the_team_are_ours(world: World, tmp_path: Path) -> None:
    wrong = headrace.connect(url=world.server.url, token="wrong-1", state=tmp_path)
    with pytest.raises(headrace.BadToken):
        wrong.sync("memory:")


@pytest.mark.parametrize("name", headrace.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(headrace, name) is not None


def test_unknown_name() -> None:
    with pytest.raises(AttributeError, match="no attribute"):
        importlib.import_module("headrace").nothing  # noqa: B018
