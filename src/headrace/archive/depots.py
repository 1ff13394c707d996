"""Bare clones of depots, brought up to date by a fetch, held against the heads of the mirror."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Protocol

from headrace.archive.contents import WantedDepot
from headrace.archive.durable import Stored, part_of, settle
from headrace.archive.git import Git, GitRefused, bytes_in, is_repository
from headrace.archive.journal import Journal
from headrace.core.clock import Clock
from headrace.core.retry import RetryPolicy
from headrace.errors import Refused, Unavailable

_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~%+-]+)+/?")
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_ALL_REFS = "+refs/*:refs/*"


class GitAccess(Protocol):
    """Who may read depots, and where. Raises `Refused` for a foreign host."""

    def header(self, url: str) -> str:
        """The Authorization header for a depot's address."""
        ...

    def renew(self, refused_header: str) -> bool:
        """True when there is a newer header than the refused one."""
        ...


@dataclass(frozen=True, slots=True)
class Clone:
    """A depot in the folder, and the branches whose head the mirror has and the clone has not."""

    stored: Stored
    lacking: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Depots:
    """Clones depots below the folder `root` with the git `program`, if any. Thread-safe."""

    root: Path
    journal: Journal
    access: GitAccess
    clock: Clock
    program: str | None
    retry: RetryPolicy = field(default_factory=lambda: RetryPolicy(attempts=3))
    dice: Random = field(default_factory=Random)

    def clone(self, depot: WantedDepot, path: str) -> Clone:
        """The depot as it is now, all references, bare, under `path`.

        Raises `Refused` and, after the last attempt, `Unavailable`; an earlier clone is kept.
        """
        if depot.vcs != "git":
            raise Refused(f"It is a {depot.vcs} depot, which git cannot clone.")
        if self.program is None:
            raise Refused("There is no git 2.32 or later.", advice="Install it and run again.")
        if not _URL.fullmatch(depot.url):
            raise Refused("CODING gives no usable address for it.")
        target = self.root / path
        folder = target if is_repository(target) else part_of(target)
        git = Git(self.program, folder, self.clock)
        self._fetch(git, folder, depot)
        refs = git.run("for-each-ref", "--format=%(objectname) %(refname)")
        head = f"refs/heads/{depot.default_branch}"
        if f" {head}\n" in refs:
            git.run("symbolic-ref", "HEAD", head)  # what a clone of the clone checks out
        if folder != target:
            settle(folder, target)
            git = Git(self.program, target, self.clock)
        stored = Stored(path, bytes_in(target), hashlib.sha256(refs.encode()).hexdigest())
        self.journal.finish(f"depots {depot.id}", stored)
        return Clone(stored, self._lacking(git, depot.heads))

    def _fetch(self, git: Git, folder: Path, depot: WantedDepot) -> None:
        """All references, those that are gone there removed here too. Tried a few times."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        if not is_repository(folder):
            shutil.rmtree(folder, ignore_errors=True)
            git.run("init", "--quiet", "--bare", "--template=")
        attempt = 0
        while True:
            attempt += 1
            header = self.access.header(depot.url)
            try:
                git.run(
                    "fetch", "--quiet", "--force", "--prune", "--no-write-fetch-head",
                    depot.url, _ALL_REFS, url=depot.url, header=header,
                )  # fmt: skip
                return
            except GitRefused:
                if attempt > 1 or not self.access.renew(header):
                    raise
            except Unavailable:
                wait = self.retry.wait_seconds(attempt, asked=None, spread=self.dice.random())
                if wait is None:
                    raise
                self.clock.sleep(wait)

    @staticmethod
    def _lacking(git: Git, heads: Mapping[str, str]) -> dict[str, str]:
        shas = sorted({sha for sha in heads.values() if _SHA.fullmatch(sha)})
        told = git.run("cat-file", "--batch-check", given="".join(f"{sha}\n" for sha in shas))
        here = {line.split()[0] for line in told.splitlines() if line.split()[1:2] == ["commit"]}
        return {name: sha for name, sha in heads.items() if sha not in here}
