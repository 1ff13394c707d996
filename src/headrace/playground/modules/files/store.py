"""Files of the team: attachments of issues, pictures in texts, and the addresses that end soon."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

from ...records import Issue
from ...rows import Row

if TYPE_CHECKING:
    from ...team import Team

PREFIX = "/files/"
LIVES_SECONDS = 1800
EVERY = 10  # each tenth issue has a screenshot from the beginning
SHOT_BYTES = 1024
FIRST_ID = 900_000_001
PICTURE, BINARY = 2, 3
_SUFFIXES = (".png", ".jpg", ".gif")


class File(Struct, frozen=True):
    """A file. `project_id` is where it may be asked for."""

    id: int
    project_id: int
    name: str
    content: bytes

    @property
    def etag(self) -> str:
        """Changes with the content."""
        return f'"{blake2b(self.content, digest_size=16).hexdigest()}"'

    def row(self, url: str) -> Row:
        """`IssueFile`."""
        kind = PICTURE if self.name.endswith(_SUFFIXES) else BINARY
        size = len(self.content)
        return {"FileId": self.id, "Name": self.name, "Size": size, "Type": kind, "Url": url}


class Files:
    """All files. `resumable`: the server answers requests for a part of a file."""

    def __init__(self, team: Team) -> None:
        self._team = team
        self._files: dict[int, File] = {}
        self._of_issue: dict[tuple[int, int], list[int]] = {}
        self._pictures: dict[tuple[int, int], list[int]] = {}
        self.resumable = True

    # --- writing -----------------------------------------------------------------------------

    def put(self, project_id: int, name: str, content: bytes) -> int:
        """Keep a file of a project that texts may link to. Returns its id."""
        number = FIRST_ID + len(self._files)
        self._files[number] = File(number, project_id, name, content)
        return number

    def attach(self, project_id: int, code: int, name: str, content: bytes, *, now_ms: int) -> int:
        """Hang a file on an issue, which counts as an update of it. Returns the file's id."""
        number = self.put(project_id, name, content)
        self._of_issue.setdefault((project_id, code), []).append(number)
        self._team.update_issue(project_id, code, now_ms=now_ms)
        return number

    def show(self, project_id: int, code: int, name: str, content: bytes) -> int:
        """Keep a picture of an issue's description. Returns its id, which no address names."""
        number = self.put(project_id, name, content)
        self._pictures.setdefault((project_id, code), []).append(number)
        return number

    # --- reading -----------------------------------------------------------------------------

    def rows_of(self, project_id: int, issue: Issue, now_ms: int) -> list[Row]:
        """`Files` of an issue's detail. The addresses are signed: they change all the time."""
        found = self.of_issue(project_id, issue)
        return [file.row(self.address(file, now_ms)) for file in found]

    def of_issue(self, project_id: int, issue: Issue) -> list[File]:
        """What hangs on an issue."""
        first = [_screenshot(project_id, issue)] if issue.code % EVERY == 0 else []
        added = self._of_issue.get((project_id, issue.code), ())
        return first + [self._files[number] for number in added]

    def pictures_of(self, project_id: int, code: int) -> Sequence[File]:
        """The pictures of an issue's description."""
        return [self._files[number] for number in self._pictures.get((project_id, code), ())]

    def find(self, number: int) -> File | None:
        """The file of this id, as long as its project and issue live."""
        kept = self._files.get(number)
        if kept is not None:
            return kept if kept.project_id in self._team.projects else None
        project = self._team.projects.get(number // 1_000_000)
        issue = project.issues.get(number % 1_000_000) if project else None
        if project is None or issue is None or issue.code % EVERY:
            return None
        return _screenshot(project.id, issue)

    def address(self, file: File, now_ms: int) -> str:
        """Where the file is, for half an hour."""
        ends = now_ms // 1000 + LIVES_SECONDS
        suffix = PurePosixPath(file.name).suffix if file.name.isascii() else ".png"
        sign = _sign(file.id, ends)
        return f"{self._team.served_at}{PREFIX}{file.id}{suffix}?expires={ends}&sign={sign}"

    def at(self, url: str, now_ms: int) -> File | None:
        """The file at an address that is still good; None for any other."""
        parts = urlsplit(url)
        asked = parse_qs(parts.query)
        number = PurePosixPath(parts.path).stem
        ends = asked.get("expires", ["0"])[0]
        if not number.isdecimal() or not ends.isdecimal() or int(ends) < now_ms // 1000:
            return None
        if asked.get("sign") != [_sign(int(number), int(ends))]:
            return None
        return self.find(int(number))


def _screenshot(project_id: int, issue: Issue) -> File:
    head = b"\x89PNG\r\n\x1a\n"
    seed = blake2b(str(issue.id).encode()).digest()
    content = (head + seed * (SHOT_BYTES // len(seed)))[:SHOT_BYTES]
    return File(issue.id, project_id, f"screenshot 截图 {issue.code}.png", content)


def _sign(number: int, ends: int) -> str:
    return blake2b(f"{number} {ends}".encode(), digest_size=16).hexdigest()
