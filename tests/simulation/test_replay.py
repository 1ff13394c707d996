"""A seed plays the same world in every process, whatever seed Python draws for its hashes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

DIARY = Path(__file__).with_name("diary.py")


def test_a_replay_does_not_depend_on_the_seed_of_hashes() -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, str(DIARY)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "2")
    ]
    first, second = (process.communicate()[0].splitlines() for process in processes)
    assert [process.returncode for process in processes] == [0, 0]
    assert first == second
    told = " ".join(first)
    assert all(name in told for name in ("commits", "ci_builds", "merge_requests"))
