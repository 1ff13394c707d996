"""What people see of minings, as plain data: those that run, those that should, and those whose
mirror lies there idle. Nothing here holds a secret, calls CODING or opens a mirror."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headrace.app.serving.agent import mining_key
from headrace.app.serving.mining.mining import Mining
from headrace.app.serving.mining.mining_values import MiningValues, kind_of, mining_values
from headrace.app.serving.mining.troubles import Trouble, Troubles
from headrace.app.serving.platform import Platform
from headrace.control.connections import Connection, ConnectionRole
from headrace.control.minings import MiningRow
from headrace.control.monitor import Figures, together
from headrace.control.states import ACTIVE
from headrace.control.tasks import TaskRow
from headrace.core.change import Counts
from headrace.errors import Refused
from headrace.mirror.urls import place_of

View = dict[str, Any]
_Totals = Mapping[str, Mapping[str, Figures]]
_MIRROR = ("bytes", "tail", "head", "oldest_at")


@dataclass(frozen=True, slots=True)
class _Seen:
    """All that is known of one mining."""

    key: str
    source: Connection
    row: MiningRow
    living: Mining | None
    trouble: Trouble | None
    tasks: Sequence[TaskRow]

    @property
    def holding(self) -> Mapping[str, Any]:
        """What its mirror holds: what the mining that runs saw last, or what was kept of it."""
        if self.living is not None and self.living.holding is not None:
            return self.living.holding.as_dict()
        return self.row.held

    @property
    def reads(self) -> bool:
        """Whether it reads now."""
        return self.living is not None and self.living.running

    @property
    def state(self) -> str:
        """`stopped` by a person; `opening`, then `snapshot` until all that was due has been read,
        then `following`; `failed`; `waiting` with tasks that need it; `idle` without."""
        if self.row.stopped_by:
            return "stopped"
        if self.living is not None and self.living.running:
            if not self.living.ready.is_set():
                return "opening"
            return "following" if self.living.level.is_set() else "snapshot"
        if self.trouble is not None and self.trouble["times"]:
            return "failed"
        return "waiting" if any(task.state in ACTIVE for task in self.tasks) else "idle"


def minings(platform: Platform) -> list[View]:
    """All that run, that tasks wait for, or that ever ran, by key."""
    ever, today = platform.monitor.all_ever(), platform.monitor.all_today()
    return [_view(platform, one, ever, today) for one in _all_seen(platform)]


def mining(platform: Platform, key: str) -> View | None:
    """One by its key; None where there is none."""
    return next((one for one in minings(platform) if one["key"] == key), None)


def _all_seen(platform: Platform) -> list[_Seen]:
    troubles, living = Troubles(platform), dict(platform.agent.minings)
    tasks: dict[str, list[TaskRow]] = defaultdict(list)
    rows = platform.tasks.all()
    sources = {
        one.id: one for one in platform.connections.all() if one.role is ConnectionRole.SOURCE
    }
    owners: dict[str, int] = {key: row.connection_id for key, row in troubles.rows.items()}
    for row in rows:
        if row.source_id in sources:
            key = mining_key(row, sources[row.source_id])
            tasks[key].append(row)
            if row.state in ACTIVE or key in living:
                owners[key] = row.source_id
    return [
        _Seen(
            key, sources[source], troubles.rows.get(key, MiningRow(key, source)), living.get(key),
            troubles.of_mining(key, sources[source]), tasks[key],
        )
        for key, source in sorted(owners.items())
        if source in sources
    ]  # fmt: skip


def _view(platform: Platform, one: _Seen, ever: _Totals, today: _Totals) -> View:
    subject, values = f"connection:{one.source.id}", _values(one.source)
    held, streams = one.holding, _streams(platform, one)
    counts = one.living.counts.values() if one.living is not None else ()
    return {
        "key": one.key, "name": one.source.name, "connection_id": one.source.id,
        "shared": one.key.startswith("connection-"), "state": one.state,
        "stopped_by": one.row.stopped_by, "error": one.trouble,
        "pinned": values.agent, "agent": one.row.agent,
        "store": _store(one, values), "log_days": values.log_days,
        "start": str(one.source.values.get("mining_start", "")),
        "start_at": values.since_ms(one.row.from_now_at) or None,
        "mirror": {name: held[name] for name in _MIRROR} if held else None,
        "looked_at": one.row.looked_at,
        "lag_ms": max((s["lag_ms"] or 0 for s in streams.values()), default=0),
        "ever": together(ever.get(subject, {})).as_dict(),
        "today": together(today.get(subject, {})).as_dict(),
        "streams": streams, "counts": _sum(counts),
        "calls": one.living.calls if one.living is not None else 0,
        "notes": [note.as_dict() for note in one.living.notes] if one.living is not None else [],
        "hooks": one.living is not None and one.living.hooks is not None,
        "tasks": [_reader(platform, task) for task in one.tasks],
    }  # fmt: skip


def _values(source: Connection) -> MiningValues:
    """Of values that were saved by another release and are none any more, the rest is shown."""
    try:
        return mining_values(source.values)
    except Refused:
        return MiningValues()


def _store(one: _Seen, values: MiningValues) -> View:
    """Where its mirror lies; as the values say, before there is one."""
    if one.living is not None:
        store, name = one.living.place
        return {"type": kind_of(store), "place": place_of(store, name)}
    kept = one.row.held
    return {"type": kept.get("store", kind_of(values.store)), "place": kept.get("place", "")}


def _streams(platform: Platform, one: _Seen) -> dict[str, View]:
    passed_at = one.holding.get("passed_at", {})
    living, counts, passes = one.living, {}, {}
    if living is not None:
        counts, passes = dict(living.counts), dict(living.passes)
    names = {*passed_at, *counts, *one.row.stopped_streams, *(living.streams if living else ())}
    now_ms, found = platform.clock.now_ms(), {}
    for name in sorted(names):
        at = int(passed_at.get(name, 0))
        last = passes.get(name)
        found[name] = {
            **counts.get(name, Counts()).as_dict(),
            "state": _stream_state(one, name, at), "passed_at": at,
            "lag_ms": max(0, now_ms - at) if at and one.tasks else None,
            "last": last._asdict() if last is not None else None,
        }  # fmt: skip
    return found


def _stream_state(one: _Seen, name: str, passed_at: int) -> str:
    if name in one.row.stopped_streams:
        return "stopped"
    if not one.reads:
        return one.state
    return "following" if passed_at else "snapshot"


def _reader(platform: Platform, row: TaskRow) -> View:
    """A task with how far it has written: `offset` of the stream that is least far."""
    runner = platform.agent.runners.get(row.id)
    offsets = dict(runner.offsets) if runner is not None else {}
    return {
        "id": row.id, "name": row.name, "state": row.state,
        "lag": runner.lag if runner is not None else None,
        "offset": min(offsets.values(), default=None), "offsets": offsets,
    }  # fmt: skip


def _sum(counts: Any) -> dict[str, int]:
    total = Counts()
    for one in list(counts):
        total.add(one)
    return total.as_dict()
