"""Streams of what hangs on an artifact version, and the team's lists of trusted artifacts."""

from __future__ import annotations

from headrace.coding.streams.artifact import (
    ARTIFACT_FILES,
    ARTIFACT_PACKAGES,
    ARTIFACT_REPOSITORIES,
    ARTIFACT_VERSIONS,
)
from headrace.coding.streams.columns import flag, integer, moment, nested, text, word
from headrace.core.schema import Schema
from headrace.core.stream import HookRule, Listing, Lookup, Parent, Strategy, Stream, Title

OF_VERSION = Parent(
    stream="artifact_versions",
    values={
        "VersionId": "VersionId",
        "Repository": "Repository",
        "Package": "Package",
        "PackageVersion": "PackageVersion",
    },
    key=("VersionId",),
)
_VERSION = ("ProjectId", "Repository", "Package", "PackageVersion")
_VERSION_ID = integer("version_id", "VersionId", "制品版本 ID", "id of the version")
_NAMED = {"VersionId": "artifact.artifactVersionId"}

ARTIFACT_PROPERTIES = Stream(
    name="artifact_properties",
    title=Title("制品属性", "Artifact properties"),
    key=("VersionId", "Id"),
    schema=Schema(
        key=("version_id", "id"),
        columns=(
            _VERSION_ID,
            integer("id", "Id", "属性 ID", "id of the property"),
            text("name", "Name", "属性名称", "name"),
            text("value", "Value", "属性值", "value"),
            flag("immutable", "Immutable", "是否不可变更", "cannot be changed"),
            word("version", "Version", "版本号", "name of the version"),
            moment("created_at", "CreatedAt", "创建时间", "created"),
        ),
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(action="DescribeArtifactProperties", rows="InstanceSet", sends=_VERSION),
    parent=OF_VERSION,
    hooks=(HookRule(("ARTIFACTS_VERSION_CREATED", "ARTIFACTS_VERSION_UPDATED"), _NAMED),),
    scopes=("artifact:properties:ro",),
    optional=True,
)

ARTIFACT_CHECKSUMS = Stream(
    name="artifact_checksums",
    title=Title("制品校验和", "Artifact checksums"),
    key=("VersionId", "Name"),
    schema=Schema(
        key=("version_id", "name"),
        columns=(
            _VERSION_ID,
            text("name", "Name", "文件名称", "name of the file"),
            word("md5", "Md5", "文件 MD5", "MD5 of the file"),
            word("sha1", "Sha1", "文件 SHA-1", "SHA-1 of the file"),
            word("sha256", "Sha256", "文件 SHA-256", "SHA-256 of the file"),
        ),
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(action="DescribeArtifactChecksums", rows="InstanceSet", sends=_VERSION),
    parent=OF_VERSION,
    hooks=(HookRule(("ARTIFACTS_VERSION_CREATED", "ARTIFACTS_VERSION_UPDATED"), _NAMED),),
    scopes=("artifact:version:ro",),
    optional=True,
)

ARTIFACT_CREDITS = Stream(
    name="artifact_credits",
    title=Title("制品授信清单", "Lists of trusted artifacts"),
    key=("Id",),
    schema=Schema(
        key=("id",),
        columns=(
            integer("id", "Id", "授信清单 ID", "id of the list"),
            text("name", "Name", "名称", "name"),
            word(
                "type",
                "Type",
                "类型：NORMAL 普通，SYNC 从其他系统同步",
                "NORMAL, or SYNC where another system sends it",
            ),
            flag("enabled", "Enabled", "是否启用", "is in force"),
            nested("rules", "Rules", "授信的制品：名称与版本规则", "what is trusted, by rules"),
            nested("ranges", "Ranges", "适用的团队、项目、仓库", "teams, projects, repositories"),
        ),
    ),
    listing=Listing(action="DescribeArtifactCreditList", rows="InstanceSet"),
    lookup=Lookup(
        action="DescribeArtifactCredit",
        row="ArtifactCredit",
        key_params={"ArtifactCreditId": "Id"},
        project=dict,
    ),
    scopes=("artifact:repository:ro",),
    slow=True,
    volatile=("CreditKey",),
)

ARTIFACTS: tuple[Stream, ...] = (
    ARTIFACT_REPOSITORIES,
    ARTIFACT_PACKAGES,
    ARTIFACT_VERSIONS,
    ARTIFACT_PROPERTIES,
    ARTIFACT_CHECKSUMS,
    ARTIFACT_FILES,
    ARTIFACT_CREDITS,
)
