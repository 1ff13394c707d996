"""`headrace export`: connections and tasks of a server as a file."""

from __future__ import annotations

from pathlib import Path

import click

from headrace.cli.options import make_command
from headrace.cli.output import Output
from headrace.cli.serve import store_options
from headrace.cli.words import say
from headrace.errors import Refused


def command() -> click.Command:
    """The command, in the language of this run."""
    return make_command("export", _run, *store_options())


def _run(out: Output, *, data: Path, store: str | None) -> int:
    from headrace.app.serving.platform import STORE_FILE, Platform
    from headrace.config import password_of

    out.hide(password_of(store or ""))
    if not store and not (data / STORE_FILE).exists():
        raise Refused(say("export.no_data", folder=data), advice=say("export.data_advice"))
    with Platform(data, store=store or "") as platform:
        text = platform.files.export()
    out.document({"toml": text})
    out.console.out(text, end="", highlight=False)
    return 0
