"""The command of the simulation: many seeds on all cores.

`python -m headrace.testing.simulate --seeds 10000`; a failing seed prints one line that replays it.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from headrace.testing.run import Result, run_seeds
from headrace.testing.seed_book import Part, SeedBook, code_digest

BATCH = 25


def main() -> int:
    """The command."""
    options = _parser().parse_args()
    play = partial(run_seeds, harsh=options.harsh)
    if options.seed:
        began, one = time.monotonic(), play([options.seed])
        _tell(one, options.harsh)
        sys.stdout.writelines(one.failures.values())
        return _report(one, time.monotonic() - began)
    seeds = range(options.first, options.first + options.seeds)
    book = SeedBook(options.book) if options.book else None
    parts = list(book.missing(seeds)) if book else [seeds]
    failed = 0
    with ProcessPoolExecutor(options.jobs) as pool, _progress() as progress:
        shown = progress.add_task("seeds", total=sum(map(len, parts)))
        for part in parts:
            began, total = time.monotonic(), Result()
            batches = (part[at : at + BATCH] for at in range(0, len(part), BATCH))
            for result in pool.map(play, batches):
                total.add(result)
                _tell(result, options.harsh)
                progress.advance(shown, result.seeds)
            seconds = time.monotonic() - began
            failed |= _report(total, seconds)
            if book is not None:
                book.add(_noted(part, total, seconds))
    if book is not None:
        sys.stdout.write(f"{book.summary()}\n")
    return failed


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m headrace.testing.simulate")
    parser.add_argument("--seeds", type=int, default=300, help="how many, from --first on")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--seed", type=int, help="replay one")
    parser.add_argument("--jobs", type=int, default=2)
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--harsh", action="store_true", help="worlds in which many answers lie")
    kind.add_argument(
        "--book", type=Path, help="note every 10,000 seeds in this file and skip those noted there"
    )
    return parser


def _progress() -> Progress:
    """A bar for a person who waits; nothing where nobody looks."""
    console = Console(stderr=True)
    return Progress(
        *Progress.get_default_columns(), MofNCompleteColumn(), console=console,
        disable=not console.is_terminal,
    )  # fmt: skip


def _noted(part: range, total: Result, seconds: float) -> Part:
    least = min((total.crashed[point] for point in total.passed), default=0)
    failed = tuple(sorted(total.failures))
    return Part(part.start, len(part), round(seconds, 1), failed, least, code_digest())


def _tell(result: Result, harsh: bool) -> None:
    """The seeds that failed, as soon as they did."""
    sys.stdout.writelines(result.failure_lines(harsh=harsh))
    sys.stdout.flush()


def _report(total: Result, seconds: float) -> int:
    out = sys.stdout.write
    crashes = ", ".join(f"{name} {n}" for name, n in sorted(total.crashed.items()))
    out(f"crashes: {crashes}\n")
    out("faults: " + ", ".join(f"{name} {n}" for name, n in sorted(total.faults.items())) + "\n")
    rate = total.seeds / seconds if seconds else 0
    out(f"{total.seeds} seeds in {seconds:.1f} s ({rate:.1f} a second),")
    out(f" {len(total.failures)} failed\n")
    return 1 if total.failures else 0


if __name__ == "__main__":
    sys.exit(main())
