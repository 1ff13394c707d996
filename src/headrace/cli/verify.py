"""`headrace verify`: hold a task's tables against its mirror, or against CODING."""

from __future__ import annotations

from typing import Any

import click

from headrace.cli.options import (
    connection_options,
    make_command,
    option,
    state_option,
    target_of,
    task_options,
)
from headrace.cli.output import Output
from headrace.cli.proof import proof_tables, samples_table
from headrace.cli.signals import stopped_by_signals
from headrace.cli.words import say

_LIVE_MAX = 1000


def command() -> click.Command:
    """The command, in the language of this run."""
    name = click.Argument(["name"], required=False)
    params = (
        option("--repair", is_flag=True),
        option("--live", type=click.IntRange(1, _LIVE_MAX), default=None),
        option("--afresh", is_flag=True),
        *connection_options(), *task_options(), state_option(),
    )  # fmt: skip
    return make_command("verify", _run, name, *params)


def _run(
    out: Output, *, name: str | None, repair: bool, live: int | None, afresh: bool, **values: Any
) -> int:
    from headrace.app import SystemClock
    from headrace.app.proof import Verification, prove, verify

    if afresh and (repair or live):
        raise click.UsageError(say("verify.afresh_alone"))
    target = target_of(out, name, values)
    clock = SystemClock()
    where: dict[str, Any] = {"state": target.state, "clock": clock}
    with stopped_by_signals(clock.stop):
        if afresh:
            found = Verification(tuple(prove(target.settings, target.task, **where)))
        else:
            found = verify(target.settings, target.task, repair=repair, live=live or 0, **where)
    out.document(found.as_dict())
    out.show(*proof_tables(found.verdicts))
    if found.repaired:
        out.show(say("verify.repaired", streams=", ".join(found.repaired)))
    if live:
        out.show(*samples_table(found.samples))
    return 0 if found.equal else 1
