"""SIGKILL at random moments: what was told as stored is there, whole, and adds up."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from headrace.core.change import Change, Counts, Op
from headrace.mirror.files import connect
from headrace.mirror.inbox import SqliteInbox
from headrace.mirror.soundness import examine
from headrace.mirror.sqlite import SqliteMirror

pytestmark = pytest.mark.long

KILLS = 15
LONGEST_SECONDS = 60
CHILD = """
import random, sys
from pathlib import Path
from headrace.core.ports import Cursor
from headrace.mirror.files import connect
from headrace.mirror.inbox import SqliteInbox
from headrace.mirror.sqlite import SqliteMirror
from headrace.testing.inbox_contract import deliveries
from headrace.testing.mirror_contract import START_MS, gone, page, seen
path, seed = Path(sys.argv[1]), int(sys.argv[2])
dice = random.Random(seed)
mirror, inbox = SqliteMirror(connect(path), now_ms=START_MS), SqliteInbox(connect(path))
number = seed * 1_000_000
while True:
    stamp = mirror.last_stamp() + 1
    mark = mirror.cursor("issues", "1").mark + 1
    keys = dice.sample(range(300), dice.choice((1, 5, 100)))
    sights = [gone(k, at=stamp) if dice.random() < 0.2 else
              seen(k, dice.choice("abc") * dice.choice((1, 999, 9999)), at=stamp) for k in keys]
    mirror.commit(page(*sights, cursor=Cursor(mark=mark)))
    print("mark", mark, flush=True)
    number += 9
    inbox.put(deliveries(*range(number - 9, number)))
    print("hooks", number, flush=True)
"""


def run_and_kill(path: Path, seed: int, lines: int) -> list[tuple[str, int]]:
    """Let a child work until it has said so many lines, and kill it. All that it said."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path), str(seed)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    with child:
        said = [child.stdout.readline() for _ in range(lines)]
        child.kill()
        said += child.stdout.readlines()
    assert child.wait(LONGEST_SECONDS) == -9
    return [(what, int(n)) for what, n in (line.split() for line in said if line.endswith("\n"))]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_again_and_again(tmp_path: Path) -> None:
    path, dice = tmp_path / "team.mirror", random.Random(7)
    for seed in range(1, KILLS + 1):
        said = run_and_kill(path, seed, dice.randrange(1, 60))
        with closing(SqliteMirror(connect(path), now_ms=0)) as mirror:
            assert mirror.store.damages() == []
            found = examine(mirror)
            assert found.problems == [] and found.changes > 0
            marks = [n for what, n in said if what == "mark"]
            assert mirror.cursor("issues", "1").mark in (marks[-1], marks[-1] + 1)
            counters_are_the_log(mirror)
        told = [n for what, n in said if what == "hooks"]
        with closing(SqliteInbox(connect(path))) as inbox:  # Invariant 1
            stored = {int(d.id.removeprefix("delivery-")) for d in inbox.waiting(1_000_000)}
            wanted = set(range(seed * 1_000_000, max(told, default=seed * 1_000_000)))
            own = {n for n in stored if n >= seed * 1_000_000}
            assert own >= wanted and len(own) % 9 == 0


def counters_are_the_log(mirror: SqliteMirror) -> None:
    """Invariant 9: nothing was pruned, so they are equal."""
    logged = Counts()
    for change in whole_log(mirror):
        logged.inserted += change.op in (Op.READ, Op.INSERT)
        logged.updated += change.op is Op.UPDATE
        logged.deleted += change.op is Op.DELETE
    told = mirror.counts()["issues"]
    assert (told.inserted, told.updated, told.deleted) == (
        logged.inserted, logged.updated, logged.deleted,
    )  # fmt: skip


def whole_log(mirror: SqliteMirror) -> Iterator[Change]:
    """Part by part: one answer has a limit."""
    after = 0
    while part := mirror.log(after, 10_000):
        yield from part
        after = part[-1].offset
