"""What a source's values say of its minings: where mirrors lie, what is read, kept and from when.

They hold for the shared mining and, where mining is not shared, for that of each task.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit, urlunsplit

from headrace.app.place import mirror_path
from headrace.coding.streams import CATALOGUE, DEFAULTS, find
from headrace.config import ConnectionSettings, password_of
from headrace.control.connections import Values
from headrace.core.stream import Stream
from headrace.engine.scopes import with_parents
from headrace.errors import Refused
from headrace.mirror.urls import Store

STORE, PASSWORD = "mining_store", "mining_password"
FROM_NOW = "now"
LOG_DAYS = 3.0
_LOG_DAYS_MIN, _LOG_DAYS_MAX = 1 / 24, 365.0
_CODING_TIME = timezone(timedelta(hours=8))
_SCHEMES = ("postgresql", "postgres")
_SECRET_PARAMETERS = {"password", "sslpassword"}
_KNOWN_MAX = 1_000
_CLOCKS_MS = 300_000  # CODING's clock may differ from ours, and its times are whole seconds


@dataclass(frozen=True, slots=True)
class MiningValues:
    """`store`: a database for mirrors, password included; "" for a file in the data folder.

    `streams`: what a shared mining reads from its start on, besides what it hangs on, and all that
    may be read; empty for whatever tasks need. `leave_out`: what is not, nor what hangs on it.
    `start`: "" for everything, "now", or a moment in ms UTC; rows last touched before are left out.
    `agent`: who has to read; "" for anybody.
    """

    shared: bool = True
    store: str = field(default="", repr=False)
    streams: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    log_days: float = LOG_DAYS
    start: str | int = ""
    agent: str = ""

    def names(self) -> frozenset[str]:
        """The streams that may be read."""
        return _readable(self.streams, self.leave_out)

    def listed(self) -> frozenset[str]:
        """The streams that a shared mining reads whether a task needs them or not."""
        return _named(self.streams) & self.names() if self.shared else frozenset()

    def choose(self, wanted: Sequence[str]) -> tuple[Stream, ...]:
        """The streams of a task that wants these names or patterns; all that may be read for none.

        Raises `Refused` for one that is not mined.
        """
        return _chosen(tuple(wanted), self.streams, self.leave_out)

    def since_ms(self, from_now_at: int) -> int:
        """Rows last touched before are left out; 0 for none. `from_now_at`: what "now" means."""
        if self.start == FROM_NOW:
            return max(0, from_now_at - _CLOCKS_MS)
        return self.start if isinstance(self.start, int) else 0

    def place(self, key: str, state: Path, settings: ConnectionSettings) -> tuple[Store, str]:
        """Where the mirror of a mining lies: its store and its name there."""
        name = mirror_path(state, settings).stem
        return (self.store, f"{key}-{name}") if self.store else (state, name)


def mining_values(values: Values) -> MiningValues:
    """Read a source's values, secrets included. Raises `Refused`, naming the one that is wrong."""
    read = MiningValues(
        bool(values.get("shared_mining", True)), _store(values), _names(values, "mining_streams"),
        _names(values, "mining_leave_out"), _log_days(values.get("log_days", LOG_DAYS)),
        _start(values.get("mining_start", "")), str(values.get("agent", "")),
    )  # fmt: skip
    if not read.names():
        raise Refused(
            "mining_leave_out leaves nothing to read.", advice="Take what you need out of it."
        )
    return read


def split_store(values: Values) -> dict[str, Any]:
    """The values with the password of the store apart, to be sealed. None is kept for a file."""
    url = str(values.get(STORE, ""))
    rest = {name: value for name, value in values.items() if name != PASSWORD or url}
    if password := password_of(url):
        rest[STORE] = url.replace(f":{password}@", "@", 1)
        rest[PASSWORD] = unquote(password)
    return rest


def kind_of(store: Store) -> str:
    """What kind of store it is, in a word."""
    return "sqlite" if isinstance(store, Path) or not store else "postgresql"


def _store(values: Values) -> str:
    url, password = str(values.get(STORE, "")), str(values.get(PASSWORD, ""))
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for one that is no number
    except ValueError:
        raise _no_store() from None
    if parts.scheme not in _SCHEMES or not parts.path.strip("/"):
        raise _no_store()
    if _SECRET_PARAMETERS & parse_qs(parts.query).keys():
        raise Refused(
            "The password of mining_store stands behind the ?.",
            advice="Write it as postgresql://user:password@host/database: it is kept sealed then.",
        )
    if not password:
        return url
    user, _, host = parts.netloc.rpartition("@")
    user = user.partition(":")[0]
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{host}"))


def _no_store() -> Refused:
    return Refused(
        "mining_store names no PostgreSQL database.",
        advice='Write "postgresql://user:password@host/database", or leave it off for a file.',
    )


def _names(values: Values, key: str) -> tuple[str, ...]:
    given = values.get(key, ())
    if not isinstance(given, (list, tuple)) or not all(isinstance(one, str) for one in given):
        raise Refused(f"{key} is no list of names.", advice='Write it as ["issue*", "projects"].')
    _named(tuple(given))
    return tuple(given)


def _log_days(value: Any) -> float:
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if not good or not _LOG_DAYS_MIN <= value <= _LOG_DAYS_MAX:
        raise Refused(
            "log_days is no number of days that can be.",
            advice=f"Write a number up to {_LOG_DAYS_MAX:g}; an hour is 0.05.",
        )
    return float(value)


def _start(value: Any) -> str | int:
    if value in ("", FROM_NOW):
        return str(value)
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise Refused(
            "mining_start is no time.",
            advice='Write "now", a day ("2026-01-31") or a time ("2026-01-31T08:00", in UTC+8).',
        ) from None
    at = at if at.tzinfo is not None else at.replace(tzinfo=_CODING_TIME)
    return int(at.timestamp() * 1000)


@lru_cache(_KNOWN_MAX)
def _named(patterns: tuple[str, ...]) -> frozenset[str]:
    """Raises `Refused` for one that matches nothing."""
    return frozenset(stream.name for stream in find(patterns))


@lru_cache(_KNOWN_MAX)
def _readable(streams: tuple[str, ...], leave_out: tuple[str, ...]) -> frozenset[str]:
    included = with_parents(find(streams) if streams else CATALOGUE, CATALOGUE)
    gone = _named(leave_out)
    return frozenset(
        stream.name
        for stream in included
        if gone.isdisjoint(needed.name for needed in with_parents([stream], CATALOGUE))
    )


@lru_cache(_KNOWN_MAX)
def _chosen(
    wanted: tuple[str, ...], streams: tuple[str, ...], leave_out: tuple[str, ...]
) -> tuple[Stream, ...]:
    readable = _readable(streams, leave_out)
    if not wanted:
        named = bool(streams)
        return tuple(s for s in (find(streams) if named else DEFAULTS) if s.name in readable)
    found = find(wanted)
    missing = [stream.name for stream in found if stream.name not in readable]
    if missing:
        raise Refused(
            f"The mining of its source leaves out {', '.join(missing)}.",
            advice="Take them out of the task, or mine them: mining_streams, mining_leave_out.",
        )
    return found
