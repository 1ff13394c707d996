"""Writing files so that a crash leaves the old one or the whole new one, and tells of neither."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

PART = ".part"


class Stored(msgspec.Struct, frozen=True):
    """A file in the folder: its path below it with `/`, its size and its SHA-256.

    For a clone, which is a folder: all its bytes, and the digest of its list of references.
    """

    path: str
    bytes: int
    sha256: str


def write_whole(root: Path, path: str, chunks: Iterable[bytes]) -> Stored:
    """Write a file durably in the place of what was there."""
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    part = part_of(target)
    digest, size = hashlib.sha256(), 0
    with part.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
        file.flush()
        os.fsync(file.fileno())
    settle(part, target)
    return Stored(path, size, digest.hexdigest())


def part_of(target: Path) -> Path:
    """Under which name a file is written until it is whole."""
    return target.with_name(f"{target.name}{PART}")


def settle(part: Path, target: Path) -> None:
    """Give a file or folder that is on disk its right name, durably."""
    part.replace(target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def digest_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_whole(root: Path, stored: Stored) -> bool:
    """Whether a file is there as it was written: its size, then its content."""
    path = root / stored.path
    return (
        path.is_file() and path.stat().st_size == stored.bytes and digest_of(path) == stored.sha256
    )
