"""An archive of one connection, wired: its session, its mirror, the ways to files and depots."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from headrace.app.place import open_transport
from headrace.app.session import Session
from headrace.app.system import SystemClock
from headrace.archive.depots import Depots
from headrace.archive.download import FILE_BYTES_MAX, Downloader
from headrace.archive.git import find_git
from headrace.archive.journal import Journal
from headrace.archive.manifest import Manifest
from headrace.archive.run import FILES_PARALLEL, Archive, Gap, Watch
from headrace.coding.address import base_url
from headrace.coding.file_addresses import FileAddresses
from headrace.coding.git_access import GitAccess
from headrace.coding.streams import CATALOGUE, DEFAULTS
from headrace.config import ConnectionSettings
from headrace.core.ports import Cursor
from headrace.core.retry import RetryPolicy
from headrace.core.stream import Strategy, Stream
from headrace.engine.capture import Watch as WatchReading
from headrace.engine.scopes import ScopeTree
from headrace.errors import BadToken, HeadraceError, Unavailable

# Without these nobody knows what there is of a part.
_NEEDED = {
    "files": ("issues", "issue_details", "issue_comments"),
    "wiki": ("wiki_pages", "wiki_contents"),
    "depots": ("depots", "branches"),
}

_TOLD_MAX = 1000


@dataclass(frozen=True, slots=True)
class Wishes:
    """How an archive is made. `streams`: names or patterns of the tables wanted, empty for all.

    `read`: read the team first; else what the mirror holds is archived. `file_bytes_max`: larger
    files are left out, and the parts (see `archive.run.PARTS`) named in `without`. `parallel`:
    downloads side by side. `git_user`, `git_hosts`: see `coding.git_access`.
    """

    streams: Sequence[str] = ()
    read: bool = True
    without: Sequence[str] = ()
    file_bytes_max: int = FILE_BYTES_MAX
    parallel: int = FILES_PARALLEL
    git_user: str = ""
    git_hosts: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Archived:
    """An archive as it is now, and all that is missing in it."""

    folder: Path
    manifest: Manifest

    def as_dict(self) -> dict[str, Any]:
        """For `--json`. What is missing is told up to 1000 times; all of it is in the manifest."""
        missing = self.manifest.missing
        return {
            "complete": self.manifest.complete,
            "folder": str(self.folder),
            "kinds": {
                kind: {"mirror": t.mirror, "archive": t.archive, "bytes": t.bytes}
                for kind, t in self.manifest.tallies.items()
            },
            "missing_total": len(missing),
            "missing": [
                {"kind": m.kind, "key": m.key, "name": m.name, "reason": m.reason}
                for m in missing[:_TOLD_MAX]
            ],
        }


def archive(
    settings: ConnectionSettings,
    folder: Path,
    *,
    state: Path,
    wishes: Wishes | None = None,
    clock: SystemClock | None = None,
    watch_reading: WatchReading = lambda _stream, _kind, _counts, _expected: None,
    watch: Watch = lambda _kind, _done, _total: None,
) -> Archived:
    """Make the archive of a connection in `folder`, or bring it up to date.

    Raises `Refused` for a folder that holds something else, a wrong token or project, and
    `Unavailable` when CODING does not answer at all or the folder cannot be written.
    """
    wishes = wishes or Wishes()
    clock = clock or SystemClock()
    names = [*(wishes.streams or (s.name for s in DEFAULTS)), *_needed(wishes)]
    with ExitStack() as stack:
        session = stack.enter_context(
            Session(settings, (), state=state, streams=names, clock=clock, watch=watch_reading)
        )
        session.open()
        with _writing(folder):
            journal = stack.enter_context(closing(Journal(folder, _whose(settings))))
        failures = _read(session) if wishes.read else []
        wired = _wired(settings, folder, wishes, session, journal, stack)
        gaps = [*failures, *gaps_of(session)]
        with _writing(folder):
            return Archived(folder, replace(wired, gaps=gaps, watch=watch).run())


def _wired(
    settings: ConnectionSettings, folder: Path, wishes: Wishes, session: Session,
    journal: Journal, stack: ExitStack,
) -> Archive:  # fmt: skip
    address = base_url(team=settings.team, url=settings.url)
    access = GitAccess(session.client, address, user=wishes.git_user, hosts=wishes.git_hosts)
    files = Downloader(
        folder, journal, FileAddresses(session.client), open_transport(settings, stack),
        session.clock, plain_http=address.startswith("http:"), bytes_max=wishes.file_bytes_max,
        retry=RetryPolicy(attempts=settings.attempts),
    )  # fmt: skip
    depots = Depots(folder, journal, access, session.clock, find_git())
    wanted = {stream.name for stream in session.streams}
    tables = [s for s in CATALOGUE if s.name in wanted or session.mirror.count(s.name)]
    return Archive(
        folder, journal, session.mirror, files, depots, session.clock,
        team=settings.team or address, host=urlsplit(address).netloc, streams=tables,
        without=wishes.without, parallel=wishes.parallel,
    )  # fmt: skip


def gaps_of(session: Session) -> Iterator[Gap]:
    """The places that the mirror does not hold, or no longer sees, and the reason."""
    tree = ScopeTree(CATALOGUE, session.mirror)
    for stream in session.streams:
        cursors = session.mirror.cursors(stream.name)
        for place in tree.places(stream):
            if why := _why_gap(stream, cursors.get(place.key, Cursor())):
                yield Gap(stream.name, place.key, why)


def _why_gap(stream: Stream, cursor: Cursor) -> str:
    if cursor.state:
        return f"CODING does not show it: {cursor.reason}"
    if not cursor.snapshot_done:
        return "It has not been read to its end."
    if cursor.open and stream.strategy is Strategy.CHILDREN:
        return f"{len(cursor.open)} parents could not be read."
    return ""


def _read(session: Session) -> list[Gap]:
    """Read the team; what fails is told, as long as anything could be read."""
    try:
        session.once()
    except BadToken:
        raise
    except HeadraceError:
        if not session.report.counts:
            raise
    found = session.report.failures.items()
    return [Gap(stream, place, str(failure.error)) for (stream, place), failure in found]


def _needed(wishes: Wishes) -> list[str]:
    parts = [names for part, names in _NEEDED.items() if part not in wishes.without]
    return ["projects", *(name for names in parts for name in names)]


def _whose(settings: ConnectionSettings) -> str:
    """One folder is of one connection and its chosen projects."""
    address = base_url(team=settings.team, url=settings.url)
    return " ".join([address, *sorted(settings.projects)])


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(
            f"{folder} cannot be written: {error.strerror or type(error).__name__}.",
            advice="Make room or mend its rights, and run again: what is done stays.",
        ) from None
