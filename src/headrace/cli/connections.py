"""`headrace connections`: the sources and destinations of a server, looked at and tested."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from headrace.cli.desk import Desk, chosen, desk, desk_options
from headrace.cli.options import make_command
from headrace.cli.output import Output
from headrace.cli.results import make_table
from headrace.cli.words import said, say, spoken

if TYPE_CHECKING:
    from headrace.wire.connections import CheckItem, ConnectionDetail

_ACTIONS = ("list", "show", "check")
_SIGNS = {"ok": "[green]✓[/]", "warn": "[yellow]![/]", "failed": "[red]✗[/]", "skipped": "-"}


def command() -> click.Command:
    """The command, in the language of this run."""
    return make_command(
        "connections", _run,
        click.Argument(["action"], type=click.Choice(_ACTIONS)),
        click.Argument(["name"], required=False),
        *desk_options(),
    )  # fmt: skip


def _run(out: Output, *, action: str, name: str | None, **where: Any) -> int:
    with desk(out, **where) as one:
        found = one.connections()
        if action == "list":
            return _list(out, found)
        connection = chosen(found, name, "connections.unknown")
        if action == "check":
            return _check(out, one, connection.id)
        return _show(out, one.connection(connection.id))


def _list(out: Output, found: Any) -> int:
    from msgspec import to_builtins
    from rich.markup import escape

    out.document({"connections": to_builtins(found)})
    if not found:
        out.show(say("connections.none"))
        return 0
    headings = ("id", "name", "role", "type", "tasks")
    table = make_table(*(say(f"connections.{one}") for one in headings), left=len(headings))
    for one in found:
        role, tasks = say(f"connections.{one.role}"), ", ".join(one.tasks)
        table.add_row(str(one.id), escape(one.name), role, escape(one.type), escape(tasks))
    out.show(table)
    return 0


def _show(out: Output, one: ConnectionDetail) -> int:
    from msgspec import to_builtins
    from rich.markup import escape

    out.document({"connection": to_builtins(one)})
    out.show(f"{escape(one.name)}  {say(f'connections.{one.role}')}, {escape(one.type)}")
    for key, value in one.values.items():
        out.show(f"  {escape(key)} = {escape(str(value))}")
    if one.check is None:
        out.show(say("connections.unchecked"))
        return 0
    for item in one.check.items:
        _item(out, item)
    return 0


def _check(out: Output, one: Desk, connection_id: int) -> int:
    """Exit code 2 where an item failed, as `headrace check`."""
    from msgspec import to_builtins

    found = []
    for item in one.check(connection_id):
        found.append(item)
        _item(out, item)
    ok = all(item.ok != "failed" for item in found)
    out.document({"ok": ok, "items": to_builtins(found)})
    return 0 if ok else 2


def _item(out: Output, item: CheckItem) -> None:
    from rich.markup import escape

    title = item.zh if spoken() == "zh" else item.en
    out.show(f"{_SIGNS[item.ok]} {escape(title)}: {escape(said(item.detail))}")
    if item.advice:
        out.show(f"    → {escape(said(item.advice))}")
