"""The module: merge requests, comments and releases of every depot, and the rows of its tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from ...rows import Row
from ..code.depot import Depot
from ..code.graph import reach
from ..code.state import Code
from . import acts, beginning, events, rows
from .records import MergeRequest, Note, Release

if TYPE_CHECKING:
    from ...project import Project
    from ...team import Team

Key = tuple[int | str, ...]
Place = tuple["Project", Depot]


class Shelf:
    """What one depot has: merge requests by their number, comments and releases by theirs."""

    def __init__(self) -> None:
        self.requests: dict[int, MergeRequest] = {}
        self.notes: dict[int, Note] = {}
        self.releases: dict[int, Release] = {}
        self.released = 0

    def comments(self, merge_id: int) -> list[Note]:
        """The comments of one merge request, oldest first."""
        return [note for note in self.notes.values() if note.merge_id == merge_id]


class Reviews:
    """The module. It lives on the module of code, whose branches it watches."""

    def __init__(self, team: Team, rng: Random) -> None:
        self.team = team
        self.rng = rng
        self.code = team.module(Code)
        self._shelves: dict[int, Shelf] = {}
        self._last_id = 0
        self._telling = True
        self.code.watchers.append(self._moved)
        for project, depot in self.code.git_places():
            self.shelf(project, depot)

    # --- reading -----------------------------------------------------------------------------

    def shelf(self, project: Project, depot: Depot) -> Shelf:
        """What a depot has; it comes to be when somebody first asks."""
        if depot.id not in self._shelves:
            self._shelves[depot.id] = Shelf()
            if depot.created_ms < self.team.began_ms:
                self._telling = False  # nobody hears of what was before
                beginning.fill(self, project, depot)
                self._telling = True
        return self._shelves[depot.id]

    def places(self) -> Iterator[tuple[Project, Depot, Shelf]]:
        """Every depot of git of every living project."""
        for project, depot in self.code.git_places():
            yield project, depot, self.shelf(project, depot)

    def row(self, project: Project, depot: Depot, request: MergeRequest) -> Row:
        """A merge request as lists show it."""
        comments = len(self.shelf(project, depot).comments(request.merge_id))
        return rows.merge_request_row(self.team, project, depot, request, comments=comments)

    def number(self) -> int:
        """An id that was never given."""
        self._last_id += 1
        return self._last_id

    def step(self, now_ms: int) -> str:
        """See `modules.Module`."""
        return acts.act(self, now_ms)

    # --- merge requests ----------------------------------------------------------------------

    def open(
        self, project: Project, depot: Depot, source: str, target: str, *, now_ms: int, by: int
    ) -> MergeRequest:
        """A new merge request of one branch into another."""
        shelf = self.shelf(project, depot)
        merge_id = len(shelf.requests) + 1
        head, base = depot.branches[source].sha, depot.branches[target].sha
        number = self.number()
        request = MergeRequest(
            id=number,
            merge_id=merge_id,
            depot_id=depot.id,
            title=f"Merge {source} into {target} (!{merge_id})",
            author_id=by,
            source=source,
            target=target,
            source_sha=head,
            target_sha=base,
            base=frozenset(reach(depot.commits, base)),
            commits=(),
            created_ms=now_ms,
            updated_ms=now_ms,
            participants=(by,),
            log=((self.number(), "create", by),),
        )
        request = self._with_commits(depot, request)
        shelf.requests[merge_id] = request
        self.tell(project, depot, request, "GIT_MR_CREATED")
        return request

    def change(
        self,
        project: Project,
        depot: Depot,
        request: MergeRequest,
        *,
        now_ms: int,
        by: int = 0,
        action: str = "",
        code: str = "GIT_MR_UPDATED",
        **fields: Any,
    ) -> MergeRequest:
        """Change fields of a merge request, with a new update time. `action` goes to its log."""
        if action:
            fields["log"] = (*request.log, (self.number(), action, by))
        if by and by not in request.participants:
            fields["participants"] = (*request.participants, by)
        updated_ms = max(request.updated_ms, now_ms)
        request = replace(request, updated_ms=updated_ms, **fields)
        self.shelf(project, depot).requests[request.merge_id] = request
        self.tell(project, depot, request, code)
        return request

    def quietly(self, project: Project, depot: Depot, request: MergeRequest, **fields: Any) -> None:
        """Change fields without a new update time; no event tells of it."""
        request = replace(request, **fields)
        self.shelf(project, depot).requests[request.merge_id] = request

    def tell(self, project: Project, depot: Depot, request: MergeRequest, code: str) -> None:
        """Tell of an event."""
        if self._telling:
            comments = len(self.shelf(project, depot).comments(request.merge_id))
            self.team.tell(
                project,
                code,
                lambda: events.merge_request_body(
                    self.team, project, depot, request, comments=comments
                ),
            )

    def _moved(self, project: Project, depot: Depot, branch: str, now_ms: int) -> None:
        """A branch moved: open merge requests follow their source, and quietly their target."""
        known = self._shelves.get(depot.id)
        head = depot.branches.get(branch)
        if known is None or head is None:
            return
        for request in list(known.requests.values()):
            if request.is_open and request.source == branch:
                moved = self._with_commits(depot, replace(request, source_sha=head.sha))
                self.change(
                    project, depot, request, now_ms=now_ms,
                    source_sha=head.sha, commits=moved.commits,
                )  # fmt: skip
            elif request.is_open and request.target == branch:
                self.quietly(project, depot, request, target_sha=head.sha)

    def _with_commits(self, depot: Depot, request: MergeRequest) -> MergeRequest:
        held = depot.log(request.source_sha)
        commits = tuple(commit.sha for commit in held if commit.sha not in request.base)
        return replace(request, commits=commits)

    # --- tables ------------------------------------------------------------------------------

    def tables(self) -> Mapping[str, Callable[[], dict[Key, Row]]]:
        """See `modules.Module`."""
        return {
            "merge_requests": self._request_rows,
            "merge_request_notes": self._note_rows,
            "depot_releases": self._release_rows,
            "merge_request_commits": partial(
                self._part_rows, "Sha", lambda d, r: rows.commit_rows(self.team, d, r)
            ),
            "merge_request_files": partial(self._part_rows, "Path", rows.file_rows),
            "merge_request_logs": partial(
                self._part_rows, "Id", lambda _, r: rows.log_rows(self.team, r)
            ),
            "merge_request_participants": partial(
                self._part_rows, "Id", lambda _, r: rows.participant_rows(self.team, r)
            ),
        }

    def _request_rows(self) -> dict[Key, Row]:
        return {
            (depot.id, request.merge_id): self.row(project, depot, request)
            for project, depot, shelf in self.places()
            for request in shelf.requests.values()
        }

    def _part_rows(
        self, name: str, listed: Callable[[Depot, MergeRequest], list[Row]]
    ) -> dict[Key, Row]:
        return {
            (depot.id, request.merge_id, row[name]): row
            for _, depot, shelf in self.places()
            for request in shelf.requests.values()
            for row in listed(depot, request)
        }

    def _note_rows(self) -> dict[Key, Row]:
        return {
            (depot.id, note.id): rows.note_row(self.team, note)
            for _, depot, shelf in self.places()
            for note in shelf.notes.values()
        }

    def _release_rows(self) -> dict[Key, Row]:
        found: dict[Key, Row] = {}
        for project, depot, shelf in self.places():
            for release in shelf.releases.values():
                row = rows.release_row(project, depot, release)
                del row["ReleaseAttachment"]["AttachmentDownloadUrl"]
                found[(depot.id, release.number, release.tag)] = row
        return found
