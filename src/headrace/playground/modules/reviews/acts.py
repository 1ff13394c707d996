"""One random act on a merge request or a release."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace

from ...words import EDITS
from .records import MergeRequest, Note, Release

if TYPE_CHECKING:
    from ...project import Project
    from ..code.depot import Depot
    from .state import Reviews, Shelf

REQUESTS_MAX, NOTES_MAX, RELEASES_MAX = 60, 80, 10
LABELS = ("needs test", "文档", "hotfix")


class Scene(NamedTuple):
    """Where an act takes place."""

    reviews: Reviews
    project: Project
    depot: Depot
    now_ms: int

    @property
    def rng(self) -> Random:
        """The module's dice."""
        return self.reviews.rng

    @property
    def shelf(self) -> Shelf:
        """What the depot has."""
        return self.reviews.shelf(self.project, self.depot)

    @property
    def place(self) -> str:
        """For the one line that tells of the act."""
        return f"in {self.project.info.name}/{self.depot.name}"

    def person(self) -> int:
        """A member of the project."""
        return self.rng.choice(self.reviews.code.people(self.project))

    def open_one(self) -> MergeRequest | None:
        """An open merge request, if there is one."""
        found = [request for request in self.shelf.requests.values() if request.is_open]
        return self.rng.choice(found) if found else None

    def change(self, request: MergeRequest, **fields: Any) -> None:
        """Change it by somebody, now."""
        self.reviews.change(
            self.project, self.depot, request, now_ms=self.now_ms, by=self.person(), **fields
        )


def act(reviews: Reviews, now_ms: int) -> str:
    """One act in a depot of a project that is not archived."""
    places = [
        (project, depot)
        for project, depot, _ in reviews.places()
        if depot.branches and not project.info.archived
    ]
    if not places:
        return "nobody reviews"
    scene = Scene(reviews, *reviews.rng.choice(places), now_ms)
    return reviews.rng.choices(_ACTS, _WEIGHTS)[0](scene)


def _open(scene: Scene) -> str:
    depot, reviews = scene.depot, scene.reviews
    sources = [name for name in depot.branches if name != depot.default_branch]
    if not sources or len(scene.shelf.requests) >= REQUESTS_MAX:
        return _push_tag(scene)
    request = reviews.open(
        scene.project, depot, scene.rng.choice(sources), depot.default_branch,
        now_ms=scene.now_ms, by=scene.person(),
    )  # fmt: skip
    return f"merge request {request.merge_id} opened {scene.place}"


def _edit(scene: Scene) -> str:
    request, rng = scene.open_one(), scene.rng
    if request is None:
        return _open(scene)
    changes: tuple[dict[str, Any], ...] = (
        {"title": f"{rng.choice(EDITS)} (!{request.merge_id})"},
        {"describe": f"{request.describe[:200]}\n{rng.choice(EDITS)}"},
        {"labels": tuple(rng.sample(LABELS, rng.randrange(len(LABELS) + 1)))},
        {"status": rng.choice(("CANMERGE", "CANNOTMERGE"))},
    )
    scene.change(request, action="update", **rng.choice(changes))
    return f"merge request {request.merge_id} edited {scene.place}"


def _ask(scene: Scene) -> str:
    """Somebody is asked to review, or no longer."""
    request = scene.open_one()
    if request is None:
        return _open(scene)
    member_id = scene.person()
    others = tuple(n for n in request.reviewers if n != member_id)
    added = others if len(others) < len(request.reviewers) else (*others, member_id)
    scene.change(request, action="reviewer", reviewers=added)
    return f"the reviewers of merge request {request.merge_id} changed {scene.place}"


def _grant(scene: Scene) -> str:
    """An approval: the counter moves without a new update time."""
    request = scene.open_one()
    if request is None:
        return _comment(scene)
    granted = (request.granted + 1) % 4
    scene.reviews.quietly(scene.project, scene.depot, request, granted=granted)
    return f"merge request {request.merge_id} has {granted} approvals {scene.place}"


def _push_on(scene: Scene) -> str:
    """Commits on the source branch: the merge request follows."""
    request, depot = scene.open_one(), scene.depot
    if request is None or request.source not in depot.branches:
        return _open(scene)
    scene.reviews.code.grow(scene.project, depot, request.source, now_ms=scene.now_ms)
    return f"merge request {request.merge_id} got a commit {scene.place}"


def _accept(scene: Scene) -> str:
    """Merge by a merge commit, or squashed into one; the source branch mostly goes then."""
    request, depot, code = scene.open_one(), scene.depot, scene.reviews.code
    if request is None or not {request.source, request.target} <= depot.branches.keys():
        return _refuse(scene)
    head, squashed = depot.branches[request.source].sha, scene.rng.random() < 0.4
    if squashed or not depot.may_hold(request.target, head):
        code.grow(scene.project, depot, request.target, now_ms=scene.now_ms)
        sha = depot.branches[request.target].sha
    else:
        sha = code.merge(scene.project, depot, request.target, head, now_ms=scene.now_ms)
    request = scene.shelf.requests[request.merge_id]
    by = scene.person()
    scene.change(
        request, action="merge", code="GIT_MR_MERGED", status="ACCEPTED", merge_sha=sha,
        action_ms=scene.now_ms, action_id=by,
    )  # fmt: skip
    if request.source != depot.default_branch and scene.rng.random() < 0.7:
        code.delete_branch(scene.project, depot, request.source, now_ms=scene.now_ms)
    return f"merge request {request.merge_id} merged {scene.place}"


