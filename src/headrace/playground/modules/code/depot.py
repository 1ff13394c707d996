"""One depot: its commits, branches and tags, and the few ways in which they change.

What a branch dropped never comes back to it, and no name is used twice, so a row that went stays
away: a reader that shows it again has made a mistake.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from ...records import whole_seconds
from ...words import EDITS
from ..files.git import commit_id
from .graph import Change, Commit, log, reach
from .guards import Guards

KINDS = ("add", "modify", "modify", "delete")
NOWHERE = "0" * 40


class Branch(Struct, frozen=True):
    """A name for a commit. `dropped`: commits that a forced push took off it."""

    name: str
    sha: str
    is_read_only: bool = False
    dropped: frozenset[str] = frozenset()


class Tag(Struct, frozen=True):
    """A name that seldom moves."""

    name: str
    sha: str
    message: str


class Remark(Struct, frozen=True):
    """A comment on a commit."""

    id: int
    sha: str
    member_id: int
    text: str
    at_ms: int


class Check(Struct, frozen=True):
    """What a build said of a commit."""

    context: str
    state: str
    at_ms: int


class Depot:
    """A depot. `vcs` is git or svn; one of svn has no commits here."""

    def __init__(
        self, number: int, project_id: int, name: str, *, vcs: str, created_ms: int
    ) -> None:
        self.id = number
        self.project_id = project_id
        self.name = name
        self.vcs = vcs
        self.description = ""
        self.is_shared = False
        self.created_ms = created_ms
        self.pushed_ms = 0
        self.default_branch = ""
        self.commits: dict[str, Commit] = {}
        self.branches: dict[str, Branch] = {}
        self.tags: dict[str, Tag] = {}
        self.remarks: dict[int, Remark] = {}
        self.checks: dict[str, dict[str, Check]] = {}
        self.notes: dict[str, str] = {}  # git notes, by commit
        self.guards = Guards()
        self._named = 0

    # --- reading -----------------------------------------------------------------------------

    @property
    def is_git(self) -> bool:
        """Whether it has branches and commits at all."""
        return self.vcs == "git"

    def log(self, ref: str) -> list[Commit]:
        """The commits of a branch, a tag or a commit, newest first; none for an unknown one."""
        named = self.branches.get(ref) or self.tags.get(ref)
        return log(self.commits, named.sha if named else ref)

    def held(self) -> list[Commit]:
        """The commits that some branch holds, oldest first."""
        shas = {commit.sha for name in self.branches for commit in self.log(name)}
        return [commit for sha, commit in self.commits.items() if sha in shas]

    # --- commits and branches ----------------------------------------------------------------

    def commit(
        self, parents: Iterable[str], rng: Random, people: Sequence[int], at_ms: int
    ) -> Commit:
        """A new commit that no branch holds yet."""
        number = len(self.commits) + 1
        changes = tuple(
            Change(f"src/part-{number}-{n}.py", rng.choice(KINDS), rng.randrange(40), n)
            for n in range(rng.choice((1, 1, 2, 3)))
        )
        author_id = rng.choice(people)
        draft = Commit(
            sha="",
            number=number,
            parents=tuple(parents),
            author_id=author_id,
            committer_id=rng.choice((author_id, author_id, people[0])),
            at_ms=whole_seconds(at_ms),
            message=f"{rng.choice(EDITS)} (commit {number})",
            changes=changes,
        )
        commit = replace(draft, sha=commit_id(self.id, draft))
        self.commits[commit.sha] = commit
        return commit

    def move(self, name: str, sha: str, *, now_ms: int) -> None:
        """Let a branch name another commit; it is made where there is none of this name."""
        old = self.branches.get(name)
        if old is None:
            self.branches[name] = Branch(name, sha)
        else:
            lost = reach(self.commits, old.sha) - reach(self.commits, sha)
            self.branches[name] = replace(old, sha=sha, dropped=old.dropped | lost)
        self.default_branch = self.default_branch or name
        self.pushed_ms = whole_seconds(now_ms)

    def remove(self, name: str, *, now_ms: int) -> None:
        """Delete a branch; commits that only it held are then out of everybody's sight."""
        del self.branches[name]
        self.guards.forget_branch(name)
        self.pushed_ms = whole_seconds(now_ms)

    def lock(self, name: str) -> None:
        """Make a branch read only, or no longer."""
        branch = self.branches[name]
        self.branches[name] = replace(branch, is_read_only=not branch.is_read_only)

    def may_hold(self, name: str, sha: str) -> bool:
        """Whether a branch may come to hold a commit: nothing that it dropped comes back."""
        return not self.branches[name].dropped & reach(self.commits, sha)

    def new_name(self, kind: str) -> str:
        """A name for a branch, a tag or a check that was never used here."""
        self._named += 1
        return f"{kind}-{self._named}"
