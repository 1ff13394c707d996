"""What teams and projects offer for issues: modules, defect types, filters, templates.

Every project begins with those that the details of issues name; its members add more, rename and
remove these.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from random import Random
from typing import TYPE_CHECKING

from ...conditions import KINDS_LISTED
from ...defaults import DEFECT_TYPES, MODULES, TYPES
from ...records import whole_seconds
from ...rows import Row, issue_type
from ...words import EDITS
from .part import Key, Tables, busy_projects

if TYPE_CHECKING:
    from ...project import Project
    from ...team import Team

ADDED_MAX = 8
MODES = (("SCRUM", "敏捷项目", "管理需求池、规划并跟进迭代"), ("CLASSIC", "经典项目", "管理计划"))
TEMPLATE_TYPES = ("GLOBAL", "PROJECT")


class Options:
    """By project; what members added is kept by its id."""

    def __init__(self, team: Team, rng: Random) -> None:
        self._team = team
        self._rng = rng
        self._last_id = 1000
        self._modules: dict[int, dict[int, str]] = {}
        self._defect_types: dict[int, dict[int, str]] = {}
        self._filters: dict[int, dict[int, Row]] = {}
        self._templates_ms = team.began_ms

    def modules(self, project: Project) -> list[Row]:
        """`IssueModule`s."""
        first = dict(enumerate(MODULES[1:], 1))
        known = first | self._modules.get(project.id, {})
        return [{"Id": ident, "Name": name} for ident, name in known.items()]

    def defect_types(self, project: Project) -> list[Row]:
        """`DefectType`s."""
        first = dict(enumerate(DEFECT_TYPES[1:], 1))
        known = first | self._defect_types.get(project.id, {})
        return [{"Id": ident, "Name": name, "IconUrl": ""} for ident, name in known.items()]

    def filters(self, project: Project, kind: str) -> tuple[list[Row], list[Row]]:
        """`IssueFilter`s of one list of issues: those built in, and the members' own."""
        at_ms, owner = project.info.created_ms, self._team.owner_id
        first = KINDS_LISTED.index(kind) * 10 + 1
        names = ("我未完成的", "分配给我的")
        built_in = [
            _filter(first + place, kind, name, owner, at_ms, at_ms, is_system=True)
            for place, name in enumerate(names)
        ]
        own = self._filters.get(project.id, {}).values()
        return built_in, [row for row in own if row["IssueType"] == kind]

    def templates(self, project: Project, scope: str) -> list[Row]:
        """`ConfigTemplate`s: the same two for every project, or the project's own."""
        if scope == "PROJECT":
            at_ms = project.info.created_ms
            made = _template(project.id, self._team.id, scope, MODES[0], project.id, at_ms)
            return [made | {"IsSystem": False, "Name": project.info.display_name}]
        return [
            _template(place, self._team.id, scope, mode, 0, self._templates_ms)
            for place, mode in enumerate(MODES, 1)
        ]

    def step(self, now_ms: int) -> str:
        """Add, rename or remove an option of a project, or revise the templates."""
        projects, rng = busy_projects(self._team), self._rng
        if not projects or rng.random() < 0.2:
            self._templates_ms = now_ms
            return "the team's templates were revised"
        project = rng.choice(projects)
        kept: dict[int, str] | dict[int, Row]
        what, kept, make = rng.choice(self._stores(project, now_ms))
        place = f"in {project.info.name}"
        if not kept or (len(kept) < ADDED_MAX and rng.random() < 0.5):
            self._last_id += 1
            make(self._last_id)
            return f"a new {what} {place}"
        ident = rng.choice(list(kept))
        if rng.random() < 0.5:
            del kept[ident]
            return f"a {what} {place} removed"
        make(ident)
        return f"a {what} {place} changed"

    def _stores(
        self, project: Project, now_ms: int
    ) -> list[tuple[str, dict[int, str] | dict[int, Row], Callable[[int], None]]]:
        """What members may add, where it is kept, and how one is put there, new or changed."""
        modules = self._modules.setdefault(project.id, {})
        types = self._defect_types.setdefault(project.id, {})
        filters = self._filters.setdefault(project.id, {})

        def name(kept: dict[int, str]) -> Callable[[int], None]:
            return lambda ident: kept.update({ident: f"{self._rng.choice(EDITS)} {ident}"})

        def put_filter(ident: int) -> None:
            old = filters.get(ident, {"IssueType": self._rng.choice(KINDS_LISTED)})
            created_ms = old.get("CreatedAt", now_ms)
            title = f"{self._rng.choice(EDITS)} {ident}"
            owner = self._team.owner_id
            filters[ident] = _filter(ident, old["IssueType"], title, owner, created_ms, now_ms)

        return [
            ("module", modules, name(modules)),
            ("defect type", types, name(types)),
            ("filter", filters, put_filter),
        ]

    def tables(self) -> Tables:
        """See `modules.Module`."""
        return {
            "team_issue_types": lambda: {(value.id,): issue_type(value) for value in TYPES},
            "issue_modules": lambda: dict(self._by_id(self.modules)),
            "defect_types": lambda: dict(self._by_id(self.defect_types)),
            "issue_filters": lambda: dict(self._filter_rows()),
            "config_templates": lambda: dict(self._template_rows()),
        }

    def _by_id(self, rows: Callable[[Project], list[Row]]) -> Iterator[tuple[Key, Row]]:
        for project in self._team.projects.values():
            for row in rows(project):
                yield (project.id, row["Id"]), row

    def _filter_rows(self) -> Iterator[tuple[Key, Row]]:
        for project in self._team.projects.values():
            for kind in KINDS_LISTED:
                for rows in self.filters(project, kind):
                    for row in rows:
                        yield (project.id, kind, row["Id"]), row

    def _template_rows(self) -> Iterator[tuple[Key, Row]]:
        for project in self._team.projects.values():
            for scope in TEMPLATE_TYPES:
                for row in self.templates(project, scope):
                    yield (project.id, scope, row["Id"]), row


def _filter(
    ident: int,
    kind: str,
    name: str,
    creator_id: int,
    created_ms: int,
    updated_ms: int,
    *,
    is_system: bool = False,
) -> Row:
    wish = {"FilterIssueType": kind, "Sort": {"Key": "PRIORITY", "Value": "DESC"}}
    return {
        "Id": ident,
        "IssueType": kind,
        "Name": name,
        "ContentString": json.dumps(wish | {"Conditions": []}),
        "CreatorId": creator_id,
        "CreatedAt": whole_seconds(created_ms),
        "UpdatedAt": whole_seconds(updated_ms),
        "IsDefault": False,
        "IsSystem": is_system,
        "SharedTeam": False,
    }


def _template(
    ident: int, team_id: int, scope: str, mode: tuple[str, str, str], related: int, at_ms: int
) -> Row:
    return {
        "Id": ident,
        "Code": ident,
        "Name": mode[1],
        "NameType": mode[0],
        "CooperateMode": mode[0],
        "Description": mode[2],
        "IsDraft": False,
        "IsSystem": True,
        "RelatedProjects": related,
        "Scope": scope,
        "TeamId": team_id,
        "CreatedAt": 0,
        "UpdatedAt": whole_seconds(at_ms),
    }
