"""Labels, roles, notices and programs change; so do access and Service Hooks, kept beside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ...defaults import LABEL_COLORS, ROLES
from ...project import Project
from ...records import Label
from ...rows import Row
from .access import ACCESS_ACTS, Access
from .hooking import HookLife
from .rows import Program, label_row, notice_row, program_project_row, role_row
from .tables import access_tables

if TYPE_CHECKING:
    from ...team import Team

Key = tuple[int | str, ...]
LABELS_MAX, ROLES_MAX, NOTICES_MAX, PROGRAMS_MAX = 14, 6, 6, 6
WORDS = ("Deployment on Friday", "周五部署", "Stand-up moves to 10:00", "演示数据，请勿当真")
FIRST_OWN_ROLE = 60


class Governance:
    """The module. A project that left a program never comes back to it."""

    def __init__(self, team: Team, rng: Random) -> None:
        self._team = team
        self._rng = rng
        self.access = Access(team, rng)
        self.hooking = HookLife(team, rng)
        self.programs: dict[int, Program] = {}
        self._inside: dict[int, dict[int, bool]] = {}
        self._own_roles: dict[int, dict[int, str]] = {}
        self._notices: dict[int, dict[int, str]] = {}
        self._last_id = 200
        for _ in range(2):
            self._change_program(team.began_ms)
        for project in team.projects.values():
            self._notices[project.id] = {self._new_id(): rng.choice(WORDS)}
            self._own_roles[project.id] = {FIRST_OWN_ROLE: "Release crew"}

    # Reading

    def labels(self, project: Project) -> list[Row]:
        """As `DescribeAllProjectLabels` serves them."""
        owner = self._team.owner_id
        return [label_row(label, project.id, owner) for label in project.labels.values()]

    def roles(self, project: Project) -> list[Row]:
        """As `DescribeProjectRoles` serves them: those of every project and its own."""
        given = [role_row(number, kind, name) for kind, (number, name) in ROLES.items()]
        own = self._own_roles.get(project.id, {})
        return given + [role_row(number, "UserDefined", name) for number, name in own.items()]

    def notices(self, project: Project) -> list[Row]:
        """As `DescribeProjectAnnouncements` serves them, newest first."""
        found = self._notices.get(project.id, {})
        return [notice_row(number, found[number]) for number in sorted(found, reverse=True)]

    def projects_in(self, program_id: int) -> list[Row]:
        """As `DescribeProgramProjects` serves them; deleted projects are in none."""
        projects = self._team.projects
        inside = self._inside[program_id].items()
        return [
            program_project_row(projects[n].info) for n, is_in in inside if is_in and n in projects
        ]

    def tables(self) -> Mapping[str, Callable[[], dict[Key, Row]]]:
        """See `modules.Module`."""
        return {
            "project_labels": lambda: self._by_project(self.labels, "Id"),
            "project_roles": lambda: self._by_project(self.roles, "RoleId"),
            "project_announcements": lambda: self._by_project(self.notices, "Id"),
            "programs": lambda: {(number,): one.row() for number, one in self.programs.items()},
            "program_projects": lambda: {
                (number, row["Id"]): row
                for number in self.programs
                for row in self.projects_in(number)
            },
            **access_tables(self._team, self.access),
            **self.hooking.tables(),
        }

    def _by_project(self, rows: Callable[[Project], list[Row]], name: str) -> dict[Key, Row]:
        projects = self._team.projects.values()
        return {(project.id, row[name]): row for project in projects for row in rows(project)}

    # Living

    def step(self, now_ms: int) -> str:
        """One of the acts of all parts."""
        acts = [*self._acts(now_ms), *self.hooking.acts(now_ms)]
        acts += [partial(act, self.access, now_ms) for act in ACCESS_ACTS]
        return self._rng.choice(acts)()

    def _acts(self, now_ms: int) -> Iterator[Callable[[], str]]:
        yield partial(self._change_program, now_ms)
        yield partial(self._change_program, now_ms)
        for project in self._team.projects.values():
            yield partial(self._change_label, project)
            yield partial(self._change_role, project)
            yield partial(self._change_notice, project)

    def _new_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _change_label(self, project: Project) -> str:
        """A label is made, gets another name, or is removed; rows of issues show it at once."""
        labels, dice = project.labels, self._rng.random()
        project.forget_rows()
        if not labels or (dice < 0.4 and len(labels) < LABELS_MAX):
            number = max(labels, default=project.id * 100) + 1
            labels[number] = Label(number, f"label {number}", self._rng.choice(LABEL_COLORS))
            return f"label {number} was made in {project.info.name}"
        number = self._rng.choice(list(labels))
        if dice < 0.8 or number == max(labels):  # the next number is taken from the highest
            name = f"{labels[number].name[:20]} {self._rng.randrange(9)}"
            labels[number] = replace(labels[number], name=name)
            return f"label {number} of {project.info.name} is called {name}"
        del labels[number]
        return f"label {number} of {project.info.name} was removed"

    def _change_role(self, project: Project) -> str:
        """A role of the project's own is made, gets another name, or is removed."""
        own, dice = self._own_roles.setdefault(project.id, {}), self._rng.random()
        if not own or (dice < 0.4 and len(own) < ROLES_MAX):
            number = self._new_id()
            own[number] = f"Crew {number}"
            return f"{own[number]} was made in {project.info.name}"
        number = self._rng.choice(list(own))
        if dice < 0.8:
            own[number] = f"Crew {number}, {self._rng.randrange(9)}"
            return f"a role of {project.info.name} is called {own[number]}"
        return f"{own.pop(number)} was removed from {project.info.name}"

    def _change_notice(self, project: Project) -> str:
        """A notice is put up, corrected, or taken down."""
        notices, dice = self._notices.setdefault(project.id, {}), self._rng.random()
        if not notices or (dice < 0.4 and len(notices) < NOTICES_MAX):
            notices[self._new_id()] = self._rng.choice(WORDS)
            return f"a notice was put up in {project.info.name}"
        number = self._rng.choice(list(notices))
        if dice < 0.7:
            notices[number] = f"{self._rng.choice(WORDS)} ({self._rng.randrange(99)})"
            return f"a notice of {project.info.name} was corrected"
        del notices[number]
        return f"a notice of {project.info.name} was taken down"

    def _change_program(self, now_ms: int) -> str:
        """A program begins, is described anew, ends, or takes in or lets go a project."""
        dice = self._rng.random()
        if not self.programs or (dice < 0.2 and len(self.programs) < PROGRAMS_MAX):
            number = self._new_id()
            words = f"Program {number} 项目集"
            self.programs[number] = Program(number, words, "", now_ms, now_ms, now_ms)
            self._inside[number] = dict.fromkeys(self._team.projects, True)
            return f"{words} began"
        program = self._rng.choice(list(self.programs.values()))
        if dice < 0.5 or not self._team.projects:
            words = self._rng.choice(WORDS)
            self.programs[program.id] = replace(program, description=words, updated_ms=now_ms)
            return f"{program.name} was described"
        if dice < 0.6:
            del self.programs[program.id], self._inside[program.id]
            return f"{program.name} ended"
        project_id = self._rng.choice(list(self._team.projects))
        inside = self._inside[program.id]
        inside[project_id] = project_id not in inside
        return f"project {project_id} {'joined' if inside[project_id] else 'left'} {program.name}"
