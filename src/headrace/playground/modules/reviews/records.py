"""The values: merge requests, their comments, releases. A change makes a new value."""

from __future__ import annotations

from msgspec import Struct

OPEN = ("CANMERGE", "CANNOTMERGE")


class MergeRequest(Struct, frozen=True):
    """One merge request. `base`: the commits that the target had when it was made.

    `log` holds (id, action, member) of what was done; `participants` only ever grows.
    """

    id: int
    merge_id: int
    depot_id: int
    title: str
    author_id: int
    source: str
    target: str
    source_sha: str
    target_sha: str
    base: frozenset[str]
    commits: tuple[str, ...]
    created_ms: int
    updated_ms: int
    describe: str = ""
    status: str = "CANMERGE"
    labels: tuple[str, ...] = ()
    reviewers: tuple[int, ...] = ()
    participants: tuple[int, ...] = ()
    granted: int = 0
    action_id: int = 0
    action_ms: int = 0
    merge_sha: str = ""
    log: tuple[tuple[int, str, int], ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it may still be merged."""
        return self.status in OPEN


class Note(Struct, frozen=True):
    """One comment on a merge request. `parent_id`: the comment it answers, 0 for none."""

    id: int
    merge_id: int
    author_id: int
    text: str
    created_ms: int
    updated_ms: int
    parent_id: int = 0
    path: str = ""
    sha: str = ""


class Release(Struct, frozen=True):
    """One release. `number` rises in the depot, `id` in the team."""

    id: int
    number: int
    tag: str
    sha: str
    title: str
    body: str
    creator_id: int
    created_ms: int
    updated_ms: int
    pre: bool = False
