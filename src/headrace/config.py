"""Settings: values with sane defaults, from code, from the command line or from `headrace.toml`."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from pathlib import Path


class Increments(enum.StrEnum):
    """How changes are noticed (增量方式)."""

    POLLING = "polling"
    WEBHOOK = "webhook"
    HYBRID = "hybrid"


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """How to reach one CODING team, and how often to look.

    Exactly one of `team` (for coding.net) and `url` (a private deployment, the playground) is set.
    `token` stays out of the repr (Invariant 11). `projects`: names; empty means all in sight.
    """

    name: str
    team: str | None = None
    url: str | None = None
    token: str = field(default="", repr=False)
    projects: tuple[str, ...] = ()
    increments: Increments = Increments.POLLING
    poll_seconds: float = 60.0
    census_seconds: float = 3600.0


@dataclass(frozen=True, slots=True)
class TaskSettings:
    """What a task writes where. `streams`: names or patterns; empty means all."""

    name: str
    source: str
    destination: str = field(repr=False)
    streams: tuple[str, ...] = ()
    write: str = "mirror"
    deletes: str = "soft"


DEFAULT_STATE = Path(".headrace")
