"""How far a task is, told honestly; what its pre-check finds; its copy verified while it runs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import QUICK, World, living
from tests.serving.conftest import ADMIN, Site
from tests.serving.test_platform import issues

from headrace.app.serving.mining.mining import Pass
from headrace.app.serving.platform import Platform
from headrace.app.serving.tasks.phases import FOLLOWING, SNAPSHOT
from headrace.app.serving.tasks.prechecking import precheck
from headrace.app.serving.tasks.progress import Estimate, in_sum, progress
from headrace.app.serving.tasks.reach import reaches
from headrace.app.serving.tasks.verifying import verify
from headrace.coding.checks import Check
from headrace.coding.cost import first_copy
from headrace.coding.streams import find
from headrace.control.refusals import Conflict
from headrace.control.states import State
from headrace.control.tasks import TaskRow
from headrace.core.ports import Cursor, Page
from headrace.core.record import Origin, Record, Seen, digest_of, encode_body
from headrace.destinations.trial import CanBeTried
from headrace.destinations.urls import open_destination
from headrace.errors import Refused
from headrace.mirror.files import connect
from headrace.mirror.sqlite import SqliteMirror


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with living(issues=12) as one:
        yield one


@pytest.fixture(scope="module")
def site(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("data")
    with Platform(folder) as platform:
        platform.start()
        yield Site(world, platform, folder)


@pytest.fixture(scope="module")
def row(site: Site) -> TaskRow:
    """A task that follows, as the tests find it and leave it."""
    return following(site, "copy")


def following(site: Site, name: str) -> TaskRow:
    made = site.task(site.source(f"team of {name}"), site.destination(name))
    site.start(made)
    site.until(lambda: issues(site, name) == len(site.world.team.rows("issues")))
    site.until(lambda: progress(site.platform, made.id)["phase"] == FOLLOWING)
    return made


def found(platform: Platform, row: TaskRow) -> dict[str, Check]:
    return {item.name: item for item in precheck(platform, row.id)}


# --- progress -------------------------------------------------------------------------------------


def test_a_task_that_follows(site: Site, row: TaskRow) -> None:
    site.platform.watching.hurry()
    site.until(lambda: progress(site.platform, row.id)["ever"]["read"])
    told = progress(site.platform, row.id)
    assert told["percent"] == 100.0 and told["seconds_left"] == 0
    assert set(told["streams"]) == set(QUICK)
    own = told["streams"]["issues"]
    wanted = len(site.world.team.rows("issues"))
    assert (own["phase"], own["rows"], own["expected"]) == (FOLLOWING, wanted, wanted)
    assert own["lag"] == 0 and own["ever"]["read"] + own["ever"]["inserted"] == wanted
    assert told["calls"]["ever"] > 0 and told["calls"]["today"] > 0
    assert told["throttled_ms"] == {"today": 0, "ever": 0}


def test_a_task_that_does_not_run(site: Site) -> None:
    made = site.task(site.source("other"), site.destination("not-run"))
    told = progress(site.platform, made.id)
    assert (told["phase"], told["percent"], told["lag"]) == ("new", 0.0, None)
    assert told["streams"]["issues"]["expected"] is None


def test_what_cannot_be_reached_has_no_percentage(site: Site) -> None:
    made = site.task(site.source("away", url="http://127.0.0.1:1"), site.destination("to-away"))
    site.start(made)
    site.until(lambda: site.state(made) is State.RUNNING)
    site.until(lambda: progress(site.platform, made.id)["phase"] == SNAPSHOT)
    told = progress(site.platform, made.id)
    assert told["streams"]["issues"]["percent"] is None
    site.platform.tasks.stop(ADMIN, made.id)


def test_sums_are_only_of_what_is_known() -> None:
    half = Estimate("snapshot", 50, 100, 50.0, 10.0, 5)
    blind = Estimate("snapshot", 70, rate=5.0)
    both = in_sum("snapshot", [half, half])
    assert (both.rows, both.expected, both.percent) == (100, 200, 50.0)
    assert (both.rate, both.seconds_left) == (20.0, 10)
    mixed = in_sum("snapshot", [half, blind])
    assert (mixed.rows, mixed.expected, mixed.percent) == (120, None, 25.0)
    assert mixed.seconds_left is None
    assert in_sum("new", []) == Estimate("new")


def test_shares_of_places_and_of_parents(tmp_path: Path) -> None:
    """Two projects: one read whole, the other half; comments of a third of the first's issues."""
    mirror = SqliteMirror(connect(tmp_path / "x.mirror"), now_ms=1_000_000)

    def put(stream: str, scope: str, *bodies: dict[str, Any], cursor: Cursor | None = None) -> None:
        seen = []
        for body in bodies:
            key = encode_body(list(body.values())).decode()  # type: ignore[arg-type]
            data = encode_body(body)
            record = Record(stream, key, scope, None, digest_of(data), data)
            seen.append(Seen(record, mirror.last_stamp() + 1, Origin.SNAPSHOT))
        mirror.commit(Page(stream, scope, 1_000_001, seen, cursor=cursor))

    streams = find(["issues", "issue_comments"])
    assert reaches(mirror, streams, {})["issues"].share is None  # no project is known yet
    put("projects", "[]", {"Id": 1}, {"Id": 2}, cursor=Cursor(snapshot_done=True))
    with_total = {"issues": Pass("snapshot", 2, 4, 0)}
    assert reaches(mirror, streams, {})["issues"].share is None
    assert reaches(mirror, streams, with_total)["issues"].share == 0.25
    places = ["[1]", "[2]"]
    rows = [{"ProjectId": 1, "Code": n} for n in range(3)]
    put("issues", places[0], *rows, cursor=Cursor(snapshot_done=True))
    told = reaches(mirror, streams, with_total)
    assert (told["issues"].rows, told["issues"].share) == (3, 0.75)
    assert told["issue_comments"].share is None  # nobody knows yet how many issues there are
    assert reaches(mirror, streams, {})["issues"].share == 0.5
    put("issues", places[1], {"ProjectId": 2, "Code": 1}, cursor=Cursor(snapshot_done=True))
    first = next(iter(mirror.records("issues"))).offset
    put("issue_comments", places[0], cursor=Cursor(followed=first))
    assert reaches(mirror, streams, {})["issue_comments"].share == pytest.approx(1 / 6)
    mirror.close()


