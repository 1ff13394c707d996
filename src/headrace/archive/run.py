"""One run: tables, files, wiki pages, depots, pages, manifest, in this order, and what is missing.

A thing that cannot be had is noted with its reason and the run goes on; a run that breaks off goes
on where it was the next time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from posixpath import relpath
from typing import Protocol, TypeVar
from urllib.parse import quote

from headrace.archive.contents import (
    Project,
    WantedDepot,
    WantedFile,
    attachments_of,
    depots_of,
    linked_files_of,
    projects_of,
    wiki_pages_of,
)
from headrace.archive.depots import Clone, Depots
from headrace.archive.download import Downloader
from headrace.archive.durable import Stored, is_whole, write_whole
from headrace.archive.journal import Journal
from headrace.archive.links import files_in
from headrace.archive.manifest import MANIFEST, Item, Manifest, Missing
from headrace.archive.names import safe_name, shown
from headrace.archive.pages import INDEX, index_page, project_page
from headrace.archive.parallel import results
from headrace.archive.tables import write_rejects, write_table
from headrace.archive.wiki import write_page
from headrace.core.clock import Clock
from headrace.core.ports import Mirror
from headrace.core.stream import Stream
from headrace.errors import BadToken, Bug, HeadraceError, Refused


class Wanted(Protocol):
    """A thing to be fetched."""

    @property
    def key(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def project(self) -> int: ...


T = TypeVar("T")
W = TypeVar("W", bound=Wanted)
Watch = Callable[[str, int, int], None]
PARTS = ("files", "wiki", "depots")
FILES_PARALLEL = 4
DEPOTS_PARALLEL = 2


@dataclass(frozen=True, slots=True)
class Gap:
    """A place of a stream that the mirror does not hold, and why."""

    stream: str
    place: str
    reason: str


@dataclass(slots=True)
class Archive:
    """Writes one archive. `team` is shown, `host` is where the team's own links lead.

    `streams`: those whose tables are written. `without`: parts (of `PARTS`) that are left out.
    `watch` hears of each kind how many of how many are dealt with.
    """

    root: Path
    journal: Journal
    mirror: Mirror
    files: Downloader
    depots: Depots
    clock: Clock
    team: str
    host: str
    streams: Sequence[Stream]
    gaps: Sequence[Gap] = ()
    without: Collection[str] = ()
    parallel: int = FILES_PARALLEL
    watch: Watch = lambda _kind, _done, _total: None
    manifest: Manifest = field(default_factory=Manifest)
    _projects: dict[int, Project] = field(default_factory=dict)
    _folders: dict[int, str] = field(default_factory=dict)
    _local: dict[tuple[int, int], str] = field(default_factory=dict)

    def run(self) -> Manifest:
        """Write all of it. Raises `BadToken`, and `OSError` when the folder cannot be written."""
        self._projects = projects_of(self.mirror)
        self._folders = {p.id: self._folder_of(p) for p in self._projects.values()}
        self._write_tables()
        steps = (self._fetch_files, self._write_wiki, self._clone_depots)
        for part, step in zip(PARTS, steps, strict=True):
            if part not in self.without:
                step()
        self._write_pages()
        return self.manifest

    # --- tables --------------------------------------------------------------------------------

    def _write_tables(self) -> None:
        for place, stream in enumerate(self.streams):
            self.watch("tables", place, len(self.streams))
            count = self.mirror.count(stream.name)
            self.manifest.expect("tables", count)
            stored, rows = write_table(self.root, self.mirror, stream.name, self.clock)
            item = Item(
                kind="tables", key=stream.name, name=stream.name, files=(stored,), count=rows
            )
            self.manifest.add(item, rows)
        self.watch("tables", len(self.streams), len(self.streams))
        write_rejects(self.root, self.mirror)
        for gap in self.gaps:
            self._miss("tables", f"{gap.stream} {gap.place}", gap.stream, gap.reason)

    # --- files ---------------------------------------------------------------------------------

    def _fetch_files(self) -> None:
        known: set[str] = set()
        for kind, found in (
            ("attachments", attachments_of(self.mirror)),
            ("linked_files", linked_files_of(self.mirror, self.host)),
        ):
            wanted = [f for f in {f.key: f for f in found}.values() if f.key not in known]
            known |= {f.key for f in wanted}
            self.manifest.expect(kind, len(wanted))
            self._each(kind, wanted, self._file, self._keep_file, parallel=self.parallel)

    def _file(self, wanted: WantedFile) -> Stored:
        stored = self.journal.done(f"{wanted.kind} {wanted.key}")
        if stored is not None and is_whole(self.root, stored):
            return stored
        folder = f"{self._folder(wanted.project)}/{_room_of(wanted)}"
        path = f"{folder}/{safe_name(_file_name(wanted))}"
        return self.files.fetch(wanted, self._projects[wanted.project].name, path)

    def _keep_file(self, wanted: WantedFile, stored: Stored) -> None:
        if wanted.file_id:
            self._local[wanted.project, wanted.file_id] = stored.path
        self.manifest.add(Item(
            kind=wanted.kind, key=wanted.key, name=wanted.name, files=(stored,),
            project=wanted.project, of=wanted.of,
        ))  # fmt: skip

    # --- wiki ----------------------------------------------------------------------------------

    def _write_wiki(self) -> None:
        pages = list(wiki_pages_of(self.mirror))
        titles = {(page.project, page.number): page.title for page in pages}
        self.manifest.expect("wiki_pages", len(pages))
        for place, page in enumerate(pages):
            self.watch("wiki_pages", place, len(pages))
            self.clock.sleep(0)
            key = f"{page.project}/{page.number}"
            with self._missed("wiki_pages", key, page.title, page.project):
                folder = f"{self._folder(page.project)}/wiki"
                files = write_page(self.root, folder, page, self._resolver(page.project, folder))
                self.manifest.add(Item(
                    kind="wiki_pages", key=key, name=page.title, files=files, project=page.project,
                    of=titles.get((page.project, page.parent), ""),
                ))  # fmt: skip
        self.watch("wiki_pages", len(pages), len(pages))

    def _resolver(self, project: int, folder: str) -> Callable[[str], str | None]:
        """Finds the archived file of a link on a page in `folder`."""

        def resolve(address: str) -> str | None:
            for link in files_in(address, self.host):
                path = self._local.get((link.project or project, link.file_id))
                return quote(relpath(path, folder)) if path else None
            return None

        return resolve

    # --- depots --------------------------------------------------------------------------------

    def _clone_depots(self) -> None:
        depots = list(depots_of(self.mirror))
        self.manifest.expect("depots", len(depots))
        self.manifest.expect("branch_heads", sum(len(depot.heads) for depot in depots))
        self._each("depots", depots, self._depot, self._keep_depot, parallel=DEPOTS_PARALLEL)

    def _depot(self, depot: WantedDepot) -> Clone:
        stored = self.journal.done(f"depots {depot.id}")
        folder = f"{self._folder(depot.project)}/depots"
        path = f"{folder}/{depot.id}-{safe_name(depot.name)}.git"
        return self.depots.clone(depot, stored.path if stored else path)

    def _keep_depot(self, depot: WantedDepot, clone: Clone) -> None:
        here = len(depot.heads) - len(clone.lacking)
        self.manifest.add(Item(
            kind="depots", key=str(depot.id), name=depot.name, files=(clone.stored,),
            project=depot.project, count=here,
        ))  # fmt: skip
        self.manifest.tallies["branch_heads"].archive += here
        for branch, sha in clone.lacking.items():
            reason = f"The clone has no commit {shown(sha, 64)}: the branch has moved since."
            name = f"{depot.name} {branch}"
            self._miss("branch_heads", f"{depot.id} {branch}", name, reason, depot.project)

    # --- pages, manifest -----------------------------------------------------------------------

    def _write_pages(self) -> None:
        made = datetime.fromtimestamp(self.clock.now_ms() / 1000, UTC).isoformat()
        for project in self._projects.values():
            folder = self._folder(project.id)
            page = project_page(folder, project, self.manifest)
            write_whole(self.root, f"{folder}/{INDEX}", [page])
        titles = {stream.name: stream.title for stream in self.streams}
        index = index_page(self.team, made, self.manifest, self._folders, self._projects, titles)
        write_whole(self.root, INDEX, [index])
        head = {"team": self.team, "made_at": made}
        write_whole(self.root, MANIFEST, [self.manifest.document(head)])

    # --- small helpers -------------------------------------------------------------------------

    def _each(
        self, kind: str, wanted: Sequence[W], get: Callable[[W], T], keep: Callable[[W, T], None],
        *, parallel: int,
    ) -> None:  # fmt: skip
        """Get all; keep what could be had, in order, and note the rest."""
        with closing(results(wanted, get, parallel=parallel)) as found:
            for place, (one, result) in enumerate(found):
                self.watch(kind, place, len(wanted))
                with self._missed(kind, one.key, one.name, one.project):
                    keep(one, result())
        self.watch(kind, len(wanted), len(wanted))

    @contextmanager
    def _missed(self, kind: str, key: str, name: str, project: int) -> Iterator[None]:
        """Note what fails inside, and go on."""
        try:
            yield
        except (BadToken, Bug):
            raise
        except HeadraceError as error:
            self._miss(kind, key, name, str(error), project)

    def _miss(self, kind: str, key: str, name: str, reason: str, project: int = 0) -> None:
        self.manifest.miss(
            Missing(kind=kind, key=key, name=name, reason=shown(reason), project=project)
        )

    def _folder(self, project: int) -> str:
        """The folder of a project. Raises `Refused` where the project is out of sight."""
        found = self._folders.get(project)
        if found is None:
            raise Refused(f"Its project {project} is not in the mirror.")
        return found

    def _folder_of(self, project: Project) -> str:
        """Where a project is kept: one that was renamed stays where it is."""
        kept = sorted((self.root / "projects").glob(f"{project.id}-*"))
        name = kept[0].name if kept else f"{project.id}-{safe_name(project.name)}"
        return f"projects/{name}"


def _room_of(wanted: WantedFile) -> str:
    return f"issues/{wanted.of.rpartition(' ')[2]}" if wanted.kind == "attachments" else "linked"


def _file_name(wanted: WantedFile) -> str:
    if wanted.kind == "attachments":
        return f"{wanted.file_id}-{wanted.name}"
    return wanted.name
