"""`headrace serve`: connections, tasks and people in one server, until stopped."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from headrace import config
from headrace.cli.options import make_command, option
from headrace.cli.output import Output
from headrace.cli.signals import stopped_by_signals
from headrace.cli.words import say
from headrace.errors import Refused, Stopped

if TYPE_CHECKING:
    from headrace.app.serving.platform import Platform

_DAY_SECONDS = 86_400.0
_PORT = 8300


def command() -> click.Command:
    """The command, in the language of this run."""
    return make_command(
        "serve", _run,
        *store_options(),
        option("--host", default="127.0.0.1", show_default=True),
        option("--port", type=click.IntRange(0, 65535), default=_PORT,
               show_default=True),
        option("--public-url"),
        option("--proxy", "proxies", multiple=True),
    )  # fmt: skip


def store_options() -> list[click.Parameter]:
    """Where a server keeps what it knows."""
    data = click.Path(path_type=Path, file_okay=False)
    return [
        option("--data", type=data, default=Path("headrace-data"), show_default=True),
        option("--store", default=lambda: config.store_from_environment() or None),
    ]


def _run(
    out: Output, *, data: Path, host: str, port: int, store: str | None, public_url: str | None,
    proxies: tuple[str, ...],
) -> int:  # fmt: skip
    from headrace.app.serving.platform import Platform
    from headrace.app.system import SystemClock
    from headrace.web.proxies import read_proxies
    from headrace.web.site import Site

    password = config.password_of(store or "")
    out.hide(password)
    if password and store != config.store_from_environment():
        out.note(say("serve.store_password"))
    shown = f"[{host}]" if ":" in host else host
    public = _checked(public_url)
    clock = SystemClock()
    with (
        stopped_by_signals(clock.stop),
        Platform(data, store=store or "") as platform,
        Site(
            platform, listen=f"{shown}:{port}", public_url=public, proxies=read_proxies(proxies)
        ) as site,
    ):
        platform.start()
        _greet(out, platform, public or f"http://{shown}:{site.port}")
        if not _is_loopback(host):
            out.note(say("serve.in_the_open", host=host))
        try:
            while True:
                clock.sleep(_DAY_SECONDS)
        except Stopped:
            out.note(say("serve.stopping"))
    out.document({"event": "stopped"})
    return 0


def _greet(out: Output, platform: Platform, url: str) -> None:
    """Where it is and, while there is no user, the link that makes the first one.

    The code is the link's fragment: browsers do not send that, so no proxy logs it.
    """
    setup = None
    if platform.people.needs_setup():
        setup = f"{url}/setup#{platform.people.make_setup_code()}"
    out.document({"event": "ready", "url": url, "setup": setup})
    out.show(say("serve.ready", url=url))
    if setup is not None:
        out.show(say("serve.setup", link=setup))


def _checked(public_url: str | None) -> str:
    if public_url is not None and not public_url.startswith(("https://", "http://")):
        raise Refused(say("serve.bad_url"), advice=say("serve.url_advice"))
    return (public_url or "").rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
