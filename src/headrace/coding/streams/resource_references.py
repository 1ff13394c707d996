"""What merge requests refer to: issues, other merge requests, commits, pages.

CODING numbers all resources of a project in one row, so the number of a merge request names it.
Issues have a stream of their own, from an Action of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.coding.streams.columns import integer, reference, text, word
from headrace.coding.streams.issue_parts import each_row
from headrace.core.record import Body
from headrace.core.schema import Schema
from headrace.core.stream import HookRule, Listing, Parent, Strategy, Stream, Title

_OF_PROJECT = 1  # ScopeType: 1 a project, 2 the team


def _code_as_text(request: Body) -> str | None:
    number = request.get("MergeId")
    return str(number) if isinstance(number, int | str) else None


def _in_one(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The resource and where it is, which the answer shows as two objects."""
    resource, scope = row.get("Resource"), row.get("Scope")
    return {**resource, **scope} if isinstance(resource, dict) and isinstance(scope, dict) else row


RESOURCE_REFERENCES = Stream(
    name="resource_references",
    title=Title("资源引用", "Resources that merge requests refer to"),
    key=("DepotId", "MergeId", "ResourceType", "ResourceId"),
    schema=Schema(
        key=("depot_id", "merge_id", "resource_type", "resource_id"),
        columns=(
            integer("depot_id", "DepotId", "仓库 ID", "id of the depot"),
            integer("merge_id", "MergeId", "合并请求编号", "number of the merge request"),
            text(
                "resource_type",
                "ResourceType",
                "资源类型：Defect，Requirement，Mission，MergeRequestBean，Commit，Wiki 等",
                "Defect, Requirement, Mission, MergeRequestBean, Commit, Wiki ...",
            ),
            text("resource_id", "ResourceId", "资源 ID", "id of the resource"),
            text("resource_code", "ResourceCode", "资源编号", "number in its project"),
            text("resource_type_name", "ResourceTypeName", "资源类型名", "name of the type"),
            text("title", "Title", "资源标题", "title of the resource"),
            word("icon", "Icon", "图标地址", "address of the icon"),
            integer(
                "scope_type",
                "ScopeType",
                "资源所属主体：1 项目，2 团队",
                "where the resource is: 1 a project, 2 the team",
            ),
            reference("scope_id", "ScopeId", "所属主体 ID", "id of that project or team"),
            word("scope_name", "ScopeName", "所属主体名称", "name of that project or team"),
            word("scope_display_name", "ScopeDisplayName", "所属主体显示名", "its display name"),
        ),
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(
        action="DescribeResourceReferencesCiting",
        rows="Resource",
        sends={"ScopeId": "ProjectId", "ResourceCode": "ResourceCode"},
        params={"ScopeType": _OF_PROJECT},
        unfold=each_row(_in_one),
    ),
    parent=Parent(
        stream="merge_requests",
        values={"DepotId": "DepotId", "MergeId": "MergeId", "ResourceCode": _code_as_text},
        key=("DepotId", "MergeId"),
    ),
    hooks=(
        HookRule(
            ("GIT_MR_CREATED", "GIT_MR_UPDATED"),
            {"DepotId": "repository.id", "MergeId": "mergeRequest.number"},
        ),
    ),
    scopes=("related-resource:resource:ro",),
    volatile=("Meta",),  # markup, and people's addresses inside a text
)
