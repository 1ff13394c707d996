"""Files so that a crash leaves the old or the whole new one; locks; what errors mean for a person.

Two locks, both released by the system when their holder dies: one process writes a folder, and a
commit does not swap files while a reader that asked for an exact view opens them.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
import pyarrow as pa

from headrace.errors import HeadraceError, Refused, TablesChanged, Unavailable

_POLL_SECONDS = 0.01
_TRY_AGAIN = frozenset(
    {
        errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EAGAIN, errno.EBUSY,
        errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ESTALE, errno.ETIMEDOUT,
    }
)  # fmt: skip
_DAMAGE = (pa.ArrowException, msgspec.MsgspecError, UnicodeDecodeError)


def write_durably(path: Path, content: bytes | memoryview) -> None:
    """Write a file under a name that nobody reads yet, and bring it to the disk."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Bring the names in a folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def errors_told(path: Path) -> Iterator[None]:
    """Turn the system's errors on the folder into ours."""
    try:
        yield
    except OSError as error:
        raise _sorted_error(error, path) from error


def _sorted_error(error: OSError, path: Path) -> HeadraceError:
    said = error.strerror or type(error).__name__
    if error.errno in _TRY_AGAIN:
        return Unavailable(
            f"{path} could not be read or written: {said}.",
            advice="Look for free space, or for too many open files, if it stays so.",
        )
    if isinstance(error, FileNotFoundError):
        return Refused(
            f"{path} is gone, or a part of it.",
            advice="Start the task again: what is missing is made and filled anew.",
        )
    return Refused(
        f"{path} cannot be used: {said}.", advice="Mend its rights, or name another folder."
    )


@contextmanager
def damage_told(table: str, path: Path) -> Iterator[None]:
    """Around reading a table's files: `TablesChanged` if they are not there, or not as written."""
    try:
        yield
    except (*_DAMAGE, OSError) as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.ENOENT):
            raise  # Arrow gives no number when it cannot read a file's content
        raise TablesChanged(
            f"A data file of table {table} in {path} is not as Headrace made it.",
            advice="Start the task again: the table is made and filled anew.",
        ) from error


class WriterLock:
    """One process a folder."""

    def __init__(self, folder: Path, lock: Path) -> None:
        with ExitStack() as stack:
            descriptor = stack.enter_context(_open(lock))
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.read(descriptor, 20).decode(errors="replace").strip()
                raise Refused(
                    f"{folder} is in use by another process{f' (PID {holder})' if holder else ''}.",
                    advice="Close it there and try again.",
                ) from None
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())
            self._held = stack.pop_all()

    def close(self) -> None:
        """Let go of it."""
        self._held.close()


@contextmanager
def shared(lock: Path) -> Iterator[None]:
    """No commit swaps files meanwhile."""
    with _open(lock) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield


@contextmanager
def exclusive(lock: Path, *, seconds_max: float) -> Iterator[None]:
    """Nobody holds the lock `shared`. Raises `Unavailable` when a reader does not let go."""
    give_up_at = time.monotonic() + seconds_max
    with _open(lock) as descriptor:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= give_up_at:
                    raise Unavailable(
                        f"A reader has held {lock} for {seconds_max:g} seconds.",
                        advice="Nothing was changed; let it finish.",
                    ) from None
                time.sleep(_POLL_SECONDS)
        yield


@contextmanager
def _open(lock: Path) -> Iterator[int]:
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
