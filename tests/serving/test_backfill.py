"""What people have done with the tables of a task that runs, and how its settings are meant."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from tests.serving.conftest import ADMIN, Site
from tests.serving.test_platform import ask, issues

from headrace.app.serving.tasks.errands import Errands
from headrace.app.serving.tasks.task_settings import checked, choose, chosen_streams, moment_of
from headrace.control.states import State
from headrace.control.tasks import TaskRow
from headrace.errors import Refused, Unavailable

pytestmark = pytest.mark.long

TOUCHED = "SELECT count(*) FROM issues WHERE name = 'touched'"


def follows(site: Site, **settings: object) -> TaskRow:
    row = site.task(site.source(), site.destination(), **settings)
    site.start(row)
    wanted = len(site.world.team.rows("issues"))
    site.until(lambda: issues(site) == wanted)
    return row


def touch(site: Site) -> None:
    with closing(sqlite3.connect(site.file())) as db:
        db.execute("UPDATE issues SET name = 'touched'")
        db.commit()


def test_a_running_task_fills_one_table_again_and_goes_on(site: Site) -> None:
    row = follows(site)
    run = site.platform.agent.runners[row.id]
    for _ in range(2):  # asked for the same again, it does it again
        touch(site)
        site.platform.tasks.backfill(ADMIN, row.id, ["issues"])
        assert site.state(row) is State.RUNNING
        site.until(lambda: ask(site.file(), TOUCHED) == [(0,)])
        site.until(lambda: site.platform.tasks.get(row.id).reset_streams is None)
    assert site.platform.agent.runners[row.id] is run
    assert run.progress.refilled == ["issues", "issues"]
    project, code = site.world.first("issues")[:2]
    site.world.team.update_issue(project, code, now_ms=site.world.now_ms(), name="arrives")
    site.until(lambda: ask(site.file(), "SELECT 1 FROM issues WHERE name = 'arrives'"))


def test_a_backfill_of_a_stopped_task_waits_for_its_start(site: Site) -> None:
    row = follows(site)
    site.platform.tasks.stop(ADMIN, row.id)
    site.until(lambda: site.state(row) is State.STOPPED)
    touch(site)
    site.platform.tasks.backfill(ADMIN, row.id, ["issues"])
    found = site.platform.tasks.backfill(ADMIN, row.id, ["projects"])
    assert (found.state, found.reset_streams) == (State.STOPPED, ["issues", "projects"])
    assert site.platform.tasks.backfill(ADMIN, row.id).reset_streams == []
    assert site.platform.tasks.backfill(ADMIN, row.id, ["issues"]).reset_streams == []
    site.start(row)
    site.until(lambda: ask(site.file(), TOUCHED) == [(0,)])


def test_filters_are_kept_and_followed(site: Site) -> None:
    codes = sorted(code for _, code in site.world.team.rows("issues"))
    wanted = [f"issues.Code={codes[0]}", f"issues.Code={codes[1]}"]
    row = site.task(site.source(), site.destination(), filters=wanted)
    site.start(row)
    expected = sum(1 for _, c in site.world.team.rows("issues") if c in codes[:2])
    site.until(lambda: issues(site) == expected)
    runner = site.platform.agent.runners[row.id]
    assert runner.progress.filtered["issues"] > 0


def test_changes_from_a_time(site: Site) -> None:
    source = site.source()
    first = site.task(source, site.destination("one"))
    site.start(first)
    site.until(lambda: site.platform.agent.minings
               and next(iter(site.platform.agent.minings.values())).level.is_set())  # fmt: skip
    moment = datetime.now(UTC) + timedelta(milliseconds=1)
    project, code = site.world.first("issues")[:2]
    site.world.team.update_issue(project, code, now_ms=site.world.now_ms(), name="arrives")
    site.until(lambda: ask(site.file("one"), "SELECT 1 FROM issues WHERE name = 'arrives'"))
    late = site.task(source, site.destination("two"), start=moment.isoformat())
    site.start(late)
    site.until(lambda: ask(site.file("two"), "SELECT name FROM issues") == [("arrives",)])
    early = site.task(source, site.destination("three"), start="2020-01-01")
    site.start(early)
    site.until(lambda: site.state(early) is State.ERROR)
    said = site.platform.tasks.get(early.id)
    assert "Changes since 2019-12-31 16:00:00 UTC cannot be told" in said.reason and said.advice


def test_new_streams_join_only_if_wished(site: Site) -> None:
    source = site.source()
    one = site.task(source, site.destination("one"), streams=["issue*"], new_streams=False)
    assert one.chosen and "issues" in one.chosen
    assert site.task(source, site.destination("two"), streams=["issue*"]).chosen is None
    with site.platform.store.transaction() as db:
        db.exec_driver_sql('UPDATE task SET chosen = \'["issues", "gone"]\'')
    row = site.platform.tasks.get(one.id)
    assert [s.name for s in chosen_streams(row, source)] == ["issues"]
    same = site.platform.tasks.change(ADMIN, row.id, row.version, {"write": "history"})
    assert same.chosen == ["issues", "gone"]
    other = site.platform.tasks.change(ADMIN, row.id, same.version, {"new_streams": None})
    assert other.chosen is None


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"start": "soon"}, "2026-11-01"), ({"start": "2999-01-01"}, "future"),
        ({"start": 7}, "quotes"), ({"new_streams": "yes"}, "true or false"),
        ({"filters": ["issues.Nothing=1"]}, "Nothing"), ({"filters": "x"}, "list"),
        ({"streams": ["projects"], "filters": ["issues.Type=EPIC"]}, "no stream of the task"),
        ({"nothing": 1}, "nothing"), ({"streams": ["isues"]}, "isues"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be(settings: dict[str, object], word: str) -> None:
    with pytest.raises(Refused, match=word) as caught:
        checked(settings)
    assert caught.value.advice


def test_a_time_without_a_zone_is_codings() -> None:
    assert moment_of("2026-11-01") == moment_of("2026-10-31T16:00:00+00:00")
    assert moment_of("") is moment_of("now") is moment_of("snapshot") is None
    assert choose({"streams": ["projects"]}) is None
    assert choose({"streams": ["proj*ects"], "new_streams": False}) == ["projects"]


def test_errands_end_with_their_runner() -> None:
    errands = Errands()
    early = errands.put(lambda _: 1)
    errands.close()
    late = errands.put(lambda _: 2)
    for future in (early, late):
        assert isinstance(future.exception(0), Unavailable)
