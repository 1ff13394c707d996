"""What a platform writes down of its tasks: figures, runs, logs, alerts, models, metrics."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.cli.conftest import QUICK, World
from tests.serving.conftest import ADMIN, Site

from headrace.app.serving.platform import Platform
from headrace.app.serving.watching.metrics import FAMILIES, Usage, render
from headrace.control.alerts import Thresholds
from headrace.control.history import Level, Outcome
from headrace.control.monitor import Figures, together
from headrace.control.states import State
from headrace.control.tasks import TaskRow
from headrace.core.schema import Column, Type
from headrace.errors import Refused
from headrace.mirror.urls import open_mirror

pytestmark = pytest.mark.long

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"


def ever(platform: Platform, subject: str) -> dict[str, Figures]:
    return platform.monitor.ever(subject)


def settled(site: Site, subject: str, stream: str, wanted: Figures) -> None:
    """Wait until the changes counted for a stream are these."""

    def counted() -> list[int]:
        site.platform.watching.hurry()
        found = ever(site.platform, subject).get(stream, Figures())
        return [found.inserted, found.updated, found.deleted, found.rejected]

    site.until(
        lambda: counted() == [wanted.inserted, wanted.updated, wanted.deleted, wanted.rejected]
    )


def started(site: Site, **settings: object) -> TaskRow:
    row = site.task(site.source(), site.destination(), **settings)
    site.start(row)
    site.until(lambda: site.platform.agent.minings)
    mining = next(iter(site.platform.agent.minings.values()))
    site.until(mining.level.is_set)
    site.until(lambda: row.id in site.platform.agent.runners)
    return row


def ask(site: Site, sql: str) -> list[tuple[int]]:
    with closing(sqlite3.connect(site.file())) as db:
        try:
            return db.execute(sql).fetchall()
        except sqlite3.OperationalError:  # not made yet
            return []


def written(site: Site) -> int:
    return sum(count for (count,) in ask(site, "SELECT count(*) FROM issues"))


def test_figures_are_what_happened_across_a_restart(world: World, tmp_path: Path) -> None:
    wanted = len(world.team.rows("issues"))
    project, code = world.first("issues")[:2]
    with Platform(tmp_path / "data") as platform:
        platform.start()
        site = Site(world, platform, tmp_path / "data")
        row = started(site)
        subject, source = f"task:{row.id}", f"connection:{row.source_id}"
        # a fill of what was there, then the rest as changes: each record once
        site.until(lambda: written(site) == wanted)
        for number in range(3):
            world.team.update_issue(project, code, now_ms=world.now_ms(), name=f"name {number}")
            arrived = f"SELECT 1 FROM issues WHERE name = 'name {number}'"
            site.until(lambda arrived=arrived: ask(site, arrived))
    with Platform(tmp_path / "data") as platform:
        first = ever(platform, subject)["issues"]
        assert first.read + first.inserted == wanted
        assert (first.updated, first.deleted, first.lag_ms) == (3, 0, 0)
        assert ever(platform, source)["issues"].updated == 3
        assert together(ever(platform, source)).calls > 0
        platform.start()
        site = Site(world, platform, tmp_path / "data")
        world.team.delete_issue(project, code, now_ms=world.now_ms())
        now = Figures(read=first.read, inserted=first.inserted, updated=3, deleted=1)
        settled(site, subject, "issues", now)
        mirrored = ever(platform, source)["issues"]
        assert (mirrored.updated, mirrored.deleted) == (3, 1)
        assert platform.monitor.today(subject)["issues"].deleted == 1
        assert sum(p.figures.deleted for p in platform.monitor.series(subject, since=0)) == 1


def test_figures_of_a_source_survive_a_crash(site: Site) -> None:
    """What was not flushed is made good from the mirror's own counters."""
    row = started(site)
    platform = site.platform
    platform.tasks.stop(ADMIN, row.id)
    site.until(lambda: site.state(row) is State.STOPPED and not platform.agent.minings)
    site.until(lambda: not platform.watching._sources)
    platform.watching.hurry()
    site.until(lambda: not platform.watching._over)
    known = ever(platform, f"connection:{row.source_id}")
    for subject in (f"connection:{row.source_id}", *(s for s in platform.monitor.all_ever()
                                                      if s.startswith("mirror:"))):  # fmt: skip
        platform.monitor.forget(subject)  # as if no flush had come through
    site.start(row)
    site.until(lambda: platform.agent.minings)
    settled(site, f"connection:{row.source_id}", "issues", known["issues"])
    found = ever(platform, f"connection:{row.source_id}")["issues"]
    assert known["issues"].inserted and found.read >= known["issues"].read


