"""Commits as git objects: a depot of the playground can be cloned, and its ids are right."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from hashlib import sha1
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ..code.graph import Commit

FILE = "README.md"


class Object(NamedTuple):
    """A git object: its id, and its content behind the header that git puts before it."""

    id: str
    content: bytes

    @property
    def loose(self) -> bytes:
        """As it lies in a repository."""
        return zlib.compress(self.content, 1)


def commit_id(depot_id: int, commit: Commit) -> str:
    """What git calls this commit. Its own `sha` is not looked at."""
    *_, last = objects_of(depot_id, commit)
    return last.id


def objects_of(depot_id: int, commit: Commit) -> Iterator[Object]:
    """The one file of a commit, its folder, and then the commit itself."""
    text = f"depot {depot_id}, commit {commit.number}\n\nDemo data.\n"
    blob = _made("blob", text.encode())
    yield blob
    tree = _made("tree", b"100644 %s\0%s" % (FILE.encode(), bytes.fromhex(blob.id)))
    yield tree
    lines = [
        f"tree {tree.id}",
        *(f"parent {sha}" for sha in commit.parents),
        f"author {_signature(commit.author_id, commit.at_ms)}",
        f"committer {_signature(commit.committer_id, commit.at_ms)}",
        "",
        f"{commit.message}\n\nDemo data.\n",
    ]
    yield _made("commit", "\n".join(lines).encode())


def _made(kind: str, data: bytes) -> Object:
    content = b"%s %d\0%s" % (kind.encode(), len(data), data)
    return Object(sha1(content, usedforsecurity=False).hexdigest(), content)


def _signature(member_id: int, at_ms: int) -> str:
    name = f"member-{member_id}"
    return f"{name} <{name}@example.com> {at_ms // 1000} +0800"
