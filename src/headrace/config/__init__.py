"""Settings: values with sane defaults, from code, from the command line or from `headrace.toml`.

The only reader of the environment.
"""

from __future__ import annotations

import enum
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from headrace.errors import Refused

DEFAULT_LISTEN = "127.0.0.1:8300"


class Increments(enum.StrEnum):
    """How changes are noticed (增量方式)."""

    POLLING = "polling"
    WEBHOOK = "webhook"
    HYBRID = "hybrid"


DEFAULT_STATE = Path(".headrace")
DEFAULT_FILE = Path("headrace.toml")


@dataclass(frozen=True, slots=True)
class OAuthSettings:
    """An OAuth app of the team, and the `folder` where the tokens of a consent are kept, encrypted.

    `redirect_uri` is what the app was registered with; "" for a loopback address on any port.
    `scopes`: what to ask for; empty means all that the streams need. `grant` is the name that the
    tokens are kept under ("": the connection's), `advice` what a person does to authorize it ("":
    the command).
    """

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str = ""
    scopes: tuple[str, ...] = ()
    folder: Path = DEFAULT_STATE
    grant: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """How to reach one CODING team, and how often to look.

    Exactly one of `team` (for coding.net) and `url` (a private deployment, the playground) is set.
    `token` stays out of the repr (Invariant 11); with `oauth` there is none.
    `projects`: names; empty means all in sight. `iterations`, `issue_types`: names; only issues
    that have one of them. `start`: days, alone or as `stream=day`, before which rows are left out.
    `personal`: what becomes of phone numbers and e-mail addresses; `mask` and `leave_out`: further
    fields, as `stream.Field`.
    `attempts`: how often a request is tried before CODING counts as unavailable.

    `public_url` is what CODING calls, `listen` where it is received; without a `public_url` no
    hooks are. Secrets and the `hook_name` that are not given are made and kept in the state folder.
    """

    name: str
    team: str | None = None
    url: str | None = None
    token: str = field(default="", repr=False)
    oauth: OAuthSettings | None = None
    projects: tuple[str, ...] = ()
    iterations: tuple[str, ...] = ()
    issue_types: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    personal: str = "mask"
    mask: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    increments: Increments = Increments.POLLING
    poll_seconds: float = 60.0
    census_seconds: float = 3600.0
    sweep_seconds: float = 7 * 86_400.0
    attempts: int = 6
    public_url: str = ""
    listen: str = DEFAULT_LISTEN
    hook_name: str = ""
    hook_secret: str = field(default="", repr=False)
    hook_secret_old: str = field(default="", repr=False)
    signing_token: str = field(default="", repr=False)
    signing_token_old: str = field(default="", repr=False)
    hook_user: str = ""
    hook_password: str = field(default="", repr=False)

    @property
    def hooks(self) -> bool:
        """Whether Service Hooks are received."""
        return self.increments is not Increments.POLLING and bool(self.public_url)


@dataclass(frozen=True, slots=True)
class TaskSettings:
    """What a task writes where. `streams`: names or patterns; empty means all. `rejects`: whether
    a record that the destination refuses is set aside, or stops its stream. `filters`: which rows
    are kept, as `stream.Field=value`."""

    name: str
    source: str
    destination: str = field(repr=False)
    streams: tuple[str, ...] = ()
    write: str = "mirror"
    deletes: str = "soft"
    rejects: str = "aside"
    filters: tuple[str, ...] = ()


TOKEN_VARIABLE = "CODING_TOKEN"  # noqa: S105 - a name, no token
KEY_VARIABLE = "HEADRACE_KEY"
SERVER_VARIABLE = "HEADRACE_SERVER"
SERVER_TOKEN_VARIABLE = "HEADRACE_SERVER_TOKEN"  # noqa: S105 - a name, no token
NEW_KEY_VARIABLE = "HEADRACE_KEY_NEW"
STORE_VARIABLE = "HEADRACE_STORE"
PERSONAL = ("mask", "keep", "drop")
WRITES = ("mirror", "history", "changes")
DELETES = ("soft", "hard")
REJECTS = ("aside", "stop")

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
_SECONDS_MIN, _SECONDS_MAX = 0.1, 30 * 86_400.0


def variable(name: str) -> str:
    """A variable of the environment; "" where there is none."""
    return os.environ.get(name, "")


def password_of(url: str) -> str:
    """The password in a destination's URL, as it stands there; "" for none."""
    account = url.partition("://")[2].partition("/")[0].rpartition("@")[0]
    return account.partition(":")[2]


def parse_duration(text: str) -> float:
    """Seconds of `30s`, `5m`, `1h`, `500ms`, `1d`. Raises `ValueError` with what is allowed."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise ValueError("write a number and a unit, such as 30s, 5m or 1h")
    seconds = float(found[1]) * _SECONDS[found[2]]
    if not _SECONDS_MIN <= seconds <= _SECONDS_MAX:
        raise ValueError("it must lie between 100ms and 30d")
    return seconds


def address_of(listen: str) -> tuple[str, int]:
    """Host and port of `127.0.0.1:8300` or `[::1]:8300`. Raises `ValueError`."""
    host, colon, port = listen.strip().rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isdecimal() or int(port) > 65_535:
        raise ValueError("write host:port, such as 127.0.0.1:8300")
    return host, int(port)


def token_from_environment(environment: Mapping[str, str] = os.environ) -> str:
    """The token in `CODING_TOKEN`. Raises `Refused` when it is not set."""
    token = environment.get(TOKEN_VARIABLE, "").strip()
    if not token:
        raise Refused(
            f"There is no token: the environment variable {TOKEN_VARIABLE} is not set.",
            advice="Make a token in CODING (personal settings, access tokens) and export it:"
            f" export {TOKEN_VARIABLE}=...",
        )
    return token


def store_from_environment(environment: Mapping[str, str] = os.environ) -> str:
    """The URL of a server's control store, in `HEADRACE_STORE`; "" where none is set."""
    return environment.get(STORE_VARIABLE, "").strip()


def key_from_environment(environment: Mapping[str, str] = os.environ) -> str:
    """The key that OAuth tokens are encrypted with, in `HEADRACE_KEY`; "" where none is set."""
    return environment.get(KEY_VARIABLE, "").strip()


def server_from_environment(environment: Mapping[str, str] = os.environ) -> tuple[str, str]:
    """The server to speak to, in `HEADRACE_SERVER`, and the API token for it, in
    `HEADRACE_SERVER_TOKEN`; "" where one is not set."""
    names = (SERVER_VARIABLE, SERVER_TOKEN_VARIABLE)
    url, token = (environment.get(name, "").strip() for name in names)
    return url, token


def language(environment: Mapping[str, str] = os.environ) -> str:
    """`zh` or `en`, by the first of LC_ALL, LC_MESSAGES and LANG that is set."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    locale = next((environment[name] for name in names if environment.get(name)), "")
    return "zh" if locale.lower().startswith("zh") else "en"
