"""Streams of the artifact repositories: repositories, packages, versions and files.

CODING counts the times of repositories, packages and versions in seconds.
"""

from __future__ import annotations

from dataclasses import replace

from headrace.coding.streams.columns import (
    decimal,
    integer,
    moment,
    reference,
    text,
    word,
)
from headrace.coding.streams.project import IN_PROJECT
from headrace.core.record import Body
from headrace.core.schema import Schema
from headrace.core.stream import HookRule, Listing, Paging, Parent, Strategy, Stream, Title

_KINDS = (
    "类型：1 generic，2 docker，3 maven，4 npm，5 pypi，6 helm，7 composer，8 nuget，9 conan，"
    "10 cocoapods，11 rpm",
    "1 generic, 2 docker, 3 maven, 4 npm, 5 pypi, 6 helm, 7 composer, 8 nuget, 9 conan,"
    " 10 cocoapods, 11 rpm",
)
_REPO_SCOPES = ("artifact:repository:ro",)
_REPO_ID = integer("repo_id", "RepoId", "制品仓库 ID", "id of the repository")

ARTIFACT_REPOSITORIES = Stream(
    name="artifact_repositories",
    title=Title("制品仓库", "Artifact repositories"),
    key=("Id",),
    schema=Schema(
        key=("id",),
        columns=(
            integer("id", "Id", "制品仓库 ID", "id of the repository"),
            integer("project_id", "ProjectId", "项目 ID", "id of the project"),
            reference("team_id", "TeamId", "团队 ID", "id of the team"),
            text("name", "Name", "名称", "name"),
            integer("type", "Type", *_KINDS),
            text("description", "Description", "描述", "description"),
            integer(
                "access_level",
                "AccessLevel",
                "访问权限：1 项目内，2 团队内，3 公开",
                "open to 1 the project, 2 the team, 3 everybody",
            ),
            integer(
                "release_strategy",
                "ReleaseStrategy",
                "版本发布策略：1 允许覆盖，2 不允许覆盖，3 快照",
                "versions may be 1 overwritten, 2 not overwritten, 3 snapshots",
            ),
            moment("created_at", "CreatedAt", "创建时间", "created"),
        ),
    ),
    listing=Listing(
        action="DescribeArtifactRepositoryList",
        rows="Data.InstanceSet",
        total="Data.TotalCount",
        paging=Paging.NUMBER,
        sends=("ProjectId",),
    ),
    parent=IN_PROJECT,
    # No Action shows one repository: an event has the project's repositories read again.
    hooks=(
        HookRule(("ARTIFACTS_REPO_CREATED", "ARTIFACTS_REPO_UPDATED", "ARTIFACTS_REPO_DELETED")),
    ),
    every=10,
    scopes=_REPO_SCOPES,
)

IN_REPOSITORY = Parent(
    stream="artifact_repositories",
    values={"RepoId": "Id", "Repository": "Name"},
    key=("RepoId",),
)

ARTIFACT_PACKAGES = Stream(
    name="artifact_packages",
    title=Title("制品包", "Artifact packages"),
    key=("Id",),
    schema=Schema(
        key=("id",),
        columns=(
            integer("id", "Id", "制品包 ID", "id of the package"),
            _REPO_ID,
            text("name", "Name", "名称", "name"),
            text("description", "Description", "描述", "description"),
            integer(
                "release_strategy",
                "ReleaseStrategy",
                "版本发布策略：1 允许覆盖，2 不允许覆盖，3 快照，4 同仓库",
                "versions may be 1 overwritten, 2 not overwritten, 3 snapshots, 4 as the"
                " repository has it",
            ),
            integer("version_count", "VersionCount", "版本数量", "how many versions it has"),
            reference(
                "latest_version_id",
                "LatestVersionId",
                "最新推送版本的 ID",
                "id of the version pushed last",
            ),
            word(
                "latest_version_name",
                "LatestVersionName",
                "最新推送版本的版本号",
                "name of the version pushed last",
            ),
            reference(
                "latest_version_release_status",
                "LatestVersionReleaseStatus",
                "最新推送版本的发布状态：1 未发布，2 已发布",
                "the version pushed last is 1 not released, 2 released",
            ),
            moment("created_at", "CreatedAt", "创建时间", "created"),
        ),
    ),
    listing=Listing(
        action="DescribeArtifactPackageList",
        rows="Data.InstanceSet",
        total="Data.TotalCount",
        paging=Paging.NUMBER,
        sends=("ProjectId", "Repository"),
    ),
    parent=IN_REPOSITORY,
    hooks=(HookRule(("ARTIFACTS_VERSION_CREATED", "ARTIFACTS_VERSION_DELETED")),),
    every=10,
    scopes=("artifact:package:ro",),
)