# --- the pre-check --------------------------------------------------------------------------------


def test_nothing_stands_in_the_way(site: Site, row: TaskRow) -> None:
    items = found(site.platform, row)
    assert {item.ok for item in items.values()} <= {"ok", "skipped"}, items
    assert {"agent", "alone", "hooks", "scopes", "cost", "reachable", "tables", "disk"} <= set(
        items
    )
    assert items["cost"].detail.startswith("none")
    kept = site.platform.results.of(row.id)["precheck"]
    assert kept is not None and kept["ok"] and len(kept["items"]) == len(items)


def test_what_stands_in_the_way_is_said(site: Site) -> None:
    source = site.source("hooked", increments="hybrid", token="0" * 40)
    made = site.task(
        source, site.destination("taken"), write="history", deletes="hard", agent="another",
        start="2020-01-01",
    )  # fmt: skip
    with closing(sqlite3.connect(site.file("taken"))) as db:
        db.execute("CREATE TABLE issues (mine TEXT)")
    items = found(site.platform, made)
    outcomes = {name: item.ok for name, item in items.items()}
    assert outcomes["settings"] == outcomes["hooks"] == outcomes["start"] == "warn"
    assert outcomes["agent"] == outcomes["token"] == outcomes["tables"] == "failed"
    assert "was not made by Headrace" in items["tables"].detail
    assert all(item.advice for item in items.values() if item.ok in ("warn", "failed")
               and item.name != "start")  # fmt: skip
    with closing(sqlite3.connect(site.file("taken"))) as db:
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    assert not any(name.startswith("_headrace_probe") for name in tables)


def test_a_second_task_on_the_same_tables_is_told(site: Site, row: TaskRow) -> None:
    copy = site.platform.tasks.copy(ADMIN, row.id, "the same again")
    items = found(site.platform, copy)
    assert items["alone"].ok == "failed" and items["alone"].detail == row.name
    assert items["tables"].ok == "failed" and f"task-{row.id}" in items["tables"].detail
    site.platform.tasks.delete(ADMIN, copy.id)


def test_what_a_first_copy_costs() -> None:
    streams = find(["projects", "issues", "issue_comments", "commits"])
    costs = {one.stream: one for one in first_copy(streams, {"projects": 10, "issues": 1_000})}
    assert costs["projects"].calls == 1
    assert costs["issues"].calls == 10 * (1_000 // streams[1].listing.size)
    assert costs["issue_comments"].calls == 10_000
    assert costs["issue_comments"].seconds == pytest.approx(10_000 / 15, rel=0.01)
    assert costs["commits"].calls is None


@pytest.mark.parametrize("kind", ["duckdb", "sqlite", "parquet", "jsonl", "delta"])
def test_a_destination_is_tried_and_left_as_it_was(kind: str, tmp_path: Path) -> None:
    from headrace.engine.modes import Deletes, Write
    from headrace.engine.tables import TaskTables

    tables = TaskTables(find(["projects"]), Write.MIRROR, Deletes.SOFT, learned={}).all()
    with closing(open_destination(f"{kind}:///{tmp_path}/x")) as one:
        assert isinstance(one, CanBeTried)
        assert one.try_out("task-1", tables) == []
        one.prepare("task-2", tables)
        refused = one.try_out("task-1", tables)
        assert refused and all("task-2" in str(error) for error in refused)
        assert one.try_out("task-2", tables) == []


# --- verification ---------------------------------------------------------------------------------


def test_a_running_copy_is_verified(site: Site) -> None:
    row = following(site, "verified")
    verdicts = list(verify(site.platform, row.id))
    assert {one.table for one in verdicts} > set(QUICK)
    assert all(one.equal for one in verdicts)
    kept = site.platform.results.of(row.id)["verify"]
    assert kept is not None and kept["equal"] and kept["differing"] == []
    with closing(sqlite3.connect(site.file("verified"))) as db:
        db.execute("UPDATE issues SET name = 'touched'")
        db.commit()
    assert [one.table for one in verify(site.platform, row.id) if not one.equal] == ["issues"]
    kept = site.platform.results.of(row.id)["verify"]
    assert kept is not None and not kept["equal"] and kept["differing"][0]["differing"]
    site.platform.tasks.backfill(ADMIN, row.id, ["issues"])
    site.until(lambda: site.platform.tasks.get(row.id).reset_streams is None)
    assert all(one.equal for one in verify(site.platform, row.id))


def test_what_cannot_be_verified_says_why(site: Site, row: TaskRow) -> None:
    made = site.task(site.source("still"), site.destination("to-still"))
    with pytest.raises(Conflict, match="does not run"):
        list(verify(site.platform, made.id))
    source = site.platform.connections.get(row.source_id)
    late = site.task(source, site.destination("late"), start="now")
    site.start(late)
    site.until(lambda: late.id in site.platform.agent.runners
               and site.platform.agent.runners[late.id].works.is_set())  # fmt: skip
    with pytest.raises(Refused, match="began with changes"):
        list(verify(site.platform, late.id))
