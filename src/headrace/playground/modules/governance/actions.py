"""Actions about how a team is governed. Service Hooks have theirs in `actions.hooking`."""

from __future__ import annotations

from ...actions.action import PROJECT_ID, PROJECT_NAME, Action, Call, Parameter
from ...envelope import ApiError
from ...paging import Paging, Style
from ...project import Project
from ...rates import UNLIMITED
from ...rows import Row
from .rows import Policy, Principal
from .state import Governance
from .tables import group_members, predicate_row, scope_rows

POLICY_SCOPE, GRANT_SCOPE, GROUP_SCOPE = "ram:policy:ro", "ram:grant:ro", "ram:user-group:ro"


def _labels(call: Call) -> Row:
    return {"Labels": call.module(Governance).labels(call.project())}


def _roles(call: Call) -> Row:
    return {"Roles": call.module(Governance).roles(call.project())}


def _principals(call: Call) -> Row:
    asked = call.parameters
    found = [
        principal
        for principal in call.module(Governance).access.principals(call.project())
        if asked.get("Keyword", "") in principal.name
        and asked.get("PolicyId", principal.policy.id) == principal.policy.id
    ]
    return call.page(found, Principal.row)


def _notices(call: Call) -> Row:
    return call.page(call.module(Governance).notices(call.project()), lambda row: row)


def _programs(call: Call) -> Row:
    words = call.parameters.get("Keyword", "")
    programs = call.module(Governance).programs.values()
    return call.page([one for one in programs if words in one.name], lambda one: one.row())


def _program_projects(call: Call) -> Row:
    governance, number = call.module(Governance), call.parameters["ProgramId"]
    if number not in governance.programs:
        raise ApiError("ResourceNotFound", "Program not found")
    return {"Data": governance.projects_in(number)}


def _groups(call: Call) -> Row:
    words = call.parameters["Filter"][0].get("GroupName", "")
    groups = call.module(Governance).access.groups.values()
    return call.page([one for one in groups if words in one.name], lambda one: one.row())


def _group_members(call: Call) -> Row:
    access, number = call.module(Governance).access, call.parameters["GroupId"]
    if number not in access.groups:
        raise ApiError("ResourceNotFound", "User group not found")
    return call.page(group_members(call.team, access, number), lambda row: row)


def _policies(call: Call) -> Row:
    asked = call.parameters["Filter"][0]
    if not asked.get("ResourceType"):
        raise ApiError("MissingParameter", "The parameter Filter.ResourceType is missing")
    found = call.module(Governance).access.policies_for(asked["ResourceType"])
    words = asked.get("PolicyAlias", "")
    return call.page([policy for policy in found if words in policy.alias], Policy.row)


def _policy(call: Call) -> Row:
    return {"PolicyInfo": _policy_named(call).detail()}


def _policy_named(call: Call) -> Policy:
    found = call.module(Governance).access.policies.get(call.parameters["PolicyId"])
    if found is None:
        raise ApiError("ResourceNotFound", "Policy not found")
    return found


def _policy_scopes(call: Call) -> Row:
    rows = scope_rows(call.module(Governance).access, _policy_named(call).id)
    asked = call.parameters.get("Filter", [{}])[0].get("ResourceType")
    return call.page([row for row in rows if asked in (None, "project")], lambda row: row)


def _resource(call: Call) -> Project:
    """The project that `Resource` names; other kinds of resources have no grants here."""
    asked = call.parameters["Resource"][0]
    number = asked.get("ResourceId")
    if not isinstance(number, str):
        raise ApiError("InvalidParameterValue", "The parameter Resource.ResourceId is no string")
    is_project = asked.get("ResourceType") == "project" and number.isdecimal()
    found = call.team.projects.get(int(number)) if is_project else None
    if found is None:
        raise ApiError("ResourceNotFound", "Resource not found")
    if not call.sees(found):
        raise ApiError("UnauthorizedOperation", "No permission for this resource")
    return found


