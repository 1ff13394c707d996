"""Streams of who may do what: user groups, policies, and the grants on projects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from headrace.coding.streams.columns import flag, integer, moment, nested, text, word
from headrace.coding.streams.people import alone
from headrace.coding.streams.project import PERSON, PERSONAL, roles_of
from headrace.core.record import Body
from headrace.core.schema import Schema
from headrace.core.stream import Listing, Paging, Parent, Strategy, Stream, Title

_POLICY = ("ram:policy:ro",)
_GROUP = ("ram:user-group:ro",)
_GRANT = ("ram:grant:ro",)
_TYPES = ("team", "project", "depot")  # what policies may be made for, says CreatePolicy
_RESOURCE_TYPE = text(
    "resource_type", "ResourceType", "资源类型：team，project，depot", "team, project or depot"
)
_RESOURCE_ID = integer("resource_id", "ResourceId", "资源 ID", "id of the resource")
_POLICY_ID = integer("policy_id", "PolicyId", "权限组 ID", "id of the policy")


def _lifted(data: Any) -> Iterator[Any]:
    """Rows whose `Resource` {ResourceType, ResourceId} is written into the row itself.

    The list may be null; the total beside it tells an empty one from a bad answer.
    """
    rows = data.get("PolicyResourceScopeList") if isinstance(data, dict) else None
    for row in rows if isinstance(rows, list) else ():
        resource = row.get("Resource") if isinstance(row, dict) else None
        if not isinstance(resource, dict):
            yield row
            continue
        rest = {name: value for name, value in row.items() if name != "Resource"}
        yield {**resource, **rest}


def _project_as_resource(project: Body) -> str:
    """Ids of resources are sent as texts."""
    return str(project.get("Id"))


_ON_PROJECT = Parent(
    stream="projects",
    values={"ResourceId": "Id", "ResourceIdText": _project_as_resource},
    key=("ResourceType", "ResourceId"),
    fan={"ResourceType": ("project",)},
)
_SENDS_RESOURCE = {
    "Resource.ResourceType": "ResourceType",
    "Resource.ResourceId": "ResourceIdText",
}

USER_GROUPS = Stream(
    name="user_groups",
    title=Title("用户组", "User groups"),
    key=("Id",),
    schema=Schema(
        key=("id",),
        columns=(
            integer("id", "Id", "用户组 ID", "id of the group"),
            text("name", "Name", "用户组名称", "name"),
            word("description", "Description", "描述", "description, if any"),
            moment("created_at", "CreatedAt", "创建时间", "created"),
        ),
    ),
    listing=Listing(
        action="DescribeUserGroups",
        rows="Data.UserGroupList",
        total="Data.TotalCount",
        paging=Paging.NUMBER,
        params={"Filter.GroupName": ""},  # the filter must be there
    ),
    scopes=_GROUP,
    slow=True,
)

USER_GROUP_MEMBERS = Stream(
    name="user_group_members",
    title=Title("用户组成员", "Members of user groups"),
    key=("GroupId", "Id"),
    schema=Schema(
        key=("group_id", "id"),
        columns=(integer("group_id", "GroupId", "用户组 ID", "id of the group"), *PERSON),
        children=(
            roles_of("user_group_member_roles", "用户组成员的角色", "Roles of a group's member"),
        ),
    ),
    listing=Listing(
        action="DescribeUsersByGroupId",
        rows="Data.UserDataList",
        total="Data.TotalCount",
        paging=Paging.NUMBER,
        sends=("GroupId",),
    ),
    parent=Parent(stream="user_groups", values={"GroupId": "Id"}, key=("GroupId",)),
    scopes=_GROUP,
    personal=PERSONAL,
    slow=True,
)

POLICIES = Stream(
    name="policies",
    title=Title("权限组", "Policies"),
    key=("ResourceType", "PolicyId"),
    schema=Schema(
        key=("resource_type", "policy_id"),
        columns=(
            _RESOURCE_TYPE,
            _POLICY_ID,
            text("name", "Name", "名称", "name"),
            text("alias", "Alias", "显示名称", "name shown to people"),
            word("description", "Description", "描述", "description, if any"),
            text("policy_type", "PolicyType", "类型：IDENTITY 或 RESOURCE", "IDENTITY, RESOURCE"),
            text("scope", "Scope", "作用范围：SYSTEM 系统，CUSTOM 自定义", "SYSTEM or CUSTOM"),
            text("current_version", "CurrentVersion", "版本号", "version, e.g. V1"),
            integer("current_version_id", "CurrentVersionId", "版本记录 ID", "id of the version"),
        ),
    ),
    listing=Listing(
        action="DescribePoliciesOnResourceType",
        rows="Data.PolicyList",
        total="Data.TotalCount",
        paging=Paging.NUMBER,
        sends={"Filter.ResourceType": "ResourceType"},
        params={"Filter.Visible": "all"},
    ),
    parent=Parent(stream="", values={}, key=("ResourceType",), fan={"ResourceType": _TYPES}),
    scopes=_POLICY,
    slow=True,
)

POLICY_DOCUMENTS = Stream(
    name="policy_documents",
    title=Title("权限组语句", "Statements of policies"),
    key=("ResourceType", "PolicyId"),
    schema=Schema(
        key=("resource_type", "policy_id"),
        columns=(
            _RESOURCE_TYPE,
            _POLICY_ID,
            nested(
                "statement",
                "PolicyDocument.Statement",
                "权限语句：Effect（ALLOW 或 DENY）、Action、Resource",
                "what is allowed or denied: Effect, Action, Resource",
            ),
            integer("current_version_id", "CurrentVersionId", "版本记录 ID", "id of the version"),
        ),
        ignored=frozenset(
            ("Name", "Alias", "Description", "PolicyType", "Scope", "CurrentVersion")
        ),
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(
        action="DescribePolicy",
        rows="PolicyInfo",
        sends=("PolicyId",),
        params={"AccurateActions": False},  # as it was written
        unfold=alone,
    ),
    parent=Parent(
        stream="policies", values={"PolicyId": "PolicyId"}, key=("ResourceType", "PolicyId")
    ),
    scopes=_POLICY,
)

# Its own ResourceType is that of the place, not that of the policy.
POLICY_SCOPES = Stream(
    name="policy_scopes",
    title=Title("权限组可用资源范围", "Where policies may be used"),
    key=("PolicyId", "ResourceType", "ResourceId"),
    schema=Schema(
        key=("policy_id", "resource_type", "resource_id"),
        columns=(
            _POLICY_ID,
            text("resource_type", "ResourceType", "资源类型，如 project", "kind, e.g. project"),
            text("resource_id", "ResourceId", "资源 ID（文本）", "id of the resource, as text"),
            moment("created_at", "CreatedAt", "创建时间", "created"),
        ),
    ),
    listing=Listing(
        action="DescribeResourceScopeListOnPolicy",
        rows="Data",
        total="Data.TotalCount",
        paging=Paging.NUMBER,
        sends=("PolicyId",),
        unfold=_lifted,
    ),
    parent=Parent(stream="policies", values={"PolicyId": "PolicyId"}, key=("PolicyId",)),
    scopes=_POLICY,
    slow=True,
)

RESOURCE_GRANTS = Stream(
    name="resource_grants",
    title=Title("项目授权对象", "Who is granted a project"),
    key=("ResourceType", "ResourceId", "GrantScope", "GrantObjectId"),
    schema=Schema(
        key=("resource_type", "resource_id", "grant_scope", "grant_object_id"),
        columns=(
            text("resource_type", "ResourceType", "资源类型，为 project", "always project"),
            _RESOURCE_ID,
            text(
                "grant_scope",
                "GrantScope",
                "对象类型：USER，USER_GROUP，DEPARTMENT",
                "USER, USER_GROUP or DEPARTMENT",
            ),
            text("grant_object_id", "GrantObjectId", "对象 ID（文本）", "id of whom, as text"),
            text("grant_object_name", "GrantObjectName", "对象名称", "name of whom"),
            moment("created_at", "CreatedAt", "授权时间", "granted"),
        ),
    ),
    listing=Listing(
        action="DescribeGrantObjectsOnResource",
        rows="Data.GrantObjectList",
        total="Data.TotalCount",
        paging=Paging.NUMBER,
        sends=_SENDS_RESOURCE,
    ),
    parent=_ON_PROJECT,
    scopes=_GRANT,
    slow=True,
)

RESOURCE_PREDICATES = Stream(
    name="resource_predicates",
    title=Title("项目权限判定模式", "How a project's rights are judged"),
    key=("ResourceType", "ResourceId"),
    schema=Schema(
        key=("resource_type", "resource_id"),
        columns=(
            text("resource_type", "ResourceType", "资源类型，为 project", "always project"),
            _RESOURCE_ID,
            text(
                "resource_predicate_policy",
                "ResourcePredicatePolicy",
                "SELF_PARENT 本级与上级，SELF_NONE 仅本级，NONE_PARENT 仅上级",
                "SELF_PARENT own and above, SELF_NONE own only, NONE_PARENT above only",
            ),
            flag("has_administrator", "HasAdministrator", "是否有管理员授权", "has an admin"),
        ),
    ),
    listing=Listing(
        action="DescribePredicatePolicyOnResource",
        rows="PredicatePolicyOnResourceInfo",
        sends=_SENDS_RESOURCE,
        unfold=alone,
    ),
    parent=_ON_PROJECT,
    scopes=_GRANT,
    slow=True,
)

ACCESS: tuple[Stream, ...] = (
    USER_GROUPS,
    USER_GROUP_MEMBERS,
    POLICIES,
    POLICY_DOCUMENTS,
    POLICY_SCOPES,
    RESOURCE_GRANTS,
    RESOURCE_PREDICATES,
)
