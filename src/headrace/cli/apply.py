"""`headrace apply`: connections and tasks of a server from a file."""

from __future__ import annotations

from pathlib import Path

import click

from headrace.cli.options import make_command, option
from headrace.cli.output import Output
from headrace.cli.serve import store_options
from headrace.cli.words import say


def command() -> click.Command:
    """The command, in the language of this run."""
    file = option("--file", "-f", type=click.Path(path_type=Path), required=True)
    return make_command("apply", _run, file, *store_options())


def _run(out: Output, *, file: Path, data: Path, store: str | None) -> int:
    from rich.markup import escape

    from headrace.app.serving.platform import Platform
    from headrace.config import password_of
    from headrace.control.people import Person, Role

    out.hide(password_of(store or ""))
    with Platform(data, store=store or "") as platform:
        done = platform.files.apply(Person(0, "headrace apply", Role.ADMIN), file)
    out.document(done.as_dict())
    for name in done.made:
        out.show(say("apply.made", name=escape(name)))
    for name in done.changed:
        out.show(say("apply.changed", name=escape(name)))
    counts = {kind: len(names) for kind, names in done.as_dict().items()}
    out.show(say("apply.done", **counts))
    return 0
