"""Minings live: stopped and resumed, left out, pinned, kept, seen; CODING behind is real HTTP."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import QUICK, World
from tests.serving.conftest import ADMIN, Site

from headrace.app.keeping import Keeping
from headrace.app.serving import views
from headrace.app.serving.mining import mining_views
from headrace.app.serving.mining.mining import Mining
from headrace.app.serving.platform import Platform
from headrace.app.session import Session
from headrace.app.system import SystemClock
from headrace.config import ConnectionSettings
from headrace.control.connections import Connection
from headrace.control.states import State
from headrace.control.tasks import TaskRow
from headrace.playground import DEFAULT_TOKEN

pytestmark = pytest.mark.long

SLOW = {"poll_interval": "1h", "census_interval": "1h"}


def names(path: Path, table: str = "issues") -> set[str]:
    """Of the living rows."""
    if not path.exists():
        return set()
    with closing(sqlite3.connect(path)) as db:
        try:
            found = db.execute(f"SELECT name FROM {table} WHERE _deleted_at IS NULL")
            return {name for (name,) in found}
        except sqlite3.OperationalError:  # not made yet
            return set()


def rows_of(site: Site, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(site.file())) as db:
        try:
            return db.execute(sql).fetchall()
        except sqlite3.OperationalError:  # not made yet
            return []


def seen(site: Site, key: str) -> dict[str, Any]:
    found = mining_views.mining(site.platform, key)
    assert found is not None
    return found


def living(site: Site, key: str) -> Mining | None:
    return site.platform.agent.minings.get(key)


def level(site: Site, key: str) -> Callable[[], bool]:
    return lambda: (one := living(site, key)) is not None and one.level.is_set()


def copied(site: Site, name: str = "copy") -> bool:
    return len(names(site.file(name))) == len(site.world.team.rows("issues"))


def started(site: Site, source: Connection, name: str = "copy", **settings: Any) -> TaskRow:
    """A task that runs and has copied everything."""
    row = site.task(source, site.destination(name), **settings)
    site.start(row)
    site.until(lambda: copied(site, name))
    site.until(lambda: row.id in site.platform.agent.runners)
    return row


def key_of(source: Connection) -> str:
    return f"connection-{source.id}"


def rename(site: Site, name: str, which: int = 0) -> None:
    project, code = list(site.world.team.rows("issues"))[which][:2]
    site.world.team.update_issue(project, code, now_ms=site.world.now_ms(), name=name)


def delete(site: Site, which: int) -> str:
    """Returns the name that is to go."""
    key = list(site.world.team.rows("issues"))[which]
    name = str(site.world.team.rows("issues")[key]["Name"])
    site.world.team.delete_issue(*key[:2], now_ms=site.world.now_ms())
    return name


def rename_iteration(site: Site, name: str) -> None:
    project, code = site.world.first("iterations")[:2]
    site.world.team.update_iteration(project, code, now_ms=site.world.now_ms(), name=name)


# --- one stream --------------------------------------------------------------------------------


def test_a_stopped_stream_is_not_read_and_catches_up(site: Site) -> None:
    source = site.source()
    row, key = started(site, source), key_of(source)
    site.platform.minings.stop_stream(ADMIN, key, "issues")
    site.until(lambda: (one := living(site, key)) and one.order.keeping.without == {"issues"}
               and one.level.is_set())  # fmt: skip
    asked = site.world.playground.calls["DescribeIssueListWithPage"]
    rename(site, "while it was stopped")
    gone = delete(site, which=3)
    rename_iteration(site, "another table")
    site.until(lambda: "another table" in names(site.file(), "iterations"))
    assert site.world.playground.calls["DescribeIssueListWithPage"] == asked
    assert gone in names(site.file()) and "while it was stopped" not in names(site.file())
    assert site.state(row) is State.RUNNING
    view = seen(site, key)
    assert view["streams"]["issues"]["state"] == "stopped"
    assert view["streams"]["iterations"]["state"] == "following"
    [note] = views.task(site.platform, row.id)["notes"]
    assert (note["kind"], note["stream"]) == ("unread", "issues") and note["advice"]
    site.platform.minings.resume_stream(ADMIN, key, "issues")
    site.until(lambda: "while it was stopped" in names(site.file()))
    site.until(lambda: gone not in names(site.file()) and copied(site))
    site.until(lambda: seen(site, key)["streams"]["issues"]["state"] == "following")


@pytest.mark.parametrize("stopped", ["issue_comments", "issues"])
def test_children_catch_up_with_the_end_of_their_parents(site: Site, stopped: str) -> None:
    """Comments are stopped while an issue goes, or the issues below them are."""
    source, streams = site.source(), ["issues", "issue_comments"]
    key, world = key_of(source), site.world
    row = site.task(source, site.destination(), streams=streams)
    site.start(row)
    comments = "SELECT count(*) FROM issue_comments WHERE _deleted_at IS NULL"
    site.until(lambda: rows_of(site, comments) == [(len(world.team.rows("issue_comments")),)])
    site.until(level(site, key))
    site.platform.minings.stop_stream(ADMIN, key, stopped)
    site.until(lambda: (one := living(site, key)) and one.order.keeping.without == {stopped}
               and one.level.is_set())  # fmt: skip
    before = rows_of(site, comments)
    with_comments = {k[:2] for k in world.team.rows("issue_comments")}
    which = next(
        n for n, k in enumerate(world.team.rows("issues")) if k[:2] in with_comments
    )  # fmt: skip
    gone = delete(site, which)
    if stopped == "issue_comments":
        site.until(lambda: gone not in names(site.file()))
    else:
        site.until(lambda: seen(site, key)["streams"]["issue_comments"]["state"] == "following")
    assert rows_of(site, comments) == before
    site.platform.minings.resume_stream(ADMIN, key, stopped)
    site.until(lambda: gone not in names(site.file()))
    after = [(len(world.team.rows("issue_comments")),)]
    site.until(lambda: rows_of(site, comments) == after)
    assert after < before


def test_deliveries_for_a_stopped_stream_are_caught_up_by_the_census(site: Site) -> None:
    """In webhook mode no poll reads it: what hooks told while it was stopped is found so."""
    source = site.source(
        increments="webhook", hook_secret="url-secret-0123456789",
        signing_token="token-of-today", public_url="https://hooks.example.com",
    )  # fmt: skip
    started(site, source)
    key = key_of(source)
    site.until(level(site, key))
    site.platform.minings.stop_stream(ADMIN, key, "issues")
    site.until(lambda: (one := living(site, key)) and one.order.keeping.without == {"issues"}
               and one.level.is_set())  # fmt: skip
    rename(site, "told of while it was stopped")
    site.platform.minings.resume_stream(ADMIN, key, "issues")
    site.until(lambda: "told of while it was stopped" in names(site.file()))


def test_a_stop_outlives_a_restart(world: World, tmp_path: Path) -> None:
    with Platform(tmp_path / "data") as platform:
        platform.start()
        site = Site(world, platform, tmp_path / "data")
        source = site.source()
        started(site, source)
        platform.minings.stop_stream(ADMIN, key_of(source), "issues")
    asked = world.playground.calls["DescribeIssueListWithPage"]
    with Platform(tmp_path / "data") as platform:
        platform.start()
        site = Site(world, platform, tmp_path / "data")
        site.until(level(site, key_of(source)))
        rename_iteration(site, "another table")
        site.until(lambda: "another table" in names(site.file(), "iterations"))
    assert world.playground.calls["DescribeIssueListWithPage"] == asked


def test_snapshot_only_does_not_end_without_a_stopped_stream(site: Site) -> None:
    source = site.source()
    site.platform.minings.stop_stream(ADMIN, key_of(source), "issues")
    row = site.task(source, site.destination(), start="snapshot")
    site.start(row)
    site.until(level(site, key_of(source)))
    site.until(lambda: names(site.file(), "iterations"))
    for _ in range(3):
        site.platform.agent.look()
    assert site.state(row) is State.RUNNING and not names(site.file())
    site.platform.minings.resume_stream(ADMIN, key_of(source), "issues")
    site.until(lambda: site.state(row) is State.DONE)
    assert copied(site)


# --- all of it ---------------------------------------------------------------------------------


def test_a_stopped_mining_asks_nothing_and_its_tasks_wait(site: Site) -> None:
    source = site.source()
    first, key = started(site, source, "one"), key_of(source)
    site.platform.minings.stop(ADMIN, key)
    site.until(lambda: living(site, key) is None)
    calls = sum(site.world.playground.calls.values())
    second = site.task(source, site.destination("two"))
    site.start(second)
    site.until(lambda: site.state(second) is State.RUNNING)
    rename(site, "while it was stopped")
    gone = delete(site, which=5)
    for _ in range(3):
        site.platform.agent.look()
    assert sum(site.world.playground.calls.values()) == calls
    assert site.state(first) is site.state(second) is State.RUNNING
    assert gone in names(site.file("one")) and not names(site.file("two"))
    for row in (first, second):
        trouble = views.task(site.platform, row.id)["mining_error"]
        assert "stopped by admin-1" in trouble["message"] and trouble["advice"]
    view = seen(site, key)
    assert (view["state"], view["stopped_by"]) == ("stopped", "admin-1")
    assert {one["id"] for one in view["tasks"]} == {first.id, second.id}
    site.platform.minings.resume(ADMIN, key)
    for name in ("one", "two"):
        site.until(lambda name=name: "while it was stopped" in names(site.file(name)))
        site.until(lambda name=name: gone not in names(site.file(name)) and copied(site, name))
    assert views.task(site.platform, first.id)["mining_error"] is None


def test_the_mining_of_a_single_task_is_stopped_alone(site: Site) -> None:
    source = site.source(shared_mining=False)
    rows = [started(site, source, name) for name in ("one", "two")]
    key = f"task-{rows[0].id}"
    site.platform.minings.stop(ADMIN, key)
    site.until(lambda: set(site.platform.agent.minings) == {f"task-{rows[1].id}"})
    rename(site, "arrives")
    site.until(lambda: "arrives" in names(site.file("two")))
    assert "arrives" not in names(site.file("one"))
    assert seen(site, key)["state"] == "stopped" and not seen(site, key)["shared"]


def test_stopping_takes_back_the_waits_of_a_failure(site: Site) -> None:
    """A mining that waits minutes for its next try begins at once when it is resumed, and when what
    was wrong of its connection was mended."""
    source = site.source(token="0123456789abcdef0123456789abcdef01234567")
    row = site.task(source, site.destination())
    site.start(row)
    site.until(lambda: key_of(source) in site.platform.agent.failed)
    assert seen(site, key_of(source))["state"] == "failed"
    assert views.task(site.platform, row.id)["mining_error"]["times"] >= 1
    site.platform.minings.stop(ADMIN, key_of(source))
    site.until(lambda: not site.platform.agent.failed)
    site.platform.minings.resume(ADMIN, key_of(source))
    site.until(lambda: key_of(source) in site.platform.agent.failed)
    found = site.platform.connections.get(source.id)
    site.platform.connections.change(ADMIN, source.id, found.version, {"token": DEFAULT_TOKEN})
    site.until(lambda: copied(site))


# --- values ------------------------------------------------------------------------------------


def test_a_task_that_needs_what_is_left_out_is_refused(site: Site) -> None:
    source = site.source(mining_leave_out=["issues"])
    row = site.task(source, site.destination())
    site.start(row)
    site.until(lambda: site.state(row) is State.ERROR)
    found = site.platform.tasks.get(row.id)
    assert "leaves out issues" in found.reason and "mining_leave_out" in found.advice
    assert not site.world.playground.calls["DescribeIssueListWithPage"]


def test_a_task_that_names_nothing_has_what_is_mined(site: Site) -> None:
    source = site.source(mining_streams=["issues", "iterations"], mining_leave_out=["iterations"])
    row = site.task(source, site.destination(), streams=[])
    site.start(row)
    site.until(lambda: copied(site))
    assert not site.world.playground.calls["DescribeIterationList"]
    with closing(sqlite3.connect(site.file())) as db:
        made = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    assert "issues" in made and "iterations" not in made


def test_what_is_listed_is_read_before_a_task_needs_it(site: Site) -> None:
    """So a second task on other streams costs no call either."""
    source = site.source(mining_streams=list(QUICK), **SLOW)
    first = site.task(source, site.destination("one"), streams=["projects"])
    site.start(first)
    site.until(level(site, key_of(source)))
    calls = sum(site.world.playground.calls.values())
    started(site, source, "two", streams=["issues"])
    assert sum(site.world.playground.calls.values()) == calls


def test_changed_values_take_effect_while_it_runs(site: Site) -> None:
    source = site.source(**SLOW)
    row, key = started(site, source), key_of(source)
    site.until(level(site, key))
    rename(site, "arrives")
    first = living(site, key)
    changed = site.platform.connections.change(
        ADMIN, source.id, source.version, {"poll_interval": "200ms"}
    )
    site.until(lambda: "arrives" in names(site.file()))
    second = living(site, key)
    assert second is not None and second is not first
    changed = site.platform.connections.change(ADMIN, source.id, changed.version, {})
    site.platform.agent.look()
    assert living(site, key) is second and second.running  # nothing but the version is new
    left_out = {"mining_leave_out": ["issues"]}
    site.platform.connections.change(ADMIN, source.id, changed.version, left_out)
    site.until(lambda: site.state(row) is State.ERROR)
    site.until(lambda: row.id not in site.platform.agent.runners)
    assert "leaves out issues" in site.platform.tasks.get(row.id).reason


def test_from_now_on_only_what_is_touched_comes(world: World, tmp_path: Path) -> None:
    """And "now" stays the moment of the first start, also after a restart."""
    with Platform(tmp_path / "data") as platform:
        platform.start()
        site = Site(world, platform, tmp_path / "data")
        source = site.source(mining_start="now")
        row, key = site.task(source, site.destination()), f"connection-{source.id}"
        site.start(row)
        site.until(level(site, key))
        rename(site, "touched")
        site.until(lambda: names(site.file()) == {"touched"})
        assert len(names(site.file(), "projects")) == len(world.team.rows("projects"))
        began_at = seen(site, key)["start_at"]
    rename(Site(world, platform, tmp_path), "touched while it was down", which=1)
    with Platform(tmp_path / "data") as platform:
        platform.start()
        site = Site(world, platform, tmp_path / "data")
        wanted = {"touched", "touched while it was down"}
        site.until(lambda: names(site.file()) == wanted)
        site.until(level(site, key))
        assert names(site.file()) == wanted
        assert seen(site, key)["start_at"] == began_at


class LaterClock(SystemClock):
    """The real clock, so many days later."""

    days = 0.0

    def now_ms(self) -> int:
        return super().now_ms() + int(self.days * 86_400_000)


def test_the_log_is_kept_for_its_days(world: World, tmp_path: Path) -> None:
    settings = ConnectionSettings("acme", url=world.server.url, token=DEFAULT_TOKEN)
    kept = {}
    for days in (1.0, 3.0):
        clock = LaterClock()
        keeping = Keeping(tmp_path / str(days), "acme", log_days=days)
        with Session(
            settings, (), streams=QUICK, state=tmp_path, keeping=keeping, clock=clock
        ) as s:
            s.once()
            clock.days = 2.0
            s.turn()
            kept[days] = s.mirror.head() - s.mirror.tail()
    assert kept[1.0] == 0 < len(world.team.rows("issues")) <= kept[3.0]


# --- agents ------------------------------------------------------------------------------------


def test_a_mining_whose_agent_is_away_lets_its_tasks_wait(site: Site) -> None:
    source = site.source(agent="another")
    row, key = site.task(source, site.destination()), key_of(source)
    site.start(row)
    for _ in range(3):
        site.platform.agent.look()
    assert site.state(row) is State.WAITING and not site.platform.agent.minings
    trouble = views.task(site.platform, row.id)["mining_error"]
    assert "another, which is away" in trouble["message"] and trouble["advice"]
    view = seen(site, key)
    assert (view["state"], view["pinned"]) == ("waiting", "another")
    assert view["error"] == trouble
    found = site.platform.connections.get(source.id)
    site.platform.connections.change(ADMIN, source.id, found.version, {"agent": "local"})
    site.until(lambda: copied(site))
    assert views.task(site.platform, row.id)["mining_error"] is None
    assert seen(site, key)["agent"] == "local"


def test_a_running_task_goes_where_its_source_is_pinned(site: Site) -> None:
    source = site.source()
    row = started(site, source)
    site.platform.connections.change(ADMIN, source.id, source.version, {"agent": "another"})
    site.until(lambda: site.state(row) is State.WAITING)
    site.until(lambda: not site.platform.agent.minings and not site.platform.agent.runners)
    assert "another" in views.task(site.platform, row.id)["mining_error"]["message"]


def test_a_task_pinned_elsewhere_than_its_source_waits_and_says_so(site: Site) -> None:
    site.platform.agents.beat("another", release="1", cores=1)
    source = site.source(agent="another")
    row = site.task(source, site.destination(), agent="local")
    site.start(row)
    site.until(lambda: site.state(row) is State.RUNNING)
    site.platform.agent.look()
    assert not site.platform.agent.minings
    trouble = views.task(site.platform, row.id)["mining_error"]
    assert "pinned to the agent local" in trouble["message"] and "another" in trouble["message"]


# --- what is seen ------------------------------------------------------------------------------


def test_what_is_seen_of_a_mining(site: Site) -> None:
    source = site.source(log_days=2)
    row, key = started(site, source), key_of(source)
    site.until(level(site, key))
    site.until(lambda: site.platform.agent.runners[row.id].lag == 0)
    site.platform.watching.hurry()
    site.until(lambda: seen(site, key)["ever"]["inserted"] > 0)
    view = seen(site, key)
    count = len(site.world.team.rows("issues"))
    assert (view["name"], view["state"], view["error"]) == ("team", "following", None)
    assert (view["log_days"], view["start"], view["start_at"]) == (2, "", None)
    assert view["store"]["type"] == "sqlite"
    path = Path(view["store"]["place"])
    assert path.exists() and path.is_relative_to(site.folder)
    mirror = view["mirror"]
    assert mirror["bytes"] > 10_000 and mirror["tail"] < mirror["head"]
    assert mirror["oldest_at"] <= site.platform.clock.now_ms()
    assert view["ever"]["inserted"] == view["today"]["inserted"] == view["counts"]["inserted"]
    issues = view["streams"]["issues"]
    assert (issues["state"], issues["inserted"]) == ("following", count)
    assert 0 <= issues["lag_ms"] < 60_000 and view["lag_ms"] >= issues["lag_ms"]
    assert issues["last"]["kind"] in ("snapshot", "poll", "census")
    [reader] = view["tasks"]
    assert (reader["name"], reader["lag"]) == (row.name, 0)
    assert set(reader["offsets"]) == set(QUICK)
    assert reader["offset"] == min(reader["offsets"].values())
    site.until(lambda: (now := seen(site, key))["tasks"][0]["offset"] == now["mirror"]["head"])


def test_an_idle_mirror_is_still_seen(world: World, tmp_path: Path) -> None:
    with Platform(tmp_path / "data") as platform:
        platform.start()
        site = Site(world, platform, tmp_path / "data")
        source = site.source()
        row, key = started(site, source), key_of(source)
        site.until(level(site, key))
        platform.tasks.stop(ADMIN, row.id)
        site.until(lambda: not platform.agent.minings)
        site.until(lambda: seen(site, key)["state"] == "idle")
        idle = seen(site, key)
        assert idle["mirror"]["bytes"] > 10_000 and idle["tasks"][0]["state"] == "stopped"
        assert idle["streams"]["issues"]["state"] == "idle"
        assert Path(idle["store"]["place"]).exists()
    with Platform(tmp_path / "data") as platform:
        site = Site(world, platform, tmp_path / "data")
        again = seen(site, key)
        assert (again["state"], again["mirror"]) == ("idle", idle["mirror"])
        assert again["looked_at"] == idle["looked_at"]
        assert mining_views.mining(platform, "connection-7777") is None
        platform.tasks.delete(ADMIN, row.id)
        platform.connections.delete(ADMIN, source.id)
        assert mining_views.minings(platform) == []
