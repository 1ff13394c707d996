"""`headrace rejects`: records that a destination refused, and another try for them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from headrace.cli.options import (
    connection_options,
    make_command,
    state_option,
    target_of,
    task_options,
)
from headrace.cli.output import Output
from headrace.cli.results import make_table
from headrace.cli.words import said, say

_ACTIONS = ("list", "replay")


def command() -> click.Command:
    """The command, in the language of this run."""
    action = click.Argument(["action"], type=click.Choice(_ACTIONS))
    name = click.Argument(["name"], required=False)
    params = (*connection_options(), *task_options(), state_option())
    return make_command("rejects", _run, action, name, *params)


def _run(out: Output, *, action: str, name: str | None, **values: Any) -> int:
    from headrace.app.rejected import list_rejected, replay_rejected

    target = target_of(out, name, values)
    if action == "replay":
        written, left = replay_rejected(target.settings, target.task, state=target.state)
        out.document({"written": written, "left": left})
        out.show(say("rejects.replayed", written=written, left=left))
        return 1 if left else 0
    found = list_rejected(target.task)
    out.document({"rejects": [one.as_dict() for one in found]})
    if not found:
        out.show(say("rejects.none"))
        return 0
    from rich.markup import escape

    headings = ("stream", "key", "table", "noticed", "reason")
    table = make_table(*(say(f"rejects.{heading}") for heading in headings), left=len(headings))
    for one in found:
        at = f"{datetime.fromtimestamp(one.at / 1000, UTC):%Y-%m-%d %H:%M:%SZ}"
        table.add_row(one.stream, escape(one.key), one.table, at, escape(said(one.reason)))
    out.show(table, say("rejects.advice"))
    return 0
