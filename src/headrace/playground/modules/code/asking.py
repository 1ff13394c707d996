"""How a request names a depot: by id, or by path where the id is 0 or missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...actions.action import Call, Parameter
from ...envelope import ApiError
from .state import Code

if TYPE_CHECKING:
    from .state import Place

DEPOT_ID = Parameter("DepotId", "integer", required=True)
DEPOT_PATH = Parameter("DepotPath")
DEPOT = (DEPOT_ID, DEPOT_PATH)
SCOPE = "vcs:repository:ro"


def depot_of(call: Call) -> Place:
    """The depot that is named, with its project. One of svn has nothing to show here.

    ApiError MissingParameter, ResourceNotFound, UnauthorizedOperation, UnsupportedOperation.
    """
    depot_id = call.parameters.get("DepotId", 0)
    depot_path = call.parameters.get("DepotPath", "")
    if not depot_id and not depot_path:
        raise ApiError("MissingParameter", "DepotId or DepotPath is missing")
    found = call.module(Code).find(depot_id, depot_path)
    if found is None:
        raise ApiError("ResourceNotFound", "Depot not found")
    if not call.sees(found[0]):
        raise ApiError("UnauthorizedOperation", "No permission for this depot")
    if not found[1].is_git:
        raise ApiError("UnsupportedOperation", "Not a depot of git")
    return found
