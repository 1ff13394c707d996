"""Rows of the artifact repositories, as the Open API serves them.

Those named `*_kept` leave out what nobody may keep: addresses that end soon, keys.
"""

from __future__ import annotations

from hashlib import md5, sha1, sha256
from typing import TYPE_CHECKING

from ...rows import ICON, Row
from .records import Credit, Package, Repository, Version

if TYPE_CHECKING:
    from ...project import Project
    from ...team import Team

HOST = "demo-team-docker.pkg.example.com"


def repository_row(team: Team, repository: Repository) -> Row:
    """A row of `DescribeArtifactRepositoryList`; times are in seconds."""
    return {
        "Id": repository.id,
        "Name": repository.name,
        "TeamId": team.id,
        "ProjectId": repository.project_id,
        "Type": repository.kind,
        "Description": repository.description,
        "AccessLevel": repository.access,
        "ReleaseStrategy": 1,
        "CreatedAt": repository.created_ms // 1000,
    }


def package_row(package: Package, versions: list[Version]) -> Row:
    """A row of `DescribeArtifactPackageList`. `versions`: newest first."""
    latest = versions[0] if versions else None
    return {
        "Id": package.id,
        "Name": package.name,
        "RepoId": package.repository_id,
        "Description": package.description,
        "ReleaseStrategy": 4,
        "VersionCount": len(versions),
        "LatestVersionId": latest.id if latest else 0,
        "LatestVersionName": latest.name if latest else "",
        "LatestVersionReleaseStatus": 1 + latest.released if latest else 0,
        "CreatedAt": package.created_ms // 1000,
    }


def version_row(
    project: Project, repository: Repository, package: Package, version: Version
) -> Row:
    """A row of `DescribeTeamArtifacts`; the size is in MB, the downloads are a text."""
    return {
        "VersionId": version.id,
        "ProjectId": project.id,
        "ProjectName": project.info.name,
        "RepoId": repository.id,
        "Repository": repository.name,
        "PkgId": package.id,
        "Package": package.name,
        "PackageVersion": version.name,
        "ArtifactType": repository.kind,
        "Hash": version.hash,
        "Size": round(version.id % 7 + version.pushes / 3, 6),
        "Description": "",
        "DownloadCount": str(version.downloads),
        "ReleaseStatus": 1 + version.released,
        "CreatedAt": version.pushed_ms // 1000,
    }


def property_rows(version: Version) -> list[Row]:
    """Rows of `DescribeArtifactProperties`; here times are in milliseconds."""
    return [
        {
            "Id": one.id,
            "Name": one.name,
            "Value": one.value,
            "Version": version.name,
            "Immutable": one.name.startswith("coding."),
            "CreatedAt": one.created_ms,
        }
        for one in version.properties
    ]


def checksum_rows(version: Version) -> list[Row]:
    """Rows of `DescribeArtifactChecksums`."""
    return [
        {
            "Name": name,
            "Md5": md5(content, usedforsecurity=False).hexdigest(),
            "Sha1": sha1(content, usedforsecurity=False).hexdigest(),
            "Sha256": sha256(content).hexdigest(),
        }
        for name in version.files
        for content in (f"{version.hash}/{name}".encode(),)
    ]


def file_kept(
    project: Project, repository: Repository, package: Package, version: Version, name: str
) -> Row:
    """A row of `DescribeArtifactRepositoryFileList` without its address."""
    return {
        "Project": project.info.name,
        "Repository": repository.name,
        "PackageName": package.name,
        "VersionName": version.name,
        "Path": f"{package.name}/{version.name}/{name}",
        "ArtifactType": str(repository.kind),
        "Hash": version.hash,
        "Host": HOST,
    }


def file_row(kept: Row, now_ms: int) -> Row:
    """A row of `DescribeArtifactRepositoryFileList`; the address is good for 300 s."""
    return kept | {"DownloadUrl": f"https://{HOST}/{kept['Path']}?ends={now_ms + 300_000}"}


def credit_kept(team: Team, credit: Credit) -> Row:
    """A row of `DescribeArtifactCreditList` without its key."""
    projects = [team.projects[n] for n in credit.project_ids if n in team.projects]
    ranges = [_range(team, project) for project in projects] or [_range(team, None)]
    rule = {
        "ArtifactType": 3,
        "PkgName": credit.package,
        "PkgNameAlgorithm": "EQUAL",
        "Version": "1\\..*",
        "VersionAlgorithm": "REGEX",
    }
    return {
        "Id": credit.id,
        "Name": credit.name,
        "Type": "NORMAL",
        "Enabled": credit.enabled,
        "Rules": [rule],
        "Ranges": ranges,
    }


def credit_row(team: Team, credit: Credit) -> Row:
    """A row of `DescribeArtifactCreditList`."""
    return credit_kept(team, credit) | {"CreditKey": f"key-{credit.id}"}


def _range(team: Team, project: Project | None) -> Row:
    """Where a list is in force. What it is not about is served with zeros and empty texts."""
    return {
        "RangeType": "PROJECT" if project else "TEAM",
        "RangeId": project.id if project else team.id,
        "Project": _project(team, project),
        "RemoteTeam": {
            "Id": 0,
            "UserName": "",
            "RemoteTeamName": "",
            "RemoteTeamUrl": "",
            "RemoteRepos": [],
            "SyncStatus": 0,
            "SyncMessage": "",
            "Successful": False,
            "Deleting": False,
        },
        "Repository": {
            "Id": 0,
            "Name": "",
            "Description": "",
            "ProjectId": 0,
            "TeamId": 0,
            "CreatorId": 0,
            "Type": 0,
            "StorageRule": 0,
            "ReleaseStrategy": 0,
            "Deleting": False,
        },
    }


def _project(team: Team, project: Project | None) -> Row:
    info = project.info if project else None
    name = info.name if info else ""
    return {
        "Id": info.id if info else 0,
        "Name": name,
        "DisplayName": info.display_name if info else "",
        "Status": 1 if info else 0,
        "Type": 2 if info else 0,
        "Icon": ICON.format(info.id % 12) if info else "",
        "ApiUrl": f"/api/project/{info.id}" if info else "",
        "HtmlUrl": f"{team.site}/p/{name}" if info else "",
        "ProjectPath": f"/p/{name}" if info else "",
        "OwnerUserName": "",
        "PmTypeName": "",
        "TeamId": team.id if info else 0,
        "TeamOwnerId": team.owner_id if info else 0,
        "Created_at": info.created_ms if info else 0,
        "Updated_at": info.created_ms if info else 0,
    }
