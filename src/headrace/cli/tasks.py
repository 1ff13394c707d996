"""`headrace tasks`: the tasks of a server, looked at, started, stopped, reset."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.desk import Desk, chosen, desk, desk_options
from headrace.cli.options import make_command, option
from headrace.cli.output import Output, counted
from headrace.cli.results import make_table
from headrace.cli.words import said, say

if TYPE_CHECKING:
    from headrace.wire.tasks import Task, TaskDetail

_ACTIONS = ("list", "show", "start", "stop", "reset", "log")
_LEVELS = ("info", "warning", "error")
_FIGURES = ("read", "inserted", "updated", "deleted")
_LINES_MAX = 1000


def command() -> click.Command:
    """The command, in the language of this run."""
    return make_command(
        "tasks", _run,
        click.Argument(["action"], type=click.Choice(_ACTIONS)),
        click.Argument(["name"], required=False),
        option("--stream", "streams", multiple=True),
        option("--level", type=click.Choice(_LEVELS), default="info", show_default=True),
        option("--text", default=""),
        option("--lines", type=click.IntRange(1, _LINES_MAX), default=50, show_default=True),
        *desk_options(),
    )  # fmt: skip


def _run(
    out: Output, *, action: str, name: str | None, streams: tuple[str, ...], level: Any, text: str,
    lines: int, **where: Any,
) -> int:  # fmt: skip
    with desk(out, **where) as one:
        found = one.tasks()
        if action == "list":
            return _list(out, found)
        task = chosen(found, name, "tasks.unknown")
        if action == "log":
            return _log(out, one, f"task:{task.id}", text, level, lines)
        return _show(out, _done(one, action, task, streams))


def _done(one: Desk, action: str, task: Task, streams: tuple[str, ...]) -> TaskDetail:
    if action == "start":
        return one.start(task.id)
    if action == "stop":
        return one.stop(task.id)
    if action == "reset":
        return one.reset(task.id, streams)
    return one.task(task.id)


def _list(out: Output, found: Any) -> int:
    from msgspec import to_builtins
    from rich.markup import escape

    out.document({"tasks": to_builtins(found)})
    if not found:
        out.show(say("tasks.none"))
        return 0
    headings = ("id", "name", "source", "destination", "state", "lag", "reason")
    table = make_table(*(say(f"tasks.{one}") for one in headings), left=len(headings))
    for one in found:
        ends = (escape(one.name), escape(one.source), escape(one.destination))
        table.add_row(str(one.id), *ends, _state(one), _lag(one), escape(_why(one)))
    out.show(table)
    return 0


def _show(out: Output, one: TaskDetail) -> int:
    from msgspec import to_builtins
    from rich.markup import escape

    out.document({"task": to_builtins(one)})
    ends = say("tasks.ends", source=escape(one.source), destination=escape(one.destination))
    out.show(f"{escape(one.name)}  {ends}", say("tasks.now", state=_state(one), lag=_lag(one)))
    if why := _why(one):
        out.show(f"[yellow]![/] {escape(why)}")
        out.show(f"  → {escape(said(one.advice))}" if one.advice else "")
    if one.streams:
        table = make_table(say("table.stream"), *(say(f"table.{name}") for name in _FIGURES))
        for name, counts in one.streams.items():
            table.add_row(name, *counted([getattr(counts, figure) for figure in _FIGURES]))
        out.show(table)
    return 0


def _log(out: Output, one: Desk, subject: str, text: str, level: Any, count: int) -> int:
    """The oldest first, as one reads."""
    from msgspec import to_builtins
    from rich.markup import escape

    found = one.log(subject, text, level, count)[::-1]
    out.document({"log": to_builtins(found)})
    for line in found:
        at = f"{datetime.fromtimestamp(line.at / 1000, UTC):%Y-%m-%d %H:%M:%SZ}"
        advice = f" → {said(line.advice)}" if line.advice else ""
        out.show(f"{at} {line.level:7} {escape(said(line.text) + advice)}")
    if not found:
        out.show(say("tasks.no_log"))
    return 0


def _state(one: Task) -> str:
    return say(f"state.{one.state}")


def _lag(one: Task) -> str:
    return "-" if one.lag is None else f"{one.lag:,}"


def _why(one: Task) -> str:
    """What stands in its way."""
    why = one.reason or (one.mining_error.message if one.mining_error is not None else "")
    return said(why)
