"""Fetching one file: through a fresh temporary address, resumed where it broke off, then checked.

A file counts when its size is what the server and the mirror say, and it is on disk under its name.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from random import Random
from typing import BinaryIO, Protocol
from urllib.parse import unquote, urlsplit

from headrace.archive.contents import WantedFile
from headrace.archive.durable import Stored, part_of, settle
from headrace.archive.journal import Begun, Journal
from headrace.core.clock import Clock
from headrace.core.retry import RetryPolicy
from headrace.core.transport import Downloads, Request, Streamed
from headrace.errors import NotFound, NotPermitted, Refused, Stopped, Unavailable

FILE_BYTES_MAX = 2 * 1024**3
ATTEMPT_SECONDS_MAX = 3600
_NOTE_BYTES = 64 * 1024**2
_URL = re.compile(r"https?://[!-~]{1,8000}")
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")


class Addresses(Protocol):
    """Asks CODING for temporary addresses. Raises `NotFound`, `NotPermitted`, `Unavailable`."""

    def of_file(self, project: str, file_id: int) -> str:
        """The address of a file."""
        ...

    def of_pictures(self, project: str, issue_code: int) -> list[str]:
        """The addresses of the pictures in an issue's description."""
        ...


@dataclass(frozen=True, slots=True)
class Downloader:
    """Fetches files into the folder `root`. Thread-safe.

    `plain_http`: the connection itself is not encrypted, so its files need not be. Any larger file
    than `bytes_max` is refused.
    """

    root: Path
    journal: Journal
    addresses: Addresses
    downloads: Downloads
    clock: Clock
    plain_http: bool = False
    bytes_max: int = FILE_BYTES_MAX
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    dice: Random = field(default_factory=Random)

    def fetch(self, wanted: WantedFile, project: str, path: str) -> Stored:
        """The file under `path` (and the suffix of its address, if it has none itself).

        Raises `Refused`, `NotFound`, `NotPermitted` and, after the last attempt, `Unavailable`.
        """
        key = f"{wanted.kind} {wanted.key}"
        self._check_size(wanted.size or 0)
        attempt = 0
        while True:
            attempt += 1
            try:
                address = self._checked(self._address(wanted, project))
                return self._attempt(wanted, key, address, path)
            except Unavailable as error:
                spread = self.dice.random()
                wait = self.retry.wait_seconds(
                    attempt, asked=error.retry_after_seconds, spread=spread
                )
                if wait is None:
                    raise
                self.clock.sleep(wait)

    def _address(self, wanted: WantedFile, project: str) -> str:
        if wanted.file_id:
            return self.addresses.of_file(project, wanted.file_id)
        place, count = wanted.picture
        if not wanted.issue or place < 0:
            raise NotFound("CODING's document has no Action that gives this file.")
        found = self.addresses.of_pictures(project, wanted.issue)
        if len(found) != count:
            raise NotFound(f"CODING gave {len(found)} addresses for {count} pictures.")
        return found[place]

    def _checked(self, address: str) -> str:
        if not _URL.fullmatch(address) or "@" in address.split("/", 3)[2]:
            raise Refused("CODING gave no usable address for it.")
        if address.startswith("http://") and not self.plain_http:
            return f"https{address.removeprefix('http')}"  # the document shows plain addresses
        return address

    def _attempt(self, wanted: WantedFile, key: str, address: str, path: str) -> Stored:
        """One request for what is missing yet; a second one where that cannot be joined."""
        suffix = "" if PurePosixPath(path).suffix else _suffix_of(address)
        target = self.root / f"{path}{suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        part = part_of(target)
        try:
            got = self._resumed(key, address, part) or self._whole(key, address, part)
            stored = Stored(f"{path}{suffix}", *got)
            if wanted.size is not None and stored.bytes != wanted.size:
                raise Refused(f"It has {stored.bytes:,} bytes; CODING's list says {wanted.size:,}.")
        except Refused:
            part.unlink(missing_ok=True)
            raise
        settle(part, target)
        self.journal.finish(key, stored)
        return stored

    def _whole(self, key: str, address: str, part: Path) -> tuple[int, str]:
        with self.downloads.stream(Request("GET", address)) as answer:
            _check_status(answer)
            if self.journal.begun(key).bytes:
                self.journal.note(key, Begun())
            with part.open("w+b") as file:
                return self._receive(key, answer, file, 0)

    def _resumed(self, key: str, address: str, part: Path) -> tuple[int, str] | None:
        """Ask for the rest only; None where nothing is there, or the answer does not join it."""
        begun = self.journal.begun(key)
        there = part.stat().st_size if part.exists() else 0
        if not begun.etag or not 0 < begun.bytes <= there:
            return None
        request = Request("GET", address, {"Range": f"bytes={begun.bytes}-"})
        with self.downloads.stream(request) as answer:
            found = _RANGE.fullmatch(answer.headers.get("content-range", ""))
            joins = found is not None and int(found[1]) == begun.bytes
            if answer.status != 206 or not joins or answer.headers.get("etag") != begun.etag:
                return None
            with part.open("r+b") as file:
                file.truncate(begun.bytes)
                return self._receive(key, answer, file, begun.bytes)

    def _receive(self, key: str, answer: Streamed, file: BinaryIO, have: int) -> tuple[int, str]:
        """Write what comes in behind the `have` bytes there. Returns the size and the digest."""
        digest = hashlib.sha256()
        for chunk in iter(lambda: file.read(_NOTE_BYTES), b""):
            digest.update(chunk)
        told = answer.headers.get("content-length", "")
        self._check_size(have + int(told) if told.isdecimal() else 0)
        size = noted = have
        try:
            for chunk in self._timed(answer.chunks):
                file.write(chunk)
                digest.update(chunk)
                size += len(chunk)
                self._check_size(size)
                if size - noted >= _NOTE_BYTES:
                    noted = self._note(key, answer, file, size)
        except (Unavailable, Stopped):
            self._note(key, answer, file, size)
            raise
        file.flush()
        os.fsync(file.fileno())
        return size, digest.hexdigest()

    def _note(self, key: str, answer: Streamed, file: BinaryIO, size: int) -> int:
        """So far a later attempt, or a later run, can go on."""
        file.flush()
        os.fsync(file.fileno())
        self.journal.note(key, Begun(answer.headers.get("etag", ""), size))
        return size

    def _timed(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The chunks, as long as nobody stops and the time lasts."""
        ends_ms = self.clock.now_ms() + ATTEMPT_SECONDS_MAX * 1000
        for chunk in chunks:
            self.clock.sleep(0)
            if self.clock.now_ms() > ends_ms:
                raise Unavailable("It took too long.")
            yield chunk

    def _check_size(self, size: int) -> None:
        if size > self.bytes_max:
            raise Refused(
                f"It has more than the {self.bytes_max:,} bytes that a file may have.",
                advice="Raise --file-size-max.",
            )


def _check_status(answer: Streamed) -> None:
    if answer.status == 200:
        return
    said = f"Its server answered HTTP {answer.status}."
    if answer.status == 429 or answer.status >= 500:
        raise Unavailable(said)
    raise NotFound(said) if answer.status in (404, 410) else NotPermitted(said)


def _suffix_of(address: str) -> str:
    """The suffix (.png) of the file's name in an address, "" for none."""
    found = PurePosixPath(unquote(urlsplit(address).path)).suffix
    return found if _SUFFIX.fullmatch(found) else ""
