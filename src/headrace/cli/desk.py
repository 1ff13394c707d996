"""Where a command finds connections and tasks: a server, or a data folder beside it.

Both answer alike, with the types of `headrace.wire`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import click

from headrace import config
from headrace.cli.options import option
from headrace.cli.output import Output
from headrace.cli.serve import store_options
from headrace.cli.words import say
from headrace.errors import Missing, Refused

if TYPE_CHECKING:
    from headrace.app.serving.platform import Platform
    from headrace.client import HeadraceClient
    from headrace.wire.connections import CheckItem, Connection, ConnectionDetail
    from headrace.wire.models import Applied
    from headrace.wire.tasks import Task, TaskDetail
    from headrace.wire.watching import Level, Line


class Desk(Protocol):
    """What commands have done, and look at."""

    def connections(self) -> Sequence[Connection]: ...
    def connection(self, connection_id: int) -> ConnectionDetail: ...
    def check(self, connection_id: int) -> Iterator[CheckItem]: ...
    def tasks(self) -> Sequence[Task]: ...
    def task(self, task_id: int) -> TaskDetail: ...
    def start(self, task_id: int) -> TaskDetail: ...
    def stop(self, task_id: int) -> TaskDetail: ...
    def reset(self, task_id: int, streams: Sequence[str]) -> TaskDetail: ...
    def log(self, subject: str, text: str, level: Level, count: int) -> list[Line]: ...
    def apply(self, file: Path) -> Applied: ...
    def export(self) -> str: ...


class Named(Protocol):
    """What has a number and a name."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...


One = TypeVar("One", bound=Named)


def desk_options() -> list[click.Parameter]:
    """Which server, or which data folder."""
    return [option("--server"), *store_options()]


@contextmanager
def desk(
    out: Output, *, server: str | None, data: Path, store: str | None, makes: bool = False
) -> Iterator[Desk]:
    """The one that the options, or the environment, name; `makes`: a folder that is not there yet
    is made. Its secrets are masked in `out`."""
    from headrace.cli.desk_local import LocalDesk
    from headrace.cli.desk_remote import RemoteDesk

    url, token = config.server_from_environment()
    out.hide(token)
    if server or (url and _defaults(store)):
        with _client(server or url, token) as client:
            yield RemoteDesk(client)
        return
    with _platform(out, data, store or "", makes=makes) as platform:
        yield LocalDesk(platform)


def chosen(found: Sequence[One], name: str | None, unknown: str) -> One:
    """The one of this name or number. `unknown`: the words for one that there is not."""
    for one in found:
        if one.name == name:
            return one
    for one in found:
        if str(one.id) == name:
            return one
    if name is None:
        raise Refused(say("desk.no_name"), advice=say("desk.name_advice"))
    raise Missing(say(unknown, name=name), advice=say("desk.known", names=_names(found)))


def _names(found: Sequence[Named]) -> str:
    return ", ".join(one.name for one in found) or "-"


def _defaults(store: str | None) -> bool:
    """Whether no option says that a data folder is meant."""
    data = click.get_current_context().get_parameter_source("data")
    return not store and data is click.core.ParameterSource.DEFAULT


def _client(url: str, token: str) -> HeadraceClient:
    from headrace.client import HeadraceClient

    if not token:
        raise Refused(
            say("desk.no_token", variable=config.SERVER_TOKEN_VARIABLE),
            advice=say("desk.token_advice", variable=config.SERVER_TOKEN_VARIABLE),
        )
    return HeadraceClient(url, token)


def _platform(out: Output, data: Path, store: str, *, makes: bool) -> Platform:
    from headrace.app.serving.platform import STORE_FILE, Platform

    out.hide(config.password_of(store))
    if not makes and not store and not (data / STORE_FILE).exists():
        raise Refused(say("export.no_data", folder=data), advice=say("export.data_advice"))
    return Platform(data, store=store)
