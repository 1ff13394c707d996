"""`headrace check`: the connection test, item by item."""

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
from headrace.cli.words import said, say, spoken

if TYPE_CHECKING:
    from headrace.coding.checks import Check

_SIGNS = {
    "ok": "[green]✓[/]",
    "warn": "[yellow]![/]",
    "failed": "[bold red]✗[/]",
    "skipped": "[dim]-[/]",
}


def command() -> click.Command:
    """The command, in the language of this run."""
    return make_command(
        "check", _run,
        click.Argument(["name"], required=False),
        *connection_options(),
        option("--stream", "streams", multiple=True),
        state_option(),
    )  # fmt: skip


def _run(out: Output, *, name: str | None, streams: tuple[str, ...], **values: Any) -> int:
    from headrace.app.services import check

    settings = connection_of(out, name, values)
    checks = []
    for item in check(settings, streams=streams):
        checks.append(item)
        out.show(_line(item))
        if item.advice and item.ok in ("failed", "warn"):
            out.show(_advice(item))
    failed = [item for item in checks if item.ok == "failed"]
    out.document({"ok": not failed, "checks": [_as_dict(item) for item in checks]})
    if not failed:
        out.show("", say("check.ready"))
        return 0
    out.show("", say("check.failed", count=len(failed)))
    return 2 if any(item.blame == "user" for item in failed) else 3


def _line(item: Check) -> str:
    from rich.markup import escape

    title = item.title.zh if spoken() == "zh" else item.title.en
    return f"{_SIGNS[item.ok]} {escape(title)}: {escape(said(item.detail))}"


def _advice(item: Check) -> str:
    from rich.markup import escape

    return f"    → {escape(said(item.advice))}"


def _as_dict(item: Check) -> dict[str, Any]:
    return {
        "name": item.name,
        "title": {"zh": item.title.zh, "en": item.title.en},
        "outcome": item.ok,
        "detail": item.detail,
        "advice": item.advice,
        "blame": item.blame,
    }
