"""`headrace export`: connections and tasks of a server as a file."""

from __future__ import annotations

from typing import Any

import click

from headrace.cli.desk import desk, desk_options
from headrace.cli.options import make_command
from headrace.cli.output import Output


def command() -> click.Command:
    """The command, in the language of this run."""
    return make_command("export", _run, *desk_options())


def _run(out: Output, **where: Any) -> int:
    with desk(out, **where) as one:
        text = one.export()
    out.document({"toml": text})
    out.console.out(text, end="", highlight=False)
    return 0
