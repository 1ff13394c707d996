"""The book of a long simulation: broken off and taken up again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from headrace.testing.seed_book import Part, SeedBook

pytestmark = pytest.mark.long


def test_what_is_noted_is_not_played_again(tmp_path: Path) -> None:
    book = SeedBook(tmp_path / "book.jsonl")
    assert list(book.missing(range(1, 25_001))) == [
        range(1, 10_001), range(10_001, 20_001), range(20_001, 25_001),
    ]  # fmt: skip
    book.add(Part(10_001, 10_000, 257.0, (17_000,), 320, "0a1b2c3d"))
    book.add(Part(20_001, 5_000, 128.5, (), 160, "0a1b2c3d"))
    again = SeedBook(tmp_path / "book.jsonl")
    assert again.parts == book.parts
    assert list(again.missing(range(1, 25_001))) == [range(1, 10_001)]
    assert list(again.missing(range(1, 30_001))) == [range(1, 10_001), range(20_001, 30_001)]
    assert again.summary() == "in the book: 15000 seeds in 385.5 s, 1 failed, 1 codes"


def test_the_command_fills_the_book_once(tmp_path: Path) -> None:
    path = tmp_path / "book.jsonl"
    command = [sys.executable, "-m", "headrace.testing.simulate", "--seeds", "30", "--book", path]
    said = [
        subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2)
    ]
    [part] = SeedBook(path).parts
    assert (part.first, part.seeds, part.failed) == (1, 30, ()) and part.seconds > 0
    assert "30 seeds in " in said[0] and said[1].startswith("in the book: 30 seeds in ")
