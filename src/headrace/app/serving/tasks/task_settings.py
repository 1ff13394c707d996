"""What a task's settings mean: the streams, the filters, where it begins; and what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from headrace.app.selection import streams_of
from headrace.app.serving.mining.mining_values import mining_values
from headrace.app.session import task_of
from headrace.coding.streams import find
from headrace.config import TaskSettings
from headrace.config.keys import TASK_KEYS, near
from headrace.control.connections import Connection, Values
from headrace.control.tasks import TaskRow
from headrace.core.stream import Stream
from headrace.engine.apply import Task
from headrace.engine.filters import parse_filters
from headrace.errors import Refused

SNAPSHOT, NOW = "snapshot", "now"
_CODING_TIME = timezone(timedelta(hours=8))


def moment_of(start: str) -> int | None:
    """The moment, ms UTC, of a `start` that is one; a time without a zone is CODING's, UTC+8.

    Raises `ValueError` for anything else that is no `start`.
    """
    if start in ("", SNAPSHOT, NOW):
        return None
    try:
        moment = datetime.fromisoformat(start)
    except ValueError:
        raise ValueError("write snapshot, now, or a time such as 2026-11-01T08:00") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=_CODING_TIME)
    if moment > datetime.now(UTC):
        raise ValueError("it lies in the future: write now")
    return int(moment.timestamp() * 1000)


def _start(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("write snapshot, now, or a time in quotes")  # noqa: TRY004 - as keys do
    moment_of(value)
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("write true or false")  # noqa: TRY004 - as keys do
    return value


SETTINGS: Mapping[str, Callable[[Any], Any]] = {
    **{key: read for key, read in TASK_KEYS.items() if key not in ("source", "destination")},
    "start": _start,
    "new_streams": _flag,
    "agent": TASK_KEYS["source"],
}


def checked(settings: Values, task: str = "") -> dict[str, Any]:
    """The settings of a task, if they can be used. Raises `Refused`, naming what cannot."""
    of = f" of the task {task}" if task else ""
    for key, value in settings.items():
        reader = SETTINGS.get(key)
        if reader is None:
            raise Refused(
                f"There is no setting {key}{of}{near(key, list(SETTINGS))}.",
                advice=f"Known: {', '.join(SETTINGS)}.",
            )
        try:
            reader(value)
        except ValueError as error:
            raise Refused(f"{key}{of}: {error}.", advice="Mend it.") from None
    find(settings.get("streams", ()))
    meant = meaning(settings)
    parse_filters(meant.filters, streams_of(meant))
    return dict(settings)


def choose(settings: Values) -> list[str] | None:
    """The streams that settings mean today, by name; None where new ones are to join them."""
    if settings.get("new_streams", True):
        return None
    return [stream.name for stream in streams_of(meaning(settings))]


def meaning(settings: Values, *, name: str = "", url: str = "") -> TaskSettings:
    """The settings as the engine's side takes them."""
    return TaskSettings(
        name, "", url, tuple(settings.get("streams", ())), settings.get("write", "mirror"),
        settings.get("deletes", "soft"), settings.get("rejects", "aside"),
        tuple(settings.get("filters", ())),
    )  # fmt: skip


def chosen_streams(row: TaskRow, source: Connection) -> Sequence[Stream]:
    """What a saved task carries: where new streams do not join, of those that were chosen.

    Raises `Refused` for a stream that is not mined.
    """
    streams = mining_values(source.values).choose(row.settings.get("streams", ()))
    if row.chosen is None:
        return streams
    return [stream for stream in streams if stream.name in row.chosen]


def task_settings(row: TaskRow, source: Connection, *, url: str = "") -> TaskSettings:
    """The settings of a saved task, with its streams by name. Raises as `chosen_streams`."""
    names = [stream.name for stream in chosen_streams(row, source)]
    return meaning({**row.settings, "streams": names}, name=f"task-{row.id}", url=url)


def engine_task(row: TaskRow, source: Connection) -> Task:
    """The engine's task for a saved one. Raises as `chosen_streams`, and for a wrong filter."""
    task = task_of(task_settings(row, source), chosen_streams(row, source))
    start = str(row.settings.get("start", ""))
    return replace(task, now=start == NOW, since_ms=moment_of(start))
