"""`headrace playground`: a CODING look-alike on this machine, to try things on."""

from __future__ import annotations

import click

from headrace.cli.options import make_command, option
from headrace.cli.output import Output
from headrace.cli.signals import stopped_by_signals
from headrace.cli.words import say
from headrace.errors import Refused, Stopped

_DAY_SECONDS = 86_400.0
_REDIRECT_URI = "http://127.0.0.1/callback"


def command() -> click.Command:
    """The command, in the language of this run."""
    return make_command(
        "playground", _run,
        option("--port", type=click.IntRange(0, 65535), default=0, show_default=True),
        option("--seed", type=int, default=1, show_default=True),
        option("--projects", type=click.IntRange(1, 1000), default=3, show_default=True),
        option("--issues", type=click.IntRange(0, 1_000_000), default=2000, show_default=True),
        option("--rate", type=click.FloatRange(0, 1000), default=2.0, show_default=True),
    )  # fmt: skip


def _run(out: Output, *, port: int, seed: int, projects: int, issues: int, rate: float) -> int:
    from headrace.app.system import SystemClock
    from headrace.playground import DEFAULT_TOKEN, Playground, Team, serve

    clock = SystemClock()
    playground = Playground(Team(seed, projects, issues, clock.now_ms()), clock)
    try:
        server = serve(playground, port=port, acts_per_second=rate)
    except OSError as error:
        raise Refused(
            say("playground.port_taken", port=port, reason=error.strerror or "?"),
            advice=say("playground.port_advice"),
        ) from None
    with server, stopped_by_signals(clock.stop):
        example = f"CODING_TOKEN={DEFAULT_TOKEN} headrace sync --url {server.url} --to duckdb:///playground.duckdb"
        client_id, client_secret = playground.register_app(_REDIRECT_URI)
        oauth = {"client_id": client_id, "client_secret": client_secret,
                 "redirect_uri": _REDIRECT_URI}  # fmt: skip
        out.document({"event": "ready", "url": server.url, "token": DEFAULT_TOKEN, "oauth": oauth})
        out.show(
            say("playground.ready", url=server.url, projects=projects, issues=f"{issues:,}"),
            say("playground.token", token=DEFAULT_TOKEN),
            say("playground.oauth", **oauth),
            say("playground.try", example=example),
            say("playground.stop"),
        )
        try:
            while True:
                clock.sleep(_DAY_SECONDS)
        except Stopped:
            pass
        calls = sum(playground.calls.values())
    out.document({"event": "stopped", "calls": calls})
    out.show(say("playground.stopped", calls=f"{calls:,}"))
    return 0
