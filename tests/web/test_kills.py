"""Invariant 1: whatever got 200 is in the file, however the receiver's process ends."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from threading import Event, Lock

import pytest
import urllib3

from headrace.coding.hook_secrets import signature_of
from headrace.mirror.files import connect
from headrace.mirror.inbox import SqliteInbox

from .conftest import SECRETS

pytestmark = pytest.mark.long

KILLS = int(os.environ.get("HEADRACE_KILLS", "10"))
SENDERS = 8
RECEIVER = """
import sys
from pathlib import Path
from headrace.app import SystemClock
from headrace.coding.hook_secrets import HookSecrets
from headrace.mirror.files import connect
from headrace.mirror.inbox import SqliteInbox
from headrace.web.server import HookServer

path, url_secret, token = sys.argv[1:]
inbox = SqliteInbox(connect(Path(path)))
server = HookServer(inbox, HookSecrets(url_secret, (token,)), SystemClock(), listen="127.0.0.1:0")
print(server.port, flush=True)
sys.stdin.read()
"""


class Load:
    """Sends until its receiver is gone; remembers what was answered with 200."""

    def __init__(self, kill: int, port: int, enough: int) -> None:
        self.acknowledged: list[str] = []
        self.enough = Event()
        self._kill = kill
        self._wanted = enough
        self._url = f"http://127.0.0.1:{port}/hooks/{SECRETS.url_secret}"
        self._lock = Lock()

    def run(self, sender: int) -> None:
        with (
            urllib3.PoolManager(retries=False, timeout=20) as pool,
            suppress(urllib3.exceptions.HTTPError),
        ):
            for number in range(100_000):
                known = f"{self._kill}-{sender}-{number}"
                body = b'{"event":"ISSUE_UPDATED","id":"' + known.encode() + b'"}'
                headers = {
                    "x-coding-delivery": known,
                    "x-coding-signature": signature_of(SECRETS.tokens[0], body),
                }
                if pool.request("POST", self._url, body=body, headers=headers).status == 200:
                    with self._lock:
                        self.acknowledged.append(known)
                        if len(self.acknowledged) >= self._wanted:
                            self.enough.set()


def test_nothing_that_got_200_is_missing_after_sigkill(tmp_path: Path) -> None:
    path, dice = tmp_path / "inbox.db", random.Random(7)
    acknowledged: list[str] = []
    for kill in range(KILLS):
        acknowledged += _one_kill(path, kill, dice.randrange(1, 400))
    with closing(SqliteInbox(connect(path))) as inbox:
        stored = {one.id for one in inbox.list(limit=1_000_000)}
    assert len(acknowledged) > KILLS * 20
    assert set(acknowledged) - stored == set()


def _one_kill(path: Path, kill: int, enough: int) -> list[str]:
    arguments = [sys.executable, "-c", RECEIVER, str(path), SECRETS.url_secret, SECRETS.tokens[0]]
    with subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        load = Load(kill, int(process.stdout.readline()), enough)
        with ThreadPoolExecutor(SENDERS) as pool:
            for sender in range(SENDERS):
                pool.submit(load.run, sender)
            reached = load.enough.wait(30)
            process.send_signal(signal.SIGKILL)
        if not reached:
            pytest.fail("the receiver was too slow to be killed under load")
    return load.acknowledged
