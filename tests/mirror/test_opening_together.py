"""A mirror that several open while it is being made."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from headrace.mirror.urls import open_mirror

AT_ONCE, ROUNDS = 8, 10


def test_who_looks_while_it_is_made_finds_a_mirror(tmp_path: Path) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for number in range(ROUNDS):
            together = threading.Barrier(AT_ONCE)
            (tmp_path / f"m{number}.mirror").touch()

            def opened(number: int = number, together: threading.Barrier = together) -> int:
                together.wait()
                mirror = open_mirror(tmp_path, f"m{number}", 1_795_000_000_000, lock=False)
                head = mirror.head()
                mirror.close()
                return head

            heads = [one.result() for one in [pool.submit(opened) for _ in range(AT_ONCE)]]
            assert set(heads) == {1_795_000_000_000_000}