def test_a_log_and_runs_tell_what_happened(site: Site) -> None:
    row = started(site)
    platform, subject = site.platform, f"task:{row.id}"
    platform.tasks.stop(ADMIN, row.id)
    site.until(lambda: site.state(row) is State.STOPPED)
    site.until(lambda: platform.runs.of(row.id)[0].ended_at)
    [run] = platform.runs.of(row.id)
    assert run.outcome is Outcome.STOPPED and run.agent == "local"
    of_all = sum(len(site.world.team.rows(table)) for table in QUICK)
    assert run.figures["read"] + run.figures["inserted"] == of_all
    site.until(lambda: platform.log.lines(subject=subject, text="→ stopped"))
    texts = [line.text for line in platform.log.lines(subject=subject)]
    assert any(text.startswith("issues was filled: ") for text in texts)
    mining = [line.text for line in platform.log.lines(subject=f"connection:{row.source_id}")]
    assert any("mining of" in text for text in mining)


def test_an_error_is_logged_with_advice_and_raises_an_alert(site: Site) -> None:
    row = site.task(site.source(), site.destination(url="sqlite:////nowhere/at/all.db"))
    site.start(row)
    site.until(lambda: site.state(row) is State.ERROR)
    platform, subject = site.platform, f"task:{row.id}"
    site.until(lambda: platform.log.lines(subject=subject, level=Level.ERROR))
    [line] = platform.log.lines(subject=subject, level=Level.ERROR)
    assert "does not exist" in line.text and line.advice
    site.until(lambda: platform.watching.hurry() or platform.alerts.open())
    [alert] = [a for a in platform.alerts.open() if a.kind == "task_error"]
    assert alert.subject == subject
    assert "does not exist" in alert.text.en and "不存在" in alert.text.zh
    assert alert.advice.en == line.advice
    site.until(lambda: [r for r in platform.runs.of(row.id) if r.outcome is Outcome.FAILED])


def test_a_wrong_token_raises_an_alert_of_its_source(site: Site) -> None:
    source = site.source(token="0123456789abcdef0123456789abcdef01234567")
    site.start(site.task(source, site.destination()))

    def kinds() -> set[tuple[str, str]]:
        site.platform.watching.hurry()
        return {(alert.kind, alert.subject) for alert in site.platform.alerts.open()}

    site.until(lambda: ("mining_failed", f"connection:{source.id}") in kinds())
    errors = site.platform.log.lines(subject=f"connection:{source.id}", level=Level.ERROR)
    assert errors and errors[0].advice


def test_a_snapshot_that_is_done_is_told(site: Site) -> None:
    row = started(site)

    def kinds() -> list[str]:
        site.platform.watching.hurry()
        return [a.kind for a in site.platform.alerts.all(subject=f"task:{row.id}")]

    site.until(lambda: "snapshot_done" in kinds())


