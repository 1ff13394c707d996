"""`python -m bench [CHAPTER ...]`: what Headrace costs and how fast it is, shown and kept in
bench-results/. Chapters: snapshot, latency, writes, calls, hooks, receiver, serve, console."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from bench import calls, console, hooks, latency, receiver, serving, snapshot, writes
from bench.figures import load, machine

CHAPTERS = {
    "snapshot": snapshot.run,
    "latency": latency.run,
    "writes": writes.run,
    "calls": calls.run,
    "hooks": hooks.run,
    "receiver": receiver.run,
    "serve": serving.run,
    "console": console.run,
}


def main(names: Sequence[str]) -> int:
    """Run the chapters named, or all."""
    unknown = set(names) - set(CHAPTERS)
    if unknown:
        print(f"There is no benchmark {', '.join(unknown)}: {', '.join(CHAPTERS)}", file=sys.stderr)
        return 2
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    for name in names or CHAPTERS:
        before = load()
        chapter = CHAPTERS[name]()
        chapter.notes.append(f"Load average {before} before, {load()} after, its own included.")
        chapter.keep()
        print(f"\n{chapter.show()}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