def _grants(call: Call) -> Row:
    principals = call.module(Governance).access.principals(_resource(call))
    return call.page(principals, Principal.grant)


def _predicate(call: Call) -> Row:
    access, project = call.module(Governance).access, _resource(call)
    return {"PredicatePolicyOnResourceInfo": predicate_row(access, project.id)}


RESOURCE = Parameter("Resource", "objects", required=True)
POLICY_ID = Parameter("PolicyId", "integer", required=True)

OF_PROJECTS = (
    Action(
        name="DescribeAllProjectLabels",
        handler=_labels,
        scope="project:label:ro",
        parameters=(PROJECT_ID,),
    ),
    Action(
        name="DescribeProjectRoles",
        handler=_roles,
        scope="project:member:ro",
        parameters=(PROJECT_ID,),
    ),
    Action(
        name="DescribeProjectMemberPrincipals",
        handler=_principals,
        scope="project:member:ro",
        parameters=(PROJECT_ID, Parameter("Keyword"), Parameter("PolicyId", "integer")),
        paging=Paging(style=Style.NUMBERED, rows="Principals"),
    ),
    Action(
        name="DescribeProjectAnnouncements",
        handler=_notices,
        scope="project:notice:ro",
        parameters=(PROJECT_NAME,),
        paging=Paging(style=Style.NUMBERED, rows="List", under=""),
    ),
    Action(
        name="DescribePrograms",
        handler=_programs,
        scope="program:profile:ro",
        parameters=(Parameter("Keyword"),),
        paging=Paging(style=Style.NUMBERED, rows="Programs"),
        team_wide=True,
    ),
    Action(
        name="DescribeProgramProjects",
        handler=_program_projects,
        scope="program:project:ro",
        parameters=(Parameter("ProgramId", "integer", required=True),),
        team_wide=True,
    ),
)
OF_ACCESS = (
    Action(
        name="DescribeUserGroups",
        handler=_groups,
        scope=GROUP_SCOPE,
        parameters=(Parameter("Filter", "objects", required=True),),
        paging=Paging(style=Style.NUMBERED, rows="UserGroupList"),
        team_wide=True,
    ),
    Action(
        name="DescribeUsersByGroupId",
        handler=_group_members,
        scope=GROUP_SCOPE,
        parameters=(Parameter("GroupId", "integer", required=True),),
        paging=Paging(style=Style.NUMBERED, rows="UserDataList"),
        rate=UNLIMITED,
        team_wide=True,
    ),
    Action(
        name="DescribePoliciesOnResourceType",
        handler=_policies,
        scope=POLICY_SCOPE,
        parameters=(Parameter("Filter", "objects", required=True),),
        paging=Paging(style=Style.NUMBERED, rows="PolicyList"),
        team_wide=True,
    ),
    Action(
        name="DescribePolicy",
        handler=_policy,
        scope=POLICY_SCOPE,
        parameters=(POLICY_ID, Parameter("AccurateActions", "boolean", required=True)),
        team_wide=True,
    ),
    Action(
        name="DescribeResourceScopeListOnPolicy",
        handler=_policy_scopes,
        scope=POLICY_SCOPE,
        parameters=(POLICY_ID, Parameter("Filter", "objects")),
        paging=Paging(style=Style.NUMBERED, rows="PolicyResourceScopeList"),
        rate=UNLIMITED,
        team_wide=True,
    ),
    Action(
        name="DescribeGrantObjectsOnResource",
        handler=_grants,
        scope=GRANT_SCOPE,
        parameters=(RESOURCE,),
        paging=Paging(style=Style.NUMBERED, rows="GrantObjectList"),
        rate=UNLIMITED,
    ),
    Action(
        name="DescribePredicatePolicyOnResource",
        handler=_predicate,
        scope=GRANT_SCOPE,
        parameters=(RESOURCE,),
        rate=UNLIMITED,
    ),
)
ACTIONS = (*OF_PROJECTS, *OF_ACCESS)
