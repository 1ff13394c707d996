"""Alerts: what a person should know about, from how things stand.

`causes` says, purely, what is wrong now. `Alerts` holds that against what is on file: one open
alert a cause, told once on each channel (again after a day), and an all-clear to those who were.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import sqlalchemy as sa

from headrace.control import tables
from headrace.control.alert_words import words_of
from headrace.control.audit import Audit
from headrace.control.people import Person
from headrace.control.states import State
from headrace.control.store import ControlStore
from headrace.core.clock import Clock
from headrace.core.stream import Title

INFORMATIVE = frozenset({"snapshot_done"})  # these clear themselves, without an all-clear
AGAIN_MS = 86_400_000  # one that stands is told again after a day
SETTLED_MS = 120_000  # a cause that is gone for a shorter while comes and goes: it stays one alert
KEPT_MS = 90 * 86_400_000
DONE_SHOWN_MS = 3_600_000
SETTING = "alerts"

Details = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From when on something is worth an alert. `muted`: kinds that never are."""

    lag_ms: int = 300_000
    lag_for_ms: int = 300_000
    tries: int = 3
    grant_days: int = 14
    disk_free_percent: int = 10
    muted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task, as alerts see it. `behind_ms`: for how long its lag has been over the threshold;
    `aside`: records its destination refused; `stopped`: streams that wait for a person, and why.
    `snapshot_at`: when it was first level (0: not in this run)."""

    id: int
    name: str
    state: State
    reason: str = ""
    advice: str = ""
    tries: int = 0
    lag_ms: int = 0
    behind_ms: int = 0
    aside: int = 0
    stopped: Mapping[str, str] = field(default_factory=dict)
    snapshot_at: int = 0


@dataclass(frozen=True, slots=True)
class SourceView:
    """A source. `error`: why its mining ended, if so; `quiet`: that no hook tells of changes that
    polls see; `held`, `rejected`: by stream, in words; `grant_ends_at`: of its authorization."""

    id: int
    name: str
    error: str = ""
    advice: str = ""
    quiet: str = ""
    held: Mapping[str, str] = field(default_factory=dict)
    rejected: Mapping[str, str] = field(default_factory=dict)
    grant_ends_at: int = 0


@dataclass(frozen=True, slots=True)
class Situation:
    """How things stand at a moment. `away`: agents without a sign of life."""

    now_ms: int
    tasks: Sequence[TaskView] = ()
    sources: Sequence[SourceView] = ()
    away: Sequence[str] = ()
    disk_free: int = 0
    disk_size: int = 0


@dataclass(frozen=True, slots=True)
class Cause:
    """Something a person should know about. `subject` as in logs; `details` fill its words."""

    kind: str
    subject: str
    details: Details


def causes(now: Situation, limits: Thresholds) -> list[Cause]:
    """All there are, each kind at most once a subject."""
    found = [
        *(one for task in now.tasks for one in _of_task(task, now.now_ms, limits)),
        *(one for source in now.sources for one in _of_source(source, now.now_ms, limits)),
        *(Cause("agent_away", f"agent:{name}", {"name": name}) for name in now.away),
    ]
    if now.disk_size and now.disk_free * 100 < now.disk_size * limits.disk_free_percent:
        percent = now.disk_free * 100 // now.disk_size
        details: Details = {"free_mb": now.disk_free // 1024**2, "percent": percent}
        found.append(Cause("disk_full", "server", details))
    return [cause for cause in found if cause.kind not in limits.muted]


def _of_task(task: TaskView, now_ms: int, limits: Thresholds) -> Iterator[Cause]:
    def cause(kind: str, **details: str | int) -> Cause:
        return Cause(kind, f"task:{task.id}", {"name": task.name, **details})

    why = {"reason": task.reason, "advice": task.advice}
    if task.state is State.ERROR:
        yield cause("task_error", **why)
    if task.state is State.RETRYING and task.tries >= limits.tries:
        yield cause("task_retrying", tries=task.tries, **why)
    if task.behind_ms >= limits.lag_for_ms and task.lag_ms >= limits.lag_ms:
        yield cause("lag", seconds=task.lag_ms // 1000)
    if task.aside:
        yield cause("rejects", count=task.aside)
    if task.stopped:
        streams = ", ".join(sorted(task.stopped))
        yield cause("stream_stopped", streams=streams, reason=next(iter(task.stopped.values())))
    if task.snapshot_at and now_ms - task.snapshot_at < DONE_SHOWN_MS:
        yield cause("snapshot_done")


def _of_source(source: SourceView, now_ms: int, limits: Thresholds) -> Iterator[Cause]:
    def cause(kind: str, **details: str | int) -> Cause:
        return Cause(kind, f"connection:{source.id}", {"name": source.name, **details})

    if source.error:
        yield cause("mining_failed", reason=source.error, advice=source.advice)
    if source.quiet:
        yield cause("hooks_quiet", reason=source.quiet)
    if source.held:
        yield cause("mass_vanish", streams=_listed(source.held))
    if source.rejected:
        yield cause("source_rejects", streams=_listed(source.rejected))
    days = (source.grant_ends_at - now_ms) // 86_400_000
    if source.grant_ends_at and days < limits.grant_days:
        yield cause("grant_ends", days=max(0, days))


def _listed(by_stream: Mapping[str, str]) -> str:
    return "; ".join(f"{stream}: {text}" for stream, text in sorted(by_stream.items()))


# --- on file -------------------------------------------------------------------------------------

What = Literal["raised", "cleared"]


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert on file. Times in ms UTC; `times`: how often its cause came back before it was
    clear; `told`: by channel, when it was told, and its all-clear."""

    id: int
    kind: str
    subject: str
    details: Details
    raised_at: int
    seen_at: int
    cleared_at: int | None
    times: int
    told: Mapping[str, Mapping[str, int]]

    @property
    def text(self) -> Title:
        """What is wrong, in both languages."""
        return words_of(self.kind, self.details)[0]

    @property
    def advice(self) -> Title:
        """What to do about it, in both languages; the reason's own advice as it is."""
        return words_of(self.kind, self.details)[1]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        made = {name: getattr(self, name) for name in self.__slots__}
        text, advice = self.text, self.advice
        return {
            **made, "text": {"zh": text.zh, "en": text.en},
            "advice": {"zh": advice.zh, "en": advice.en},
        }  # fmt: skip


