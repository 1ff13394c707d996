"""`headrace streams`: the catalogue, a stream's columns, and what a token may read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from headrace.cli.options import (
    connection_of,
    connection_options,
    make_command,
    option,
    state_option,
)
from headrace.cli.output import Output
from headrace.cli.results import make_table
from headrace.cli.words import said, say, spoken

if TYPE_CHECKING:
    from headrace.coding.checks import Check
    from headrace.core.schema import Child, Column
    from headrace.core.stream import Stream

_MARKS = {
    "ok": "[green]✓[/]",
    "warn": "[yellow]![/]",
    "failed": "[red]✗[/]",
    "skipped": "[dim]-[/]",
}


def command() -> click.Command:
    """The command, in the language of this run."""
    return make_command(
        "streams", _run,
        click.Argument(["name"], required=False),
        option("--connection"),
        *connection_options(), state_option(),
    )  # fmt: skip


def _run(out: Output, *, name: str | None, connection: str | None, **values: Any) -> int:
    from headrace.coding.streams import CATALOGUE, find

    if name:
        for stream in find([name]):
            _show_columns(out, stream)
        out.document({"streams": [_as_dict(stream, columns=True) for stream in find([name])]})
        return 0
    readable = {}
    if connection or values.get("team") or values.get("url"):
        readable = _readable(out, connection, values)
    _show_catalogue(out, CATALOGUE, readable)
    documents = []
    for stream in CATALOGUE:
        document = _as_dict(stream, columns=False)
        if item := readable.get(stream.name):
            document["readable"] = {"outcome": item.ok, "detail": item.detail}
        documents.append(document)
    out.document({"streams": documents})
    return 0


def _readable(out: Output, connection: str | None, values: dict[str, Any]) -> dict[str, Check]:
    """What the connection test says of each stream; `projects` is its item of that name."""
    from headrace.app.services import check

    settings = connection_of(out, connection, values)
    found = {item.name.removeprefix("stream:"): item for item in check(settings)}
    of_projects = next((i for n, i in found.items() if n.startswith("project:")), None)
    return found | ({"projects": of_projects} if of_projects else {})


def _show_catalogue(out: Output, streams: tuple[Stream, ...], readable: dict[str, Check]) -> None:
    from rich.markup import escape

    names = ["name", "title", "strategy", "key", "scopes", "hooks"] + ["readable"] * bool(readable)
    table = make_table(*(say(f"streams.{name}") for name in names), left=len(names))
    for column in table.columns:
        column.no_wrap, column.overflow = False, "fold"
    for stream in streams:
        cells = [
            stream.name,
            f"{stream.title.zh} {stream.title.en}",
            stream.strategy.value,
            ", ".join(stream.schema.key),
            ", ".join(stream.scopes),
            str(sum(len(rule.events) for rule in stream.hooks)),
        ]
        if item := readable.get(stream.name):
            cells.append(f"{_MARKS[item.ok]} {escape(said(item.detail))}")
        table.add_row(*cells)
    out.show(table)


def _show_columns(out: Output, stream: Stream) -> None:
    schema = stream.schema
    out.show(f"[bold]{stream.name}[/]  {stream.title.zh} {stream.title.en}")
    _show_table(out, schema.columns, schema.key)
    for child in schema.children:
        out.show(f"[bold]{child.name}[/]  {child.zh} {child.en}  (+ {', '.join(schema.key)})")
        _show_table(out, child.columns, child.key)


def _show_table(out: Output, columns: tuple[Column, ...], key: tuple[str, ...]) -> None:
    from rich.markup import escape

    headings = ("column", "type", "in_key", "meaning")
    table = make_table(*(say(f"streams.{name}") for name in headings), left=len(headings))
    table.columns[-1].no_wrap = False
    for column in columns:
        meaning = column.zh if spoken() == "zh" else column.en
        mark = "✓" if column.name in key else ""
        table.add_row(column.name, column.type.value, mark, escape(meaning))
    out.show(table)


def _as_dict(stream: Stream, *, columns: bool) -> dict[str, Any]:
    document: dict[str, Any] = {
        "name": stream.name,
        "title": {"zh": stream.title.zh, "en": stream.title.en},
        "strategy": stream.strategy.value,
        "key": list(stream.schema.key),
        "scopes": list(stream.scopes),
        "hooks": [event for rule in stream.hooks for event in rule.events],
        "tables": [stream.name, *(child.name for child in stream.schema.children)],
    }
    if columns:
        document["columns"] = [_column(column) for column in stream.schema.columns]
        document["children"] = [_child(child) for child in stream.schema.children]
    return document


def _child(child: Child) -> dict[str, Any]:
    columns = [_column(column) for column in child.columns]
    return {"name": child.name, "key": list(child.key), "columns": columns}


def _column(column: Column) -> dict[str, Any]:
    meaning = {"zh": column.zh, "en": column.en}
    return {"name": column.name, "type": column.type.value, "meaning": meaning}
