"""`python -m bench [snapshot] [latency] [writes]`: timings, shown and kept in bench-results/."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from bench import latency, snapshot, writes
from bench.figures import machine

CHAPTERS = {"snapshot": snapshot.run, "latency": latency.run, "writes": writes.run}


def main(names: Sequence[str]) -> int:
    """Run the chapters named, or all."""
    unknown = set(names) - set(CHAPTERS)
    if unknown:
        print(f"There is no benchmark {', '.join(unknown)}: {', '.join(CHAPTERS)}", file=sys.stderr)
        return 2
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    for name in names or CHAPTERS:
        chapter = CHAPTERS[name]()
        chapter.keep()
        print(f"\n{chapter.show()}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
