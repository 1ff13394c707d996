"""Projects and their members."""

from __future__ import annotations

from ..defaults import ROLES
from ..paging import Paging, Style
from ..project import Project
from ..rates import UNLIMITED
from ..rows import Row
from ..rows import project as project_row
from ..truth import member_row
from .action import PROJECT_ID, PROJECT_NAME, Action, Call, Parameter


def _named(call: Call) -> list[Project]:
    """The projects in sight, narrowed by the fuzzy ProjectName."""
    part = call.parameters.get("ProjectName", "")
    return [
        project
        for project in call.visible_projects()
        if part in project.info.name or part in project.info.display_name
    ]


def _projects(call: Call) -> Row:
    return call.page(_named(call), lambda project: project_row(project.info, call.team))


def _project(call: Call) -> Row:
    return {"Project": project_row(call.project().info, call.team)}


def _projects_of_user(call: Call) -> Row:
    user_id = call.parameters["UserId"]
    joined = [project for project in _named(call) if user_id in project.roles]
    return {"ProjectList": [project_row(project.info, call.team) for project in joined]}


def _members(call: Call) -> Row:
    project = call.project()
    role_id = call.parameters.get("RoleId")
    chosen = [n for n, role in project.roles.items() if not role_id or ROLES[role][0] == role_id]
    return call.page(chosen, lambda member_id: member_row(call.team, project, member_id))


ACTIONS = (
    Action(
        name="DescribeCodingProjects",
        handler=_projects,
        scope="project:profile:ro",
        parameters=(Parameter("ProjectName"),),
        paging=Paging(style=Style.NUMBERED, rows="ProjectList"),
        team_wide=True,
    ),
    Action(
        name="DescribeOneProject",
        handler=_project,
        scope="project:profile:ro",
        parameters=(PROJECT_ID,),
        rate=UNLIMITED,
    ),
    Action(
        name="DescribeProjectByName",
        handler=_project,
        scope="project:profile:ro",
        parameters=(PROJECT_NAME,),
        rate=UNLIMITED,
    ),
    Action(
        name="DescribeUserProjects",
        handler=_projects_of_user,
        scope="project:profile:ro",
        parameters=(Parameter("ProjectName"), Parameter("UserId", "integer", required=True)),
        rate=UNLIMITED,
        team_wide=True,
    ),
    Action(
        name="DescribeProjectMembers",
        handler=_members,
        scope="project:member:ro",
        parameters=(PROJECT_ID, Parameter("RoleId", "integer")),
        paging=Paging(style=Style.NUMBERED, rows="ProjectMembers"),
    ),
)
