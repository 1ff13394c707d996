"""`headrace authorize`: a person's consent by OAuth, taken on a loopback port."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.options import connection_of, make_command, option, state_option
from headrace.cli.output import Output
from headrace.cli.signals import stopped_by_signals
from headrace.cli.words import said, say
from headrace.errors import HeadraceError

if TYPE_CHECKING:
    from headrace.app.authorize import Authorization
    from headrace.coding.oauth import Grant


def command() -> click.Command:
    """The command, in the language of this run."""
    port, text = click.IntRange(0, 65535), say("opt.callback_port")
    return make_command(
        "authorize", _run,
        click.Argument(["name"]),
        click.Option(["--port"], type=port, default=None, help=text),
        option("--no-browser", is_flag=True),
        option("--config", "file", type=click.Path(path_type=Path)),
        state_option(),
    )  # fmt: skip


def _run(out: Output, *, name: str, port: int | None, no_browser: bool, **values: Any) -> int:
    from headrace.app import SystemClock
    from headrace.app.authorize import WAIT_SECONDS, Authorization, redirect_of
    from headrace.web.callback import CallbackListener

    settings = connection_of(out, name, values)
    clock = SystemClock()
    with stopped_by_signals(clock.stop), Authorization(settings, clock=clock) as authorization:
        redirect = redirect_of(settings.oauth.redirect_uri if settings.oauth else "", port)
        with CallbackListener(
            redirect.port, redirect.path, authorization.take, refused=_Ignored(out)
        ) as listener:  # fmt: skip
            redirect_uri = redirect.uri(listener.port)
            url = authorization.begin(redirect_uri)
            _show(out, url, redirect_uri, listener.port)
            out.note(say("authorize.waiting", minutes=WAIT_SECONDS // 60))
            if not no_browser and not _opened(url):
                out.note(say("authorize.no_browser"))
            callback = listener.await_answer(clock, WAIT_SECONDS)
        grant = authorization.finish(callback)
    _report(out, settings.name, authorization, grant)
    return 0


class _Ignored:
    """Says once what was refused, however often somebody calls."""

    def __init__(self, out: Output) -> None:
        self._out = out
        self._said: set[str] = set()

    def __call__(self, error: HeadraceError) -> None:
        if error.message not in self._said:
            self._said.add(error.message)
            self._out.note(say("authorize.ignored", reason=said(error.message)))


def _show(out: Output, url: str, redirect_uri: str, port: int) -> None:
    """Print the address whole, however narrow the terminal."""
    from rich.markup import escape

    out.document({"event": "open", "url": url, "redirect_uri": redirect_uri, "port": port})
    out.show(say("authorize.open", redirect_uri=escape(redirect_uri)))
    out.console.print(escape(url), highlight=False, soft_wrap=True)


def _opened(url: str) -> bool:
    import webbrowser

    try:
        return webbrowser.open(url)
    except webbrowser.Error:
        return False


def _report(out: Output, name: str, authorization: Authorization, grant: Grant) -> None:
    from rich.markup import escape

    from headrace.app.authorize import local_day

    missing, path = authorization.missing(grant), str(authorization.store.path)
    out.document(
        {
            "event": "authorized",
            "connection": name,
            "team": grant.team,
            "scopes": grant.scope.split(),
            "missing": list(missing),
            "ends_at": datetime.fromtimestamp(grant.ends_at_ms / 1000, UTC).isoformat(),
            "file": path,
        }
    )
    day = local_day(grant.ends_at_ms)
    out.show(say("authorize.done", name=escape(name), day=day, path=escape(path)))
    if missing:
        out.show(f"[yellow]![/] {say('authorize.missing', scopes=escape(', '.join(missing)))}")
