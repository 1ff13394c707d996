"""The values of the artifact repositories. Times are exact; rows round them down to seconds."""

from __future__ import annotations

from hashlib import sha1

from msgspec import Struct

GENERIC, DOCKER, MAVEN, NPM = 1, 2, 3, 4
KIND_NAMES = {GENERIC: "generic", DOCKER: "docker", MAVEN: "maven", NPM: "npm"}


class Repository(Struct, frozen=True):
    """A repository of a project. `kind`: 1 generic, 2 docker, 3 maven, 4 npm."""

    id: int
    project_id: int
    name: str
    kind: int
    description: str
    access: int
    created_ms: int


class Package(Struct, frozen=True):
    """A package of a repository."""

    id: int
    repository_id: int
    name: str
    description: str
    created_ms: int


class Property(Struct, frozen=True):
    """A property of a version. Names that begin with `coding.` are immutable."""

    id: int
    name: str
    value: str
    created_ms: int


class Version(Struct, frozen=True):
    """A version of a package. `pushes` counts how often it was overwritten; `files` are names."""

    id: int
    package_id: int
    name: str
    files: tuple[str, ...]
    properties: tuple[Property, ...]
    pushed_ms: int
    pushes: int = 1
    downloads: int = 0
    released: bool = False

    @property
    def hash(self) -> str:
        """What changes with every push."""
        content = f"{self.id}:{self.pushes}".encode()
        return sha1(content, usedforsecurity=False).hexdigest()


class Credit(Struct, frozen=True):
    """A list of trusted artifacts. `project_ids`: where it is in force; empty: in all the team."""

    id: int
    name: str
    enabled: bool
    package: str
    project_ids: tuple[int, ...]