class Alerts:
    """Raises, counts and clears; says what is to be told."""

    def __init__(self, store: ControlStore, clock: Clock, audit: Audit) -> None:
        self._store = store
        self._clock = clock
        self._audit = audit

    def update(self, found: Iterable[Cause]) -> tuple[list[Alert], list[Alert]]:
        """Hold the causes there are now against those on file, in one transaction. Returns those
        that were raised and those that were cleared."""
        now_ms, alert = self._clock.now_ms(), tables.alert
        present = {(cause.kind, cause.subject): cause for cause in found}
        raised, cleared = [], []
        with self._store.transaction() as db:
            standing = sa.select(alert).where(alert.c.cleared_at.is_(None))
            for row in db.execute(standing).mappings().all():
                cause = present.pop((row["kind"], row["subject"]), None)
                this = sa.update(alert).where(alert.c.id == row["id"])
                if cause is not None:
                    returned = now_ms - row["seen_at"] > SETTLED_MS // 2
                    db.execute(this.values(details=dict(cause.details), seen_at=now_ms,
                                           times=row["times"] + returned))  # fmt: skip
                elif now_ms - row["seen_at"] >= SETTLED_MS or row["kind"] in INFORMATIVE:
                    db.execute(this.values(cleared_at=now_ms))
                    cleared.append(Alert(**{**row, "cleared_at": now_ms}))
            for cause in present.values():
                values = {
                    "kind": cause.kind, "subject": cause.subject, "details": dict(cause.details),
                    "raised_at": now_ms, "seen_at": now_ms, "cleared_at": None, "times": 1,
                    "told": {},
                }  # fmt: skip
                key = db.execute(sa.insert(alert).values(**values)).inserted_primary_key
                assert key is not None
                raised.append(Alert(id=int(key[0]), **values))  # type: ignore[arg-type]
        return raised, cleared

    def open(self) -> list[Alert]:
        """Those that stand, the newest first."""
        return self._found(tables.alert.c.cleared_at.is_(None))

    def all(
        self, *, subject: str = "", kind: str = "", before_id: int = 0, limit: int = 100
    ) -> list[Alert]:
        """Open or not, the newest first; `before_id` goes on from the last of a page."""
        alert = tables.alert.c
        asked = [(subject, alert.subject == subject), (kind, alert.kind == kind),
                 (before_id, alert.id < before_id)]  # fmt: skip
        return self._found(*(where for given, where in asked if given), limit=limit)

    def to_tell(self, channel_id: int) -> list[tuple[Alert, What]]:
        """What this channel has not been told yet, the oldest first."""
        now_ms, key = self._clock.now_ms(), str(channel_id)
        recent = tables.alert.c.cleared_at >= now_ms - AGAIN_MS
        found = self._found(sa.or_(tables.alert.c.cleared_at.is_(None), recent), limit=1000)
        due = [(alert, _due(alert, alert.told.get(key, {}), now_ms)) for alert in reversed(found)]
        return [(alert, what) for alert, what in due if what is not None]

    def told(self, alert_id: int, channel_id: int, what: What) -> None:
        """A channel has been told."""
        alert, key = tables.alert, str(channel_id)
        with self._store.transaction() as db:
            told = db.scalar(sa.select(alert.c.told).where(alert.c.id == alert_id)) or {}
            told = {**told, key: {**told.get(key, {}), what: self._clock.now_ms()}}
            db.execute(sa.update(alert).where(alert.c.id == alert_id).values(told=told))

    def prune(self) -> None:
        """Drop those that were cleared long ago."""
        alert = tables.alert
        old = alert.c.cleared_at < self._clock.now_ms() - KEPT_MS
        with self._store.transaction() as db:
            db.execute(sa.delete(alert).where(old))

    # --- thresholds ------------------------------------------------------------------------------

    def thresholds(self) -> Thresholds:
        """Those in force."""
        with self._store.reading() as db:
            return _thresholds(db)

    def set_thresholds(self, by: Person, wanted: Thresholds) -> None:
        """Use these from the next look on."""
        with self._store.transaction() as db:
            before, after = asdict(_thresholds(db)), asdict(wanted)
            db.execute(sa.delete(tables.setting).where(tables.setting.c.name == SETTING))
            db.execute(sa.insert(tables.setting).values(name=SETTING, value=after))
            self._audit.note(db, by.name, "alerts.thresholds", "alerts", before, after)

    def _found(self, *wanted: sa.ColumnElement[bool], limit: int = 1000) -> list[Alert]:
        query = sa.select(tables.alert).where(*wanted).order_by(tables.alert.c.id.desc())
        with self._store.reading() as db:
            return [Alert(**row) for row in db.execute(query.limit(limit)).mappings()]


def _thresholds(db: sa.Connection) -> Thresholds:
    setting = tables.setting
    kept = db.scalar(sa.select(setting.c.value).where(setting.c.name == SETTING)) or {}
    return Thresholds(**{**kept, "muted": tuple(kept.get("muted", ()))})


def _due(alert: Alert, told: Mapping[str, int], now_ms: int) -> What | None:
    raised, cleared = told.get("raised", 0), told.get("cleared", 0)
    if alert.cleared_at is None:
        return "raised" if now_ms - raised >= AGAIN_MS else None
    return "cleared" if raised and not cleared and alert.kind not in INFORMATIVE else None