def _names(project: Body) -> list[str] | None:
    name = project.get("Name")
    return [name] if isinstance(name, str) else None


# The order of the list is stated nowhere. Where it is not newest first, what is new is found by
# the census. A project out of sight is told from an empty one, which the team's list could not do.
ARTIFACT_VERSIONS = Stream(
    name="artifact_versions",
    title=Title("制品版本", "Artifact versions"),
    key=("VersionId",),
    schema=Schema(
        key=("version_id",),
        columns=(
            integer("version_id", "VersionId", "制品版本 ID", "id of the version"),
            integer("project_id", "ProjectId", "项目 ID", "id of the project"),
            _REPO_ID,
            text("repository", "Repository", "制品仓库名称", "name of the repository"),
            integer("package_id", "PkgId", "制品包 ID", "id of the package"),
            text("package", "Package", "制品包名称", "name of the package"),
            text("package_version", "PackageVersion", "版本号", "name of the version"),
            integer("artifact_type", "ArtifactType", *_KINDS),
            word("hash", "Hash", "版本哈希", "hash of the version"),
            decimal("size", "Size", "大小（MB）", "size in MB"),
            text("description", "Description", "描述", "description"),
            integer(
                "download_count",
                "DownloadCount",
                "下载次数，清点时更新",
                "downloads; brought up to date by the census",
            ),
            integer(
                "release_status",
                "ReleaseStatus",
                "发布状态：1 未发布，2 已发布",
                "1 not released, 2 released",
            ),
            moment("created_at", "CreatedAt", "推送时间", "pushed"),
        ),
        ignored=frozenset({"ProjectName"}),  # of the projects table, and changes without a push
    ),
    strategy=Strategy.NEWEST,
    listing=Listing(
        action="DescribeTeamArtifacts",
        rows="Data.InstanceSet",
        total="Data.TotalCount",
        paging=Paging.NUMBER,
        sends={"Rule.ProjectName": "ProjectNames"},
    ),
    parent=replace(IN_PROJECT, values={**IN_PROJECT.values, "ProjectNames": _names}),
    hooks=(
        HookRule(
            (
                *("ARTIFACTS_VERSION_CREATED", "ARTIFACTS_VERSION_UPDATED"),
                "ARTIFACTS_VERSION_RELEASED",
            )
        ),
    ),
    scopes=("artifact:version:ro",),
)

ARTIFACT_FILES = Stream(
    name="artifact_files",
    title=Title("制品文件", "Artifact files"),
    key=("RepoId", "PackageName", "VersionName", "Path"),
    schema=Schema(
        key=("repo_id", "package_name", "version_name", "path"),
        columns=(
            _REPO_ID,
            text("package_name", "PackageName", "制品包名称", "name of the package"),
            text("version_name", "VersionName", "版本号", "name of the version"),
            text("path", "Path", "仓库内的文件路径", "path in the repository"),
            word("project", "Project", "项目标识", "name of the project in addresses"),
            word("repository", "Repository", "制品仓库名称", "name of the repository"),
            word("artifact_type", "ArtifactType", *_KINDS),
            word("hash", "Hash", "版本哈希", "hash of the version"),
            word("host", "Host", "仓库主机名", "host of the repository"),
        ),
    ),
    listing=Listing(
        action="DescribeArtifactRepositoryFileList",
        rows="Data.InstanceSet",
        paging=Paging.TOKEN,
        size=1000,
        sends={"Project": "ProjectName", "Repository": "Repository"},
    ),
    parent=IN_REPOSITORY,
    scopes=_REPO_SCOPES,
    slow=True,
    volatile=("DownloadUrl",),
)
