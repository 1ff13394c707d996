"""`headrace mirror`: look into a connection's mirror, check it, make it small."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from headrace import config
from headrace.cli.options import connection_of, make_command, option
from headrace.cli.output import Output, counted
from headrace.cli.results import make_table
from headrace.cli.words import said, say
from headrace.config import ConnectionSettings

if TYPE_CHECKING:
    from rich.table import Table

    from headrace.app.mirrors import Info, Place
    from headrace.mirror.survey import Held

_ACTIONS = ("info", "verify", "compact")


def command() -> click.Command:
    """The command, in the language of this run."""
    return make_command(
        "mirror", _run,
        click.Argument(["action"], type=click.Choice(_ACTIONS)),
        click.Argument(["name"], required=False),
        option("--team"),
        option("--url"),
        option("--project", "projects", multiple=True),
        option("--config", "file", type=click.Path(path_type=Path)),
        option("--state", type=click.Path(path_type=Path)),
    )  # fmt: skip


def _run(out: Output, *, action: str, name: str | None, **values: Any) -> int:
    place = _place_of(out, name, values)
    return {"info": _info, "verify": _verify, "compact": _compact}[action](out, place)


def _place_of(out: Output, name: str | None, values: dict[str, Any]) -> Place:
    """The mirror that is meant. A team named by options needs no token here."""
    from headrace.app.mirrors import place_for

    team, url = values["team"], values["url"]
    if name or bool(team) == bool(url):
        from headrace.config.file import load

        settings = connection_of(out, name, values)
        state = load(values["file"] or config.DEFAULT_FILE).state
    else:
        projects = tuple(values["projects"])
        settings = ConnectionSettings(team or "url", team=team, url=url, projects=projects)
        state = config.DEFAULT_STATE
    return place_for(settings, values["state"] or state)


def _info(out: Output, place: Place) -> int:
    from headrace.app.mirrors import info

    found = info(place)
    out.document(found.as_dict())
    size = say("mirror.size", place=found.place, bytes=f"{found.bytes_used:,}")
    inbox = say("mirror.inbox", **found.inbox)
    out.show(size, _table(found), inbox)
    return 0


def _verify(out: Output, place: Place) -> int:
    from rich.markup import escape

    from headrace.app.mirrors import verify

    found = verify(place)
    out.document(found.as_dict())
    figures = {"records": f"{found.records:,}", "changes": f"{found.changes:,}"}
    if found.sound:
        out.show(say("mirror.sound", **figures))
        return 0
    out.show(say("mirror.unsound", count=f"{found.count:,}", **figures))
    out.show(*(f"  {escape(said(problem))}" for problem in found.problems))
    out.show(say("mirror.unsound_advice"))
    return 1


def _compact(out: Output, place: Place) -> int:
    from headrace.app.mirrors import compact

    done = compact(place)
    out.document(done.as_dict())
    figures = {name: f"{n:,}" for name, n in done.as_dict().items() if isinstance(n, int)}
    out.show(say("mirror.compacted", **figures))
    return 0


def _table(found: Info) -> Table:
    names = ("records", "tombstones", "mark", "log", "since", "hidden", "held")
    table = make_table(say("table.stream"), *(say(f"mirror.{name}") for name in names))
    for held in found.streams:
        table.add_row(held.stream, *_cells(held))
    return table


def _cells(held: Held) -> list[str]:
    records, tombstones, log = counted((held.records, held.tombstones, held.log.changes))
    hidden, kept = counted((len(held.hidden), held.held_back))
    return [records, tombstones, _moment(held.mark), log, _moment(held.log.oldest_at), hidden, kept]


def _moment(at_ms: int) -> str:
    """UTC, to the minute; nothing for 0."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%MZ}" if at_ms else ""
