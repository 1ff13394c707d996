"""`headrace apply`: connections and tasks of a server from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from headrace.cli.desk import desk, desk_options
from headrace.cli.options import make_command, option
from headrace.cli.output import Output
from headrace.cli.words import say


def command() -> click.Command:
    """The command, in the language of this run."""
    file = option("--file", "-f", type=click.Path(path_type=Path), required=True)
    return make_command("apply", _run, file, *desk_options())


def _run(out: Output, *, file: Path, **where: Any) -> int:
    from msgspec.structs import asdict
    from rich.markup import escape

    with desk(out, **where, makes=True) as one:
        done = one.apply(file)
    out.document(asdict(done))
    for name in done.made:
        out.show(say("apply.made", name=escape(name)))
    for name in done.changed:
        out.show(say("apply.changed", name=escape(name)))
    counts = {kind: len(names) for kind, names in asdict(done).items()}
    out.show(say("apply.done", **counts))
    return 0
