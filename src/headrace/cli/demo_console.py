"""`headrace demo --console`: the living team behind a server of its own, to be looked at."""

from __future__ import annotations

import secrets
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from headrace.cli.output import Output
from headrace.cli.signals import stopped_by_signals
from headrace.cli.words import say
from headrace.errors import Stopped

if TYPE_CHECKING:
    from headrace.app.serving.platform import Platform
    from headrace.playground import Team

NAME = "demo"
CONSOLE_TASK = "task-1"  # as the server names the first one at the destination
_DAY_SECONDS = 86_400.0


def show_console(
    out: Output, team: Team, *, acts_per_second: float, streams: tuple[str, ...], path: Path,
    port: int,
) -> int:  # fmt: skip
    """Serve until stopped. Everything but the copy in `path` is gone afterwards."""
    from headrace.app import SystemClock
    from headrace.app.serving.platform import Platform
    from headrace.playground import Playground, serve
    from headrace.web.site import Site

    clock, password = SystemClock(), secrets.token_urlsafe(12)
    with ExitStack() as closing:
        closing.enter_context(stopped_by_signals(clock.stop))
        playground = Playground(team, clock)
        server = closing.enter_context(serve(playground, acts_per_second=acts_per_second))
        data = closing.enter_context(tempfile.TemporaryDirectory(prefix="headrace-demo-"))
        platform = closing.enter_context(Platform(Path(data)))
        _furnish(platform, server.url, password, streams, path)
        platform.start()
        site = closing.enter_context(Site(platform, listen=f"127.0.0.1:{port}"))
        url = f"http://127.0.0.1:{site.port}"
        out.document({"event": "ready", "url": url, "user": NAME, "password": password})
        out.show(say("demo.console", url=url, user=NAME, password=password))
        try:
            while True:
                clock.sleep(_DAY_SECONDS)
        except Stopped:
            out.note(say("serve.stopping"))
    return 0


def _furnish(
    platform: Platform, url: str, password: str, streams: tuple[str, ...], path: Path
) -> None:
    """Somebody who may look, the team, and a task that runs."""
    from headrace.control.connections import ConnectionRole
    from headrace.playground import DEFAULT_TOKEN

    people = platform.people
    admin = people.set_up(people.make_setup_code(), NAME, password)
    values = {
        "url": url, "token": DEFAULT_TOKEN, "poll_interval": "1s", "census_interval": "5s",
    }  # fmt: skip
    source = platform.connections.save(admin, NAME, ConnectionRole.SOURCE, "coding", values)
    copy = {"url": f"duckdb:///{path.absolute()}"}
    destination = platform.connections.save(
        admin, path.name, ConnectionRole.DESTINATION, "duckdb", copy
    )
    settings = {"streams": list(streams)}
    task = platform.tasks.save(admin, NAME, source.id, destination.id, settings)
    platform.tasks.start(admin, task.id)
