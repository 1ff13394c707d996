"""The command line: parse, call one service, show."""

from __future__ import annotations

import sys

from headrace.cli.run import run


def main() -> None:
    """The `headrace` program."""
    sys.exit(run(sys.argv[1:]))


__all__ = ["main", "run"]
