"""Progress: bars where a person watches, nothing that moves otherwise."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from headrace.playground import DEFAULT_TOKEN

from .conftest import LONGEST_SECONDS, Headrace, living

ONCE = ("--to", "memory:", "--stream", "issues", "--once")
SMALL_PAGES = {"DescribeIssueListWithPage": 20}


def test_bars_on_a_terminal_and_a_clean_stdout(tmp_path: Path) -> None:
    with living(issues=200, projects=1, page_size_max=SMALL_PAGES) as world:
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "headrace", "sync", *world.at, *ONCE],
            cwd=tmp_path, stdout=subprocess.PIPE, stderr=theirs, text=True,
            env={"CODING_TOKEN": DEFAULT_TOKEN, "TERM": "xterm", "PYTHONUTF8": "1"},
        )  # fmt: skip
        os.close(theirs)
        drawn = b""
        with suppress(OSError):  # a terminal whose other side is closed ends like this
            while part := os.read(ours, 4096):
                drawn += part
        os.close(ours)
        out, _ = process.communicate(timeout=LONGEST_SECONDS)
    assert process.returncode == 0
    assert "━" in drawn.decode() and "issues" in drawn.decode()
    assert "\x1b" not in out


def test_nothing_moves_without_a_terminal(headrace: Headrace) -> None:
    with living(issues=200, projects=1, page_size_max=SMALL_PAGES) as world:
        ran = headrace("sync", *world.at, *ONCE)
    assert (ran.code, ran.err) == (0, "")
    assert "\x1b" not in ran.out
