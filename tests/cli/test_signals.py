"""A signal may come between any two steps of the main thread."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent

import pytest

ROUNDS = 1500
PROGRAM = dedent("""
    import random, signal, sys
    from headrace.app.system import SystemClock
    from headrace.cli import signals
    from headrace.errors import Stopped

    signals._SIGNALS = (signal.SIGALRM,)  # the one that can be set to come so soon
    for _ in range(int(sys.argv[1])):
        clock = SystemClock()
        with signals.stopped_by_signals(clock.stop) as received:
            signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-5, 3e-4))
            try:
                while True:
                    clock.sleep(1e-6)
            except Stopped:
                assert received == [signal.SIGALRM]
""")


@pytest.mark.long
def test_the_thread_that_sleeps_never_waits_for_itself() -> None:
    program = [sys.executable, "-c", PROGRAM, str(ROUNDS)]
    ended = subprocess.run(program, timeout=100, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
