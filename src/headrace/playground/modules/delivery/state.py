"""Applications come and go, are deployed, and move between hosts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ...project import Project
from ...records import DAY_MS
from ...rows import Row
from ..texts import day_text
from .rows import Application, Deployed, HostGroup, Machine, Pipeline, addresses, time_row

if TYPE_CHECKING:
    from ...team import Team

Key = tuple[int | str, ...]
APPLICATIONS_MAX, PIPELINES_MAX, GROUPS_MAX = 6, 10, 6
WORDS = ("", "the shop's front end", "商城后端", "nightly jobs")
STATES = ("SUCCESS", "OFFLINE")


class Delivery:
    """The module. An application that a project let go never comes back to it."""

    def __init__(self, team: Team, rng: Random) -> None:
        self._team = team
        self._rng = rng
        self.applications: dict[str, Application] = {}
        self.pipelines: dict[str, Pipeline] = {}
        self.machines = {n: Machine(n, f"bastion-{n}") for n in (16, 17)}
        self.groups: dict[int, HostGroup] = {}
        self._days: dict[str, dict[str, Deployed]] = {}
        self._linked: dict[tuple[int, str], bool] = {}
        self._last_id = 30
        self._addresses = addresses()
        for n in range(3):
            self._change_application(team.began_ms)
            self._change_group(team.began_ms)
            for name in self.applications:
                self._deploy_on(name, team.began_ms - n * DAY_MS)
        for project in team.projects.values():
            for name in list(self.applications)[:2]:
                self._linked[(project.id, name)] = True
        for name in list(self.applications):
            self._add_pipeline(name)

    # Reading

    def applications_of(self, project: Project) -> list[str]:
        """The names of the applications that belong to a project."""
        return [name for name in self.applications if self._linked.get((project.id, name))]

    def pipelines_of(self, application: str) -> list[Pipeline]:
        """The pipelines of an application."""
        return [one for one in self.pipelines.values() if one.application == application]

    def days_of(self, application: str) -> Mapping[str, Deployed]:
        """What was deployed of an application, by day."""
        return self._days.get(application, {})

    def tables(self) -> Mapping[str, Callable[[], dict[Key, Row]]]:
        """See `modules.Module`. The content of pipelines is left out, as readers have to."""
        return {
            "cd_applications": lambda: {(name,): {"Name": name} for name in self.applications},
            "cd_application_details": lambda: {
                (one.name,): {"ApplicationJsonContent": one.content()}
                if one.broken
                else one.configuration()
                for one in self.applications.values()
            },
            "cd_project_applications": lambda: {
                (project.id, name): {"Name": name} for project, name in self._links()
            },
            "cd_pipeline_configs": lambda: {
                (one.application, one.id): {"Id": one.id, "Name": one.name}
                for one in self.pipelines.values()
            },
            "cd_deploy_trends": lambda: {
                (project.id, name, date): one.day(date)
                for project, name in self._links()
                for date, one in self.days_of(name).items()
            },
            "cd_deploy_times": lambda: {
                (project.id, name): {
                    "Application": name, "CdDeployTime": time_row(self.days_of(name))
                }
                for project, name in self._links()
            },
            "cd_host_server_groups": lambda: {
                (one.id,): one.row(self.machines) for one in self.groups.values()
            },
            "cd_host_server_group_details": lambda: {
                (one.id,): one.detail(self.machines) for one in self.groups.values()
            },
            "cd_agent_machines": lambda: {(one.id,): one.row() for one in self.machines.values()},
        }  # fmt: skip

    def _links(self) -> list[tuple[Project, str]]:
        projects = self._team.projects.values()
        return [(project, name) for project in projects for name in self.applications_of(project)]

    # Living

    def step(self, now_ms: int) -> str:
        """One of the acts below."""
        return self._rng.choice(ACTS)(self, now_ms)

    def _new_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _change_application(self, _: int) -> str:
        """An application is made, described, or removed with its pipelines."""
        known, dice = list(self.applications.values()), self._rng.random()
        if len(known) < 3 or (dice < 0.3 and len(known) < APPLICATIONS_MAX):
            name = f"app-{self._new_id()}"
            broken = self._rng.random() < 0.15
            self.applications[name] = Application(name, "", "member-1", broken)
            return f"{name} was made"
        chosen = self._rng.choice(known)
        if dice < 0.8:
            words, user = self._rng.choice(WORDS), f"member-{self._rng.randrange(1, 9)}"
            self.applications[chosen.name] = replace(chosen, description=words, user=user)
            return f"{chosen.name} was described by {user}"
        del self.applications[chosen.name]
        for pipeline in self.pipelines_of(chosen.name):
            del self.pipelines[pipeline.id]
        return f"{chosen.name} was removed"

    def _link(self, _: int) -> str:
        """A project takes an application, or lets it go for good."""
        if not self._team.projects:
            return "there is no project to deploy"
        project_id = self._rng.choice(list(self._team.projects))
        place = project_id, self._rng.choice(list(self.applications))
        self._linked[place] = place not in self._linked
        return f"{place[1]} is {'in' if self._linked[place] else 'out of'} project {place[0]}"

    def _add_pipeline(self, application: str) -> str:
        number = self._new_id()
        pipeline = Pipeline(
            f"00000000-0000-4000-b000-{number:012d}", application, f"pipeline {number}", 5
        )
        self.pipelines[pipeline.id] = pipeline
        return f"{pipeline.name} was made for {application}"

    def _change_pipeline(self, _: int) -> str:
        """A pipeline is made, gets another name or other stages, or is removed."""
        known, dice = list(self.pipelines.values()), self._rng.random()
        if not known or (dice < 0.3 and len(known) < PIPELINES_MAX):
            return self._add_pipeline(self._rng.choice(list(self.applications)))
        chosen = self._rng.choice(known)
        if dice < 0.8:
            name = f"{chosen.name[:16]}.{self._rng.randrange(9)}" if dice < 0.6 else chosen.name
            wait_seconds = self._rng.randrange(1, 60)
            self.pipelines[chosen.id] = replace(chosen, name=name, wait_seconds=wait_seconds)
            return f"{chosen.name} was changed"
        del self.pipelines[chosen.id]
        return f"{chosen.name} was removed"

    def _deploy(self, now_ms: int) -> str:
        name = self._rng.choice(list(self.applications))
        self._deploy_on(name, now_ms)
        return f"{name} was deployed"

    def _deploy_on(self, application: str, at_ms: int) -> None:
        ok = int(self._rng.random() < 0.8)
        days, date = self._days.setdefault(application, {}), day_text(at_ms)
        more = Deployed(ok, 1, self._rng.randrange(1, 90))
        days[date] = days.get(date, Deployed()).and_(more)

    def _change_group(self, _: int) -> str:
        """A group of hosts is made, gets another name or other hosts, or is removed."""
        known, dice = list(self.groups.values()), self._rng.random()
        ips = tuple(next(self._addresses) for _ in range(self._rng.randrange(1, 4)))
        if len(known) < 2 or (dice < 0.3 and len(known) < GROUPS_MAX):
            number, machine = self._new_id(), self._rng.choice(list(self.machines))
            self.groups[number] = HostGroup(number, f"hosts-{number}", machine, ips)
            return f"hosts-{number} was made"
        chosen = self._rng.choice(known)
        if dice < 0.5:
            self.groups[chosen.id] = replace(chosen, name=f"hosts-{chosen.id} {len(ips)}")
            return f"{chosen.name} got another name"
        if dice < 0.8:
            self.groups[chosen.id] = replace(chosen, ips=ips)
            return f"{chosen.name} has {len(ips)} hosts"
        del self.groups[chosen.id]
        return f"{chosen.name} was removed"

    def _change_machine(self, _: int) -> str:
        """A bastion goes down or comes back: groups that it serves show it, too."""
        chosen = self._rng.choice(list(self.machines.values()))
        status = self._rng.choice(STATES)
        self.machines[chosen.id] = replace(chosen, status=status)
        return f"{chosen.name} is {status}"


Act = Callable[[Delivery, int], str]
ACTS: tuple[Act, ...] = (
    Delivery._change_application,
    Delivery._link,
    Delivery._change_pipeline,
    Delivery._deploy,
    Delivery._deploy,
    Delivery._change_group,
    Delivery._change_machine,
)
