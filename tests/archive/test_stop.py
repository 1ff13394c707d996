"""An archive that is stopped or killed half-way goes on where it was."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from headrace.archive.journal import JOURNAL
from headrace.core.transport import Request, Response

from ..cli.conftest import Running
from .conftest import FEW, Archive, World, needs_git, shop_of

pytestmark = needs_git
FILES = 12
Start = Callable[..., Running]


def hang_on(world: World, files: int) -> None:
    """Hang files on the shop's first issue."""
    shop = shop_of(world)
    for number in range(files):
        world.team.files.attach(
            shop.id, shop.codes()[0], f"{number}.bin", bytes(1000), now_ms=world.now_ms()
        )


def pausing(world: World, after: int) -> tuple[Event, Event]:
    """The server stands still at a file: (that it does, let it go on)."""
    playground, before = world.playground, world.playground.send
    reached, free = Event(), Event()
    served: list[str] = []

    def send(request: Request) -> Response:
        if request.method == "GET" and "/files/" in request.url:
            served.append(request.url)
            if len(served) > after:
                reached.set()
                free.wait(30)
        return before(request)

    playground.send = send  # type: ignore[method-assign]
    return reached, free


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_what_is_done_stays(
    archive: Archive, world: World, start: Start, tmp_path: Path, number: signal.Signals
) -> None:
    hang_on(world, FILES)
    reached, free = pausing(world, after=5)
    running = start("archive", *world.at, "--to", "kept", *FEW, "--json", "--parallel", "1")
    assert reached.wait(30)
    running.process.send_signal(number)
    free.set()
    ran = running.end()
    if number == signal.SIGKILL:
        assert ran.code == -number
    else:
        assert ran.code == 128 + number, (ran.out, ran.err)
        assert ran.document["stopped"] is True
    lines = (tmp_path / "kept" / JOURNAL).read_bytes().splitlines()
    done = sum(b'"stored"' in line for line in lines if line.endswith(b"}"))
    assert 5 <= done < FILES
    assert not (tmp_path / "kept" / "manifest.json").exists()
    archive("--no-read", code=0)
    fetched = [url for url in archive.fetched if "/files/" in url]
    assert len(fetched) == FILES - done
    assert json.loads((tmp_path / "kept" / "manifest.json").read_bytes())["complete"] is True


def test_only_one_at_a_time(archive: Archive, world: World, start: Start) -> None:
    hang_on(world, 1)
    reached, free = pausing(world, after=0)
    running = start("archive", *world.at, "--to", "kept", *FEW, "--json")
    assert reached.wait(30)
    ran = archive(code=2)
    assert "in use" in ran.err
    free.set()
    tally = running.end().document["kinds"]["attachments"]
    assert (tally["mirror"], tally["archive"]) == (1, 1)
