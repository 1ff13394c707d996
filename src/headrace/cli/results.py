"""How results look: the table of a sync, and what stands in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace.cli.output import counted
from headrace.cli.words import said, say

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from headrace.app import Note, Result

_FIGURES = ("read", "inserted", "updated", "deleted", "unchanged", "calls")


def make_table(*headings: str, left: int = 1) -> Table:
    """An empty table; columns after the first `left` ones hold figures."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for index, heading in enumerate(headings):
        table.add_column(heading, justify="left" if index < left else "right", no_wrap=True)
    return table


def result_tables(result: Result) -> list[RenderableType]:
    """One line a stream, the sums, and every note."""
    table = make_table(say("table.stream"), *(say(f"table.{name}") for name in _FIGURES))
    sums = [0] * len(_FIGURES)
    for name, counts in result.streams.items():
        figures = [counts.as_dict()[figure] for figure in _FIGURES]
        sums = [a + b for a, b in zip(sums, figures, strict=True)]
        table.add_row(name, *counted(figures))
    table.add_section()
    sums[-1] = result.calls
    table.add_row(say("table.all"), *counted(sums))
    written = say("sync.written", changes=f"{result.written:,}", seconds=f"{result.seconds:.1f}")
    waiting = [say("sync.waiting", changes=f"{result.lag:,}")] if result.lag else []
    return [table, written, *waiting, *(note_line(note) for note in result.notes)]


def note_line(note: Note) -> str:
    """A warning for people."""
    from rich.markup import escape

    place = f"{note.stream} {note.place}".strip()
    return f"[yellow]![/] {say(f'note.{note.kind}')} {escape(f'{place}: {said(note.text)}')}"
