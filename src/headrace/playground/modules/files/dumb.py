"""Depots as files of a bare repository: what git asks for by its dumb HTTP protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..code.rows import path as depot_path
from ..code.state import Code
from .git import objects_of

if TYPE_CHECKING:
    from ...team import Team
    from ..code.depot import Depot

MARK = ".git/"


class Repositories:
    """Finds what lies at a path of a depot. Objects are made once for each state of a depot."""

    def __init__(self, team: Team) -> None:
        self._team = team
        self._objects: dict[int, tuple[int, dict[str, bytes]]] = {}

    def at(self, path: str) -> tuple[int, bytes] | None:
        """The project's id and the content of a path; None where nothing is."""
        place, _, wanted = path.strip("/").partition(MARK)
        for project, depot in self._team.module(Code).git_places():
            if not project.hidden and depot_path(self._team, project, depot) == place:
                found = self._file(depot, wanted)
                return None if found is None else (project.id, found)
        return None

    def _file(self, depot: Depot, wanted: str) -> bytes | None:
        if wanted == "info/refs":
            return _refs(depot)
        if wanted == "HEAD":
            return f"ref: refs/heads/{depot.default_branch or 'master'}\n".encode()
        if wanted == "objects/info/packs":
            return b"\n"
        folder, _, rest = wanted.removeprefix("objects/").partition("/")
        return self._loose(depot).get(folder + rest)

    def _loose(self, depot: Depot) -> dict[str, bytes]:
        count, made = self._objects.get(depot.id, (0, {}))
        if count != len(depot.commits):
            made = {
                found.id: found.loose
                for commit in depot.commits.values()
                for found in objects_of(depot.id, commit)
            }
            self._objects[depot.id] = len(depot.commits), made
        return made


def _refs(depot: Depot) -> bytes:
    named = {f"refs/heads/{name}": branch.sha for name, branch in depot.branches.items()}
    named |= {f"refs/tags/{name}": tag.sha for name, tag in depot.tags.items()}
    return "".join(f"{sha}\t{name}\n" for name, sha in sorted(named.items())).encode()
