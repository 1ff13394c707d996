"""The book of a long simulation: which parts of it were played, a JSON line each.

A run of many hours can so be broken off and taken up again, and what it showed is on file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec

import headrace

PART = 10_000


class Part(msgspec.Struct, frozen=True):
    """Seeds from `first` on, how long they took, and which failed.

    `crashed_least`: how often the kill point crashed that did so most seldom. `code`: a digest of
    the package's modules that played them.
    """

    first: int
    seeds: int
    seconds: float
    failed: tuple[int, ...]
    crashed_least: int
    code: str


class SeedBook:
    """The parts in a file; another call with the same file plays what is missing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = path.read_bytes().splitlines() if path.exists() else []
        self.parts = [msgspec.json.decode(line, type=Part) for line in lines]

    def missing(self, seeds: range) -> Iterator[range]:
        """The parts of these seeds that are not on file."""
        done = {(part.first, part.seeds) for part in self.parts}
        for first in seeds[::PART]:
            part = range(first, min(first + PART, seeds.stop))
            if (part.start, len(part)) not in done:
                yield part

    def add(self, part: Part) -> None:
        """Note a part at the end of the file."""
        with self._path.open("ab") as file:
            file.write(msgspec.json.encode(part) + b"\n")
        self.parts.append(part)

    def summary(self) -> str:
        """All parts in one line."""
        seeds = sum(part.seeds for part in self.parts)
        seconds = sum(part.seconds for part in self.parts)
        failed = sum(len(part.failed) for part in self.parts)
        codes = len({part.code for part in self.parts})
        return f"in the book: {seeds} seeds in {seconds:.1f} s, {failed} failed, {codes} codes"


@cache
def code_digest() -> str:
    """A short name for the package's modules as they are now."""
    digest = hashlib.blake2b(digest_size=4)
    folder = Path(headrace.__file__).parent
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
