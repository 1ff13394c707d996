"""Artifact repositories: pushed, overwritten, downloaded, released and removed at any time.

Names are never used twice, for they stand in keys; downloads and counters move without an event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from ...rows import Row
from . import rows
from .events import NAMES, told
from .records import KIND_NAMES, Credit, Package, Property, Repository, Version

if TYPE_CHECKING:
    from ...project import Project
    from ...team import Team

Key = tuple[int | str, ...]
Place = tuple["Project", Repository, Package, Version]
VERSIONS_MAX = 30  # of one project; at so many one is removed
REPOSITORIES_MAX = 4
_HOUR_MS = 3_600_000


GUARDS = tuple(name for name in NAMES if "_DOWNLOAD" in name)


class Artifacts:
    """The module. What lies in a repository goes with it, a repository with its project."""

    def __init__(self, team: Team, rng: Random) -> None:
        self._team = team
        self._rng = rng
        self._last_id = 8000
        self._repositories: dict[int, Repository] = {}
        self._packages: dict[int, Package] = {}
        self._versions: dict[int, Version] = {}
        self.credits: dict[int, Credit] = {}
        for project in team.projects.values():
            for _ in range(rng.choice((1, 2))):
                repository = self.create_repository(project, now_ms=team.began_ms - 9 * _HOUR_MS)
                for _ in range(rng.randrange(1, 3)):
                    package = self.create_package(repository.id, now_ms=repository.created_ms)
                    for hours in range(rng.randrange(4), 0, -1):
                        self.push(package.id, now_ms=team.began_ms - hours * _HOUR_MS)
        for _ in range(2):
            self._create_credit()

    # Reading

    def repositories(self, project: Project) -> list[Repository]:
        """The repositories of a project."""
        return [one for one in self._repositories.values() if one.project_id == project.id]

    def packages(self, repository_id: int) -> list[Package]:
        """The packages of a repository."""
        return [one for one in self._packages.values() if one.repository_id == repository_id]

    def versions(self, package_id: int) -> list[Version]:
        """The versions of a package, the one pushed last in front."""
        found = [one for one in self._versions.values() if one.package_id == package_id]
        return sorted(found, key=_newest)

    def places(self, project: Project) -> list[Place]:
        """The versions of a project with all they lie in, the one pushed last in front."""
        found = [
            (project, repository, package, version)
            for repository in self.repositories(project)
            for package in self.packages(repository.id)
            for version in self.versions(package.id)
        ]
        return sorted(found, key=lambda place: _newest(place[3]))

    # Changing

    def create_repository(self, project: Project, *, now_ms: int) -> Repository:
        """A new repository."""
        rng, ident = self._rng, self._next_id()
        kind = rng.choice(tuple(KIND_NAMES))
        repository = Repository(
            id=ident, project_id=project.id, name=f"{KIND_NAMES[kind]}-{ident}", kind=kind,
            description=rng.choice(("", "演示仓库")), access=rng.choice((1, 2, 3)),
            created_ms=now_ms,
        )  # fmt: skip
        self._repositories[ident] = repository
        self._tell("ARTIFACTS_REPO_CREATED", project, repository)
        return repository

    def edit_repository(self, repository_id: int, **fields: Any) -> None:
        """Change fields of a repository."""
        repository = replace(self._repositories[repository_id], **fields)
        self._repositories[repository_id] = repository
        self._tell("ARTIFACTS_REPO_UPDATED", self._team.projects[repository.project_id], repository)

    def delete_repository(self, repository_id: int) -> None:
        """Remove a repository and all that lies in it."""
        repository = self._repositories.pop(repository_id)
        for package in self.packages(repository_id):
            for version in self.versions(package.id):
                del self._versions[version.id]
            del self._packages[package.id]
        self._tell("ARTIFACTS_REPO_DELETED", self._team.projects[repository.project_id], repository)

    def create_package(self, repository_id: int, *, now_ms: int) -> Package:
        """A new, empty package."""
        ident = self._next_id()
        package = Package(ident, repository_id, f"demo-{ident}", "", now_ms)
        self._packages[ident] = package
        return package

    def push(self, package_id: int, *, now_ms: int) -> Version:
        """A new version."""
        ident = self._next_id()
        version = Version(
            ident, package_id, f"1.{ident}", self._files(ident), self._properties(now_ms), now_ms
        )
        self._versions[ident] = version
        self._tell_version("ARTIFACTS_VERSION_CREATED", version)
        return version

    def overwrite(self, version_id: int, *, now_ms: int) -> None:
        """Push a version again: other files, and it moves to the front of the list."""
        version = self._versions[version_id]
        files = (version.files[0], *self._files(self._next_id()))
        self._change(version, files=files, pushes=version.pushes + 1, pushed_ms=now_ms)
        self._tell_version("ARTIFACTS_VERSION_CREATED", self._versions[version_id])

    def release(self, version_id: int) -> None:
        """Mark a version as released."""
        self._change(self._versions[version_id], released=True)
        self._tell_version("ARTIFACTS_VERSION_RELEASED", self._versions[version_id])

    def download(self, version_id: int) -> None:
        """Count a download, silently."""
        version = self._versions[version_id]
        self._change(version, downloads=version.downloads + 1)

    def set_properties(self, version_id: int, *, now_ms: int) -> None:
        """Other properties; the version itself shows nothing of it."""
        self._change(self._versions[version_id], properties=self._properties(now_ms))
        self._tell_version("ARTIFACTS_VERSION_UPDATED", self._versions[version_id])

    def delete_version(self, version_id: int) -> None:
        """Remove a version; its package stays."""
        self._tell_version("ARTIFACTS_VERSION_DELETED", self._versions[version_id])
        del self._versions[version_id]

    def step(self, now_ms: int) -> str:
        """One act in one project, or on a list of trusted artifacts."""
        rng, team = self._rng, self._team
        if not team.projects:
            return "nobody pushes"
        if rng.random() < 0.05:
            return self._step_credits()
        project = rng.choice(list(team.projects.values()))
        repositories = self.repositories(project)
        if not repositories or (len(repositories) < REPOSITORIES_MAX and rng.random() < 0.04):
            return f"repository {self.create_repository(project, now_ms=now_ms).name} made"
        repository = rng.choice(repositories)
        if rng.random() < 0.04:
            self.edit_repository(repository.id, description=f"edited at {now_ms}")
            return f"repository {repository.name} changed"
        if len(repositories) > 1 and rng.random() < 0.02:
            self.delete_repository(repository.id)
            return f"repository {repository.name} removed"
        places = self.places(project)
        if not places or rng.random() < 0.3:
            return self._step_push(repository, len(places), now_ms)
        return self._step_version(rng.choice(places)[3], len(places), now_ms)

    def _step_push(self, repository: Repository, versions: int, now_ms: int) -> str:
        packages = self.packages(repository.id)
        if not packages or (versions < VERSIONS_MAX and self._rng.random() < 0.15):
            return f"package {self.create_package(repository.id, now_ms=now_ms).name} made"
        version = self.push(self._rng.choice(packages).id, now_ms=now_ms)
        return f"version {version.name} pushed"

    def _step_guard(self, version: Version) -> str:
        """What is told of downloads, and of who may: no field of a version shows it."""
        code = self._rng.choice(GUARDS)
        if code == "ARTIFACTS_VERSION_DOWNLOADED":
            self.download(version.id)
        self._tell_version(code, self._versions[version.id])
        return f"{code} of {version.name}"

    def _step_version(self, version: Version, versions: int, now_ms: int) -> str:
        if self._rng.random() < 0.1:
            return self._step_guard(version)
        chosen = self._rng.choice(("overwrite", "release", "download", "properties", "delete"))
        if chosen == "delete" or versions >= VERSIONS_MAX:
            self.delete_version(version.id)
            return f"version {version.name} removed"
        if chosen == "overwrite":
            self.overwrite(version.id, now_ms=now_ms)
        elif chosen == "release":
            self.release(version.id)
        elif chosen == "download":
            self.download(version.id)
        else:
            self.set_properties(version.id, now_ms=now_ms)
        return f"version {version.name}: {chosen}"

    def _step_credits(self) -> str:
        if len(self.credits) < 2 or self._rng.random() < 0.3:
            return f"list {self._create_credit().name} made"
        credit = self._rng.choice(list(self.credits.values()))
        if self._rng.random() < 0.3:
            del self.credits[credit.id]
            return f"list {credit.name} removed"
        self.credits[credit.id] = replace(credit, enabled=not credit.enabled)
        return f"list {credit.name} switched"

    def tables(self) -> Mapping[str, Callable[[], dict[Key, Row]]]:
        """See `modules.Module`."""
        team = self._team
        return {
            "artifact_repositories": lambda: {
                (one.id,): rows.repository_row(team, one)
                for project in team.projects.values()
                for one in self.repositories(project)
            },
            "artifact_packages": lambda: {
                (one.id,): rows.package_row(one, self.versions(one.id))
                for project in team.projects.values()
                for repository in self.repositories(project)
                for one in self.packages(repository.id)
            },
            "artifact_versions": lambda: {
                (place[3].id,): rows.version_row(*place) for place in self._all()
            },
            "artifact_properties": lambda: self._hanging("Id", rows.property_rows),
            "artifact_checksums": lambda: self._hanging("Name", rows.checksum_rows),
            "artifact_files": self._file_rows,
            "artifact_credits": lambda: {
                (one.id,): rows.credit_kept(team, one) for one in self.credits.values()
            },
        }

    # Small steps

    def _all(self) -> Iterator[Place]:
        for project in self._team.projects.values():
            yield from self.places(project)

    def _hanging(self, name: str, made: Callable[[Version], list[Row]]) -> dict[Key, Row]:
        return {(p[3].id, row[name]): row for p in self._all() for row in made(p[3])}

    def _file_rows(self) -> dict[Key, Row]:
        found: dict[Key, Row] = {}
        for project, repository, package, version in self._all():
            for name in version.files:
                row = rows.file_kept(project, repository, package, version, name)
                found[repository.id, package.name, version.name, row["Path"]] = row
        return found

    def _change(self, version: Version, **fields: Any) -> None:
        self._versions[version.id] = replace(version, **fields)

    def _files(self, ident: int) -> tuple[str, ...]:
        return tuple(f"part-{ident}-{n}.jar" for n in range(self._rng.randrange(1, 4)))

    def _properties(self, now_ms: int) -> tuple[Property, ...]:
        names = ("coding.build", "质量", "stage")[: self._rng.randrange(4)]
        return tuple(Property(self._next_id(), name, f"value of {name}", now_ms) for name in names)

    def _create_credit(self) -> Credit:
        ident = self._next_id()
        where = tuple(self._team.projects)[: self._rng.randrange(3)]
        credit = Credit(ident, f"trusted-{ident}", True, f"demo-{ident}", where)
        self.credits[ident] = credit
        return credit

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _tell_version(self, code: str, version: Version) -> None:
        package = self._packages[version.package_id]
        repository = self._repositories[package.repository_id]
        project = self._team.projects[repository.project_id]
        self._tell(code, project, repository, package, version)

    def _tell(
        self,
        code: str,
        project: Project,
        repository: Repository,
        package: Package | None = None,
        version: Version | None = None,
    ) -> None:
        team = self._team
        team.tell(project, code, lambda: told(team, project, code, repository, package, version))


def _newest(version: Version) -> tuple[int, int]:
    return -version.pushed_ms, -version.id
