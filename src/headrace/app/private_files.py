"""Files for their owner's eyes: made with mode 0600, written whole and durably or not at all."""

from __future__ import annotations

import errno
import glob
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headrace.errors import HeadraceError, Refused, Unavailable

_OWNER = 0o600
_BYTES_MAX = 1_000_000
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO)


def read_private(path: Path) -> bytes | None:
    """The content; None where there is no file. Raises `Refused` where others may read it."""
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise Refused(
                    f"{path} holds secrets, but others may read it.", advice=f"chmod 600 {path}"
                )
            return file.read(_BYTES_MAX)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(path, error) from None


def replace_private(path: Path, content: bytes) -> None:
    """Store the content in the place of what was there; durable on return, whole after a crash.

    Raises `Unavailable` for a full disk, `Refused` for missing rights.
    """
    with _written(path, content) as made:
        made.replace(path)


def create_private(path: Path, content: bytes) -> None:
    """Store the content unless there is a file already: whoever comes first wins."""
    with _written(path, content) as made:
        try:
            os.link(made, path)
        except FileExistsError:
            return


def sweep(path: Path) -> None:
    """Remove what killed writers of this file left beside it. For whom nobody writes it beside."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.????????"):
        left.unlink(missing_ok=True)


@contextmanager
def _written(path: Path, content: bytes) -> Iterator[Path]:
    """The content under another name, on disk; after the `with` the folder is on disk too."""
    made = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            yield made
        finally:
            made.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as error:
        raise _unusable(path, error) from None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unusable(path: Path, error: OSError) -> HeadraceError:
    said = f"{path} cannot be used: {error.strerror}."
    if error.errno in _FULL:
        return Unavailable(said, advice="Make room on that disk.")
    return Refused(said, advice="Mend its rights, or name another --state folder.")
