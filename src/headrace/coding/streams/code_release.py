"""The stream of releases of a depot: a tag with a title and notes."""

from __future__ import annotations

from headrace.coding.streams.code_depot import DEPOT_ID, OF_DEPOT
from headrace.coding.streams.columns import flag, integer, moment, reference, text, word
from headrace.core.record import Body
from headrace.core.schema import Schema
from headrace.core.stream import Listing, Lookup, Paging, Stream, Title


def list_row_of(detail: Body) -> Body:
    """An answer of DescribeGitReleaseDetail without the attachment, which lists may not show."""
    return {name: value for name, value in detail.items() if name != "ReleaseAttachment"}


# FromDate and ToDate do not say which date they mean, so all releases are read each time.
DEPOT_RELEASES = Stream(
    name="depot_releases",
    title=Title("代码版本发布", "Releases of a depot"),
    key=("DepotId", "ReleaseId", "TagName"),
    version=("UpdatedAt",),
    schema=Schema(
        key=("depot_id", "release_id", "tag_name"),
        columns=(
            DEPOT_ID,
            integer("release_id", "ReleaseId", "版本序号", "number of the release"),
            text("tag_name", "TagName", "标签名称", "name of its tag"),
            integer("id", "Id", "版本 ID", "id, unique everywhere"),
            reference("project_id", "ProjectId", "项目 ID", "id of the project"),
            text("title", "Title", "标题", "title"),
            text("body", "Body", "内容（Markdown）", "notes, Markdown"),
            text("html", "Html", "内容（HTML）", "notes, HTML"),
            flag("pre", "Pre", "是否预发布", "is a pre-release"),
            word("commit_sha", "CommitSha", "提交的 SHA", "its commit"),
            word(
                "target_commit_branch",
                "TargetCommitBranch",
                "目标分支或提交",
                "branch or commit it was made of",
            ),
            reference("creator_id", "CreatorId", "创建者 ID", "id of its creator"),
            word("attachment_name", "ReleaseAttachment.AttachmentName", "附件名", "attached file"),
            word(
                "attachment_size",
                "ReleaseAttachment.AttachmentSize",
                "附件大小（文本）",
                "size of that, as CODING's text",
            ),
            moment("created_at", "CreatedAt", "创建时间", "created"),
            moment("updated_at", "UpdatedAt", "更新时间", "last updated"),
        ),
    ),
    listing=Listing(
        action="DescribeGitReleases",
        rows="ReleasePageList.Releases",
        total="ReleasePageList.TotalCount",
        paging=Paging.NUMBER,
        sends=("DepotId",),
    ),
    parent=OF_DEPOT,
    lookup=Lookup(
        action="DescribeGitReleaseDetail",
        row="Release",
        key_params={"ReleaseId": "ReleaseId", "TagName": "TagName"},
        sends=("DepotId",),
        project=list_row_of,
    ),
    volatile=("ReleaseAttachment.AttachmentDownloadUrl",),
    every=10,
    scopes=("vcs:release:ro",),
)
