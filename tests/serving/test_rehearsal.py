"""A file is tried out: what it would change is told, and nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.serving.conftest import ADMIN

from headrace.app.serving.platform import Platform

SECRET = "hunter2-of-the-database"
TEXT = f"""
[connections.acme]
team = "acme"
token = "0123456789abcdef0123456789abcdef01234567"

[destinations.warehouse]
url = "postgresql://headrace:{SECRET}@db/coding"

[tasks.nightly]
source = "acme"
destination = "warehouse"
streams = ["issue*"]
"""


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    with Platform(tmp_path / "data") as one:
        yield one


def state(platform: Platform) -> object:
    """All that a file may change, and the trail of it."""
    connections = platform.connections.all()
    whole = [platform.connections.whole(one.id) for one in connections]
    return connections, whole, platform.tasks.all(), platform.audit.entries()


def test_new_things_are_told_and_not_made(platform: Platform) -> None:
    before = state(platform)
    found = platform.rehearsal.of(ADMIN, TEXT)
    assert [(one["action"], one["subject"]) for one in found.steps] == [
        ("connection.save", "acme"), ("connection.save", "warehouse"), ("task.save", "nightly"),
    ]  # fmt: skip
    assert found.steps[2]["after"] == {"streams": ["issue*"]}
    assert SECRET not in repr(found)
    assert state(platform) == before


def test_it_tells_what_applying_then_does(platform: Platform) -> None:
    platform.files.apply_text(ADMIN, TEXT)
    wanted = TEXT.replace('"issue*"', '"projects"').replace(SECRET, "another")
    before = state(platform)
    found = platform.rehearsal.of(ADMIN, wanted)
    assert state(platform) == before
    assert [(one["subject"], one["before"], one["after"]) for one in found.steps] == [
        ("warehouse", {"password": None}, {"password": "changed"}),
        ("nightly", {"streams": ["issue*"]}, {"streams": ["projects"]}),
    ]
    assert found.equal == ["connection acme"]
    applied = platform.files.apply_text(ADMIN, wanted)
    assert applied.changed == ["connection warehouse", "task nightly"]
    assert applied.equal == found.equal


def test_where_it_would_break_off(platform: Platform) -> None:
    broken = TEXT.replace('source = "acme"', 'source = "nobody-17"')
    found = platform.rehearsal.of(ADMIN, broken)
    assert len(found.steps) == 2
    assert "nobody-17, is unknown" in found.message
    assert found.advice
    assert platform.connections.all() == []


def test_an_active_task_that_would_change_is_refused(platform: Platform) -> None:
    platform.files.apply_text(ADMIN, TEXT)
    nightly = platform.tasks.named("nightly")
    assert nightly is not None
    platform.tasks.start(ADMIN, nightly.id)
    found = platform.rehearsal.of(ADMIN, TEXT.replace('"issue*"', '"projects"'))
    assert found.message == "The task nightly is waiting."
    assert found.steps == []
