"""Who may do what with a data folder: one server runs on it; nobody uses its key while it changes.

Locks are the system's: it releases them when their holder dies.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headrace.errors import Refused
from headrace.mirror.files import MirrorLock

LOCK_FILE, KEY_LOCK_FILE = "serve.lock", "key.lock"


def lock_server(data: Path) -> MirrorLock:
    """What a platform that has started holds: its agent is the only one on this data folder."""
    try:
        return MirrorLock(data / LOCK_FILE)
    except Refused:
        raise Refused(
            f"Another `headrace serve` runs on {data}.",
            advice="Stop that one first, or give this one a --data folder of its own.",
        ) from None


@contextmanager
def lock_key(data: Path, *, change: bool = False) -> Iterator[None]:
    """Use the key, beside others; or change it, alone. Raises `Refused` where others stand in the
    way."""
    path = data / KEY_LOCK_FILE
    with path.open("a") as file:
        try:
            fcntl.flock(file, (fcntl.LOCK_EX if change else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(
                f"Another command uses the key of {data}." if change
                else f"The key of {data} is being changed.",
                advice="Wait until it has ended, then try again.",
            ) from None  # fmt: skip
        yield
