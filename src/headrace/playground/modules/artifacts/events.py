"""Bodies of the ARTIFACTS_* events, beside the head that all events share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...rows import Row
from .records import KIND_NAMES, Package, Repository, Version

if TYPE_CHECKING:
    from ...project import Project
    from ...team import Team

NAMES = {
    "ARTIFACTS_REPO_CREATED": "创建制品仓库",
    "ARTIFACTS_REPO_UPDATED": "更新制品仓库配置",
    "ARTIFACTS_REPO_DELETED": "删除制品仓库",
    "ARTIFACTS_VERSION_CREATED": "推送制品",
    "ARTIFACTS_VERSION_UPDATED": "更新制品",
    "ARTIFACTS_VERSION_DELETED": "删除制品",
    "ARTIFACTS_VERSION_RELEASED": "发布制品",
    "ARTIFACTS_VERSION_DOWNLOADED": "下载制品",
    "ARTIFACTS_VERSION_DOWNLOAD_ALLOWED": "允许下载制品",
    "ARTIFACTS_VERSION_DOWNLOAD_FORBIDDEN": "禁止下载制品",
    "ARTIFACTS_VERSION_DOWNLOAD_BLOCKED": "下载制品阻断",
}


def told(
    team: Team,
    project: Project,
    code: str,
    repository: Repository,
    package: Package | None,
    version: Version | None,
) -> Row:
    """What an event says of a repository and, if it is about one, of a version."""
    return {
        "eventName": NAMES[code],
        "artifact": {
            "projectId": project.id,
            "artifactRepoId": repository.id,
            "artifactPkgId": package.id if package else 0,
            "artifactVersionId": version.id if version else 0,
            "userId": team.owner_id,
            "size": 1024 if version else 0,
            "artifactRepoName": repository.name,
            "artifactPkgName": package.name if package else "",
            "artifactVersionName": version.name if version else "",
            "action": code.rpartition("_")[2].lower(),
            "artifactType": KIND_NAMES[repository.kind],
            "projectName": project.info.name,
            "userName": team.members[team.owner_id].name,
        },
    }
