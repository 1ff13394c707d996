"""`headrace archive`: a folder that opens offline, with all that can be had of a team."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from headrace import config
from headrace.cli.archive_progress import ArchiveProgress
from headrace.cli.options import (
    connection_of,
    connection_options,
    make_command,
    option,
    state_option,
)
from headrace.cli.output import Output, counted
from headrace.cli.progress import ReadProgress
from headrace.cli.results import make_table
from headrace.cli.signals import stopped_by_signals
from headrace.cli.words import said, say
from headrace.errors import Stopped

if TYPE_CHECKING:
    from headrace.app.archive import Archived, Wishes

_PARALLEL_MAX = 16
_PARTS = ("files", "wiki", "depots")
_MISSING_SHOWN = 20
_INCOMPLETE = 3


class Size(click.ParamType[int]):
    """`500M`, `2G`, in bytes."""

    name = "size"
    _form = re.compile(r"([1-9]\d{0,11})([KMGT]?)B?", re.IGNORECASE)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Powers of 1024."""
        found = self._form.fullmatch(str(value).strip())
        if found is None:
            self.fail(f"{value!r}: 500M, 2G", param, ctx)
        return int(found[1]) << 10 * " KMGT".index(found[2].upper() or " ")


def command() -> click.Command:
    """The command, in the language of this run."""
    return make_command(
        "archive", _run,
        click.Argument(["name"], required=False),
        *connection_options(),
        click.Option(
            ["--to", "folder"], required=True, help=say("opt.archive_to"),
            type=click.Path(path_type=Path, file_okay=False),
        ),
        option("--stream", "streams", multiple=True),
        option("--without", type=click.Choice(_PARTS), multiple=True),
        option("--no-read", is_flag=True),
        option("--file-size-max", type=Size(), default="2G", show_default=True),
        option("--parallel", type=click.IntRange(1, _PARALLEL_MAX), default=4, show_default=True),
        option("--git-user", default=""),
        option("--git-host", "git_hosts", multiple=True),
        state_option(),
    )  # fmt: skip


def _run(out: Output, *, name: str | None, folder: Path, **values: Any) -> int:
    from headrace.app import SystemClock
    from headrace.app.archive import archive

    settings = connection_of(out, name, values)
    state = values["state"] or (_state_of(values) if name else config.DEFAULT_STATE)
    clock = SystemClock()
    with stopped_by_signals(clock.stop) as signals:
        try:
            with ReadProgress(out) as reading, ArchiveProgress(out, begun=reading.close) as shown:
                made = archive(
                    settings, folder, state=state, wishes=_wishes(values), clock=clock,
                    watch_reading=reading.watch, watch=shown.watch,
                )  # fmt: skip
        except Stopped:
            out.document({"stopped": True, "folder": str(folder)})
            out.note(say("archive.stopped"))
            return 128 + signals[0]
    out.document(made.as_dict())
    _show(out, made)
    return 0 if made.manifest.complete else _INCOMPLETE


def _state_of(values: dict[str, Any]) -> Path:
    from headrace.config.file import load

    return load(values["file"] or config.DEFAULT_FILE).state


def _wishes(values: dict[str, Any]) -> Wishes:
    from headrace.app.archive import Wishes

    return Wishes(
        streams=values["streams"], read=not values["no_read"], parallel=values["parallel"],
        file_bytes_max=values["file_size_max"], git_user=values["git_user"],
        git_hosts=values["git_hosts"], without=values["without"],
    )  # fmt: skip


def _show(out: Output, made: Archived) -> None:
    from rich.markup import escape

    names = ("kind", "mirror", "archive", "bytes")
    table = make_table(*(say(f"archive.{name}") for name in names))
    for kind, tally in made.manifest.tallies.items():
        figures = counted((tally.mirror, tally.archive, tally.bytes))
        table.add_row(say(f"archive.kind.{kind}"), *figures)
    out.show(table)
    missing = made.manifest.missing
    for one in missing[:_MISSING_SHOWN]:
        kind = say(f"archive.kind.{one.kind}")
        out.show(f"[yellow]![/] {kind}: {escape(one.name)}: {escape(said(one.reason))}")
    place = str(made.folder)
    if made.manifest.complete:
        out.show(say("archive.complete", folder=escape(place)))
    else:
        count = f"{len(missing):,}"
        out.show(say("archive.incomplete", count=count, folder=escape(place)))
