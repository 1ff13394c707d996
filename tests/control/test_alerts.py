"""Alerts: one a cause, told once, cleared in the end; channels and their secrets."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.control.conftest import ADMIN, KEY, OTHER_KEY, START_MS, Desk

from headrace.app.sealing import Seal
from headrace.control.alert_words import WORDS
from headrace.control.alerts import (
    AGAIN_MS,
    DONE_SHOWN_MS,
    INFORMATIVE,
    KEPT_MS,
    SETTLED_MS,
    Alerts,
    Cause,
    Situation,
    SourceView,
    TaskView,
    Thresholds,
    causes,
)
from headrace.control.channels import Channels
from headrace.control.connections import HIDDEN
from headrace.control.states import State
from headrace.control.vault import Vault
from headrace.errors import Refused

NOW, DAY_MS, LIMITS = START_MS, 86_400_000, Thresholds()
WELL = TaskView(1, "nightly", State.RUNNING)
SOURCE = SourceView(2, "team")
LAG = Cause("lag", "task:1", {"name": "nightly", "seconds": 400})

TASKS = {
    "task_error": replace(WELL, state=State.ERROR, reason="No room.", advice="Make room."),
    "task_retrying": replace(WELL, state=State.RETRYING, tries=3, reason="It is away."),
    "lag": replace(WELL, lag_ms=LIMITS.lag_ms, behind_ms=LIMITS.lag_for_ms),
    "rejects": replace(WELL, aside=3),
    "stream_stopped": replace(WELL, stopped={"issues": "A value is refused."}),
    "snapshot_done": replace(WELL, snapshot_at=NOW - DONE_SHOWN_MS + 1),
}
SOURCES = {
    "mining_failed": replace(SOURCE, error="The token is wrong.", advice="Mend it."),
    "hooks_quiet": replace(SOURCE, quiet="no delivery since noon"),
    "mass_vanish": replace(SOURCE, held={"issues": "90 rows"}),
    "source_rejects": replace(SOURCE, rejected={"issues": "2 rows"}),
    "grant_ends": replace(SOURCE, grant_ends_at=NOW + 14 * DAY_MS - 1),
}
SITUATIONS = {
    **{kind: Situation(NOW, tasks=[view]) for kind, view in TASKS.items()},
    **{kind: Situation(NOW, sources=[view]) for kind, view in SOURCES.items()},
    "agent_away": Situation(NOW, away=["agent-2"]),
    "disk_full": Situation(NOW, disk_free=99, disk_size=1000),
}


@pytest.mark.parametrize("kind", WORDS)
def test_each_kind_has_its_situation_words_and_mute(kind: str) -> None:
    [cause] = causes(SITUATIONS[kind], LIMITS)
    assert cause.kind == kind
    assert causes(SITUATIONS[kind], replace(LIMITS, muted=(kind,))) == []
    for title in WORDS[kind]:
        for text in (title.zh, title.en):
            assert text and "{" not in text.format_map(cause.details)


@pytest.mark.parametrize(
    "now",
    [
        Situation(NOW, [WELL], [SOURCE], [], 500, 1000),
        Situation(NOW, [replace(WELL, state=State.RETRYING, tries=2)]),
        Situation(NOW, [replace(TASKS["lag"], behind_ms=LIMITS.lag_for_ms - 1)]),
        Situation(NOW, [replace(TASKS["lag"], lag_ms=LIMITS.lag_ms - 1)]),
        Situation(NOW, [replace(WELL, snapshot_at=NOW - DONE_SHOWN_MS)]),
        Situation(NOW, sources=[replace(SOURCE, grant_ends_at=NOW + 14 * DAY_MS)]),
        Situation(NOW, disk_free=100, disk_size=1000),
    ],
)
def test_what_is_well_has_no_alert(now: Situation) -> None:
    assert causes(now, LIMITS) == []


@pytest.fixture
def alerts(desk: Desk) -> Alerts:
    return Alerts(desk.store, desk.clock, desk.audit)


def test_one_alert_a_cause_until_it_is_clear(desk: Desk, alerts: Alerts) -> None:
    [raised], _ = alerts.update([LAG])
    assert raised.text.en == "Task nightly is 400 s behind." and raised.text.zh and raised.advice.zh
    for seconds in (500, 600):
        desk.clock.advance(10_000)
        assert alerts.update([replace(LAG, details={"name": "n", "seconds": seconds})]) == ([], [])
    [alert] = alerts.open()
    assert (alert.id, alert.details["seconds"], alert.times) == (raised.id, 600, 1)
    desk.clock.advance(SETTLED_MS - 1)
    assert alerts.update([]) == ([], [])  # it may come back at once
    desk.clock.advance(1)
    _, [cleared] = alerts.update([])
    assert cleared.id == raised.id and cleared.cleared_at == desk.clock.now_ms()
    assert alerts.open() == []
    [again], _ = alerts.update([LAG])
    assert again.id != raised.id
    assert [a.id for a in alerts.all()] == [again.id, raised.id]
    assert [a.id for a in alerts.all(subject="task:1", before_id=again.id)] == [raised.id]


def test_what_comes_and_goes_is_one_alert_that_counts(desk: Desk, alerts: Alerts) -> None:
    for _ in range(3):
        alerts.update([LAG])
        desk.clock.advance(SETTLED_MS // 2 + 1)
        alerts.update([])
    [alert] = alerts.open()
    assert alert.times == 3


def test_each_channel_is_told_once_and_again_after_a_day(desk: Desk, alerts: Alerts) -> None:
    alerts.update([LAG])
    [(alert, what)] = alerts.to_tell(1)
    assert what == "raised"
    alerts.told(alert.id, 1, what)
    assert alerts.to_tell(1) == [] and len(alerts.to_tell(2)) == 1
    desk.clock.advance(AGAIN_MS - 1)
    alerts.update([LAG])
    assert alerts.to_tell(1) == []
    desk.clock.advance(1)
    assert [what for _, what in alerts.to_tell(1)] == ["raised"]


def test_the_all_clear_goes_to_those_who_were_told(desk: Desk, alerts: Alerts) -> None:
    [alert], _ = alerts.update([LAG])
    alerts.told(alert.id, 1, "raised")
    desk.clock.advance(SETTLED_MS)
    alerts.update([])
    assert [what for _, what in alerts.to_tell(1)] == ["cleared"]
    assert alerts.to_tell(2) == []
    alerts.told(alert.id, 1, "cleared")
    assert alerts.to_tell(1) == []


def test_what_only_informs_clears_itself(desk: Desk, alerts: Alerts) -> None:
    done = Cause("snapshot_done", "task:1", {"name": "nightly"})
    assert done.kind in INFORMATIVE
    [alert], _ = alerts.update([done])
    alerts.told(alert.id, 1, "raised")
    assert len(alerts.update([])[1]) == 1
    assert alerts.to_tell(1) == []


def test_old_alerts_are_dropped_open_ones_never(desk: Desk, alerts: Alerts) -> None:
    alerts.update([LAG, Cause("agent_away", "agent:a", {"name": "a"})])
    desk.clock.advance(SETTLED_MS)
    alerts.update([LAG])
    desk.clock.advance(KEPT_MS + 1)
    alerts.prune()
    assert [alert.kind for alert in alerts.all()] == ["lag"]


def test_thresholds_are_kept_and_audited(desk: Desk, alerts: Alerts) -> None:
    assert alerts.thresholds() == Thresholds()
    for wanted in (Thresholds(lag_ms=5, muted=("lag",)), Thresholds(tries=1)):
        alerts.set_thresholds(ADMIN, wanted)
        assert alerts.thresholds() == wanted
    second, first = desk.audit.entries()
    assert (first.who, first.action) == (ADMIN.name, "alerts.thresholds")
    assert first.after == {"lag_ms": 5, "muted": ["lag"]}
    assert second.before == {"lag_ms": 5, "tries": 3, "muted": ["lag"]}


# --- channels ------------------------------------------------------------------------------------

ROBOT = "0a1b2c3d-robot"
HOOK = {"url": f"https://robots.example:8443/send?key={ROBOT}", "secret": "0123456789abcdef"}
MAIL = {"host": "mail.example", "from": "headrace@example.org", "to": ["member-17@example.org"]}


@pytest.fixture
def channels(desk: Desk) -> Channels:
    return Channels(desk.store, desk.clock, desk.audit, Vault([Seal(KEY)]))


def test_a_channels_secret_is_sealed_and_stays(desk: Desk, channels: Channels) -> None:
    saved = channels.save(ADMIN, "ops", "webhook", HOOK)
    shown = {"url": "https://robots.example:8443/…", "secret": HIDDEN}
    assert saved.as_dict()["settings"] == saved.settings == shown
    assert (
        channels.change(ADMIN, saved.id, {**shown, "language": "en"}).settings["language"] == "en"
    )
    assert channels.whole(saved.id) == {**HOOK, "language": "en"}
    channels.change(ADMIN, saved.id, {"url": HIDDEN, "language": None})
    assert channels.whole(saved.id) == HOOK
    from headrace.control.tables import metadata

    with desk.store.transaction() as db:
        kept = repr([db.execute(table.select()).all() for table in metadata.sorted_tables])
    assert HOOK["secret"] not in kept and ROBOT not in kept
    assert channels.reseal(Vault([Seal(OTHER_KEY)])) == 1
    with pytest.raises(Refused):
        channels.whole(saved.id)


@pytest.mark.parametrize("url", ["http://other.example", "http://other.example/"])
def test_a_url_that_is_its_host_is_shown_whole(channels: Channels, url: str) -> None:
    saved = channels.save(ADMIN, "ops", "webhook", HOOK)
    assert channels.change(ADMIN, saved.id, {"url": url}).settings["url"] == url
    assert channels.change(ADMIN, saved.id, {"url": url}).settings["url"] == url
    assert channels.whole(saved.id) == {**HOOK, "url": url}


def test_channels_are_switched_noted_and_deleted(desk: Desk, channels: Channels) -> None:
    saved = channels.save(ADMIN, "mail", "email", {**MAIL, "password": "hunter2"})
    assert saved.enabled and saved.last is None
    assert not channels.change(ADMIN, saved.id, {}, enabled=False).enabled
    channels.note(saved.id, "It is away.", "Wait.")
    assert channels.get(saved.id).last == {
        "at": desk.clock.now_ms(), "ok": False, "error": "It is away.", "advice": "Wait.",
    }  # fmt: skip
    with pytest.raises(Refused, match="already"):
        channels.save(ADMIN, "mail", "email", MAIL)
    channels.delete(ADMIN, saved.id)
    assert channels.all() == []
    actions = [entry.action for entry in desk.audit.entries()]
    assert actions == ["channel.delete", "channel.change", "channel.save"]


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("webhook", {"url": "ftp://x"}), ("webhook", {"secret": "short"}), ("webhook", {"to": "x"}),
        ("webhook", {"url": "https://a:b@x"}), ("webhook", {"url": "https://x:99999"}),
        ("webhook", {"url": "https://x/…"}),
        ("webhook", {"url": ["https://x"]}), ("webhook", {"url": "https://x/\n"}),
        ("webhook", {"secret": ["0123456789abcdef"]}), ("webhook", {"language": "fr"}),
        ("email", {"password": {"a": 1}}), ("email", {"user": 1}), ("email", {"port": True}),
        ("email", {"secret": "0123456789abcdef"}), ("email", {"host": 1}),
        ("email", {"to": []}), ("email", {"from": "a@b\nBcc: c@d"}), ("email", {"port": 0}),
        ("email", {"security": "maybe"}), ("email", {"language": "fr"}), ("email", {"host": ""}),
        ("pigeon", {}),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_are_refused(
    channels: Channels, kind: str, wrong: dict[str, object]
) -> None:
    with pytest.raises(Refused) as caught:
        channels.save(ADMIN, "new", kind, {**(HOOK if kind == "webhook" else MAIL), **wrong})
    assert caught.value.advice
