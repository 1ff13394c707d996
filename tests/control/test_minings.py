"""Minings as they are kept: stopped, resumed, begun; in a file and in PostgreSQL."""

from __future__ import annotations

import pytest
from tests.control.conftest import ADMIN, Desk

from headrace.control.connections import ConnectionRole
from headrace.control.minings import MiningRow, Minings
from headrace.control.people import Person, Role
from headrace.errors import Conflict, Missing

OPERATOR = Person(2, "operator-1", Role.OPERATOR)


@pytest.fixture
def minings(desk: Desk) -> Minings:
    return Minings(desk.store, desk.clock, desk.audit)


@pytest.fixture
def source(desk: Desk) -> int:
    values = {"team": "t", "token": "hunter2hunter2"}
    return desk.connections.save(ADMIN, "team", ConnectionRole.SOURCE, "coding", values).id


def test_all_of_a_mining_is_stopped_and_resumed(desk: Desk, minings: Minings, source: int) -> None:
    key = f"connection-{source}"
    assert minings.stop(OPERATOR, key).stopped_by == "operator-1"
    assert minings.all()[key] == MiningRow(key, source, "operator-1", [])
    with pytest.raises(Conflict, match="operator-1") as caught:
        minings.stop(ADMIN, key)
    assert caught.value.advice
    assert minings.resume(ADMIN, key).stopped_by == ""
    with pytest.raises(Conflict, match="not stopped"):
        minings.resume(ADMIN, key)
    said = [(e.who, e.action, e.before, e.after) for e in desk.audit.entries(subject=key)]
    assert said == [
        ("admin-1", "mining.resume", {"stopped_by": "operator-1"}, {"stopped_by": ""}),
        ("operator-1", "mining.stop", {"stopped_by": ""}, {"stopped_by": "operator-1"}),
    ]


def test_a_stream_is_stopped_and_resumed(desk: Desk, minings: Minings, source: int) -> None:
    key = f"connection-{source}"
    minings.stop_stream(ADMIN, key, "issues")
    assert minings.stop_stream(ADMIN, key, "ci_jobs").stopped_streams == ["ci_jobs", "issues"]
    with pytest.raises(Conflict, match="issues is stopped"):
        minings.stop_stream(ADMIN, key, "issues")
    assert minings.resume_stream(ADMIN, key, "issues").stopped_streams == ["ci_jobs"]
    with pytest.raises(Conflict, match="issues is not stopped"):
        minings.resume_stream(ADMIN, key, "issues")
    newest = desk.audit.entries(subject=key)[0]
    assert newest.after == {"stopped_streams": ["ci_jobs"]}
    assert newest.before == {"stopped_streams": ["ci_jobs", "issues"]}


def test_the_mining_of_a_task_is_that_of_its_source(
    desk: Desk, minings: Minings, source: int
) -> None:
    there = desk.connections.save(
        ADMIN, "copy", ConnectionRole.DESTINATION, "duckdb", {"path": "x"}
    )
    task = desk.tasks.save(ADMIN, "nightly", source, there.id, {"streams": []})
    assert minings.stop(ADMIN, f"task-{task.id}").connection_id == source
    for key in (
        f"connection-{there.id}", "connection-7777", "task-7777", "task-", "", "other-1",
        f"task-{'9' * 30}", f"connection-{source}x", "connection--1", "connection-\u0663",
    ):  # fmt: skip
        with pytest.raises(Missing):
            minings.stop(ADMIN, key)
    assert set(minings.all()) == {f"task-{task.id}"}


def test_now_is_the_moment_of_the_first_start(desk: Desk, minings: Minings, source: int) -> None:
    key, began_ms = f"connection-{source}", desk.clock.now_ms()
    minings.stop_stream(ADMIN, key, "issues")
    assert minings.started(key, source, "local", from_now=True).from_now_at == began_ms
    desk.clock.sleep(60)
    again = minings.started(key, source, "other", from_now=True)
    assert (again.from_now_at, again.agent) == (began_ms, "other")
    assert again.stopped_streams == ["issues"]
    assert minings.started(key, source, "local", from_now=False).from_now_at == 0
    assert minings.started(key, source, "local", from_now=True).from_now_at >= began_ms + 60_000


def test_what_a_mirror_held_is_kept_until_its_connection_goes(
    desk: Desk, minings: Minings, source: int
) -> None:
    key = f"connection-{source}"
    minings.note(key, {"bytes": 7})
    assert minings.all() == {}  # one that was never started has no mirror
    minings.started(key, source, "local", from_now=False)
    minings.note(key, {"bytes": 7})
    row = minings.all()[key]
    assert (row.held, row.looked_at) == ({"bytes": 7}, desk.clock.now_ms())
    desk.connections.delete(ADMIN, source)
    assert minings.all() == {}
    with pytest.raises(Missing):
        minings.started(key, source, "local", from_now=False)
    minings.note(key, {"bytes": 8})
    assert minings.all() == {}
