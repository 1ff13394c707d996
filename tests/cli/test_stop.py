"""Stopped at any moment and started again: nothing lost, nothing doubled. Real processes."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from .conftest import Headrace, Running, World, living

pytestmark = pytest.mark.long

TO = ("--to", "duckdb:///copy.duckdb")
STREAMS = ("--stream", "issues", "--stream", "iterations")
FAST = ("--poll-interval", "200ms", "--census-interval", "1s", "--json")

Start = Callable[..., Running]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_while_following_and_started_again(
    headrace: Headrace, start: Start, world: World, number: int
) -> None:
    follow = ("sync", *world.at, *TO, *STREAMS, *FAST)
    first = start(*follow)
    first.event("changes", stream="issues", inserted=30)
    project, code = world.first("issues")
    with world.server.lock:
        world.team.update_issue(project, code, now_ms=world.now_ms(), name="while running")
    first.event("changes", stream="issues", updated=1)
    stopped = first.stop(number)
    assert stopped.code == 0, stopped.err
    assert '"event": "stopped"' in stopped.out

    with world.server.lock:  # while nobody looks
        world.team.create_issue(project, now_ms=world.now_ms())
        world.team.delete_issue(project, code, now_ms=world.now_ms())
    left = len(world.team.rows("issues"))
    second = start(*follow)
    second.changes("issues", inserted=1, deleted=31 - left)
    assert second.stop(number).code == 0
    assert headrace("verify", "--afresh", *world.at, *TO, *STREAMS, "--json").document["equal"]


def test_killed_within_the_snapshot(headrace: Headrace, start: Start) -> None:
    pages = {"DescribeIssueListWithPage": 10}
    with living(issues=1500, projects=1, page_size_max=pages) as world:
        reached = world.playground.watch("DescribeIssueListWithPage", 30)
        once = ("sync", *world.at, *TO, *STREAMS, "--once")
        running = start(*once)
        assert reached.wait(30)
        assert running.stop(signal.SIGKILL).code == -signal.SIGKILL
        world.playground.settings = type(world.playground.settings)()
        second = headrace(*once, "--json")
        assert second.code == 0, second.out
        issues = second.document["streams"]["issues"]
        assert 0 < issues["inserted"] < 1500
        verified = headrace("verify", "--afresh", *world.at, *TO, *STREAMS, "--json")
        assert verified.document["equal"], verified.document


def test_interrupted_once_says_so_and_goes_on_later(headrace: Headrace, start: Start) -> None:
    pages = {"DescribeIssueListWithPage": 10}
    with living(issues=1500, projects=1, page_size_max=pages) as world:
        reached = world.playground.watch("DescribeIssueListWithPage", 20)
        once = ("sync", *world.at, *TO, *STREAMS, "--once")
        running = start(*once)
        assert reached.wait(30)
        stopped = running.stop(signal.SIGINT)
        assert stopped.code == 130, stopped.err
        assert "run again" in stopped.err
        world.playground.settings = type(world.playground.settings)()
        assert headrace(*once).code == 0
        assert headrace("verify", "--afresh", *world.at, *TO, *STREAMS, "--json").document["equal"]


def test_follower_outlives_an_outage(headrace: Headrace, start: Start, world: World) -> None:
    running = start("sync", *world.at, *TO, *STREAMS, *FAST, "--attempts", "1")
    running.event("changes", stream="issues", inserted=30)
    with world.server.lock:
        world.playground.settings = type(world.playground.settings)(
            failing={"DescribeIssueListWithPage": "InternalError"}
        )
    running.event("note", kind="failed", stream="issues")
    with world.server.lock:
        world.playground.settings = type(world.playground.settings)()
        world.team.create_issue(world.first("projects")[0], now_ms=world.now_ms())
    running.event("changes", stream="issues", inserted=1)
    assert running.stop(signal.SIGTERM).code == 0
