"""What is done: one line for each file begun and each file finished, so that a later run goes on.

A line is on disk before the run goes on to the next file. A last line that a crash tore is dropped.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

import msgspec

from headrace.archive.durable import Stored, sync_folder
from headrace.errors import Refused

JOURNAL = "journal.jsonl"
_FORMAT = 1


class Begun(msgspec.Struct, frozen=True):
    """A download under way: which content (the server's ETag), how many bytes are on the disk."""

    etag: str = ""
    bytes: int = 0


class _Line(msgspec.Struct, omit_defaults=True):
    """`team`: the first line, whose archive this is. `begun`: how far a download is. `stored`: it
    is done."""

    key: str = ""
    team: str = ""
    format: int = 0
    begun: Begun | None = None
    stored: Stored | None = None


class Journal:
    """The journal of a folder. Thread-safe."""

    def __init__(self, root: Path, team: str) -> None:
        """Open or begin it. Raises `Refused` for a folder that holds something else."""
        self._path = root / JOURNAL
        self._lock = threading.Lock()
        self._done: dict[str, Stored] = {}
        self._begun: dict[str, Begun] = {}
        root.mkdir(parents=True, exist_ok=True)
        if self._path.exists():
            self._load(team)
        elif any(root.iterdir()):
            raise Refused(
                f"{root} is not empty and holds no archive.", advice="Name another folder."
            )
        self._file = self._path.open("ab")
        if not self._path.stat().st_size:
            self._append(_Line(team=team, format=_FORMAT))
            sync_folder(root)

    def done(self, key: str) -> Stored | None:
        """The file that was stored for this key, by what the journal says."""
        return self._done.get(key)

    def begun(self, key: str) -> Begun:
        """How far a download is that was not finished."""
        return self._begun.get(key, Begun())

    def note(self, key: str, begun: Begun) -> None:
        """A download is that far, on disk."""
        self._begun[key] = begun
        self._append(_Line(key=key, begun=begun))

    def finish(self, key: str, stored: Stored) -> None:
        """The file stands under its name, on disk."""
        if self._done.get(key) == stored:
            return
        self._done[key] = stored
        self._append(_Line(key=key, stored=stored))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _append(self, line: _Line) -> None:
        with self._lock:
            self._file.write(msgspec.json.encode(line) + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())

    def _load(self, team: str) -> None:
        content = self._path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        decoder = msgspec.json.Decoder(_Line)
        try:
            lines = [decoder.decode(line) for line in whole.splitlines()]
        except msgspec.DecodeError:
            raise Refused(
                f"{self._path} is damaged.", advice="Delete it: all is fetched again."
            ) from None
        if lines and (lines[0].format, lines[0].team) != (_FORMAT, team):
            raise Refused(
                f"{self._path.parent} holds the archive of another team or version.",
                advice="Name another folder.",
            )
        for line in lines[1:]:
            if line.stored is not None:
                self._done[line.key] = line.stored
            elif line.begun is not None:
                self._begun[line.key] = line.begun
        if len(whole) < len(content):
            os.truncate(self._path, len(whole))
