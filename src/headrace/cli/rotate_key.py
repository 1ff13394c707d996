"""`headrace rotate-key`: a new key for all that a server keeps sealed."""

from __future__ import annotations

from pathlib import Path

import click

from headrace.cli.options import make_command
from headrace.cli.output import Output
from headrace.cli.serve import store_options
from headrace.cli.words import say


def command() -> click.Command:
    """The command, in the language of this run."""
    return make_command("rotate-key", _run, *store_options())


def _run(out: Output, *, data: Path, store: str | None) -> int:
    from rich.markup import escape

    from headrace.app.serving.keys.rotation import rotate_key
    from headrace.config import NEW_KEY_VARIABLE, key_from_environment, password_of, variable

    for secret in (password_of(store or ""), key_from_environment(), variable(NEW_KEY_VARIABLE)):
        out.hide(secret)
    done = rotate_key(data, store=store or "")
    out.document(done.as_dict())
    counts = {name: value for name, value in done.as_dict().items() if isinstance(value, int)}
    if done.resumed:
        out.show(say("rotate.resumed"))
    out.show(say("rotate.done", **counts))
    out.show(say("rotate.in_file") if done.in_file else say("rotate.in_environment"))
    for name in done.left:
        out.note(say("rotate.left", name=escape(name)))
    return 0
