"""A look-alike team on a real port, and archives of it by the program itself."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headrace.core.transport import Request, Response
from headrace.playground.modules.code.state import Code
from headrace.playground.project import Project

from ..cli.conftest import Headrace, Ran, World, headrace, living, start

__all__ = ["Archive", "Headrace", "Ran", "World", "headrace", "start"]

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="the git program is missing")
FEW = ("--stream", "projects")  # what files hang on is read in any case


class Archive:
    """Runs `headrace archive` into one folder and looks into it."""

    def __init__(self, headrace: Headrace, world: World, folder: Path) -> None:
        self._headrace = headrace
        self.world = world
        self.folder = folder
        self.fetched: list[str] = []
        self._watch()

    def __call__(self, *more: str, code: int) -> Ran:
        """Run it; `fetched` is what was asked of the server by GET meanwhile."""
        self.fetched.clear()
        ran = self._headrace("archive", *self.world.at, "--to", str(self.folder), *FEW, *more)
        assert ran.code == code, (ran.code, ran.out, ran.err)
        return ran

    @property
    def manifest(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.folder / "manifest.json").read_bytes())
        return loaded

    def items(self, kind: str) -> dict[str, dict[str, Any]]:
        """The manifest's items of a kind by key."""
        return {item["key"]: item for item in self.manifest["items"] if item["kind"] == kind}

    def missing(self, kind: str = "") -> dict[str, str]:
        """Keys to reasons."""
        found = self.manifest["missing"]
        return {m["key"]: m["reason"] for m in found if not kind or m["kind"] == kind}

    def file(self, kind: str, key: str) -> Path:
        """The one file of an item."""
        (stored,) = self.items(kind)[key]["files"]
        return self.folder / stored["path"]

    def _watch(self) -> None:
        """Note every GET, as the server answers it."""
        playground, before = self.world.playground, self.world.playground.send

        def send(request: Request) -> Response:
            if request.method == "GET":
                self.fetched.append(request.url)
            return before(request)

        playground.send = send  # type: ignore[method-assign]


def shop_of(world: World) -> Project:
    """The first project."""
    return next(iter(world.team.projects.values()))


def drop_svn(world: World) -> None:
    """Leave git depots only: the others cannot be cloned."""
    code = world.team.module(Code)
    for project, depot in list(code.places()):
        if not depot.is_git:
            del code.depots(project)[depot.id]


@pytest.fixture
def world() -> Iterator[World]:
    with living(issues=4, projects=1, rate_limits=False) as one:
        drop_svn(one)
        yield one


@pytest.fixture
def archive(headrace: Headrace, world: World, tmp_path: Path) -> Archive:
    return Archive(headrace, world, tmp_path / "kept")