def test_how_far_a_task_is_behind_is_seen_in_the_mirror(site: Site) -> None:
    """A destination that is locked by somebody lets its task fall behind."""
    row = started(site)
    wanted = len(site.world.team.rows("issues"))
    site.until(lambda: written(site) == wanted)
    site.platform.alerts.set_thresholds(ADMIN, Thresholds(lag_ms=1, lag_for_ms=0))
    project, code = site.world.first("issues")[:2]
    with closing(sqlite3.connect(site.file(), isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        site.world.team.update_issue(project, code, now_ms=site.world.now_ms(), name="late")

        def behind() -> bool:
            site.platform.watching.hurry()
            figures = ever(site.platform, f"task:{row.id}").get("issues", Figures())
            return figures.lag > 0 and figures.lag_ms > 0

        site.until(behind)
        site.until(lambda: [a for a in site.platform.alerts.open() if a.kind == "lag"])
        db.execute("ROLLBACK")

    def level() -> bool:
        site.platform.watching.hurry()
        return ever(site.platform, f"task:{row.id}")["issues"].lag_ms == 0

    site.until(lambda: ask(site, "SELECT 1 FROM issues WHERE name = 'late'"))
    site.until(level)


def test_a_model_is_loaded_at_first_and_when_asked(site: Site) -> None:
    source = site.source()
    models, platform = site.platform.models, site.platform
    site.until(lambda: platform.watching.hurry() or models.get(source.id))
    first = models.get(source.id)
    assert first is not None and ["name", "text"] in list(map(list, first.columns["issues"]))
    platform.reloader.ask(source.id)

    def loaded_again() -> bool:
        platform.watching.hurry()
        model = models.get(source.id)
        return model is not None and model.loaded_at > first.loaded_at

    site.until(loaded_again)
    assert len(models.history(source.id)) == 1


# --- metrics -------------------------------------------------------------------------------------


def test_metrics_and_their_page_name_the_same(site: Site) -> None:
    page = PAGE.read_text("utf-8")
    documented = {line.split("`")[1] for line in page.splitlines() if line.startswith("| `")}
    assert documented == {family.name for family in FAMILIES}
    for family in FAMILIES:
        line = next(one for one in page.splitlines() if f"| `{family.name}` |" in one)
        assert f"| {family.kind} |" in line and family.says in line
        assert all(f"`{label}`" in line for label in family.labels)


def test_metrics_are_those_of_the_monitor(site: Site) -> None:
    row = started(site)
    platform = site.platform
    wanted = len(site.world.team.rows("issues"))
    site.until(lambda: platform.watching.hurry() or sum(
        getattr(ever(platform, f"task:{row.id}").get("issues", Figures()), what)
        for what in ("read", "inserted")) == wanted)  # fmt: skip
    text = platform.metrics.text()
    found = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    name = f'headrace_task_records_total{{task="{row.name}",stream="issues",what='
    assert sum(int(found[f'{name}"{what}"}}']) for what in ("read", "inserted")) == wanted
    assert found[f'headrace_task_state{{task="{row.name}",state="running"}}'] == "1"
    assert found['headrace_agent_up{agent="local"}'] == "1"
    assert int(found['headrace_agent_memory_bytes{agent="local"}']) > 2**20
    assert float(found["headrace_disk_free_bytes"]) > 0
    labels = {family.name: set(family.labels) for family in FAMILIES}
    for sample, has, _ in platform.metrics.samples():
        assert set(has) == labels[sample]


def test_the_text_of_metrics_is_escaped() -> None:
    text = render([("headrace_agent_up", {"agent": 'a"b\\c\nd'}, True)])
    assert 'headrace_agent_up{agent="a\\"b\\\\c\\nd"} 1\n' in text
    families = {f.name: f for f in text_string_to_metric_families(text)}
    assert families["headrace_agent_up"].samples[0].labels == {"agent": 'a"b\\c\nd'}


def test_usage_is_that_of_this_process() -> None:
    usage = Usage()
    usage._at -= 10
    sum(number * number for number in range(300_000))
    assert 0 < usage.cpu() < 2_000
    assert 10 < usage.memory_mb() < 10_000


def test_the_time_of_a_reload_is_looked_at_when_it_is_saved(site: Site) -> None:
    assert site.source("daily", schema_reload_at="22:30").values["schema_reload_at"] == "22:30"
    with pytest.raises(Refused, match="no time"):
        site.source("never", schema_reload_at="25:00")


def test_a_column_that_a_task_learned_is_in_the_model_at_once(site: Site) -> None:
    """As a task does it: the column is noted in the mirror, then in its progress."""
    row = started(site)
    platform, source = site.platform, row.source_id
    site.until(lambda: row.id in platform.agent.runners and platform.models.get(source))
    ground = platform.agent.runners[row.id].ground
    now_ms = platform.clock.now_ms()
    with closing(open_mirror(*ground.place, now_ms, make=False, lock=False)) as one:
        one.learn({"issues": (Column("brand_new", Type.TEXT, "BrandNew", "", ""),)})
    platform.agent.runners[row.id].progress.learned.append(("issues", "BrandNew"))

    def changes() -> list[tuple[str, str]]:
        platform.watching.hurry()
        loads = platform.models.history(source)
        return [(c.what, c.column) for load in loads for c in load.changes]

    site.until(lambda: ("column_added", "brand_new") in changes())
    found = platform.log.lines(subject=f"task:{row.id}", text="new column for BrandNew")
    assert len(found) == 1
    site.until(lambda: platform.log.lines(subject=f"connection:{source}", text="model changed"))