def _refuse(scene: Scene) -> str:
    request = scene.open_one()
    if request is None:
        return _open(scene)
    by = scene.person()
    scene.change(
        request, action="refuse", code="GIT_MR_CLOSED", status="REFUSED",
        action_ms=scene.now_ms, action_id=by,
    )  # fmt: skip
    return f"merge request {request.merge_id} closed {scene.place}"


def _comment(scene: Scene) -> str:
    """Write, answer, edit or remove a comment; the merge request's update time stays."""
    shelf, rng = scene.shelf, scene.rng
    if not shelf.requests:
        return _open(scene)
    if shelf.notes and (len(shelf.notes) >= NOTES_MAX or rng.random() < 0.4):
        return _revise(scene, rng.choice(tuple(shelf.notes.values())))
    request = rng.choice(tuple(shelf.requests.values()))
    by, number = scene.person(), scene.reviews.number()
    roots = [note for note in shelf.comments(request.merge_id) if not note.parent_id]
    parent = rng.choice(roots) if roots and rng.random() < 0.4 else None
    shelf.notes[number] = Note(
        id=number,
        merge_id=request.merge_id,
        author_id=by,
        text=rng.choice(EDITS),
        created_ms=scene.now_ms,
        updated_ms=scene.now_ms,
        parent_id=parent.id if parent else 0,
        path=rng.choice(("", "src/part-1-0.py")) if parent is None else parent.path,
        sha=request.source_sha,
    )
    people = request.participants
    if by not in people:
        scene.reviews.quietly(scene.project, scene.depot, request, participants=(*people, by))
    request = shelf.requests[request.merge_id]
    scene.reviews.tell(scene.project, scene.depot, request, "GIT_MR_NOTE")
    return f"merge request {request.merge_id} commented {scene.place}"


def _revise(scene: Scene, note: Note) -> str:
    """No event tells of these. Answers go with what they answer."""
    notes = scene.shelf.notes
    if scene.rng.random() < 0.5:
        for answer in [n for n in notes.values() if note.id in (n.id, n.parent_id)]:
            del notes[answer.id]
        return f"a comment removed {scene.place}"
    text = f"{note.text} {scene.rng.choice(EDITS)}"[:200]
    notes[note.id] = replace(note, text=text, updated_ms=max(note.updated_ms, scene.now_ms))
    return f"a comment edited {scene.place}"


def _push_tag(scene: Scene) -> str:
    """A new tag, released at once."""
    depot, code = scene.depot, scene.reviews.code
    name, sha = depot.new_name("r"), depot.branches[depot.default_branch].sha
    code.tag(scene.project, depot, name, sha, now_ms=scene.now_ms)
    return _release(scene)


def _release(scene: Scene) -> str:
    shelf, rng = scene.shelf, scene.rng
    known = tuple(shelf.releases.values())
    tags = [tag for tag in scene.depot.tags.values() if tag.name not in {r.tag for r in known}]
    if known and (not tags or len(known) >= RELEASES_MAX or rng.random() < 0.5):
        release = rng.choice(known)
        if rng.random() < 0.4:
            del shelf.releases[release.number]
            return f"release {release.tag} removed {scene.place}"
        body = f"{release.body[:200]} {rng.choice(EDITS)}"
        shelf.releases[release.number] = replace(
            release, body=body, updated_ms=max(release.updated_ms, scene.now_ms)
        )
        return f"release {release.tag} edited {scene.place}"
    if not tags:
        return f"nothing to release {scene.place}"
    tag = rng.choice(tags)
    shelf.released += 1
    shelf.releases[shelf.released] = Release(
        id=scene.reviews.number(),
        number=shelf.released,
        tag=tag.name,
        sha=tag.sha,
        title=f"Release {tag.name}",
        body=rng.choice(EDITS),
        creator_id=scene.person(),
        created_ms=scene.now_ms,
        updated_ms=scene.now_ms,
        pre=rng.random() < 0.3,
    )
    return f"{tag.name} released {scene.place}"


FIRST: tuple[Callable[[Scene], str], ...] = (_open, _ask, _comment, _release, _comment)
_WEIGHED: tuple[tuple[Callable[[Scene], str], int], ...] = (
    (_open, 16),
    (_edit, 14),
    (_ask, 7),
    (_grant, 6),
    (_push_on, 12),
    (_accept, 10),
    (_refuse, 4),
    (_comment, 22),
    (_release, 8),
)
_ACTS = tuple(act for act, _ in _WEIGHED)
_WEIGHTS = tuple(weight for _, weight in _WEIGHED)
