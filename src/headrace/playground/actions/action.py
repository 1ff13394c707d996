"""What an Action is: its parameters, paging, rate, scope and handler. And one call of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from msgspec import Struct

from ..envelope import ApiError
from ..hooks import Hooks
from ..modules import Module
from ..paging import Paging, frame, window
from ..project import Project
from ..records import Issue
from ..rows import Row
from ..settings import Settings
from ..team import Team
from ..tokens import Token

Item = TypeVar("Item")
M = TypeVar("M", bound=Module)


@dataclass(frozen=True, slots=True)
class Parameter:
    """`type`: integer, string, boolean, date, integers, strings, objects (one alone will do)."""

    name: str
    type: str = "string"
    required: bool = False
    choices: tuple[str, ...] = ()


class Call(Struct, frozen=True):
    """One accepted request: who asks what, and when."""

    action: Action
    team: Team
    hooks: Hooks
    settings: Settings
    token: Token
    parameters: Mapping[str, Any]
    now_ms: int

    def project(self) -> Project:
        """The project named by ProjectName or ProjectId.

        ApiError ResourceNotFound: there is none. UnauthorizedOperation: hidden, or another one
        than the project token's.
        """
        if "ProjectName" in self.parameters:
            found = self.team.project_named(self.parameters["ProjectName"])
        else:
            found = self.team.projects.get(self.parameters["ProjectId"])
        if found is None:
            raise ApiError("ResourceNotFound", "Project not found")
        if not self.sees(found):
            raise ApiError("UnauthorizedOperation", "No permission for this project")
        return found

    def sees(self, project: Project) -> bool:
        return not project.hidden and self.token.project_id in (0, project.id)

    def visible_projects(self) -> list[Project]:
        return [project for project in self.team.projects.values() if self.sees(project)]

    def module(self, kind: type[M]) -> M:
        """The team's module of this kind."""
        return self.team.module(kind)

    def issues(self, project: Project) -> Mapping[int, Issue]:
        """The issues as far as this call may see them already."""
        lag_ms = self.settings.visibility_lag_ms
        return project.visible(self.now_ms - lag_ms) if lag_ms else project.issues

    def page(self, items: Sequence[Item], render: Callable[[Item], Any]) -> Row:
        """The window of `items` that was asked for, in the Action's own frame."""
        paging = self.action.paging
        if paging is None:
            raise TypeError(f"{self.action.name} has no pages")
        wanted = window(
            paging,
            self.parameters,
            maximum=self.settings.page_size_max.get(self.action.name, paging.maximum),
            cap=self.settings.cap_page_size,
            offset_counts_pages=self.settings.offset_counts_pages,
        )
        return frame(paging, wanted, items, render)


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """`rate`: requests per second. `team_wide`: not about one project.

    The parameters of `paging` are added to `parameters`.
    """

    name: str
    handler: Callable[[Call], Row]
    scope: str
    parameters: tuple[Parameter, ...] = ()
    paging: Paging | None = None
    rate: int = 20
    team_wide: bool = False
    known: Mapping[str, Parameter] = field(init=False)
    required: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        known = {parameter.name: parameter for parameter in self.all_parameters()}
        required = tuple(name for name, parameter in known.items() if parameter.required)
        object.__setattr__(self, "known", known)
        object.__setattr__(self, "required", required)

    def all_parameters(self) -> tuple[Parameter, ...]:
        added = self.paging.parameters() if self.paging else ()
        return self.parameters + tuple(Parameter(*fields) for fields in added)


PROJECT_NAME = Parameter("ProjectName", required=True)
PROJECT_ID = Parameter("ProjectId", "integer", required=True)
