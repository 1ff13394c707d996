"""How a proof of equality looks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headrace.cli.results import make_table
from headrace.cli.words import say

if TYPE_CHECKING:
    from rich.console import RenderableType

    from headrace.engine.sampling import Sample
    from headrace.engine.verify import Verdict

_DIGITS_SHOWN = 8
_COLUMNS = ("table", "source", "copy", "source_digest", "copy_digest", "equal")


def proof_tables(verdicts: Sequence[Verdict]) -> list[RenderableType]:
    """One line a table, and the sentence it all comes to."""
    table = make_table(*(say(f"proof.{name}") for name in _COLUMNS))
    for verdict in verdicts:
        equal = (
            f"[green]{say('proof.yes')}[/]" if verdict.equal else f"[bold red]{say('proof.no')}[/]"
        )
        table.add_row(
            verdict.table,
            f"{verdict.source.rows:,}",
            f"{verdict.copy.rows:,}",
            verdict.source.digest[:_DIGITS_SHOWN],
            verdict.copy.digest[:_DIGITS_SHOWN],
            equal,
        )
    return [table, _conclusion(verdicts)]


def _conclusion(verdicts: Sequence[Verdict]) -> str:
    differing = [verdict for verdict in verdicts if not verdict.equal]
    if not differing:
        return f"[bold green]{say('proof.all_equal', tables=len(verdicts))}[/]"
    first = differing[0]
    keys = " ".join(first.differing).replace("[", "\\[")
    text = say("proof.differ", tables=len(differing), first=first.table, keys=keys)
    return f"[bold red]{text}[/]"


def samples_table(samples: Sequence[Sample]) -> list[RenderableType]:
    """What asking CODING for single records found, one line a stream."""
    names = ("asked", "same", "newer", "gone", "hidden", "different")
    table = make_table(say("table.stream"), *(say(f"sample.{name}") for name in names))
    for sample in samples:
        figures = {**sample.as_dict(), "different": len(sample.different)}
        table.add_row(sample.stream, *(f"{figures[name]:,}" for name in names))
    return [table] if samples else [say("sample.none")]
