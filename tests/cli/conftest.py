"""A look-alike team on a real port, and the program, in this process or in one of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Timer
from typing import Any

import pytest

from headrace.app import SystemClock
from headrace.cli import run
from headrace.core.transport import Request, Response
from headrace.playground import DEFAULT_TOKEN, Playground, Server, Settings, Team, serve

LONGEST_SECONDS = 60
QUICK = ("projects", "iterations", "issues")  # streams that need few calls


class WatchedPlayground(Playground):
    """Sets `reached` at the given number of calls of an Action."""

    wanted: tuple[str, int] = ("", 0)
    reached: Event

    def send(self, request: Request) -> Response:
        response = super().send(request)
        action, times = self.wanted
        if action and self.calls[action] >= times:
            self.reached.set()
        return response

    def watch(self, action: str, times: int) -> Event:
        self.reached = Event()
        self.wanted = (action, times)
        return self.reached


@dataclass
class World:
    """The team, its server, and how to name both on the command line."""

    server: Server
    playground: WatchedPlayground
    team: Team

    @property
    def at(self) -> tuple[str, str]:
        return ("--url", self.server.url)

    def now_ms(self) -> int:
        return self.playground.clock.now_ms()

    def first(self, table: str) -> tuple[Any, ...]:
        return next(iter(self.team.rows(table)))


@contextmanager
def living(issues: int = 30, projects: int = 2, **settings: Any) -> Iterator[World]:
    """A team that stands still until a test moves it."""
    clock = SystemClock()
    team = Team(5, projects, issues, clock.now_ms())
    playground = WatchedPlayground(team, clock, settings=Settings(**settings))
    with serve(playground, deliver_hooks=False) as server:
        yield World(server, playground, team)


@pytest.fixture
def world() -> Iterator[World]:
    with living() as one:
        yield one


@dataclass(frozen=True)
class Ran:
    """How a run of the program ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout."""
        lines = self.out.splitlines()
        assert len(lines) == 1, self.out
        parsed: dict[str, Any] = json.loads(lines[0])
        return parsed


Headrace = Callable[..., Ran]


@pytest.fixture
def headrace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Headrace:
    """Run the program in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CODING_TOKEN", DEFAULT_TOKEN)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)

    def call(*args: str) -> Ran:
        capsys.readouterr()
        code = run(args)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return call


class Running:
    """The program in a process of its own; killed when it takes too long."""

    def __init__(self, folder: Path, *args: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "headrace", *args],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={"CODING_TOKEN": DEFAULT_TOKEN, "PATH": "", "PYTHONUTF8": "1"},
        )  # fmt: skip
        self._watchdog = Timer(LONGEST_SECONDS, self.process.kill)
        self._watchdog.start()

    def changes(self, stream: str, **totals: int) -> None:
        """Read `changes` events of a stream until their sums are these, in whatever steps."""
        left = Counter(totals)
        while left:
            event = self.event("changes", stream=stream)
            left = +Counter({name: left[name] - event.get(name, 0) for name in left})

    def event(self, wanted: str, **values: Any) -> dict[str, Any]:
        """The next JSON line of this kind with these values."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            event: dict[str, Any] = json.loads(line)
            if event["event"] == wanted and values.items() <= event.items():
                return event
        _, err = self.process.communicate()
        raise AssertionError(f"ended before {wanted}: {err}")

    def stop(self, number: int) -> Ran:
        """Send a signal and wait for the end."""
        self.process.send_signal(number)
        return self.end()

    def end(self) -> Ran:
        out, err = self.process.communicate()
        self._watchdog.cancel()
        return Ran(self.process.returncode, out, err)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Start the program in a process of its own, in the same folder as `headrace`."""
    started: list[Running] = []

    def launch(*args: str) -> Running:
        started.append(Running(tmp_path, *args))
        return started[-1]

    yield launch
    for running in started:
        running.process.kill()
        running.end()
