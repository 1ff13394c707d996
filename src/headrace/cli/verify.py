"""`headrace verify`: hold a task's tables against its source, read afresh."""

from __future__ import annotations

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
from headrace.cli.proof import proof_tables
from headrace.cli.signals import stopped_by_signals


def command() -> click.Command:
    """The command, in the language of this run."""
    name = click.Argument(["name"], required=False)
    params = (*connection_options(), *task_options(), state_option())
    return make_command("verify", _run, name, *params)


def _run(out: Output, *, name: str | None, **values: Any) -> int:
    from headrace.app import SystemClock
    from headrace.app.services import prove

    target = target_of(out, name, values)
    clock = SystemClock()
    with stopped_by_signals(clock.stop):
        verdicts = prove(target.settings, target.task, state=target.state, clock=clock)
    equal = all(verdict.equal for verdict in verdicts)
    out.document({"equal": equal, "tables": [verdict.as_dict() for verdict in verdicts]})
    out.show(*proof_tables(verdicts))
    return 0 if equal else 1
