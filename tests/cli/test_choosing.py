"""What a connection leaves out or masks never reaches the mirror; what leaves the choice goes."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from headrace.app.session import Session, unnamed_task
from headrace.config import ConnectionSettings
from headrace.errors import Refused
from headrace.playground import DEFAULT_TOKEN

from .conftest import World


def copied(world: World, folder: Path, streams: tuple[str, ...], **chosen: Any) -> dict[str, Any]:
    """The rows on file by stream and key."""
    settings = replace(
        ConnectionSettings("acme", url=world.server.url, token=DEFAULT_TOKEN), **chosen
    )
    task = unnamed_task(settings, "memory:", streams=streams)
    with Session(settings, [task], state=folder) as session:
        session.once()
        return {
            name: {f.record.key: f.record.value() for f in session.mirror.records(name)}
            for name in streams
        }


def test_phone_and_mail_are_masked_and_masks_can_be_joined(world: World, tmp_path: Path) -> None:
    rows = copied(world, tmp_path, ("project_members",))["project_members"].values()
    masks = {row["Email"] for row in rows if row["Email"]}
    assert masks
    assert all(re.fullmatch("[0-9a-f]{16}", mask) for mask in masks)
    assert len(masks) == len({row["Id"] for row in rows if row["Email"]})
    again = copied(world, tmp_path, ("project_members",))["project_members"].values()
    assert {row["Email"] for row in again if row["Email"]} == masks
    elsewhere = copied(world, tmp_path / "other", ("project_members",))["project_members"].values()
    assert not {row["Email"] for row in elsewhere} & masks


def test_they_can_be_kept_or_dropped(world: World, tmp_path: Path) -> None:
    streams = ("project_members",)
    kept = copied(world, tmp_path, streams, personal="keep")["project_members"].values()
    assert any("@" in row["Email"] for row in kept)
    dropped = copied(world, tmp_path, streams, personal="drop")["project_members"].values()
    assert all("Email" not in row and "Phone" not in row for row in dropped)


def test_fields_are_left_out_and_masked_by_name(world: World, tmp_path: Path) -> None:
    chosen = {"leave_out": ("issues.Description",), "mask": ("issues.Name",)}
    rows = copied(world, tmp_path, ("issues",), **chosen)["issues"].values()
    assert all("Description" not in row for row in rows)
    assert all(re.fullmatch("[0-9a-f]{16}", row["Name"]) for row in rows)
    assert not any(b"Checkout" in path.read_bytes() for path in tmp_path.rglob("*.mirror*"))


@pytest.mark.parametrize("wrong", ["isues.Name", "issues.Code"])
def test_an_unknown_stream_and_a_key_are_refused(world: World, tmp_path: Path, wrong: str) -> None:
    with pytest.raises(Refused):
        copied(world, tmp_path, ("issues",), leave_out=(wrong,))


def test_an_issue_that_leaves_the_iteration_leaves_the_copy(world: World, tmp_path: Path) -> None:
    project = world.first("projects")[0]
    sprint = next(iter(world.team.projects[project].iterations.values()))
    chosen = {"iterations": (sprint.name,), "projects": ("shop",)}
    inside = {k for k, row in world.team.rows("issues").items()
              if k[0] == project and row["Iteration"]["Name"] == sprint.name}  # fmt: skip
    rows = copied(world, tmp_path, ("issues", "issue_comments"), **chosen)
    assert set(rows["issues"]) == {f"[{project},{code}]" for _, code in inside}
    _, code = sorted(inside)[0]
    world.team.update_issue(project, code, now_ms=world.now_ms(), iteration_code=0)
    rows = copied(world, tmp_path, ("issues", "issue_comments"), **chosen)
    assert f"[{project},{code}]" not in rows["issues"]
    assert all(row["IssueCode"] != code for row in rows["issue_comments"].values())


def test_older_rows_are_left_out(world: World, tmp_path: Path) -> None:
    china = datetime.now(UTC) + timedelta(hours=8)
    day = (china - timedelta(days=60)).date().isoformat()
    all_rows = copied(world, tmp_path / "all", ("issues",))["issues"]
    rows = copied(world, tmp_path, ("issues",), start=(day,))["issues"]
    assert 0 < len(rows) < len(all_rows)
    kept = min(row["UpdatedAt"] for row in rows.values())
    left = max(row["UpdatedAt"] for key, row in all_rows.items() if key not in rows)
    assert left < kept
    other = copied(world, tmp_path / "one", ("issues",), start=(f"commits={day}",))
    assert other["issues"].keys() == all_rows.keys()
