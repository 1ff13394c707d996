"""The rows that a perfect reader would have of who may do what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ...records import whole_seconds
from ...rows import Row, team_member
from .access import Access

if TYPE_CHECKING:
    from ...team import Team

Key = tuple[int | str, ...]


def group_members(team: Team, access: Access, group_id: int) -> list[Row]:
    """As `DescribeUsersByGroupId` serves them."""
    members = [team.members[number] for number in access.members[group_id]]
    return [team_member(member, team.id, []) for member in members]


def scope_rows(access: Access, policy_id: int) -> list[Row]:
    """As `DescribeResourceScopeListOnPolicy` serves them."""
    return [
        {
            "PolicyId": policy_id,
            "Resource": {"ResourceType": "project", "ResourceId": str(project_id)},
            "CreatedAt": whole_seconds(since_ms),
        }
        for project_id, since_ms in access.scopes.get(policy_id, {}).items()
    ]


def predicate_row(access: Access, project_id: int) -> Row:
    """`PredicatePolicyOnResourceInfo` of `DescribePredicatePolicyOnResource`."""
    predicate, has_administrator = access.predicate(project_id)
    return {"ResourcePredicatePolicy": predicate, "HasAdministrator": has_administrator}


def access_tables(team: Team, access: Access) -> Mapping[str, Callable[[], dict[Key, Row]]]:
    """See `modules.Module`."""

    def of_policies(row_of: str) -> dict[Key, Row]:
        return {
            (kind, policy.id): getattr(policy, row_of)()
            for policy in access.policies.values()
            for kind in policy.types
        }

    def scopes() -> dict[Key, Row]:
        return {
            (policy_id, "project", row["Resource"]["ResourceId"]): {"CreatedAt": row["CreatedAt"]}
            for policy_id in access.policies
            for row in scope_rows(access, policy_id)
        }

    def grants() -> dict[Key, Row]:
        return {
            ("project", project.id, one.kind, str(one.id)): one.grant()
            for project in team.projects.values()
            for one in access.principals(project)
        }

    return {
        "project_principals": lambda: {
            (project.id, one.kind, str(one.id)): one.row()
            for project in team.projects.values()
            for one in access.principals(project)
        },
        "user_groups": lambda: {(group.id,): group.row() for group in access.groups.values()},
        "user_group_members": lambda: {
            (number, row["Id"]): row
            for number in access.groups
            for row in group_members(team, access, number)
        },
        "policies": lambda: of_policies("row"),
        "policy_documents": lambda: of_policies("detail"),
        "policy_scopes": scopes,
        "resource_grants": grants,
        "resource_predicates": lambda: {
            ("project", number): predicate_row(access, number) for number in team.projects
        },
    }
