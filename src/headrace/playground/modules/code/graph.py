"""Commits as a graph: what a commit is, what it brings with it, in which order it is listed."""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heappop, heappush

from msgspec import Struct


class Change(Struct, frozen=True):
    """What a commit did to one file. `kind` is add, modify or delete."""

    path: str
    kind: str
    insertions: int
    deletions: int


class Commit(Struct, frozen=True):
    """One commit. `number` rises with each commit of the depot, so parents have smaller ones."""

    sha: str
    number: int
    parents: tuple[str, ...]
    author_id: int
    committer_id: int
    at_ms: int
    message: str
    changes: tuple[Change, ...] = ()


Commits = Mapping[str, Commit]


def log(commits: Commits, head: str) -> list[Commit]:
    """The head and all its ancestors as `git log` lists them: the newest of those ahead first.

    A commit stands behind one of its children, not always behind all: dates may be wrong.
    """
    found: list[Commit] = []
    known = {head}
    ahead: list[tuple[int, int, str]] = []
    if head in commits:
        _push(ahead, commits[head])
    while ahead:
        commit = commits[heappop(ahead)[2]]
        found.append(commit)
        for sha in commit.parents:
            if sha not in known:
                known.add(sha)
                _push(ahead, commits[sha])
    return found


def reach(commits: Commits, head: str) -> set[str]:
    """The head and all its ancestors."""
    return {commit.sha for commit in log(commits, head)}


def _push(ahead: list[tuple[int, int, str]], commit: Commit) -> None:
    heappush(ahead, (-commit.at_ms, -commit.number, commit.sha))
