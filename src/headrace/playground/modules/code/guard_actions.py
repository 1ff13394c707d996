"""Actions about what guards a depot, and about depots elsewhere."""

from __future__ import annotations

from collections.abc import Callable

from ...actions.action import Action, Call, Parameter
from ...envelope import ApiError
from ...rates import UNLIMITED
from ...rows import Row
from . import rows, tables
from .asking import DEPOT, DEPOT_ID, DEPOT_PATH, SCOPE, depot_of
from .depot import Depot
from .elsewhere import TYPES
from .state import Code

PATH_ONLY = (Parameter("DepotPath", required=True),)


def _all(name: str, listed: Callable[[Depot], list[Row]]) -> Callable[[Call], Row]:
    """A handler that shows all rows of one depot."""
    return lambda call: {name: listed(depot_of(call)[1])}


def _branch_members(call: Call) -> Row:
    _, depot = depot_of(call)
    name = call.parameters["BranchName"]
    if name not in depot.guards.branches:
        raise ApiError("ResourceNotFound", "The branch is not protected")
    return {"Members": list(depot.guards.branch_members[name].values())}


def _rule_members(call: Call) -> Row:
    _, depot = depot_of(call)
    number = call.parameters["BranchProtectionId"]
    if number not in depot.guards.rules:
        raise ApiError("ResourceNotFound", "There is no such rule")
    return {"Members": list(depot.guards.rule_members[number].values())}


def _protected_tags(call: Call) -> Row:
    _, depot = depot_of(call)
    tags = [depot.tags[name] for name in sorted(depot.guards.tags)]
    return {"GitTags": [rows.tag_row(call.team, depot, tag) for tag in tags]}


def _push_setting(call: Call) -> Row:
    return {"Data": depot_of(call)[1].guards.push}


def _specs(call: Call) -> Row:
    specs = call.module(Code).elsewhere.specs().values()
    return {"DepotSpecs": [tables.spec_row(spec) for spec in specs]}


def _spec(call: Call) -> Row:
    """By name only."""
    specs, name = call.module(Code).elsewhere.specs(), call.parameters.get("DepotSpecName", "")
    if name not in specs:
        raise ApiError("ResourceNotFound", "There is no such spec")
    return {"Detail": specs[name]}


def _bound(call: Call) -> Row:
    """All of one service; a service that was never bound is not authorized."""
    if "ProjectId" not in call.parameters:
        raise ApiError("MissingParameter", "The parameter ProjectId is missing")
    wanted = call.parameters.get("DepotType", "CODING")
    bound = call.module(Code).elsewhere.bound(call.project()).values()
    found = [row for row in bound if row["DepotType"] == wanted]
    return {"Data": {"DepotList": found, "IsBound": bool(found)}}


ACTIONS = (
    Action(
        name="DescribeProtectedBranches",
        handler=_all("ProtectedBranches", tables.protected_branch_rows),
        scope=SCOPE,
        parameters=(DEPOT_ID, *PATH_ONLY),
        rate=UNLIMITED,
    ),
    Action(
        name="DescribeProtectedBranchMembers",
        handler=_branch_members,
        scope=SCOPE,
        parameters=(*DEPOT, Parameter("BranchName", required=True)),
    ),
    Action(
        name="DescribeBranchProtections",
        handler=_all("BranchProtections", tables.rule_rows),
        scope=SCOPE,
        parameters=DEPOT,
    ),
    Action(
        name="DescribeBranchProtectionMembers",
        handler=_rule_members,
        scope=SCOPE,
        parameters=(*DEPOT, Parameter("BranchProtectionId", "integer", required=True)),
    ),
    Action(name="DescribeGitProtectedTags", handler=_protected_tags, scope=SCOPE, parameters=DEPOT),
    Action(
        name="DescribeDepotPushSetting",
        handler=_push_setting,
        scope=SCOPE,
        parameters=(DEPOT_PATH,),
    ),
    Action(
        name="DescribeDepotFilePushRules",
        handler=_all("GitFilePushRule", lambda depot: list(depot.guards.file_rules.values())),
        scope=SCOPE,
        parameters=PATH_ONLY,
    ),
    Action(name="DescribeDepotSpecs", handler=_specs, scope=SCOPE, team_wide=True),
    Action(
        name="DescribeDepotSpecDetail",
        handler=_spec,
        scope=SCOPE,
        parameters=(DEPOT_PATH, Parameter("DepotSpecName")),
        team_wide=True,
    ),
    Action(
        name="DescribeProjectDepots",
        handler=_bound,
        scope="depot:external-repository:ro",
        parameters=(Parameter("DepotType", choices=TYPES), Parameter("ProjectId", "integer")),
        rate=UNLIMITED,
    ),
    Action(
        name="DescribeGitDepotDeployKeys",
        handler=_all("Keys", lambda depot: list(depot.guards.keys.values())),
        scope="vcs:ssh-key:ro",
        parameters=DEPOT,
    ),
)
