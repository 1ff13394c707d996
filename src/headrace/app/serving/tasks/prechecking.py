"""The pre-check of a task: what would stand in its way, from its agent to its tables.

A failure would end or hold up the task; a warning leaves something out, or may be a mistake. What
was found is kept with the task. Starting asks for none of it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

from headrace.app.selection import streams_of
from headrace.app.services import check as check_source
from headrace.app.serving.agent import mining_key, pinned_agent
from headrace.app.serving.platform import Platform, check_result
from headrace.app.serving.tasks.task_settings import chosen_streams, engine_task, meaning
from headrace.coding.checks import Check, Outcome
from headrace.coding.cost import first_copy
from headrace.coding.streams import CATALOGUE
from headrace.coding.streams.team import PROJECTS
from headrace.config import Increments
from headrace.control.connections import Connection
from headrace.control.task_results import Kind
from headrace.control.tasks import TaskRow
from headrace.core.ports import Destination
from headrace.core.schema import Table
from headrace.core.stream import Stream, Title
from headrace.destinations.trial import CanBeTried
from headrace.destinations.urls import open_destination
from headrace.engine.beginning import first_offset
from headrace.engine.modes import Write
from headrace.engine.scopes import with_parents
from headrace.engine.tables import TaskTables
from headrace.errors import HeadraceError, Refused

HOURS_MAX = 2.0
FREE_BYTES_MIN = 1024**3
_SHOWN_MAX = 5
_FILES = ("duckdb", "sqlite", "parquet", "jsonl", "delta")
_TITLES: Mapping[str, Title] = {
    "settings": Title("任务设置", "Settings of the task"),
    "agent": Title("Agent 可用", "An agent is there"),
    "alone": Title("目标表不与其他任务冲突", "No other task writes these tables"),
    "hooks": Title("Service Hook 可送达", "Service Hooks can arrive"),
    "scopes": Title("令牌可读取所选的表", "The token may read the streams"),
    "cost": Title("首次全量的开销", "Cost of the first copy"),
    "start": Title("起点在日志中", "The log goes back to the start"),
    "reachable": Title("目标可连接、可写", "The destination can be reached and written"),
    "tables": Title("目标表可用", "The tables there can be used"),
    "disk": Title("磁盘空间", "Room on the disk"),
}


def precheck(platform: Platform, task_id: int) -> Iterator[Check]:
    """Item by item; the result is kept when it is through. Raises `Refused` for no such task."""
    row = platform.tasks.get(task_id)
    found: list[Check] = []
    for item in _items(platform, row, platform.connections.get(row.source_id)):
        found.append(item)
        yield item
    platform.results.note(task_id, Kind.PRECHECK, check_result(found))


def precheck_draft(platform: Platform, row: TaskRow) -> Iterator[Check]:
    """The same of a task that is not saved so; nothing is kept. Raises as `precheck`."""
    return _items(platform, row, platform.connections.get(row.source_id))


def _items(platform: Platform, row: TaskRow, source: Connection) -> Iterator[Check]:
    yield from _settings(row, source)
    yield _agent(platform, row, source)
    yield _alone(platform, row)
    yield _hooks(platform, source)
    streams: Sequence[Stream] = ()
    with suppress(Refused):  # told by the settings
        streams = chosen_streams(row, source)
        yield from _begins(platform, row, source)
    yield from _reading(platform, row, source, streams)
    yield from _writing(platform, row, source, streams)


def _said(name: str, ok: Outcome, detail: str = "", advice: str = "") -> Check:
    return Check(name, _TITLES[name], ok, detail, advice, "user" if ok == "failed" else "")


# --- the task -------------------------------------------------------------------------------------


def _settings(row: TaskRow, source: Connection) -> Iterator[Check]:
    try:
        task = engine_task(row, source)
    except (Refused, ValueError) as error:
        advice = error.advice if isinstance(error, Refused) else "Mend it."
        message = error.message if isinstance(error, Refused) else f"start: {error}."
        yield _said("settings", "failed", message, advice)
        return
    if task.write is not Write.MIRROR and row.settings.get("deletes") == "hard":
        yield _said(
            "settings", "warn", f"Hard deletes mean nothing with write = {task.write}.",
            "Choose write = mirror, or leave deletes at soft.",
        )  # fmt: skip
    else:
        yield _said("settings", "ok", f"{len(task.streams)} streams")


def _agent(platform: Platform, row: TaskRow, source: Connection) -> Check:
    wanted = pinned_agent(row, source)
    found = platform.agents.choose(wanted)
    if found:
        return _said("agent", "ok", found)
    return _said(
        "agent", "failed", f"It would wait for an agent that is away: {wanted or 'none at all'}.",
        "Start that agent, or let any agent run the task.",
    )  # fmt: skip


def _alone(platform: Platform, row: TaskRow) -> Check:
    wanted = _names(row)
    others = [
        other.name
        for other in platform.tasks.all()
        if other.id != row.id
        and other.destination_id == row.destination_id
        and _names(other) & wanted
    ]
    if not others:
        return _said("alone", "ok")
    advice = "Choose another destination, or other streams."
    return _said("alone", "failed", ", ".join(others), advice)


def _names(row: TaskRow) -> set[str]:
    if row.chosen is not None:
        return set(row.chosen)
    with suppress(Refused):
        return {stream.name for stream in streams_of(meaning(row.settings))}
    return set()


def _begins(platform: Platform, row: TaskRow, source: Connection) -> Iterator[Check]:
    """Of a task that begins at a moment, whether the log knows it."""
    task = engine_task(row, source)
    mining = platform.agent.minings.get(mining_key(row, source))
    if task.since_ms is None:
        return
    if mining is None or not mining.ready.is_set():
        yield _said("start", "warn", "Its source is not read now: that will show at the start.")
        return
    with platform.mirrors.at(mining.place) as mirror:
        try:
            if mirror is not None:
                first_offset(task, mirror)
        except Refused as error:
            yield _said("start", "failed", error.message, error.advice)
        else:
            yield _said("start", "ok")


# --- its source -----------------------------------------------------------------------------------


def _hooks(platform: Platform, source: Connection) -> Check:
    settings = platform.kinds.settings_of(source, platform.connections.whole(source.id))
    if settings.increments is Increments.POLLING:
        return _said("hooks", "skipped", "Changes are polled.")
    if settings.hooks:
        return _said("hooks", "ok", settings.public_url)
    return _said(
        "hooks", "warn", "Service Hooks are chosen, and there is no Service URL for them.",
        "Generate it on the connection's page; until then changes are polled.",
    )  # fmt: skip


def _reading(
    platform: Platform, row: TaskRow, source: Connection, streams: Sequence[Stream]
) -> Iterator[Check]:
    """The connection test of what the task reads. A stream that the token may not read is a
    warning: all others are copied."""
    settings = platform.kinds.settings_of(source, platform.connections.whole(source.id))
    hidden: list[str] = []
    rows: dict[str, int] = {}
    for item in check_source(settings, streams=[stream.name for stream in streams]):
        kind, _, name = item.name.partition(":")
        if kind == "project" and item.ok == "ok":
            rows[PROJECTS.name] = rows.get(PROJECTS.name, 0) + 1
        if item.rows is not None:
            rows[name or item.name] = item.rows
        if kind == "stream" and item.ok == "failed" and item.blame == "user":
            hidden.append(name)
            yield replace(item, ok="warn", blame="")
        else:
            yield item
    yield _scopes(hidden, len(streams))
    yield _cost(platform, row, source, streams, rows)


def _scopes(hidden: Sequence[str], every: int) -> Check:
    if not hidden:
        return _said("scopes", "ok")
    advice = "Give the token the scopes named above, or leave these streams out."
    outcome: Outcome = "failed" if len(hidden) == every else "warn"
    return _said("scopes", outcome, f"not readable: {', '.join(hidden)}", advice)


def _cost(
    platform: Platform,
    row: TaskRow,
    source: Connection,
    streams: Sequence[Stream],
    rows: Mapping[str, int],
) -> Check:
    mining = platform.agent.minings.get(mining_key(row, source))
    if mining is not None and mining.level.is_set() and mining.reads(streams):
        return _said("cost", "ok", "none: its source has been read for other tasks")
    if PROJECTS.name not in rows:
        return _said("cost", "skipped", "how much there is could not be asked")
    costs = list(first_copy(with_parents(streams, CATALOGUE), rows))
    calls, hours = sum(one.calls or 0 for one in costs), sum(one.seconds for one in costs) / 3600
    unknown = [one.stream for one in costs if one.calls is None]
    detail = f"about {calls:,} calls, {hours:.1f} h"
    if unknown:
        more = ", ..." if len(unknown) > _SHOWN_MAX else ""
        detail += f"; unknown for {', '.join(unknown[:_SHOWN_MAX])}{more}"
    if hours <= HOURS_MAX:
        return _said("cost", "ok", detail)
    costly = max(costs, key=lambda one: one.seconds)
    advice = f"Most of it is {costly.stream}: leave it out, or start when nobody waits for it."
    return _said("cost", "warn", detail, advice)


# --- its destination ------------------------------------------------------------------------------


def _writing(
    platform: Platform, row: TaskRow, source: Connection, streams: Sequence[Stream]
) -> Iterator[Check]:
    url = platform.kinds.url(platform.connections.whole(row.destination_id))
    with suppress(Refused):
        task = engine_task(row, source)
        tables = TaskTables(streams, task.write, task.deletes, learned={}).all()
        try:
            with closing(open_destination(url)) as destination:
                yield from _tables(destination, f"task-{row.id}", tables)
        except HeadraceError as error:
            yield _said("reachable", "failed", error.message, error.advice)
    yield from _disk(url)


def _tables(destination: Destination, task: str, tables: Sequence[Table]) -> Iterator[Check]:
    if not isinstance(destination, CanBeTried):
        yield _said("reachable", "ok", "whether tables can be made shows when it starts")
        return
    refused = destination.try_out(task, tables)
    yield _said("reachable", "ok")
    if not refused:
        yield _said("tables", "ok", f"{len(tables)} tables")
        return
    told = " ".join(error.message for error in refused[:_SHOWN_MAX])
    more = f" And {len(refused) - _SHOWN_MAX} more." if len(refused) > _SHOWN_MAX else ""
    yield _said("tables", "failed", told + more, refused[0].advice)


def _disk(url: str) -> Iterator[Check]:
    """Of a destination that is a file or folder of this machine."""
    scheme, _, rest = url.partition(":")
    if scheme.lower() not in _FILES or not rest.startswith("////"):
        return
    place = Path(unquote(rest[3:]))
    while not place.exists() and place != place.parent:
        place = place.parent
    free = shutil.disk_usage(place).free
    detail = f"{free / 1024**3:.1f} GB free"
    if free >= FREE_BYTES_MIN:
        yield _said("disk", "ok", detail)
    else:
        yield _said("disk", "warn", detail, "Make room first: a full disk stops the task.")
