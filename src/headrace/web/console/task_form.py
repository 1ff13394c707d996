"""The form of a task: from its settings to what the fields show, and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
from litestar.datastructures import FormMultiDict

from headrace.app.serving.catalogue import group_of
from headrace.app.serving.mining.mining_values import mining_values
from headrace.app.serving.tasks.task_settings import NOW, SNAPSHOT
from headrace.coding.streams import CATALOGUE
from headrace.control.connections import Connection
from headrace.core.stream import Stream, Title
from headrace.errors import Refused
from headrace.web.api.tasks import Settings

Fields = dict[str, Any]
ALL, SOME, PATTERNS = "all", "some", "patterns"
SINCE = "since"
_CODING_TIME = timezone(timedelta(hours=8))
_NUMBER_MAX = 2**31 - 1
_TEXTS = ("which", "patterns", "filters", "write", "deletes", "rejects", "begin", "since", "agent")


def of_settings(settings: Mapping[str, Any]) -> Fields:
    """What the fields show of a task's settings."""
    streams, start = list(settings.get("streams", ())), str(settings.get("start", ""))
    by_name = set(streams) <= {stream.name for stream in CATALOGUE}
    return {
        "which": ALL if not streams else SOME if by_name else PATTERNS,
        "streams": streams if by_name else [],
        "patterns": "" if by_name else "\n".join(streams),
        "filters": "\n".join(settings.get("filters", ())),
        "write": settings.get("write", "mirror"),
        "deletes": settings.get("deletes", "soft"),
        "rejects": settings.get("rejects", "aside"),
        "begin": start if start in ("", SNAPSHOT, NOW) else SINCE,
        "since": "" if start in ("", SNAPSHOT, NOW) else _local(start),
        "new_streams": settings.get("new_streams", True),
        "agent": settings.get("agent", ""),
    }


def posted(form: FormMultiDict) -> Fields:
    """What the fields had in them."""
    fields: Fields = {name: str(form.get(name, "")).strip() for name in _TEXTS}
    streams = [str(one) for one in form.getall("streams", [])]
    return fields | {"streams": streams, "new_streams": "new_streams" in form}


def number(form: Mapping[str, Any], name: str) -> int:
    """A number that a field has; 0 where it has none."""
    text = str(form.get(name, ""))
    return int(text) if text.isdecimal() and len(text) < 11 and int(text) <= _NUMBER_MAX else 0


def settings_of(fields: Fields) -> dict[str, Any]:
    """The settings that fields stand for, checked as the JSON API checks them.

    Raises `Refused`, naming what cannot be.
    """
    if fields["which"] == SOME and not fields["streams"]:
        raise Refused("No table is chosen.", advice="Choose at least one, or all.")
    if fields["begin"] == SINCE and not fields["since"]:
        raise Refused("The time to start from is missing.", advice="Enter it.")
    chosen = {SOME: fields["streams"], PATTERNS: _lines(fields["patterns"])}
    given = {
        "streams": chosen.get(fields["which"], []),
        "filters": [line.strip() for line in fields["filters"].splitlines() if line.strip()],
        "start": fields["since"] if fields["begin"] == SINCE else fields["begin"],
        "new_streams": fields["new_streams"], "agent": fields["agent"],
        **{name: fields[name] for name in ("write", "deletes", "rejects") if fields[name]},
    }  # fmt: skip
    try:
        return msgspec.convert(given, Settings).checked()
    except msgspec.ValidationError as error:
        raise Refused(str(error), advice="Mend it and send it again.") from None


def tables(source: Connection | None) -> dict[str, Any]:
    """The tables to choose from: those that a source reads, by what they are about."""
    readable = mining_values(source.values if source is not None else {}).names()
    streams = [stream for stream in CATALOGUE if stream.name in readable]
    subjects: dict[Title, list[Stream]] = {}
    for stream in streams:
        subjects.setdefault(group_of(stream.name), []).append(stream)
    optional = sum(stream.optional for stream in streams)
    hooked = source is not None and source.values.get("increments", "polling") != "polling"
    return {"subjects": list(subjects.items()), "usual": len(streams) - optional,
            "optional": optional, "hooked": hooked}  # fmt: skip


def _lines(text: str) -> list[str]:
    parts = text.replace("，", "\n").replace(",", "\n").splitlines()
    return [part.strip() for part in parts if part.strip()]


def _local(start: str) -> str:
    """A time as a field for local times takes it, which is CODING's, UTC+8."""
    try:
        moment = datetime.fromisoformat(start)
    except ValueError:
        return start
    if moment.tzinfo is not None:
        moment = moment.astimezone(_CODING_TIME).replace(tzinfo=None)
    return moment.isoformat(timespec="minutes")
