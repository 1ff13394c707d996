"""`headrace hooks`: deliveries of Service Hooks, and our own hook in each project."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.hook_setup import remove, setup, status
from headrace.cli.options import Runner, make_command, option, prepared, shared_options
from headrace.cli.output import Output
from headrace.cli.results import make_table
from headrace.cli.words import said, say
from headrace.errors import Refused

if TYPE_CHECKING:
    from headrace.app.hook_desk import HookDesk
    from headrace.core.ports import Delivery

_STATES = ("waiting", "done", "dead")
_LIMIT_MAX = 10_000


def command() -> click.Command:
    """The group of commands, in the language of this run."""
    limit = click.IntRange(1, _LIMIT_MAX)
    group = click.Group("hooks", help=say("help.hooks"), params=shared_options())
    one, many = click.Argument(["id"]), click.Argument(["ids"], nargs=-1, required=True)
    wait = option("--wait", type=click.FloatRange(0, 3600), default=None)
    for name, runner, params in (
        ("list", _list, [
            click.Option(["--state"], type=click.Choice(_STATES), help=say("opt.delivery_state")),
            option("--event"), option("--limit", type=limit, default=50, show_default=True),
        ]),
        ("show", _show, [one]),
        ("replay", _replay, [many]),
        ("setup", setup, [wait]),
        ("status", status, []),
        ("remove", remove, []),
    ):  # fmt: skip
        group.add_command(_subcommand(name, runner, params))
    return group


def _subcommand(name: str, runner: Runner, params: Sequence[click.Parameter]) -> click.Command:
    """A command that works at the desk of the connection that its options name."""

    def run(
        out: Output, *, connection: str | None, file: Path | None, folder: Path | None, **rest: Any
    ) -> int | None:
        with closing(_desk(out, connection, file, folder)) as desk:
            return runner(out, desk, **rest)

    made = make_command(
        f"hooks.{name}", run, *params,
        option("--connection"),
        option("--config", "file", type=click.Path(path_type=Path)),
        click.Option(
            ["--state-folder", "folder"], type=click.Path(path_type=Path, file_okay=False),
            help=say("opt.state"),
        ),
    )  # fmt: skip
    made.name = name
    return made


def _desk(out: Output, connection: str | None, file: Path | None, folder: Path | None) -> HookDesk:
    from headrace import config
    from headrace.app.hook_desk import HookDesk
    from headrace.config.file import load

    found = load(file or config.DEFAULT_FILE)
    if connection is None and len(found.connections) != 1:
        raise Refused(
            say("hooks.which", count=len(found.connections)),
            advice=say("hooks.which_advice", names=", ".join(found.connections)),
        )
    settings = found.connection(connection or found.connections[0])
    settings = prepared(out, settings, folder)
    return HookDesk(settings, state=folder or found.state)


# --- deliveries ----------------------------------------------------------------------------------


def _list(out: Output, desk: HookDesk, *, state: str | None, event: str | None, limit: int) -> int:
    from rich.markup import escape

    deliveries = desk.inbox.list(state=state or "", event=event or "", limit=limit)
    counts = desk.inbox.counts()
    out.document({"deliveries": [_row(one) for one in deliveries], "counts": dict(counts)})
    names = ("received", "event", "state", "id", "reason")
    table = make_table(*(say(f"hooks.{name}") for name in names), left=len(names))
    for one in deliveries:
        table.add_row(_local(one.received_at), *map(escape, _cells(one)))
    out.show(table, say("hooks.counts", **counts))
    return 0


def _cells(one: Delivery) -> tuple[str, ...]:
    return one.event, one.state, one.id, said(one.reason)


def _show(out: Output, desk: HookDesk, *, id: str) -> int:
    import json

    from rich.markup import escape

    from headrace.coding.hooks import document_of

    one = desk.inbox.get(id)
    if one is None:
        raise Refused(say("hooks.unknown", id=id), advice=say("hooks.unknown_advice"))
    _hide_secrets(out, desk)
    document = document_of(one.body, one.headers.get("content-type", ""))
    text = one.body.decode(errors="replace")
    told = text if document is None else document
    out.document({**_row(one), "headers": dict(one.headers), "body": told})
    out.show(f"{escape(one.event)}  {say(f'hooks.state.{one.state}')}  {escape(said(one.reason))}")
    out.show(f"{say('hooks.received')}: {_local(one.received_at)}", escape(f"id: {one.id}"))
    out.show(*(escape(f"{name}: {value}") for name, value in one.headers.items()))
    pretty = text if document is None else json.dumps(document, ensure_ascii=False, indent=2)
    out.show("", escape(pretty))
    return 0


def _replay(out: Output, desk: HookDesk, *, ids: tuple[str, ...]) -> int:
    desk.replay(ids)
    out.document({"replayed": list(ids)})
    out.show(say("hooks.replayed", count=len(ids)))
    return 0


def _hide_secrets(out: Output, desk: HookDesk) -> None:
    """They are masked when a body is stored; those of today are masked once more."""
    if desk.settings.public_url:
        secrets = desk.identity.secrets
        for secret in (secrets.url_secret, *secrets.tokens, secrets.password):
            out.hide(secret)


def _row(one: Delivery) -> dict[str, Any]:
    return {
        "id": one.id,
        "event": one.event,
        "state": one.state,
        "reason": one.reason,
        "received_at": datetime.fromtimestamp(one.received_at / 1000, UTC).isoformat(),
        "bytes": len(one.body),
    }


def _local(moment_ms: int) -> str:
    return f"{datetime.fromtimestamp(moment_ms / 1000, UTC).astimezone():%Y-%m-%d %H:%M:%S}"
