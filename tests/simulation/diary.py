"""Plays a world of every set of streams and prints one digest of all that happened in each.

A program of its own, because the seed of Python's hashes is drawn when a process starts.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import replace
from random import Random

from headrace.core.transport import Request, Response
from headrace.testing.kill import Killer
from headrace.testing.plan import STREAM_SETS, Plan
from headrace.testing.run import Run


class Diary(Killer):
    """Notes each kill point passed, each statement of the mirror, each call and its answer."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._world = run.world
        self._file = None
        self._digest = hashlib.blake2b(digest_size=16)
        self._answer = run.world.transport._answer
        run.world.transport._answer = self._call
        run.world.killer = self

    def note(self, *what: object) -> None:
        self._digest.update(f"{what!r}\n".encode())

    def point(self, name: str) -> None:
        self.note(name)
        if self._file is not self._world._file:  # the mirror was lost, there is a new one
            self._file = self._world._file
            self._file.set_trace_callback(self.note)
        super().point(name)

    def _call(self, request: Request) -> Response:
        response = self._answer(request)
        self.note(request, response)
        return response

    def close(self) -> str:
        """The digest, with the final tables at its end."""
        for name, table in self._world.storage.tables.items():
            self.note(name, table)
        return self._digest.hexdigest()


def main() -> None:
    for seed, streams in enumerate(dict.fromkeys(STREAM_SETS), start=1):
        run = Run(seed, replace(Plan.draw(Random(seed)), streams=streams))
        diary = Diary(run)
        run.play()
        sys.stdout.write(f"{' '.join(streams)}: {diary.passages} passages, {diary.close()}\n")


if __name__ == "__main__":
    main()
